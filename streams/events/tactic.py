"""What the team has changed, and who: a mark in the campaign's course."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from streams.events.errors import Invalid, Reason
from streams.events.labels import label_problem
from streams.events.measures import Counters, Measure
from streams.events.topic import HORIZON_FEW_MS, LABEL_SCHEMA, MAX_LABEL, Event, Fact, Field, Topic

MAX_DETAIL_TEXT: Final = 1_000

_TACTICS: Final = int(Measure.TACTICS)
_TESTS: Final = int(Measure.TESTS_TACTIC)


class Tactic(Event, gc=False, kw_only=True):
    """A change that the team has made; one with the same id and a later time replaces what was said of it."""

    title: str
    detail: Annotated[str, Meta(max_length=MAX_DETAIL_TEXT)] | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is said of a tactic; detail and owner are empty where none is given."""

    title: str
    detail: str
    owner: str


_CHANGE: Final = msgspec.json.Decoder(Change)


def check(event: Tactic) -> Invalid | None:
    """Title and owner are as clean as labels: they are shown beside the figures."""
    problem = label_problem(event.title)
    if problem is not None:
        return Invalid(Reason.BAD_VALUE, f"title {problem}")
    problem = label_problem(event.owner) if event.owner else None
    return None if problem is None else Invalid(Reason.BAD_VALUE, f"owner {problem}")


def count(event: Tactic, add: Counters) -> None:
    """One tactic."""
    measure = _TESTS if event.test else _TACTICS
    add[measure] = add.get(measure, 0) + 1


def fact(event: Tactic) -> Fact | None:
    """What is said of this tactic."""
    if event.test:
        return None
    said = Change(event.title, event.detail or "", event.owner or "")
    return Fact((event.source or "", event.id), 0, msgspec.json.encode(said))


def read_change(value: bytes) -> Change:
    """What a tactic's fact says."""
    return _CHANGE.decode(value)


TOPIC: Final = Topic(
    name="tactic",
    event=Tactic,
    horizon_ms=HORIZON_FEW_MS,
    count=count,
    check=check,
    fact=fact,
    counted_in=(Measure.TACTICS,),
    test_measure=Measure.TESTS_TACTIC,
    title="Tactics",
    description="The team changed something; one with the same `id` and a later `time` replaces it, in whatever "
    "channel of the campaign.",
    fields=(
        Field(
            "title",
            f"string, 1 to {MAX_LABEL} characters",
            "what was changed, in a few words",
            required=True,
            schema=LABEL_SCHEMA,
        ),
        Field("detail", f"string, at most {MAX_DETAIL_TEXT} characters", "what exactly, and why"),
        Field("owner", f"string, at most {MAX_LABEL} characters", "who changed it"),
    ),
    counts=("tactics; a correction whose `time` lies in another hour (UTC) as one more",),
    example=MappingProxyType(
        {
            "id": "t-1301",
            "time": "2026-11-24T08:30:00Z",
            "campaign": "aurora",
            "channel": "email",
            "title": "Second mail brought forward",
            "detail": "Sent at 9:30 instead of 15:00, to the openers of the first.",
            "owner": "Maria",
        }
    ),
)
