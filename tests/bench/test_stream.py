"""The stream is the same everywhere and is what its description says."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice

import pytest

from bench.stream import SHARES, TOPICS, Shape, checksum, planned
from streams.events.batch import decode_batch
from streams.events.catalogue import topic_by_name

BASE_MS = 1_795_510_800_000
RECORDS = list(islice(planned(Shape()), 30_000))


def test_the_stream_of_a_shape_is_always_the_same() -> None:
    assert checksum(Shape(), 30_000) == "dc2fee8783b5de33679d4d8e0bfef9f898b502bcd552c3d1aefa37716b06f126"


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
    for topic, share in enumerate(SHARES):
        assert topics[topic] / len(RECORDS) == pytest.approx(share / 100, abs=0.01)
    largest = sum(1 for record in RECORDS if record.key.startswith(b"campaign-0000|"))
    assert largest / len(RECORDS) == pytest.approx(0.5, abs=0.02)


def test_every_event_is_one_that_the_service_counts_and_has_about_250_bytes() -> None:
    for topic, name in enumerate(TOPICS):
        values = [record.value(BASE_MS) for record in RECORDS if record.topic == topic]
        decoded = decode_batch(topic_by_name(name), values, [BASE_MS + 2_000] * len(values), 10_000)
        assert decoded.refused == []
        assert 220 < sum(map(len, values)) / len(values) < 270
        assert {"id", "time", "campaign", "channel", "person"} <= json.loads(values[0]).keys()
