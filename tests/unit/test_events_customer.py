import pytest

from streams.events.errors import Reason
from streams.events.measures import Measure
from tests.unit.event_records import counted, invalid, people


@pytest.mark.parametrize(
    ("reason", "measure"),
    [
        ("price", Measure.CANCELLED_PRICE),
        ("service", Measure.CANCELLED_SERVICE),
        ("technical", Measure.CANCELLED_TECHNICAL),
        ("product", Measure.CANCELLED_PRODUCT),
        ("other", Measure.CANCELLED_OTHER),
        (None, Measure.CANCELLED_OTHER),
        (..., Measure.CANCELLED_OTHER),
    ],
)
def test_cancellation_counts_for_its_reason(reason, measure):
    assert counted("customer", status="cancelled", reason=reason) == {measure: 1}


def test_activation_counts_as_that_whatever_its_reason():
    for reason in ("price", None, ...):
        assert counted("customer", status="active", reason=reason) == {Measure.ACTIVATIONS: 1}


def test_customer_joins_no_unique_people():
    assert people("customer", person="p") == ()


def test_test_customer_counts_as_a_test_alone():
    assert counted("customer", test=True) == {Measure.TESTS_CUSTOMER: 1}


@pytest.mark.parametrize(("name", "value"), [("status", "paused"), ("reason", "moved")])
def test_unknown_status_or_reason_is_refused_by_name(name, value):
    refused = invalid("customer", **{name: value})
    assert refused.reason is Reason.BAD_VALUE
    assert refused.detail.startswith(name)


@pytest.mark.parametrize("absent", [None, ...])
def test_customer_without_status_is_refused(absent):
    assert invalid("customer", status=absent).reason is Reason.MISSING_FIELD
