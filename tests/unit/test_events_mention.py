import pytest

from streams.events.catalogue import topic_by_name
from streams.events.errors import Reason
from streams.events.measures import Measure, People
from streams.events.mention import MAX_AUDIENCE
from tests.unit.event_records import counted, event, invalid, people


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


def test_mention_without_a_score_is_unknown_and_in_no_score_sum():
    for absent in (None, ...):
        assert counted("mention", sentiment=absent, audience=...) == {Measure.MENTIONS_UNKNOWN: 1}


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


def test_text_is_neither_read_nor_told():
    assert counted("mention", text=5)
    assert "secret words" not in invalid("mention", text="secret words", sentiment=7).detail
