"""The panes of one campaign, and the windows over them: of each channel, and of all channels together."""

from collections.abc import Container, Sequence
from functools import lru_cache
from operator import is_
from zoneinfo import ZoneInfo

from streams.counting.counter_panes import CounterPanes, Counters
from streams.counting.panes import DAY_MS, HOUR_MS, MINUTE_MS, Tier, pane_index
from streams.counting.people import People, union
from streams.counting.people_panes import PeoplePanes
from streams.counting.windows import WINDOWS, Place, WindowPanes, WindowSums, sum_counters, window_panes
from streams.events.channels import ALL_CHANNELS

_NEEDED_MS: dict[Tier, int] = {
    Tier.TEN_SECONDS: 6 * MINUTE_MS,
    Tier.MINUTE: 61 * MINUTE_MS,
    Tier.HOUR: 7 * DAY_MS + HOUR_MS,
    Tier.DAY: 32 * DAY_MS,
}
"""How far before the end of the window any window looks back in a tier; what is older is kept in the table only."""

ALL_WINDOWS = frozenset(window.name for window in WINDOWS)

_LAUNCH: Place = (Tier.LAUNCH, 0, 1)


class CampaignPanes:
    """Of each channel the counters and the people.

    changes: how often something was put; while it stays the same, windows of several channels belong together.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self.changes = 0
        self._zone = zone
        self._counters: dict[int, CounterPanes] = {}
        self._people: dict[int, dict[int, PeoplePanes]] = {}
        self._changed_at: dict[int, int] = {}
        self._needed: dict[int, int] = {}
        self._newest_minute = -1
        self._made: dict[tuple[int, str], tuple[int, WindowPanes, WindowSums]] = {}
        self._estimates_of_all: dict[tuple[int, Place], tuple[list[float], float]] = {}
        self._kept: frozenset[Place] = frozenset()

    def put_counters(self, channel: int, tier: int, pane: int, value: bytes | Counters) -> None:
        """A pane of a channel holds these counters now, packed or as a dict that is this view's from here on."""
        self._changed(channel)
        if tier == Tier.MINUTE and pane > self._newest_minute:
            self._newest_minute = pane
        panes = self._counters.get(channel)
        if panes is None:
            panes = self._counters[channel] = CounterPanes()
        if pane >= self._needed.get(tier, 0):
            panes.put(tier, _one(pane), value)

    def put_people(self, channel: int, tier: int, pane: int, kind: int, value: bytes | People) -> None:
        """A pane of a channel holds these people of that kind now, packed or as a sketch that goes on growing."""
        self._changed(channel)
        kinds = self._people.setdefault(channel, {})
        panes = kinds.get(kind)
        if panes is None:
            panes = kinds[kind] = PeoplePanes()
        if pane >= self._needed.get(tier, 0):
            panes.put(tier, _one(pane), value)

    def settled_counters(self, channel: int, tier: int, pane: int, packed: bytes) -> None:
        """The pane still holds the counters that were put last, and this is it packed."""
        panes = self._counters.get(channel)
        if panes is not None:
            panes.settled(tier, pane, packed)

    def settled_people(self, channel: int, tier: int, pane: int, kind: int, packed: bytes) -> None:
        """The pane still holds the people that were put last, and this is it packed."""
        panes = self._people.get(channel, {}).get(kind)
        if panes is not None:
            panes.settled(tier, pane, packed)

    @property
    def channels(self) -> list[int]:
        """The channels that have data, in the order of their codes."""
        return sorted(self._counters.keys() | self._people.keys())

    def totals(self, channel: int) -> Counters:
        """The counters of a channel (or of ALL_CHANNELS) since the launch. Not to be changed."""
        return self._sum(channel, _LAUNCH)

    def newest_ms(self) -> int:
        """The end of the newest minute in which anything was counted; 0 where nothing was."""
        return (self._newest_minute + 1) * MINUTE_MS

    def windows(self, channel: int, end_ms: int, names: frozenset[str] = ALL_WINDOWS) -> dict[str, WindowSums]:
        """The windows of these names of a channel (or of ALL_CHANNELS) that end at `end_ms`. They change no more."""
        return {panes.name: self._window(channel, panes, end_ms) for panes in window_panes(end_ms, self._zone, names)}

    def rest(self, ends_ms: Sequence[int], names: frozenset[str]) -> None:
        """All windows that are wanted have been asked for, and these will be asked for again: let go what was kept for
        others, and for uniting channels."""
        for kinds in self._people.values():
            for people in kinds.values():
                people.rest()
        kept = _places(tuple(sorted(set(ends_ms))), self._zone, names)
        if kept != self._kept:
            self._kept = kept
            self._forget_all_but(kept)

    def prune(self, end_ms: int) -> None:
        """Forget the panes into which no window that ends at `end_ms` or later looks."""
        for tier, first in _first_needed(end_ms, self._zone):
            if first > self._needed.get(tier, 0):
                self._needed[tier] = first
                for counters in self._counters.values():
                    counters.drop_before(tier, first)
                for kinds in self._people.values():
                    for people in kinds.values():
                        people.drop_before(tier, first)

    def _changed(self, channel: int) -> None:
        self.changes += 1
        self._changed_at[channel] = self._changed_at[ALL_CHANNELS] = self.changes

    def _forget_all_but(self, places: Container[Place]) -> None:
        self._estimates_of_all = {key: known for key, known in self._estimates_of_all.items() if key[1] in places}
        for counters in self._counters.values():
            counters.forget_all_but(places)
        for kinds in self._people.values():
            for people in kinds.values():
                people.forget_all_but(places)

    def _window(self, channel: int, panes: WindowPanes, end_ms: int) -> WindowSums:
        changed_at = self._changed_at.get(channel, 0)
        known = self._made.get((channel, panes.name))
        if known is not None and known[0] == changed_at and (known[1] is panes or known[1].places == panes.places):
            counters, people, beside = known[2].counters, known[2].people, known[2].beside_people
        else:
            counters = self._sum(channel, panes.counters)
            people = self._people_in(channel, panes.people)
            beside = None if panes.beside_people is None else self._sum(channel, panes.beside_people)
        sums = WindowSums(counters, people, panes.start_ms, end_ms, beside)
        self._made[channel, panes.name] = changed_at, panes, sums
        return sums

    def _sum(self, channel: int, place: Place) -> Counters:
        """The counters over these panes: a dict that is never changed."""
        if channel != ALL_CHANNELS:
            counters = self._counters.get(channel)
            return {} if counters is None else counters.sum(place)
        parts = [counters.sum(place) for counters in self._counters.values()]
        return parts[0] if len(parts) == 1 else sum_counters(parts)

    def _people_in(self, channel: int, place: Place) -> dict[int, float]:
        if channel != ALL_CHANNELS:
            of_channel = self._people.get(channel, {})
            return {kind: of_channel[kind].estimate(place) for kind in sorted(of_channel)}
        kinds = sorted({kind for of_channel in self._people.values() for kind in of_channel})
        return {kind: self._estimate_of_all(kind, place) for kind in kinds}

    def _estimate_of_all(self, kind: int, place: Place) -> float:
        channels = [kinds[kind] for kinds in self._people.values() if kind in kinds]
        parts = [people.estimate(place) for people in channels]
        if len(parts) == 1:
            return parts[0]
        known = self._estimates_of_all.get((kind, place))
        # What has not changed is the very object of before.
        if known is None or len(known[0]) != len(parts) or not all(map(is_, known[0], parts)):
            everybody = union(people.united(place) for people, there in zip(channels, parts, strict=True) if there)
            known = self._estimates_of_all[kind, place] = parts, everybody.estimate()
        return known[1]


@lru_cache(maxsize=4096)
def _one(pane: int) -> int:
    """The same object for the same index: thousands of dicts have it as a key."""
    return pane


@lru_cache(maxsize=64)
def _places(ends_ms: tuple[int, ...], zone: ZoneInfo, names: frozenset[str]) -> frozenset[Place]:
    """Where windows of these names look that end at these times."""
    found = {_LAUNCH}
    for end_ms in ends_ms:
        for panes in window_panes(end_ms, zone, names):
            found.update(place for place in panes.places if place is not None)
    return frozenset(found)


@lru_cache(maxsize=16)
def _first_needed(end_ms: int, zone: ZoneInfo) -> tuple[tuple[int, int], ...]:
    """(tier, the first pane that a window may look at that ends at `end_ms` or later)."""
    return tuple(
        (int(tier), pane_index(tier, max(0, end_ms - needed_ms), zone)) for tier, needed_ms in _NEEDED_MS.items()
    )
