from streams.events.catalogue import topic_by_name
from streams.events.measures import Measure, People
from tests.unit.event_records import counted, event, people


def test_engaged_visit_counts_as_a_visit_too():
    assert counted("visit", engaged=True) == {Measure.VISITS: 1, Measure.ENGAGED_VISITS: 1}
    assert people("visit", engaged=True) == (People.REACHED, People.ENGAGED)


def test_visit_that_bounces_reaches_a_person_and_engages_nobody():
    for engaged in (False, None, ...):
        assert counted("visit", engaged=engaged) == {Measure.VISITS: 1}
        assert people("visit", engaged=engaged) == (People.REACHED,)


def test_visit_without_a_person_joins_no_people():
    assert people("visit", engaged=True, person=...) == ()


def test_test_visit_counts_as_a_test_alone():
    assert counted("visit", test=True, engaged=True) == {Measure.TESTS_VISIT: 1}
    assert people("visit", test=True, engaged=True) == ()


def test_no_visit_is_a_machine_s():
    assert not topic_by_name("visit").machine(event("visit"))
