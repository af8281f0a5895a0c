import pytest

from streams.events.catalogue import topic_by_name
from streams.events.decode import Accepted, decode
from streams.events.errors import Reason
from streams.events.measures import MICROS, Measure, People
from streams.events.mention import MAX_AUDIENCE
from streams.sentiment.lexicon import score
from tests.unit.event_records import MAX_BYTES, NOW_MS, counted, event, invalid, people


@pytest.mark.parametrize(
    ("score", "measure", "micros"),
    [
        (1, Measure.MENTIONS_POSITIVE, 1_000_000),
        (0.0500001, Measure.MENTIONS_POSITIVE, 50_000),
        (0.05, Measure.MENTIONS_NEUTRAL, 50_000),
        (0, Measure.MENTIONS_NEUTRAL, 0),
        (-0.0, Measure.MENTIONS_NEUTRAL, 0),
        (-0.05, Measure.MENTIONS_NEUTRAL, -50_000),
        (-0.06, Measure.MENTIONS_NEGATIVE, -60_000),
        (-1, Measure.MENTIONS_NEGATIVE, -1_000_000),
    ],
)
def test_score_decides_the_sentiment_and_is_summed_in_millionths(score, measure, micros):
    assert counted("mention", sentiment=score, audience=...) == {
        measure: 1,
        Measure.MENTION_SCORE: micros,
        Measure.MENTION_SCORED: 1,
    }


def test_mention_without_score_and_text_is_unknown_and_in_no_score_sum():
    for absent in (None, ...):
        for text in (None, ..., ""):
            assert counted("mention", sentiment=absent, text=text, audience=...) == {Measure.MENTIONS_UNKNOWN: 1}


@pytest.mark.parametrize(
    ("text", "measure"),
    [
        ("Aurora looks great!", Measure.MENTIONS_POSITIVE),
        ("Does it ship to Norway?", Measure.MENTIONS_NEUTRAL),
        ("Верните деньги", Measure.MENTIONS_NEGATIVE),
    ],
)
def test_mention_without_a_score_of_its_own_is_scored_by_its_text(text, measure):
    mentions = counted("mention", sentiment=..., text=text, language=..., audience=...)
    assert mentions.pop(Measure.MENTION_SCORED) == 1
    micros = mentions.pop(Measure.MENTION_SCORE)
    assert mentions == {measure: 1}
    assert micros == round((score(text) or 0) * MICROS)


def test_score_of_its_own_wins_over_the_text():
    assert Measure.MENTIONS_NEGATIVE in counted("mention", sentiment=-0.5, text="Aurora looks great!")


def test_text_in_a_language_that_nobody_reads_is_unknown():
    found = counted("mention", sentiment=..., text="Aurora ist great", language="de", audience=...)
    assert found == {Measure.MENTIONS_UNKNOWN: 1}


def test_text_that_was_cut_inside_an_emoji_is_still_scored():
    cut = b'{"id":"m","time":%d,"campaign":"a","channel":"email","text":"great \\ud83d"}' % NOW_MS
    found = decode(topic_by_name("mention"), cut, NOW_MS, MAX_BYTES)
    assert isinstance(found, Accepted)
    add: dict[int, int] = {}
    topic_by_name("mention").count(found.event, add)
    assert add[Measure.MENTIONS_POSITIVE] == 1


def test_test_mention_is_not_scored():
    assert counted("mention", sentiment=..., text="great", test=True) == {Measure.TESTS_MENTION: 1}


def test_score_that_was_filled_in_before_counting_counts_as_the_source_s_own():
    mention = event("mention", sentiment=..., audience=...)
    mention.sentiment = -0.5
    add: dict[int, int] = {}
    topic_by_name("mention").count(mention, add)
    assert add == {Measure.MENTIONS_NEGATIVE: 1, Measure.MENTION_SCORE: -500_000, Measure.MENTION_SCORED: 1}


def test_audience_is_summed_and_zero_leaves_no_counter():
    assert counted("mention", audience=1200)[Measure.AUDIENCE] == 1200
    assert Measure.AUDIENCE not in counted("mention", audience=0)


def test_whoever_mentions_the_campaign_is_engaged():
    assert people("mention", person="p-1") == (People.ENGAGED,)
    assert people("mention", person=...) == ()


def test_test_mention_counts_as_a_test_alone():
    assert counted("mention", test=True) == {Measure.TESTS_MENTION: 1}
    assert people("mention", test=True, person="p-1") == ()


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("sentiment", 1.01, Reason.BAD_VALUE),
        ("sentiment", -2, Reason.BAD_VALUE),
        ("sentiment", "0.5", Reason.WRONG_TYPE),
        ("sentiment", True, Reason.WRONG_TYPE),
        ("text", 5, Reason.WRONG_TYPE),
        ("text", ["secret words"], Reason.WRONG_TYPE),
        ("language", True, Reason.WRONG_TYPE),
        ("language", "e" * 257, Reason.BAD_VALUE),
        ("audience", -1, Reason.BAD_VALUE),
        ("audience", MAX_AUDIENCE + 1, Reason.BAD_VALUE),
        ("audience", 10**400, Reason.BAD_VALUE),
        ("audience", 1.5, Reason.WRONG_TYPE),
        ("audience", False, Reason.WRONG_TYPE),
    ],
)
def test_score_or_audience_that_is_none_is_refused_by_name(name, value, reason):
    refused = invalid("mention", **{name: value})
    assert refused.reason is reason
    assert refused.detail.startswith(name)


def test_text_is_not_told():
    assert "secret words" not in repr(counted("mention", text="secret words", sentiment=...))
    assert "secret words" not in invalid("mention", text="secret words", sentiment=7).detail
