"""Windows and snapshots for the tests of KPIs, metrics and the API."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from pydantic import SecretStr

from agents.campaign.series import Series, Span
from agents.campaign.snapshot import CampaignSnapshot, ChannelSnapshot, Snapshot
from agents.languages import Language
from agents.telemetry import Telemetry
from agents.web.answers import PreflightAnswer, PreflightLine
from agents.web.history import describe_history
from streams.counting.campaign_panes import ALL_WINDOWS
from streams.counting.plan import Plan
from streams.counting.windows import WINDOWS, WindowSums
from streams.events.measures import Measure, People, money_key
from streams.kpis.kpi import DAYS

NOW_MS = 1_795_000_000_000

COUNTERS: dict[int, int] = {
    Measure.CLICKS: 40,
    Measure.MACHINE_CLICKS: 9,
    Measure.UNSUBSCRIBES: 2,
    Measure.OPENS: 300,
    Measure.MACHINE_OPENS: 120,
    Measure.VISITS: 200,
    Measure.ENGAGED_VISITS: 50,
    Measure.MENTIONS_POSITIVE: 6,
    Measure.MENTIONS_NEUTRAL: 1,
    Measure.MENTIONS_NEGATIVE: 1,
    Measure.MENTIONS_UNKNOWN: 2,
    Measure.MENTION_SCORE: -1_500_000,
    Measure.MENTION_SCORED: 8,
    Measure.AUDIENCE: 1_000,
    Measure.SALES: 10,
    Measure.REFUNDS: 1,
    Measure.UNITS: 25,
    money_key(Measure.REVENUE, "EUR"): 1_234_560_000,
    money_key(Measure.REFUNDED, "EUR"): 34_560_000,
    money_key(Measure.MARGIN, "EUR"): -5_000_000,
    Measure.NEW_CUSTOMERS: 7,
    Measure.RETURNING_CUSTOMERS: 3,
    Measure.SENT: 1_000,
    Measure.DELIVERED: 950,
    Measure.BOUNCED: 50,
    Measure.COMPLAINED: 1,
    Measure.UNSUBSCRIBED: 17,
    Measure.IMPRESSIONS: 4_000,
    Measure.LEADS: 40,
    Measure.QUALIFIED_LEADS: 16,
    Measure.OPPORTUNITIES: 8,
    Measure.PROMOTERS: 60,
    Measure.PASSIVES: 25,
    Measure.DETRACTORS: 15,
    Measure.SATISFIED: 80,
    Measure.CSAT_ANSWERS: 100,
    Measure.ACTIVATIONS: 6,
    Measure.CANCELLED_PRICE: 4,
    Measure.CANCELLED_SERVICE: 2,
    Measure.CANCELLED_TECHNICAL: 1,
    Measure.CANCELLED_PRODUCT: 2,
    Measure.CANCELLED_OTHER: 1,
    Measure.LATE: 4,
}

LAUNCH = COUNTERS | {Measure.NEW_CUSTOMERS: 67, Measure.CANCELLED_PRICE: 14}
"""Since the launch 60 more customers came and 10 more left than in the windows."""

SPEND = {"media": 250_000_000, "fee": 50_000_000, "production": 20_000_000}

CONVERTED = {Measure.REVENUE: 1_234_560_000, Measure.REFUNDED: 34_560_000, Measure.MARGIN: -5_000_000}

_DAY_MS = 86_400_000

PLAN = Plan(
    currency="EUR",
    budget=1_000_000_000,
    gross_margin=0.5,
    baseline_per_day=40_000_000,
    customers_at_start=1_000,
    starts_at_ms=NOW_MS - 10 * _DAY_MS,
    ends_at_ms=NOW_MS + 10 * _DAY_MS,
)
"""Half of the campaign's twenty days have passed."""

PEOPLE: dict[int, float] = {
    People.REACHED: 160.2,
    People.OPENERS: 80.0,
    People.CLICKERS: 20.0,
    People.BUYERS: 9.0001,
    People.ENGAGED: 40.05,
}

MINUTES = {"1m": 1, "5m": 5, "1h": 60, "24h": 1440, "today": 600, "7d": 10_080, "30d": 43_200, "month": 30_000}


def sums(
    counters: Mapping[int, int] | None = None, people: Mapping[int, float] | None = None, minutes: int = 5
) -> WindowSums:
    return WindowSums(
        COUNTERS if counters is None else counters,
        PEOPLE if people is None else people,
        NOW_MS - minutes * 60_000,
        NOW_MS,
    )


