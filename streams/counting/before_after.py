"""The hour before and the hour after a time, whatever panes there are left of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from streams.counting.panes import (
    COUNTER_TIERS,
    HOUR_MS,
    MINUTE_MS,
    PEOPLE_TIERS,
    Tier,
    holds,
    pane_start_ms,
)
from streams.counting.windows import WindowPanes, WindowSums


class NotHeld(LookupError):
    """Whoever asks for these people asks too late: their panes are gone."""


class _Gone(Mapping[int, float]):
    def __getitem__(self, kind: int) -> float:
        raise NotHeld

    def __iter__(self) -> Iterator[int]:
        raise NotHeld

    def __len__(self) -> int:
        raise NotHeld


GONE: Mapping[int, float] = _Gone()
"""The people of a window whose panes are no longer held: whoever reads them is told so by NotHeld."""


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour, or what of it has passed. end_ms: exclusive. people: whether their panes are held."""

    panes: WindowPanes
    end_ms: int
    people: bool


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """Two hours of one channel, side by side."""

    before: WindowSums
    after: WindowSums


def hours_around(at_ms: int, end_ms: int, zone: ZoneInfo) -> tuple[Hour, Hour] | None:
    """The hour before `at_ms` and the hour after it, to the minute while minutes are held.

    Else whole hours of the clock: the last that ended by then, the first that began from then on. None where not even
    those are held, and where nothing of the second has passed. end_ms: up to which everything is merged.
    """
    minute = at_ms // MINUTE_MS
    if _held(Tier.MINUTE, minute - 60, end_ms, zone):
        tier, size_ms = Tier.MINUTE, MINUTE_MS
        first, second = (minute - 60, minute), (minute, minute + 60)
    else:
        tier, size_ms = Tier.HOUR, HOUR_MS
        ended, began = at_ms // HOUR_MS, -(-at_ms // HOUR_MS)
        first, second = (ended - 1, ended), (began, began + 1)
    if not _held(tier, first[0], end_ms, zone) or second[0] * size_ms >= end_ms:
        return None
    return _hour(tier, size_ms, *first, end_ms, zone), _hour(tier, size_ms, *second, end_ms, zone)


def _held(tier: Tier, pane: int, end_ms: int, zone: ZoneInfo) -> bool:
    return pane >= 0 and holds(COUNTER_TIERS[tier], tier, pane, end_ms, zone)


def _hour(tier: Tier, size_ms: int, first: int, stop: int, end_ms: int, zone: ZoneInfo) -> Hour:
    stop = min(stop, -(-end_ms // size_ms))
    place = int(tier), first, stop
    panes = WindowPanes("1h", place, place, None, pane_start_ms(tier, first, zone))
    return Hour(panes, min(end_ms, stop * size_ms), holds(PEOPLE_TIERS[tier], tier, first, end_ms, zone))
