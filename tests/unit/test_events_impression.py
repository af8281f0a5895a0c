import pytest

from streams.events.errors import Reason
from streams.events.impression import MAX_IMPRESSIONS
from streams.events.measures import Measure, People
from tests.unit.event_records import counted, invalid, people


def test_impression_counts_as_often_as_it_was_shown():
    assert counted("impression", count=250) == {Measure.IMPRESSIONS: 250}
    assert counted("impression", count=MAX_IMPRESSIONS) == {Measure.IMPRESSIONS: MAX_IMPRESSIONS}


def test_impression_without_a_count_was_shown_once():
    for absent in (None, ...):
        assert counted("impression", count=absent) == {Measure.IMPRESSIONS: 1}


def test_whoever_saw_it_is_reached():
    assert people("impression", person="p") == (People.REACHED,)
    assert people("impression") == ()


def test_test_of_many_impressions_counts_as_one_test():
    assert counted("impression", test=True, count=250) == {Measure.TESTS_IMPRESSION: 1}


@pytest.mark.parametrize(
    ("count", "reason"),
    [
        (0, Reason.BAD_VALUE),
        (-1, Reason.BAD_VALUE),
        (MAX_IMPRESSIONS + 1, Reason.BAD_VALUE),
        (1.5, Reason.WRONG_TYPE),
        ("2", Reason.WRONG_TYPE),
        (True, Reason.WRONG_TYPE),
    ],
)
def test_count_that_is_no_number_of_impressions_is_refused(count, reason):
    refused = invalid("impression", count=count)
    assert refused.reason is reason
    assert refused.detail.startswith("count")