def planned(window: str = "30d", **changed: Any) -> WindowSums:
    """A window of a campaign that has a plan: money converted, spend stated an hour ago."""
    told: dict[str, Any] = {
        "counters": COUNTERS,
        "people": PEOPLE,
        "start_ms": NOW_MS - MINUTES[window] * 60_000 if window in MINUTES else 0,
        "end_ms": NOW_MS,
        "launch": LAUNCH,
        "currency": "EUR",
        "converted": CONVERTED,
        "spend": SPEND if window in DAYS else None,
        "spend_at_ms": NOW_MS - 3_600_000,
        "plan": PLAN,
    }
    return WindowSums(**(told | changed))


def planned_campaign(name: str, channels: tuple[int, ...] = (2,)) -> CampaignSnapshot:
    """A campaign of which every KPI has a value in all channels together."""
    everything = {window.name: planned(window.name) for window in WINDOWS}
    parts = {name: replace(sums, whole=sums) for name, sums in everything.items()}
    shown = {0: everything} | dict.fromkeys(channels, parts)
    return CampaignSnapshot(
        name, None, None, True, {code: ChannelSnapshot(COUNTERS, windows) for code, windows in shown.items()}
    )


def channel(counters: Mapping[int, int] = COUNTERS, people: Mapping[int, float] = PEOPLE) -> ChannelSnapshot:
    windows = {
        window.name: WindowSums(counters, people, NOW_MS - MINUTES[window.name] * 60_000, NOW_MS)
        if window.name in MINUTES
        else WindowSums(counters, people, 0, NOW_MS)
        for window in WINDOWS
    }
    return ChannelSnapshot(counters, windows)


def campaign(
    name: str,
    *,
    active: bool = True,
    title: str | None = None,
    owner: str | None = None,
    channels: tuple[int, ...] = (2,),
) -> CampaignSnapshot:
    shown = {0: channel()} | {code: channel() for code in channels}
    return CampaignSnapshot(name, title, owner, active, shown)


def snapshot(*campaigns: CampaignSnapshot, partial: tuple[str, ...] = ()) -> Snapshot:
    return Snapshot(
        taken_at_ms=NOW_MS,
        campaigns={one.campaign: one for one in campaigns},
        ledger={
            ("click", 0): {Measure.READ: 60, Measure.COUNTED: 50, Measure.DUPLICATE: 7, Measure.INVALID: 3}
            | {Measure.LEDGER_LATE: 4, Measure.INVALID_BAD_LABEL: 2, Measure.INVALID_FUTURE: 1},
            ("click", 1): {Measure.READ: 6, Measure.COUNTED: 5},
        },
        lag={("click", 0): (12, 0.5), ("click", 1): (3, 2.25)},
        generations={3: 17},
        partial=partial,
    )


@dataclass
class StateOfHealth:
    live: bool = True
    ready: bool = True
    reasons: tuple[str, ...] = ()


@dataclass
class FixedState:
    """A worker whose picture stands still."""

    picture: Snapshot
    condition: StateOfHealth = field(default_factory=StateOfHealth)
    telemetry: Telemetry = field(default_factory=lambda: Telemetry("1.2.3"))
    asked: list[str | None] = field(default_factory=list)
    """What a picture has been asked of: a campaign, or None for all of them."""

    async def snapshot(self, campaign: str | None = None, windows: frozenset[str] = ALL_WINDOWS) -> Snapshot:
        self.asked.append(campaign)
        return self.picture

    async def series(self, campaign: str, span: Span) -> bytes | None:
        """The last two hours of a campaign that is in the picture."""
        there = self.picture.campaigns.get(campaign)
        begins = (NOW_MS - 7_200_000, NOW_MS - 3_600_000)
        steps = tuple(WindowSums(COUNTERS, {}, begin, begin + 3_600_000) for begin in begins)
        series = Series(there, 1, NOW_MS - 1, begins[0], (), tuple(sorted(COUNTERS)), steps)
        return orjson.dumps(None if there is None else describe_history(span, series))

    async def preflight(self, campaign: str, rate: float | None, language: Language) -> PreflightAnswer:
        line = PreflightLine("rate", "unknown", "Rate", f"{rate}, {language}", "say it")
        return PreflightAnswer(campaign, None, "unknown", NOW_MS, (line,), ())

    def health(self) -> StateOfHealth:
        return self.condition


@dataclass(frozen=True)
class WebOptions:
    web_token: SecretStr | None = None
    series_budget: int = 100_000
