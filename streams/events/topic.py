"""What an event topic is: its event's fields, its checks, what it counts and whom it reaches.

A new topic is one new file that ends in a `Topic`, and one line in catalogue.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from streams.events.channels import CHANNELS
from streams.events.errors import Invalid
from streams.events.measures import Counters, Measure

HOUR_MS: Final = 3_600_000

HORIZON_MANY_MS: Final = 30 * HOUR_MS
"""Topics with many events: mail providers were seen to resend for 29 hours."""

HORIZON_FEW_MS: Final = 40 * 24 * HOUR_MS
"""Topics with few events, whose sources correct late."""

TOPIC_CODES: Final[Mapping[str, int]] = MappingProxyType(
    {
        "click": 1,
        "open": 2,
        "visit": 3,
        "mention": 4,
        "sale": 5,
        "delivery": 6,
        "impression": 7,
        "lead": 8,
        "spend": 9,
        "survey": 10,
        "customer": 11,
        "tactic": 12,
    }
)
"""Every topic's code, those of later topics too: part of the summaries' format."""

MAX_ID: Final = 256
MAX_LABEL: Final = 128

Time = int | Annotated[datetime, Meta(tz=True)]
"""Epoch milliseconds, or RFC 3339 with an offset; msgspec refuses booleans, floats and naive times."""

Text = Annotated[str, Meta(max_length=MAX_ID)]


class Event(msgspec.Struct, gc=False):
    """The fields that every event has. A null in an optional field is the same as its absence.

    Only fields that are counted or checked are here: what is not read is not decoded.
    """

    id: Annotated[str, Meta(min_length=1, max_length=MAX_ID)]
    time: Time
    campaign: str
    channel: str
    source: Text | None = None
    sent_at: Time | None = None
    person: Text | None = None
    test: bool | None = False
    specversion: None = None
    """Only CloudEvents have one, so that none of them passes for an event in the plain form."""


@dataclass(frozen=True, slots=True)
class Field:
    """One documented field. `read` is False for what is accepted, but neither checked nor counted yet.

    `schema` is what its JSON Schema says beyond the event's type, for what only `check` finds.
    """

    name: str
    type: str
    text: str
    required: bool = False
    read: bool = True
    schema: Mapping[str, object] = field(default_factory=dict)


LABEL_SCHEMA: Final = MappingProxyType({"minLength": 1, "maxLength": MAX_LABEL})


COMMON_FIELDS: Final = (
    Field("id", "string, 1 to 256 characters", "unique per `source`; a resend repeats it", required=True),
    Field(
        "time",
        "RFC 3339 with an offset, or integer epoch milliseconds",
        "when it happened; a resend repeats it",
        required=True,
    ),
    Field(
        "campaign",
        "string, 1 to 128 characters",
        "the campaign's id; no control characters, lone surrogates, invisible or bidi marks",
        required=True,
        schema=LABEL_SCHEMA,
    ),
    Field(
        "channel",
        "string",
        "one of the closed list of channels; any other counts as `other`",
        required=True,
        schema=MappingProxyType({"examples": list(CHANNELS)}),
    ),
    Field("source", "string, at most 256 characters", "who made the id, when several systems do"),
    Field("sent_at", "as `time`", "the sender's clock when it first sent; mends a `time` that lies in the future"),
    Field("person", "string, at most 256 characters", "whoever is reached; kept only as a keyed hash"),
    Field("test", "boolean", "true for a check before the launch: counted apart, in no KPI"),
)


def no_check(event: Event) -> Invalid | None:
    """The check of a topic whose types say all."""
    return None


def no_people(event: Event) -> tuple[int, ...]:
    """For topics that reach nobody."""
    return ()


def no_machine(event: Event) -> bool:
    """For topics that machines do not send."""
    return False


def no_first_purchase(event: Event) -> bool:
    """For topics that make nobody a customer."""
    return False


@dataclass(frozen=True, slots=True)
class Fact:
    """What an event states: the value of one line of a campaign's channel, in place of what was stated of it before.

    `line` says which line, `day` is its day since the epoch (0: a line without a day), `value` what is stated of it.
    Which of two statements stands is decided by their order, not by what they say.
    """

    line: tuple[str, ...]
    day: int
    value: bytes


def no_fact(event: Event) -> Fact | None:
    """For topics whose events are added."""
    return None


@dataclass(frozen=True, slots=True)
class Topic:
    """An event topic.

    `count(event, add)` adds the event's measures into `add` in place and depends on nothing but the event.
    `counted_in` are the measures that tell how many events there were: each event moves exactly one of them, whatever
    else it adds, and each test moves `test_measure` alone.
    `people(event)` gives the kinds of unique people that the event's person joins; () without a person, for machines
    and for tests. `check(event)` finds what types cannot say, and None when all is well. `needs_first_purchase(event)`
    asks the caller to fill `event.new_customer` before `count`. `fact(event)` is what a checked event states beside
    that, None for a test and for topics that state nothing. `horizon_ms` is how much later than its own time an
    event may arrive and still be told from a duplicate; None means without limit.

    `flags` is for topics of many events: the fields that decide what an event counts, and whom it reaches if it has a
    person. Events of one campaign, channel and pane that are the same in them are counted together, and then `check`
    is not asked; so they are booleans, or have few values, and whatever is falsy in one of them counts the same as its
    absence. None: every event is counted by itself.
    """

    name: str
    event: type[Event]
    horizon_ms: int | None
    count: Callable[[Any, Counters], None]
    counted_in: tuple[Measure, ...]
    test_measure: Measure
    title: str
    description: str
    fields: tuple[Field, ...]
    counts: tuple[str, ...]
    example: Mapping[str, object]
    people: Callable[[Any], tuple[int, ...]] = no_people
    check: Callable[[Any], Invalid | None] = no_check
    machine: Callable[[Any], bool] = no_machine
    needs_first_purchase: Callable[[Any], bool] = no_first_purchase
    fact: Callable[[Any], Fact | None] = no_fact
    flags: tuple[str, ...] | None = None
    decoder: msgspec.json.Decoder[Event] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.flags is not None and self.check is not no_check:
            raise ValueError(f"{self.name}: events that are counted together cannot be checked one by one")
        object.__setattr__(self, "decoder", msgspec.json.Decoder(self.event))

    @property
    def code(self) -> int:
        """The topic's number in source numbers, 1..63."""
        return TOPIC_CODES[self.name]
