"""Panes: half-open pieces of event time, `[start, start + size)`, in five tiers from ten seconds to the whole launch.

A pane is named by an integer index, so that nothing is ever compared as a float. Counters are folded into ten-second
panes; the panes of the coarser tiers follow from those, since every tier's border is a border of ten seconds.
"""

from datetime import UTC, date, datetime
from enum import IntEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

SECOND_MS = 1000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

PANE_MS = 10 * SECOND_MS
"""The finest pane, in which ingest folds."""


class Tier(IntEnum):
    """The tiers, from fine to coarse. The numbers are part of the format."""

    TEN_SECONDS = 0
    MINUTE = 1
    HOUR = 2
    DAY = 3
    LAUNCH = 4
    MONTH = 5


COUNTER_TIERS: dict[Tier, int | None] = {
    Tier.TEN_SECONDS: 15 * MINUTE_MS,
    Tier.MINUTE: 2 * HOUR_MS,
    Tier.HOUR: 32 * DAY_MS,
    Tier.DAY: 400 * DAY_MS,
    Tier.LAUNCH: None,
}
"""How long each tier keeps a pane of counters after the pane's end, in milliseconds; None: for ever."""

PEOPLE_TIERS: dict[Tier, int | None] = {
    Tier.MINUTE: 2 * HOUR_MS,
    Tier.HOUR: 26 * HOUR_MS,
    Tier.DAY: 32 * DAY_MS,
    Tier.MONTH: None,
    Tier.LAUNCH: None,
}
"""The same for sketches of people, which are large when full and so have fewer and shorter tiers."""

_FIXED_SIZES = {Tier.TEN_SECONDS: PANE_MS, Tier.MINUTE: MINUTE_MS, Tier.HOUR: HOUR_MS}
_EPOCH_DAY = date(1970, 1, 1).toordinal()


def day_index(day: date) -> int:
    """The index of the day's pane: days since 1970-01-01."""
    return day.toordinal() - _EPOCH_DAY


def pane_index(tier: Tier, time_ms: int, zone: ZoneInfo) -> int:
    """The index of the pane of `tier` that holds `time_ms` (UTC epoch milliseconds, from 1970 to 9998).

    Days and months are those of `zone`; the launch has one pane, 0.
    """
    size = _FIXED_SIZES.get(tier)
    if size is not None:
        return time_ms // size
    if tier is Tier.LAUNCH:
        return 0
    day, month = _local_day_and_month(time_ms // (15 * MINUTE_MS), zone)
    return day if tier is Tier.DAY else month


def pane_start_ms(tier: Tier, index: int, zone: ZoneInfo) -> int:
    """Where the pane begins, in UTC epoch milliseconds. The launch's pane begins at 0."""
    size = _FIXED_SIZES.get(tier)
    if size is not None:
        return index * size
    if tier is Tier.LAUNCH:
        return 0
    return _local_start_ms(tier is Tier.MONTH, index, zone)


def pane_end_ms(tier: Tier, index: int, zone: ZoneInfo) -> int:
    """Where the pane ends (exclusive), in UTC epoch milliseconds; the launch's never does: it is 2**62."""
    return 1 << 62 if tier is Tier.LAUNCH else pane_start_ms(tier, index + 1, zone)


def holds(kept_ms: int | None, tier: Tier, index: int, now_ms: int, zone: ZoneInfo) -> bool:
    """Whether a tier that keeps its panes for `kept_ms` still holds this one at `now_ms`, a time of the log."""
    return kept_ms is None or pane_end_ms(tier, index, zone) + kept_ms > now_ms


@lru_cache(maxsize=65536)
def counter_panes(pane: int, bucket_ms: int, zone: ZoneInfo) -> tuple[tuple[int, int], ...]:
    """The (tier, index) pairs into which what is counted in the ten-second pane `pane` goes.

    `bucket_ms` is the five-second bucket of the block that counted it: a late event goes only into the tiers that
    still hold its pane then. So this is a function of the log alone, whenever and by whomever it is asked.
    """
    return _held(COUNTER_TIERS, pane * PANE_MS, bucket_ms, zone)


@lru_cache(maxsize=65536)
def people_panes(minute: int, bucket_ms: int, zone: ZoneInfo) -> tuple[tuple[int, int], ...]:
    """The (tier, index) pairs into which the people of one minute go; see `counter_panes`."""
    return _held(PEOPLE_TIERS, minute * MINUTE_MS, bucket_ms, zone)


def _held(tiers: dict[Tier, int | None], time_ms: int, now_ms: int, zone: ZoneInfo) -> tuple[tuple[int, int], ...]:
    found = []
    for tier, kept_ms in tiers.items():
        index = pane_index(tier, time_ms, zone)
        if holds(kept_ms, tier, index, now_ms, zone):
            found.append((int(tier), index))
    return tuple(found)


@lru_cache(maxsize=8192)
def _local_day_and_month(quarter: int, zone: ZoneInfo) -> tuple[int, int]:
    # Every offset in use since 1970 but a handful of minutes of history is a multiple of 15 minutes, so a quarter of
    # an hour
    # lies in one local day; the cache then serves nine hundred seconds with one look-up.
    local = datetime.fromtimestamp(quarter * 15 * 60, UTC).astimezone(zone)
    return day_index(local), local.year * 12 + local.month - 1


@lru_cache(maxsize=4096)
def _local_start_ms(month: bool, index: int, zone: ZoneInfo) -> int:
    if month:
        start = datetime(index // 12, index % 12 + 1, 1, tzinfo=zone)
    else:
        day = date.fromordinal(index + _EPOCH_DAY)
        start = datetime(day.year, day.month, day.day, tzinfo=zone)
    return int(start.timestamp()) * 1000
