"""Windows: sums over the panes that lie in `[floor(end - length, tier), end)`.

The end of a window is not the wall clock: it is the time up to which the topics that a KPI reads are merged, so a
backlog freezes the picture instead of faking a drop.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from zoneinfo import ZoneInfo

from streams.counting.panes import COUNTER_TIERS, DAY_MS, HOUR_MS, MINUTE_MS, Tier, pane_index, pane_start_ms
from streams.counting.plan import Plan

Counters = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Window:
    """name; length: milliseconds before the end, or the tier whose pane that holds the end gives the start.

    tier: the panes of counters that are summed. people_tier: the panes whose sketches are united.
    """

    name: str
    length: int | Tier
    tier: Tier
    people_tier: Tier

    @property
    def tier_beside_people(self) -> Tier:
        """The tier of counters beside people: both sides of a ratio come from the same panes, those of the coarser
        tier."""
        return self.people_tier if self.people_tier in COUNTER_TIERS else self.tier


WINDOWS: tuple[Window, ...] = (
    Window("1m", MINUTE_MS, Tier.TEN_SECONDS, Tier.MINUTE),
    Window("5m", 5 * MINUTE_MS, Tier.TEN_SECONDS, Tier.MINUTE),
    Window("1h", HOUR_MS, Tier.MINUTE, Tier.MINUTE),
    Window("24h", DAY_MS, Tier.HOUR, Tier.HOUR),
    Window("today", Tier.DAY, Tier.DAY, Tier.DAY),
    Window("7d", 7 * DAY_MS, Tier.HOUR, Tier.DAY),
    Window("30d", 30 * DAY_MS, Tier.DAY, Tier.DAY),
    Window("month", Tier.MONTH, Tier.DAY, Tier.MONTH),
    Window("launch", Tier.LAUNCH, Tier.LAUNCH, Tier.LAUNCH),
)


@dataclass(frozen=True, slots=True)
class WindowSums:
    """One window of one campaign and channel.

    counters: measure -> sum. people: kind -> estimated number of different people. start_ms, end_ms: UTC epoch
    milliseconds, half-open; start_ms is 0 for the launch. beside_people: the counters summed over the very panes that
    `people` covers, where those are coarser; None where they are the same.
    launch: the counters since the launch; launch_at_end: as far as `counters` go, which panes of hours and days can
    tell. Where it is False they are the newest there are.
    currency: in which money is shown: the plan's, else the only one that the campaign has had; None: there is none.
    converted: Measure.REVENUE, REFUNDED and MARGIN -> millionths of `currency`, each day at its rate;
    None while there is no currency or a rate is missing.
    spend: kind (media, fee, production) -> millionths of `currency` over the whole days of the window; empty: nothing
    was stated for it. None while there is no currency or a rate is missing, and for windows that are not whole days.
    spend_at_ms: event time of the newest statement of spend of this channel, whatever the window. missing_rates: the
    currencies whose rate is missing on some day of this window. plan: what the catalogue says, None without an entry.
    whole: the same window of all channels together; None where this is it.
    """

    counters: Counters
    people: Mapping[int, float]
    start_ms: int
    end_ms: int
    beside_people: Counters | None = None
    launch: Counters = field(default_factory=dict)
    currency: str | None = None
    converted: Mapping[int, int] | None = None
    spend: Mapping[str, int] | None = None
    spend_at_ms: int | None = None
    missing_rates: frozenset[str] = frozenset()
    plan: Plan | None = None
    whole: "WindowSums | None" = None
    launch_at_end: bool = True

    def count(self, measure: int) -> int:
        """The sum of a measure, 0 where it was never counted."""
        return self.counters.get(measure, 0)

    def count_beside_people(self, measure: int) -> int:
        """The sum of a measure over the panes that `people` covers: for a ratio of people and events."""
        return (self.counters if self.beside_people is None else self.beside_people).get(measure, 0)


def window_span(window: Window, tier: Tier, end_ms: int, zone: ZoneInfo) -> range:
    """The indices of the panes of `tier` that the window covers when it ends at `end_ms` (exclusive, after 1970)."""
    if isinstance(window.length, Tier):
        first_ms = pane_start_ms(window.length, pane_index(window.length, end_ms - 1, zone), zone)
    else:
        first_ms = max(0, end_ms - window.length)
    return range(pane_index(tier, first_ms, zone), pane_index(tier, end_ms - 1, zone) + 1)


Place = tuple[int, int, int]
"""Panes that follow each other: (tier, the first, the one behind the last)."""


@dataclass(frozen=True, slots=True)
class WindowPanes:
    """The panes into which a window looks that ends at a certain time.

    counters: of `window.tier`. people: of `window.people_tier`. beside_people: of `window.tier_beside_people`, None
    where that is the same. start_ms: where the counters begin.
    """

    name: str
    counters: Place
    people: Place
    beside_people: Place | None
    start_ms: int

    @property
    def places(self) -> tuple[Place, Place, Place | None]:
        """All three of them."""
        return self.counters, self.people, self.beside_people


@lru_cache(maxsize=256)
def window_panes(end_ms: int, zone: ZoneInfo, names: frozenset[str]) -> tuple[WindowPanes, ...]:
    """The panes of the windows of these names that end at `end_ms`; worked out once for all campaigns."""
    return tuple(_panes_of(window, end_ms, zone) for window in WINDOWS if window.name in names)


def _panes_of(window: Window, end_ms: int, zone: ZoneInfo) -> WindowPanes:
    def place(tier: Tier) -> Place:
        span = window_span(window, tier, end_ms, zone)
        return int(tier), span.start, span.stop

    counters, beside = place(window.tier), window.tier_beside_people
    return WindowPanes(
        name=window.name,
        counters=counters,
        people=place(window.people_tier),
        beside_people=None if beside is window.tier else place(beside),
        start_ms=pane_start_ms(window.tier, counters[1], zone),
    )


def sum_counters(panes: Iterable[Counters]) -> dict[int, int]:
    """Sums first: what the panes have counted together."""
    total: dict[int, int] = {}
    for pane in panes:
        if not total:
            total = dict(pane)
            continue
        before = total.get
        for measure, count in pane.items():
            total[measure] = before(measure, 0) + count
    return total
