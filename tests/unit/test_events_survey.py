import pytest

from streams.events.errors import Reason
from streams.events.measures import Measure
from tests.unit.event_records import counted, invalid, people


@pytest.mark.parametrize(
    ("score", "measure"),
    [
        (0, Measure.DETRACTORS),
        (6, Measure.DETRACTORS),
        (7, Measure.PASSIVES),
        (8, Measure.PASSIVES),
        (9, Measure.PROMOTERS),
        (10, Measure.PROMOTERS),
    ],
)
def test_recommendation_counts_by_its_score(score, measure):
    assert counted("survey", kind="nps", score=score) == {measure: 1}


def test_every_satisfaction_is_an_answer_and_four_and_five_are_satisfied():
    for score in (1, 2, 3):
        assert counted("survey", kind="csat", score=score) == {Measure.CSAT_ANSWERS: 1}
    for score in (4, 5):
        assert counted("survey", kind="csat", score=score) == {Measure.CSAT_ANSWERS: 1, Measure.SATISFIED: 1}


def test_answer_joins_no_unique_people():
    assert people("survey", person="p") == ()


def test_test_answer_counts_as_a_test_alone():
    assert counted("survey", test=True, kind="csat", score=5) == {Measure.TESTS_SURVEY: 1}


@pytest.mark.parametrize(("kind", "score"), [("nps", 11), ("nps", -1), ("csat", 0), ("csat", 6), ("csat", 10**30)])
def test_score_beyond_its_survey_s_scale_is_refused(kind, score):
    refused = invalid("survey", kind=kind, score=score)
    assert refused.reason is Reason.BAD_VALUE
    assert refused.detail.startswith("score")


@pytest.mark.parametrize(("score", "reason"), [(4.5, Reason.WRONG_TYPE), ("4", Reason.WRONG_TYPE)])
def test_score_that_is_no_integer_is_refused(score, reason):
    assert invalid("survey", score=score).reason is reason


@pytest.mark.parametrize("name", ["kind", "score"])
@pytest.mark.parametrize("absent", [None, ...])
def test_answer_without_kind_or_score_is_refused(name, absent):
    refused = invalid("survey", **{name: absent})
    assert refused.reason is Reason.MISSING_FIELD
    assert refused.detail.startswith(name)


def test_unknown_survey_is_refused():
    assert invalid("survey", kind="ces").reason is Reason.BAD_VALUE
