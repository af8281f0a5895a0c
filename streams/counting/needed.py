"""Which panes anybody looks at: what a view keeps, and which running sums."""

from functools import lru_cache
from zoneinfo import ZoneInfo

from streams.counting.panes import DAY_MS, HOUR_MS, MINUTE_MS, Tier, pane_index
from streams.counting.windows import Place, window_panes

LAUNCH: Place = (Tier.LAUNCH, 0, 1)

_NEEDED_MS: dict[Tier, int] = {
    Tier.TEN_SECONDS: 6 * MINUTE_MS,
    Tier.MINUTE: 121 * MINUTE_MS,
    Tier.HOUR: 7 * DAY_MS + HOUR_MS,
    Tier.DAY: 400 * DAY_MS,
}
"""How far before the end of the window anybody looks back in a tier; what is older is kept in the table only.

The hour before a change that was made an hour ago is looked at in minutes, money since the launch day by day.
"""


@lru_cache(maxsize=64)
def places_of(ends_ms: tuple[int, ...], zone: ZoneInfo, names: frozenset[str]) -> frozenset[Place]:
    """Where windows of these names look that end at these times."""
    found = {LAUNCH}
    for end_ms in ends_ms:
        for panes in window_panes(end_ms, zone, names):
            found.update(place for place in panes.places if place is not None)
    return frozenset(found)


@lru_cache(maxsize=16)
def first_needed(end_ms: int, zone: ZoneInfo) -> tuple[tuple[int, int], ...]:
    """(tier, the first pane that a window may look at that ends at `end_ms` or later)."""
    return tuple(
        (int(tier), pane_index(tier, max(0, end_ms - needed_ms), zone)) for tier, needed_ms in _NEEDED_MS.items()
    )
