"""Customers who become active, and customers who cancel, with the reason."""

from types import MappingProxyType
from typing import Final, Literal

from streams.events.measures import Counters, Measure
from streams.events.topic import HORIZON_FEW_MS, Event, Field, Topic

_ACTIVATIONS: Final = int(Measure.ACTIVATIONS)
_CANCELLED: Final = {
    "price": int(Measure.CANCELLED_PRICE),
    "service": int(Measure.CANCELLED_SERVICE),
    "technical": int(Measure.CANCELLED_TECHNICAL),
    "product": int(Measure.CANCELLED_PRODUCT),
    "other": int(Measure.CANCELLED_OTHER),
}
_TESTS: Final = int(Measure.TESTS_CUSTOMER)


class Customer(Event, gc=False, kw_only=True):
    """A customer who has become active or has cancelled. A reason says nothing of one who is active."""

    status: Literal["active", "cancelled"]
    reason: Literal["price", "service", "technical", "product", "other"] | None = None


def count(event: Customer, add: Counters) -> None:
    """One activation, or one cancellation for its reason."""
    measure = (
        _TESTS if event.test else _ACTIVATIONS if event.status == "active" else _CANCELLED[event.reason or "other"]
    )
    add[measure] = add.get(measure, 0) + 1


TOPIC: Final = Topic(
    name="customer",
    event=Customer,
    horizon_ms=HORIZON_FEW_MS,
    count=count,
    flags=("test", "status", "reason"),
    counted_in=(
        Measure.ACTIVATIONS,
        Measure.CANCELLED_PRICE,
        Measure.CANCELLED_SERVICE,
        Measure.CANCELLED_TECHNICAL,
        Measure.CANCELLED_PRODUCT,
        Measure.CANCELLED_OTHER,
    ),
    test_measure=Measure.TESTS_CUSTOMER,
    title="Customers",
    description="Someone became an active customer, or cancelled.",
    fields=(
        Field("status", "`active` or `cancelled`", "what the customer is from now on", required=True),
        Field(
            "reason",
            "`price`, `service`, `technical`, `product` or `other`",
            "why they cancelled; `other` unless given, and not counted for `active`",
        ),
    ),
    counts=("activations", "cancellations by reason"),
    example=MappingProxyType(
        {
            "id": "k-1101",
            "time": "2026-11-24T08:47:00Z",
            "campaign": "aurora",
            "channel": "direct",
            "source": "billing",
            "person": "p-12",
            "status": "cancelled",
            "reason": "price",
        }
    ),
)
