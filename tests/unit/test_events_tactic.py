import pytest

from streams.events.catalogue import topic_by_name
from streams.events.errors import Reason
from streams.events.measures import Measure
from streams.events.tactic import MAX_DETAIL_TEXT, Change, read_change
from tests.unit.event_records import counted, event, invalid, people


def fact(**changes):
    return topic_by_name("tactic").fact(event("tactic", **changes))


def test_tactic_counts_itself_and_reaches_nobody():
    assert counted("tactic") == {Measure.TACTICS: 1}
    assert people("tactic", person="p") == ()


def test_tactic_says_what_was_changed_and_by_whom():
    stated = fact(title="Price down", detail="From 50 to 40.", owner="Олег")
    assert read_change(stated.value) == Change("Price down", "From 50 to 40.", "Олег")


def test_tactic_without_detail_and_owner_says_so_with_empty_texts():
    for absent in (None, ..., ""):
        assert read_change(fact(title="Price down", detail=absent, owner=absent).value) == Change("Price down", "", "")


def test_same_id_of_the_same_source_is_the_same_tactic_at_any_time():
    line = (fact(id="a", source="crm").line, fact(id="a", source="crm").day)
    again = fact(id="a", source="crm", time="2026-11-24T05:00:00Z", title="Price up")
    assert (again.line, again.day) == line
    for other in ({"id": "b", "source": "crm"}, {"id": "a", "source": "desk"}, {"id": "a"}):
        assert fact(**other).line != line[0]


def test_test_tactic_counts_as_a_test_and_states_nothing():
    assert counted("tactic", test=True) == {Measure.TESTS_TACTIC: 1}
    assert fact(test=True) is None


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("title", "", Reason.BAD_VALUE),
        ("title", "x" * 129, Reason.BAD_VALUE),
        ("title", "a\u202eb", Reason.BAD_VALUE),
        ("title", 7, Reason.WRONG_TYPE),
        ("title", None, Reason.MISSING_FIELD),
        ("title", ..., Reason.MISSING_FIELD),
        ("owner", "a\nb", Reason.BAD_VALUE),
        ("owner", "x" * 129, Reason.BAD_VALUE),
        ("detail", "x" * (MAX_DETAIL_TEXT + 1), Reason.BAD_VALUE),
        ("detail", ["x"], Reason.WRONG_TYPE),
    ],
)
def test_text_that_cannot_be_shown_is_refused_by_its_field(name, value, reason):
    refused = invalid("tactic", **{name: value})
    assert refused.reason is reason
    assert refused.detail.startswith(name)


def test_detail_may_have_lines_and_be_long():
    assert read_change(fact(detail="one\ntwo").value).detail == "one\ntwo"
    assert len(read_change(fact(detail="я" * MAX_DETAIL_TEXT).value).detail) == MAX_DETAIL_TEXT
