"""Views of the campaign's advertisements, one by one or as many at once as the platform reports."""

from types import MappingProxyType
from typing import Annotated, Final

from msgspec import Meta

from streams.events.measures import Counters, Measure, People
from streams.events.topic import HORIZON_MANY_MS, Event, Field, Topic

MAX_IMPRESSIONS: Final = 1_000_000_000

_IMPRESSIONS: Final = int(Measure.IMPRESSIONS)
_TESTS: Final = int(Measure.TESTS_IMPRESSION)
_REACHED: Final = (int(People.REACHED),)


class Impression(Event, gc=False):
    """Views of an advertisement; an event of many is a report's row and mostly names no person."""

    count: Annotated[int, Meta(ge=1, le=MAX_IMPRESSIONS)] | None = 1


def count(event: Impression, add: Counters) -> None:
    """So many impressions; a test counts once."""
    if event.test:
        add[_TESTS] = add.get(_TESTS, 0) + 1
    else:
        add[_IMPRESSIONS] = add.get(_IMPRESSIONS, 0) + (event.count or 1)


def people(event: Impression) -> tuple[int, ...]:
    """Whoever saw it is reached."""
    return _REACHED if event.person and not event.test else ()


TOPIC: Final = Topic(
    name="impression",
    event=Impression,
    horizon_ms=HORIZON_MANY_MS,
    count=count,
    people=people,
    flags=("test", "count"),
    counted_in=(Measure.IMPRESSIONS,),
    test_measure=Measure.TESTS_IMPRESSION,
    title="Impressions",
    description="An advertisement of the campaign was shown.",
    fields=(
        Field("count", f"integer, 1 to {MAX_IMPRESSIONS}", "how often it was shown, 1 unless given"),
        Field("placement", "string", "where it was shown", read=False),
    ),
    counts=("impressions", "unique people reached"),
    example=MappingProxyType(
        {
            "id": "i-7001",
            "time": "2026-11-24T09:00:03Z",
            "campaign": "aurora",
            "channel": "display",
            "source": "adserver",
            "count": 250,
            "placement": "news-top",
        }
    ),
)
