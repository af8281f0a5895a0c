"""What became of messages, as the mail provider or the gateway says it."""

from types import MappingProxyType
from typing import Final, Literal

from streams.events.measures import Counters, Measure, People
from streams.events.topic import HORIZON_MANY_MS, Event, Field, Topic

_MEASURES: Final = {
    "sent": int(Measure.SENT),
    "delivered": int(Measure.DELIVERED),
    "bounced": int(Measure.BOUNCED),
    "complained": int(Measure.COMPLAINED),
    "unsubscribed": int(Measure.UNSUBSCRIBED),
}
_TESTS: Final = int(Measure.TESTS_DELIVERY)
_REACHED: Final = (int(People.REACHED),)


class Delivery(Event, gc=False, kw_only=True):
    """One step of a message's way; each step is an event of its own."""

    status: Literal["sent", "delivered", "bounced", "complained", "unsubscribed"]


def count(event: Delivery, add: Counters) -> None:
    """One message of that status."""
    measure = _TESTS if event.test else _MEASURES[event.status]
    add[measure] = add.get(measure, 0) + 1


def people(event: Delivery) -> tuple[int, ...]:
    """Whoever a message is delivered to is reached."""
    return _REACHED if event.person and event.status == "delivered" and not event.test else ()


TOPIC: Final = Topic(
    name="delivery",
    event=Delivery,
    horizon_ms=HORIZON_MANY_MS,
    count=count,
    people=people,
    flags=("test", "status"),
    counted_in=(Measure.SENT, Measure.DELIVERED, Measure.BOUNCED, Measure.COMPLAINED, Measure.UNSUBSCRIBED),
    test_measure=Measure.TESTS_DELIVERY,
    title="Deliveries",
    description="A message was sent, and what became of it.",
    fields=(
        Field(
            "status",
            "`sent`, `delivered`, `bounced`, `complained` or `unsubscribed`",
            "one event for each that happens to a message; `unsubscribed` is the provider's word, apart from the "
            "clicks that unsubscribe",
            required=True,
        ),
        Field("message", "string", "which message", read=False),
    ),
    counts=(
        "messages sent, delivered, bounced, complained of and unsubscribed from, each by itself",
        "unique people reached by what was delivered",
    ),
    example=MappingProxyType(
        {
            "id": "d-6001",
            "time": "2026-11-24T08:58:00Z",
            "campaign": "aurora",
            "channel": "email",
            "source": "mailer",
            "person": "p-17",
            "status": "delivered",
            "message": "aurora-launch",
        }
    ),
)
