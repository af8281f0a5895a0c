"""Visits to the campaign's pages."""

from types import MappingProxyType
from typing import Final

from streams.events.measures import Counters, Measure, People
from streams.events.topic import HORIZON_MANY_MS, Event, Field, Topic

_VISITS: Final = int(Measure.VISITS)
_ENGAGED_VISITS: Final = int(Measure.ENGAGED_VISITS)
_TESTS: Final = int(Measure.TESTS_VISIT)
_REACHED: Final = (int(People.REACHED),)
_REACHED_AND_ENGAGED: Final = (int(People.REACHED), int(People.ENGAGED))


class Visit(Event, gc=False):
    """A visit; `engaged` is the sender's judgement, as GA4's engaged sessions are."""

    engaged: bool | None = False


def count(event: Visit, add: Counters) -> None:
    """One visit, and one engaged visit if it was."""
    if event.test:
        add[_TESTS] = add.get(_TESTS, 0) + 1
        return
    add[_VISITS] = add.get(_VISITS, 0) + 1
    if event.engaged:
        add[_ENGAGED_VISITS] = add.get(_ENGAGED_VISITS, 0) + 1


def people(event: Visit) -> tuple[int, ...]:
    """Whoever visits is reached, and engaged if the visit was."""
    if not event.person or event.test:
        return ()
    return _REACHED_AND_ENGAGED if event.engaged else _REACHED


TOPIC: Final = Topic(
    name="visit",
    event=Visit,
    horizon_ms=HORIZON_MANY_MS,
    count=count,
    people=people,
    flags=("test", "engaged"),
    counted_in=(Measure.VISITS,),
    test_measure=Measure.TESTS_VISIT,
    title="Visits",
    description="Someone came to a page of the campaign.",
    fields=(
        Field("session", "string", "which session", read=False),
        Field("page", "string", "where it began", read=False),
        Field("engaged", "boolean", "true when the visitor stayed, scrolled or acted, by the sender's own rule"),
    ),
    counts=("visits", "engaged visits", "unique people reached", "unique engaged people"),
    example=MappingProxyType(
        {
            "id": "v-3001",
            "time": "2026-11-24T09:00:02Z",
            "campaign": "aurora",
            "channel": "organic_search",
            "person": "p-18",
            "session": "s-88",
            "page": "/aurora",
            "engaged": True,
        }
    ),
)
