"""Clicks on a link of the campaign, by people and by machines that follow every link of a mail."""

from types import MappingProxyType
from typing import Final

from streams.events.measures import Counters, Measure, People
from streams.events.topic import HORIZON_MANY_MS, Event, Field, Topic

_CLICKS: Final = int(Measure.CLICKS)
_MACHINE_CLICKS: Final = int(Measure.MACHINE_CLICKS)
_UNSUBSCRIBES: Final = int(Measure.UNSUBSCRIBES)
_TESTS: Final = int(Measure.TESTS_CLICK)
_CLICKED: Final = (int(People.CLICKERS), int(People.ENGAGED))


class Click(Event, gc=False):
    """A click. Who unsubscribes is not engaged, so such a click counts as that alone; a machine's click never does."""

    machine: bool | None = False
    unsubscribe: bool | None = False


def count(event: Click, add: Counters) -> None:
    """One click, machine click or unsubscription."""
    if event.test:
        measure = _TESTS
    elif event.machine:
        measure = _MACHINE_CLICKS
    elif event.unsubscribe:
        measure = _UNSUBSCRIBES
    else:
        measure = _CLICKS
    add[measure] = add.get(measure, 0) + 1


def people(event: Click) -> tuple[int, ...]:
    """Whoever clicks is a clicker and engaged."""
    if not event.person or event.machine or event.unsubscribe or event.test:
        return ()
    return _CLICKED


def machine(event: Click) -> bool:
    """Whether a machine clicked."""
    return bool(event.machine)


TOPIC: Final = Topic(
    name="click",
    event=Click,
    horizon_ms=HORIZON_MANY_MS,
    count=count,
    people=people,
    flags=("test", "machine", "unsubscribe"),
    machine=machine,
    counted_in=(Measure.CLICKS, Measure.MACHINE_CLICKS, Measure.UNSUBSCRIBES),
    test_measure=Measure.TESTS_CLICK,
    title="Clicks",
    description="Someone followed a link of the campaign.",
    fields=(
        Field("link", "string", "which link", read=False),
        Field("machine", "boolean", "true when a scanner or bot clicked: counted apart, joins no people"),
        Field(
            "unsubscribe",
            "boolean",
            "true when the link was the one that unsubscribes: counted as that, not as a click",
        ),
    ),
    counts=("clicks", "machine clicks", "unsubscribes", "unique clickers", "unique engaged people"),
    example=MappingProxyType(
        {
            "id": "c-1001",
            "time": "2026-11-24T09:00:00.250Z",
            "campaign": "aurora",
            "channel": "email",
            "person": "p-17",
            "link": "https://example.com/aurora",
        }
    ),
)
