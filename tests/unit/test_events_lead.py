import pytest

from streams.events.errors import Reason
from streams.events.measures import Measure
from tests.unit.event_records import counted, invalid, people


@pytest.mark.parametrize(
    ("stage", "measure"),
    [
        ("lead", Measure.LEADS),
        ("qualified", Measure.QUALIFIED_LEADS),
        ("opportunity", Measure.OPPORTUNITIES),
        (None, Measure.LEADS),
        (..., Measure.LEADS),
    ],
)
def test_each_stage_has_a_counter_of_its_own(stage, measure):
    assert counted("lead", stage=stage) == {measure: 1}


def test_lead_joins_no_unique_people():
    assert people("lead", person="p") == ()


def test_test_lead_counts_as_a_test_alone():
    assert counted("lead", test=True, stage="opportunity") == {Measure.TESTS_LEAD: 1}


@pytest.mark.parametrize(("stage", "reason"), [("sold", Reason.BAD_VALUE), (2, Reason.WRONG_TYPE)])
def test_unknown_stage_is_refused_by_name(stage, reason):
    refused = invalid("lead", stage=stage)
    assert refused.reason is reason
    assert refused.detail.startswith("stage")
