"""Leads, as they come nearer to a sale."""

from types import MappingProxyType
from typing import Final, Literal

from streams.events.measures import Counters, Measure
from streams.events.topic import HORIZON_FEW_MS, Event, Field, Topic

_MEASURES: Final = {
    "lead": int(Measure.LEADS),
    "qualified": int(Measure.QUALIFIED_LEADS),
    "opportunity": int(Measure.OPPORTUNITIES),
}
_TESTS: Final = int(Measure.TESTS_LEAD)


class Lead(Event, gc=False):
    """A lead that has come to a stage; each stage is an event of its own."""

    stage: Literal["lead", "qualified", "opportunity"] | None = "lead"


def count(event: Lead, add: Counters) -> None:
    """One lead of that stage."""
    measure = _TESTS if event.test else _MEASURES[event.stage or "lead"]
    add[measure] = add.get(measure, 0) + 1


TOPIC: Final = Topic(
    name="lead",
    event=Lead,
    horizon_ms=HORIZON_FEW_MS,
    count=count,
    flags=("test", "stage"),
    counted_in=(Measure.LEADS, Measure.QUALIFIED_LEADS, Measure.OPPORTUNITIES),
    test_measure=Measure.TESTS_LEAD,
    title="Leads",
    description="Someone showed interest in buying, or came nearer to it.",
    fields=(
        Field("lead", "string", "which lead", read=False),
        Field("stage", "`lead`, `qualified` or `opportunity`", "the stage that it has come to; `lead` unless given"),
    ),
    counts=("leads, qualified leads and opportunities, each by itself",),
    example=MappingProxyType(
        {
            "id": "l-8001",
            "time": "2026-11-24T08:55:00Z",
            "campaign": "aurora",
            "channel": "paid_search",
            "source": "crm",
            "person": "p-19",
            "lead": "L-204",
            "stage": "qualified",
        }
    ),
)
