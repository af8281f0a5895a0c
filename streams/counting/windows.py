"""Windows: sums over the panes that lie in `[floor(end - length, tier), end)`.

The end of a window is not the wall clock: it is the time up to which the topics that a KPI reads are merged, so a
backlog freezes the picture instead of faking a drop.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from streams.counting.panes import COUNTER_TIERS, DAY_MS, HOUR_MS, MINUTE_MS, Tier, pane_index, pane_start_ms

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
    """

    counters: Counters
    people: Mapping[int, float]
    start_ms: int
    end_ms: int
    beside_people: Counters | None = None

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


def sum_counters(panes: Iterable[Counters]) -> dict[int, int]:
    """Sums first: what the panes have counted together."""
    total: dict[int, int] = {}
    for pane in panes:
        for measure, count in pane.items():
            total[measure] = total.get(measure, 0) + count
    return total
