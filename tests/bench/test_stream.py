"""The stream is the same everywhere and is what its description says."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice

import pytest

from bench.mix import FIVE, MIXES
from bench.posts import POSTS
from bench.stream import DAY_MS, Shape, checksum, planned
from streams.events.batch import decode_batch
from streams.events.catalogue import topic_by_name
from streams.sentiment.lexicon import score

BASE_MS = 1_795_510_800_000
RECORDS = list(islice(planned(Shape()), 30_000))
TWELVE = Shape(mix="twelve")


def test_the_stream_of_a_shape_is_always_the_same() -> None:
    assert checksum(Shape(), 30_000) == "dc2fee8783b5de33679d4d8e0bfef9f898b502bcd552c3d1aefa37716b06f126"


def test_the_stream_of_all_twelve_topics_is_always_the_same() -> None:
    assert checksum(TWELVE, 30_000) == "4418011e93560086ffae62c3d83c0f0f14e01de6b42f46357f25ed15ce2f71dd"


def test_another_seed_is_another_stream() -> None:
    assert checksum(Shape(seed=9), 1_000) != checksum(Shape(), 1_000)


def test_a_shorter_log_is_the_beginning_of_a_longer_one() -> None:
    assert list(islice(planned(Shape()), 1_000)) == RECORDS[:1_000]


def test_one_percent_are_resends_of_earlier_events_byte_for_byte() -> None:
    seen: set[bytes] = set()
    resends = 0
    for record in RECORDS:
        value = record.value(BASE_MS)
        assert record.resend == (value in seen)
        seen.add(value)
        resends += record.resend
    assert resends / len(RECORDS) == pytest.approx(0.01, abs=0.003)


def test_topics_and_campaigns_have_their_shares() -> None:
    topics = Counter(record.topic for record in RECORDS)
    for topic, share in enumerate(FIVE.shares):
        assert topics[topic] / len(RECORDS) == pytest.approx(share / 100, abs=0.01)
    largest = sum(1 for record in RECORDS if record.key.startswith(b"campaign-0000|"))
    assert largest / len(RECORDS) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("mix", MIXES)
def test_every_event_is_one_that_the_service_counts_and_has_about_250_bytes(mix: str) -> None:
    shape = Shape(mix=mix)
    records = RECORDS if mix == "five" else list(islice(planned(shape), 30_000))
    for topic, name in enumerate(shape.topics):
        values = [record.value(BASE_MS) for record in records if record.topic == topic]
        decoded = decode_batch(topic_by_name(name), values, [BASE_MS + 2_000] * len(values), 10_000)
        assert decoded.refused == []
        assert 180 < sum(map(len, values)) / len(values) < 310
        assert {"id", "time", "campaign", "channel", "person"} <= json.loads(values[0]).keys()
    assert 230 < sum(len(record.value(BASE_MS)) for record in records) / len(records) < 260


def test_spend_is_stated_for_days_before_the_log_begins() -> None:
    records = [record for record in islice(planned(TWELVE), 30_000) if TWELVE.topics[record.topic] == "spend"]
    days = {json.loads(record.value(BASE_MS))["day"] for record in records}
    assert days == {f"2026-11-{day:02d}" for day in range(18, 25)}
    later = {json.loads(record.value(BASE_MS + DAY_MS))["day"] for record in records}
    assert later == {f"2026-11-{day:02d}" for day in range(19, 26)}


def test_a_mention_of_the_twelve_is_one_of_thousands_of_posts_in_two_languages_that_the_lexicon_scores() -> None:
    said = Counter()
    for record in islice(planned(TWELVE), 30_000):
        if TWELVE.topics[record.topic] == "mention":
            fields = json.loads(record.value(BASE_MS))
            assert "sentiment" not in fields
            said[fields["text"]] += 1
    assert len(said) > 1_000
    tones = Counter((post.language, tone(post.text, post.language)) for post in POSTS)
    assert len(POSTS) == len(set(POSTS)) == 4_000
    for language in ("ru", "en"):
        assert min(tones[language, 1], tones[language, -1]) > 500
        assert tones[language, 0] > 50


def tone(text: str, language: str) -> int:
    found = score(text, language)
    assert found is not None
    return (found > 0.05) - (found < -0.05)
