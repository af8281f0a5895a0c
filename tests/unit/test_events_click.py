import pytest

from streams.events.catalogue import topic_by_name
from streams.events.errors import Reason
from streams.events.measures import Measure, People
from tests.unit.event_records import counted, event, invalid, people


def test_click_by_a_person_counts_a_click_and_makes_them_a_clicker_and_engaged():
    assert counted("click") == {Measure.CLICKS: 1}
    assert people("click") == (People.CLICKERS, People.ENGAGED)


def test_click_without_a_person_counts_but_joins_no_people():
    assert counted("click", person=...) == {Measure.CLICKS: 1}
    assert people("click", person=...) == ()
    assert people("click", person="") == ()


def test_machine_click_is_no_click_and_joins_no_people():
    assert counted("click", machine=True) == {Measure.MACHINE_CLICKS: 1}
    assert people("click", machine=True) == ()


def test_unsubscribing_click_is_an_unsubscription_and_no_click():
    assert counted("click", unsubscribe=True) == {Measure.UNSUBSCRIBES: 1}
    assert people("click", unsubscribe=True) == ()


def test_scanner_that_follows_the_unsubscribe_link_unsubscribes_nobody():
    assert counted("click", unsubscribe=True, machine=True) == {Measure.MACHINE_CLICKS: 1}


@pytest.mark.parametrize("flags", [{}, {"machine": True}, {"unsubscribe": True}])
def test_test_click_counts_as_a_test_alone(flags):
    assert counted("click", test=True, **flags) == {Measure.TESTS_CLICK: 1}
    assert people("click", test=True, **flags) == ()


def test_counts_are_added_to_what_is_there():
    add = {int(Measure.CLICKS): 4, int(Measure.OPENS): 9}
    topic_by_name("click").count(event("click"), add)
    assert add == {Measure.CLICKS: 5, Measure.OPENS: 9}


def test_machine_is_told_from_person():
    click = topic_by_name("click")
    assert click.machine(event("click", machine=True))
    assert not click.machine(event("click", machine=None))
    assert not click.machine(event("click"))


@pytest.mark.parametrize("name", ["machine", "unsubscribe", "test"])
@pytest.mark.parametrize("value", [1, 0, "true", [], {}])
def test_flag_that_is_no_boolean_is_refused_by_name(name, value):
    refused = invalid("click", **{name: value})
    assert refused.reason is Reason.WRONG_TYPE
    assert name in refused.detail


def test_link_is_not_read_so_no_link_costs_a_click():
    assert counted("click", link={"of": ["another", "type"]}) == {Measure.CLICKS: 1}
