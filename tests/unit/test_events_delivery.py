import pytest

from streams.events.errors import Reason
from streams.events.measures import Measure, People
from tests.unit.event_records import counted, invalid, people

MEASURES = {
    "sent": Measure.SENT,
    "delivered": Measure.DELIVERED,
    "bounced": Measure.BOUNCED,
    "complained": Measure.COMPLAINED,
    "unsubscribed": Measure.UNSUBSCRIBED,
}


@pytest.mark.parametrize(("status", "measure"), MEASURES.items())
def test_each_status_has_a_counter_of_its_own(status, measure):
    assert counted("delivery", status=status) == {measure: 1}


@pytest.mark.parametrize("status", MEASURES)
def test_only_a_delivered_message_reaches_somebody(status):
    assert people("delivery", status=status) == ((People.REACHED,) if status == "delivered" else ())


def test_delivery_without_a_person_reaches_nobody_known():
    for absent in (None, ..., ""):
        assert people("delivery", person=absent) == ()


def test_test_message_counts_as_a_test_alone_and_reaches_nobody():
    assert counted("delivery", test=True, status="bounced") == {Measure.TESTS_DELIVERY: 1}
    assert people("delivery", test=True) == ()


@pytest.mark.parametrize("absent", [None, ...])
def test_delivery_without_status_is_refused(absent):
    refused = invalid("delivery", status=absent)
    assert refused.reason is Reason.MISSING_FIELD
    assert refused.detail.startswith("status")


@pytest.mark.parametrize(
    ("status", "reason"), [("read", Reason.BAD_VALUE), ("Sent", Reason.BAD_VALUE), (1, Reason.WRONG_TYPE)]
)
def test_unknown_status_is_refused_by_name_without_its_value(status, reason):
    refused = invalid("delivery", status=status)
    assert refused.reason is reason
    assert refused.detail.startswith("status")
    assert "read" not in refused.detail
