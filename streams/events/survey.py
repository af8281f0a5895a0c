"""Answers to surveys: whether people would recommend, and whether they are satisfied."""

from types import MappingProxyType
from typing import Annotated, Final, Literal

from msgspec import Meta

from streams.events.errors import Invalid, Reason
from streams.events.measures import Counters, Measure
from streams.events.topic import HORIZON_FEW_MS, Event, Field, Topic

PROMOTER_FROM: Final = 9
PASSIVE_FROM: Final = 7
SATISFIED_FROM: Final = 4

_SCORES: Final = {"nps": range(11), "csat": range(1, 6)}
_PROMOTERS: Final = int(Measure.PROMOTERS)
_PASSIVES: Final = int(Measure.PASSIVES)
_DETRACTORS: Final = int(Measure.DETRACTORS)
_SATISFIED: Final = int(Measure.SATISFIED)
_CSAT_ANSWERS: Final = int(Measure.CSAT_ANSWERS)
_TESTS: Final = int(Measure.TESTS_SURVEY)


class Survey(Event, gc=False, kw_only=True):
    """One answer of one survey."""

    kind: Literal["nps", "csat"]
    score: Annotated[int, Meta(ge=0, le=10)]


def check(event: Survey) -> Invalid | None:
    """The score lies on its survey's scale."""
    scale = _SCORES[event.kind]
    if event.score in scale:
        return None
    return Invalid(Reason.BAD_VALUE, f"score must be {scale[0]} to {scale[-1]} for {event.kind}")


def count(event: Survey, add: Counters) -> None:
    """A promoter, passive or detractor; or an answer, and a satisfied one if it is."""
    score = event.score
    if event.test:
        measure = _TESTS
    elif event.kind == "nps":
        measure = _PROMOTERS if score >= PROMOTER_FROM else _PASSIVES if score >= PASSIVE_FROM else _DETRACTORS
    else:
        measure = _CSAT_ANSWERS
        if score >= SATISFIED_FROM:
            add[_SATISFIED] = add.get(_SATISFIED, 0) + 1
    add[measure] = add.get(measure, 0) + 1


TOPIC: Final = Topic(
    name="survey",
    event=Survey,
    horizon_ms=HORIZON_FEW_MS,
    count=count,
    check=check,
    counted_in=(Measure.PROMOTERS, Measure.PASSIVES, Measure.DETRACTORS, Measure.CSAT_ANSWERS),
    test_measure=Measure.TESTS_SURVEY,
    title="Survey answers",
    description="Someone said whether they would recommend, or how satisfied they are.",
    fields=(
        Field(
            "kind",
            "`nps` or `csat`",
            "the question: would you recommend us (Net Promoter Score), or how satisfied are you (customer "
            "satisfaction)",
            required=True,
        ),
        Field(
            "score",
            "integer, 0 to 10 for `nps`, 1 to 5 for `csat`",
            f"{PROMOTER_FROM} and 10 are promoters, {PASSIVE_FROM} and 8 passives, less detractors; "
            f"{SATISFIED_FROM} and 5 are satisfied",
            required=True,
        ),
    ),
    counts=("promoters, passives and detractors", "CSAT answers and the satisfied ones among them"),
    example=MappingProxyType(
        {
            "id": "q-9001",
            "time": "2026-11-24T09:00:40Z",
            "campaign": "aurora",
            "channel": "email",
            "source": "survey-tool",
            "person": "p-17",
            "kind": "nps",
            "score": 9,
        }
    ),
)
