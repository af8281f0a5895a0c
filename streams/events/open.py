"""Opens of a message, by people and by privacy proxies and bots that fetch its pictures."""

from types import MappingProxyType
from typing import Final

from streams.events.measures import Counters, Measure, People
from streams.events.topic import HORIZON_MANY_MS, Event, Field, Topic

_OPENS: Final = int(Measure.OPENS)
_MACHINE_OPENS: Final = int(Measure.MACHINE_OPENS)
_TESTS: Final = int(Measure.TESTS_OPEN)
_OPENED: Final = (int(People.OPENERS),)


class Open(Event, gc=False):
    """An open. It makes nobody engaged: too many opens are not a person's."""

    machine: bool | None = False


def count(event: Open, add: Counters) -> None:
    """One open or machine open."""
    measure = _TESTS if event.test else _MACHINE_OPENS if event.machine else _OPENS
    add[measure] = add.get(measure, 0) + 1


def people(event: Open) -> tuple[int, ...]:
    """Whoever opens is an opener."""
    return _OPENED if event.person and not event.machine and not event.test else ()


def machine(event: Open) -> bool:
    """Whether a machine opened."""
    return bool(event.machine)


TOPIC: Final = Topic(
    name="open",
    event=Open,
    horizon_ms=HORIZON_MANY_MS,
    count=count,
    people=people,
    flags=("test", "machine"),
    machine=machine,
    counted_in=(Measure.OPENS, Measure.MACHINE_OPENS),
    test_measure=Measure.TESTS_OPEN,
    title="Opens",
    description="Someone opened a message of the campaign.",
    fields=(
        Field("message", "string", "which message", read=False),
        Field("machine", "boolean", "true for privacy proxies and bots: counted apart, joins no people"),
    ),
    counts=("opens", "machine opens", "unique openers"),
    example=MappingProxyType(
        {
            "id": "o-2001",
            "time": "2026-11-24T08:59:30Z",
            "campaign": "aurora",
            "channel": "email",
            "person": "p-17",
            "message": "aurora-launch",
        }
    ),
)
