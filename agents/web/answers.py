"""The answers of the API, field by field. /openapi.json is generated from these types, so it cannot fall behind."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

Millis = Annotated[int, Meta(description="UTC epoch milliseconds")]
Reasons = Annotated[
    tuple[str, ...], Meta(description="Why the picture is held back, one sentence each; empty when live")
]


@dataclass(frozen=True, slots=True)
class Live:
    """Whether the worker lives."""

    live: bool


@dataclass(frozen=True, slots=True)
class Ready:
    """Whether the worker may be relied on, and why not (told only to who may see the rest)."""

    ready: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong: a stable name of the error, and a sentence for people."""

    error: str
    detail: str


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """A campaign in the list."""

    campaign: Annotated[str, Meta(description="The id under which its events come")]
    name: Annotated[str | None, Meta(description="Its name in the catalogue")]
    owner: Annotated[str | None, Meta(description="Its owner in the catalogue")]
    active: Annotated[bool, Meta(description="Events in the last hour, or live in the catalogue")]
    channels: Annotated[tuple[str, ...], Meta(description="The channels that have data")]


@dataclass(frozen=True, slots=True)
class CampaignList:
    """A page of the campaigns that this worker owns, by id."""

    taken_at_ms: Millis
    held_back_by: Reasons
    total: Annotated[int, Meta(description="Campaigns that match, on all pages together")]
    next: Annotated[str | None, Meta(description="Ask with `after=` this for the next page; null on the last")]
    campaigns: tuple[CampaignLine, ...]


@dataclass(frozen=True, slots=True)
class KpiDefinition:
    """What a KPI means."""

    name: str
    title: str
    unit: str
    kind: Annotated[str, Meta(description="count, people, ratio, score, per_minute or money")]
    metric: Annotated[str, Meta(description="The name of its Prometheus metric")]
    formula: str
    explanation: str
    reads: Annotated[tuple[str, ...], Meta(description="The event topics whose lag holds it back")]
    good: Annotated[str, Meta(description="up, down, or empty where neither direction is good")]
    sample: Annotated[str | None, Meta(description="The KPI that is its sample size; null for a plain sum")]
    min_volume: Annotated[int, Meta(description="The sample size below which it is not judged")]
    source: Annotated[str, Meta(description="What the formula follows")]


@dataclass(frozen=True, slots=True)
class KpiValue:
    """One KPI in one window. Where there is nothing to divide by there is no value, which is not 0."""

    kpi: str
    window: str
    value: Annotated[float | None, Meta(description="The value; null where there is none, and for money")]
    amounts: Annotated[
        dict[str, float] | None, Meta(description="Money by currency, in its units; null for other kinds")
    ]
    sample_size: Annotated[float | None, Meta(description="How many cases a rate stands on; null for a plain sum")]
    judged: Annotated[bool, Meta(description="Whether the sample is large enough to judge it")]
    start_ms: Annotated[
        int | None, Meta(description="Where the window begins, UTC epoch milliseconds; null: the launch")
    ]
    end_ms: Annotated[int, Meta(description="Where it ends (exclusive): now less the lag of what the KPI reads")]


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel, or all of them together."""

    channel: Annotated[str, Meta(description="`all` is all channels together")]
    totals: Annotated[dict[str, int], Meta(description="Counters since the launch, by measure")]
    money: Annotated[dict[str, dict[str, float]], Meta(description="Money since the launch, by measure and currency")]
    kpis: tuple[KpiValue, ...]


@dataclass(frozen=True, slots=True)
class CampaignAnswer:
    """A campaign with all its KPIs in all their windows."""

    campaign: str
    name: str | None
    owner: str | None
    active: bool
    taken_at_ms: Millis
    held_back_by: Reasons
    definitions: tuple[KpiDefinition, ...]
    channels: tuple[Channel, ...]
