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
    kind: Annotated[str, Meta(description="count, people, ratio, factor, score, per_minute, money, months or seconds")]
    metric: Annotated[str, Meta(description="The name of its Prometheus metric")]
    formula: str
    explanation: str
    reads: Annotated[tuple[str, ...], Meta(description="The event topics whose lag holds it back")]
    good: Annotated[str, Meta(description="up, down, or empty where neither direction is good")]
    group: Annotated[str, Meta(description="The heading under which it stands")]
    denominator: Annotated[str | None, Meta(description="The KPI by which it divides; null for a plain sum")]
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
    why: Annotated[str | None, Meta(description="Why there is no value, a sentence; null where there is one")]
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
    months: Annotated[
        tuple[KpiValue, ...],
        Meta(description="Customers' KPIs in the twelve calendar months before the present one; `window` is `2026-10`"),
    ]


@dataclass(frozen=True, slots=True)
class OwnerAnswer:
    """Who answers for what; without channel and KPI for the whole campaign."""

    name: str
    contact: Annotated[str | None, Meta(description="How to reach them")]
    channel: Annotated[str | None, Meta(description="The channel they answer for")] = None
    kpi: Annotated[str | None, Meta(description="The KPI they answer for")] = None


@dataclass(frozen=True, slots=True)
class TargetAnswer:
    """A target of the catalogue, and how the KPI stands to it."""

    kpi: str
    channel: Annotated[str, Meta(description="`all` is all channels together")]
    window: str
    bound: Annotated[str, Meta(description="min: to be reached; max: to stay under")]
    limit: Annotated[float, Meta(description="Where the target lies, in the KPI's unit")]
    source: Annotated[str, Meta(description="own, or industry: a benchmark")]
    value: Annotated[float | None, Meta(description="What the KPI is; null where it has no value")]
    sample_size: Annotated[float | None, Meta(description="How many cases it stands on; null for a plain sum")]
    min_volume: Annotated[int, Meta(description="The sample size below which it is not judged")]
    met: Annotated[bool | None, Meta(description="Whether it is met; null while nobody can say")]
    why: Annotated[str | None, Meta(description="Why nobody can say, a sentence; null where `met` is told")]
    owner: Annotated[OwnerAnswer | None, Meta(description="Who answers: for the KPI, else the channel, else all")]


@dataclass(frozen=True, slots=True)
class KpiAround:
    """A KPI in the hour before a change and in the hour after it: null where it has no value."""

    kpi: str
    channel: Annotated[str, Meta(description="That of the change, or `all`: all channels together")]
    before: Annotated[float | None, Meta(description="The value before; null for money")]
    after: Annotated[float | None, Meta(description="The value after; null for money")]
    amounts_before: Annotated[dict[str, float] | None, Meta(description="Money before, by currency")]
    amounts_after: Annotated[dict[str, float] | None, Meta(description="Money after, by currency")]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, UTC epoch milliseconds, the end exclusive."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class TacticAnswer:
    """A change that the team has made, and what became of the KPIs."""

    at_ms: Millis
    title: str
    detail: str | None
    owner: Annotated[str | None, Meta(description="Who made it")]
    channel: str
    before: Annotated[Span | None, Meta(description="The hour before it; null where it is not held any more")]
    after: Annotated[Span | None, Meta(description="The hour after it, or what of that has passed; null as `before`")]
    kpis: Annotated[
        tuple[KpiAround, ...],
        Meta(description="Those that make sense in an hour and were not 0, or without a value, both before and after"),
    ]


@dataclass(frozen=True, slots=True)
class CampaignAnswer:
    """A campaign with all its KPIs in all their windows."""

    campaign: str
    name: str | None
    owner: str | None
    owners: Annotated[tuple[OwnerAnswer, ...], Meta(description="Everybody whom the catalogue names")]
    active: bool
    taken_at_ms: Millis
    held_back_by: Reasons
    targets: tuple[TargetAnswer, ...]
    tactics: Annotated[tuple[TacticAnswer, ...], Meta(description="The newest changes first, at most 50")]
    definitions: tuple[KpiDefinition, ...]
    channels: tuple[Channel, ...]


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """A minute, an hour or a day of the reporting time zone."""

    start_ms: Millis
    end_ms: Annotated[int, Meta(description="Exclusive, UTC epoch milliseconds")]
    complete: Annotated[bool, Meta(description="Whether everything that has arrived up to its end is in it")]
    totals: Annotated[dict[str, int], Meta(description="What was counted in it, by measure; all that the launch has")]
    money: Annotated[dict[str, dict[str, float]], Meta(description="Money, by measure and currency")]
    kpis: Annotated[
        dict[str, float | None], Meta(description="The KPIs that make sense in such a step, but for people and money")
    ]
    amounts: Annotated[dict[str, dict[str, float]], Meta(description="The same for money, by KPI and currency")]


@dataclass(frozen=True, slots=True)
class HistoryAnswer:
    """The campaign's own history, repaired by what came late. The steps do not overlap: their totals add up."""

    campaign: str
    channel: Annotated[str, Meta(description="`all` is all channels together")]
    step: str
    held_from_ms: Annotated[
        int | None,
        Meta(description="Where the oldest step begins that is held, whatever was asked; null where nothing came"),
    ]
    end_ms: Annotated[
        int | None, Meta(description="Up to which time everything of all topics is merged; null where nobody can say")
    ]
    held_back_by: Reasons
    steps: tuple[HistoryStep, ...]


@dataclass(frozen=True, slots=True)
class PreflightLine:
    """One thing that must be right before the launch."""

    check: Annotated[str, Meta(description="What was looked at, a stable name")]
    verdict: Annotated[str, Meta(description="ok, mend, or unknown: it could not be looked at")]
    title: Annotated[str, Meta(description="What was looked at, for people")]
    message: Annotated[str, Meta(description="What was found")]
    mend: Annotated[str, Meta(description="What to do about it; empty where nothing is to be done")]


@dataclass(frozen=True, slots=True)
class PreflightAnswer:
    """Whether a campaign may be launched."""

    campaign: str
    name: str | None
    verdict: Annotated[str, Meta(description="The worst of the lines: mend, else unknown, else ok")]
    looked_at_ms: Millis
    lines: tuple[PreflightLine, ...]
    contacts: Annotated[
        tuple[str, ...], Meta(description="Where the owners in the catalogue can be reached, who are told of alerts")
    ]
