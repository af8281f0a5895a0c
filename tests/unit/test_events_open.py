from streams.events.catalogue import topic_by_name
from streams.events.measures import Measure, People
from tests.unit.event_records import counted, event, people


def test_open_by_a_person_counts_an_open_and_an_opener_who_is_not_engaged():
    assert counted("open") == {Measure.OPENS: 1}
    assert people("open") == (People.OPENERS,)


def test_open_by_a_privacy_proxy_is_no_open_and_joins_no_people():
    assert counted("open", machine=True) == {Measure.MACHINE_OPENS: 1}
    assert people("open", machine=True) == ()
    assert topic_by_name("open").machine(event("open", machine=True))


def test_open_without_a_person_joins_no_people():
    assert counted("open", person=None) == {Measure.OPENS: 1}
    assert people("open", person=None) == ()


def test_test_open_counts_as_a_test_alone():
    assert counted("open", test=True, machine=True) == {Measure.TESTS_OPEN: 1}
    assert people("open", test=True) == ()
