"""The panes of one campaign, and the windows over them: of each channel, and of all channels together."""

from collections.abc import Container, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

from streams.counting.campaign_facts import CampaignFacts
from streams.counting.campaign_money import CampaignMoney, Told
from streams.counting.counter_panes import CounterPanes, Counters
from streams.counting.facts import StatedFact
from streams.counting.needed import LAUNCH, first_needed, places_of
from streams.counting.panes import MINUTE_MS, Tier
from streams.counting.people import People, together
from streams.counting.people_panes import PeoplePanes
from streams.counting.plan import Plan
from streams.counting.windows import WINDOWS, Place, WindowPanes, WindowSums, sum_counters, window_panes
from streams.events.channels import ALL_CHANNELS

NO_WINDOWS: Mapping[str, WindowSums] = MappingProxyType({})
PeopleIn = Mapping[str, frozenset[int]]
"""Window -> kinds of people."""

ALL_WINDOWS = frozenset(window.name for window in WINDOWS)

_LAUNCH_AT_THE_END = frozenset({Tier.HOUR, Tier.DAY})
"""The tiers whose windows know the launch up to their end. Finer ones do not hold all that came late."""

_Parts = tuple[Counters, Mapping[int, float], Counters | None]
"""Counters, people, counters beside the people: as in `WindowSums`."""


class CampaignPanes:
    """Of each channel the counters and the people, and the campaign's facts.

    changes: how often something was put; while it stays the same, windows of several channels belong together. zone:
    the reporting time zone.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self.changes = 0
        self.facts = CampaignFacts(zone)
        self.zone = zone
        self._counters: dict[int, CounterPanes] = {}
        self._people: dict[int, dict[int, PeoplePanes]] = {}
        self._kinds: dict[int, list[PeoplePanes]] = {}
        self._changed_at: dict[int, int] = {}
        self._needed: dict[int, int] = {}
        self._newest: dict[int, int] = {}
        self._launch: tuple[int, Counters] = (-1, {})
        self._made: dict[tuple[int, str], tuple[int, WindowPanes, frozenset[int] | None, _Parts]] = {}
        self._estimates_of_all: dict[tuple[int, Place], tuple[list[float], float]] = {}
        self._kept: frozenset[Place] = frozenset()
        self._money = CampaignMoney(self._counters, self.facts, zone)

    def put_counters(self, channel: int, tier: int, pane: int, value: bytes | Counters) -> None:
        """A pane of a channel holds these counters now, packed or as a dict that is this view's from here on."""
        self._changed(channel)
        if pane > self._newest.get(tier, -1):
            self._newest[tier] = pane
        panes = self._counters.get(channel)
        if panes is None:
            panes = self._counters[channel] = CounterPanes()
        if pane >= self._needed.get(tier, 0):
            panes.put(tier, _one(pane), value)
            if tier == Tier.DAY:
                self._money.day_changed(channel, pane)

    def put_people(self, channel: int, tier: int, pane: int, kind: int, value: bytes | People) -> None:
        """A pane of a channel holds these people of that kind now, packed or as a sketch that goes on growing."""
        self._changed(channel)
        kinds = self._people.setdefault(channel, {})
        panes = kinds.get(kind)
        if panes is None:
            panes = kinds[kind] = PeoplePanes()
            self._people[channel] = dict(sorted(kinds.items()))
            self._kinds.setdefault(kind, []).append(panes)
            self._kinds = dict(sorted(self._kinds.items()))
        if pane >= self._needed.get(tier, 0):
            panes.put(tier, _one(pane), value)

    def put_fact(self, topic: int, channel: int, day: int, key: bytes, value: bytes | StatedFact) -> None:
        """A line of a channel was stated to be this; see `CampaignFacts`."""
        self.changes += 1
        self.facts.put(topic, channel, day, key, value)

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
        return sorted(self._counters.keys() | self._people.keys() | self.facts.channels)

    @property
    def kinds(self) -> int:
        """How many different things were counted since the launch, in each channel by itself: more than before where
        something was counted for the first time."""
        counted = sum(len(self.totals(channel)) for channel in self._counters)
        return len(self.channels) + counted + sum(map(len, self._people.values()))

    def totals(self, channel: int) -> Counters:
        """The counters of a channel (or of ALL_CHANNELS) since the launch. Not to be changed."""
        if channel != ALL_CHANNELS:
            return self._sum(channel, LAUNCH)
        if self._launch[0] != self.changes:
            self._launch = self.changes, self._sum(ALL_CHANNELS, LAUNCH)
        return self._launch[1]

    def launch_before(self, channel: int, tier: int, stop: int) -> Counters:
        """The counters of a channel since the launch without those of the panes from `stop` on, which are hours or
        days that are held."""
        launch, newest = self.totals(channel), self._newest.get(tier, -1)
        if newest < stop:
            return launch
        behind = self._sum(channel, (tier, stop, newest + 1))
        return {measure: count - behind.get(measure, 0) for measure, count in launch.items()}

    def newest_ms(self) -> int:
        """The end of the newest minute in which anything was counted; 0 where nothing was."""
        return (self._newest.get(Tier.MINUTE, -1) + 1) * MINUTE_MS

    def windows(
        self,
        channel: int,
        end_ms: int,
        names: frozenset[str] = ALL_WINDOWS,
        plan: Plan | None = None,
        whole: Mapping[str, WindowSums] = NO_WINDOWS,
        people: PeopleIn | None = None,
    ) -> dict[str, WindowSums]:
        """The windows of these names of a channel (or of ALL_CHANNELS) that end at `end_ms`. They change no more.

        plan: what the catalogue says, the same object while it says the same. whole: those of ALL_CHANNELS.
        people: which kinds of people are wanted in which window, None for all kinds: they are the dearest part.
        """
        told = self._told(channel, plan, end_ms)
        at_end = told._replace(launch_at_end=True)
        return {
            panes.name: self._money.window(
                channel,
                panes,
                *self._parts(channel, panes, people),
                end_ms,
                self._told_at(channel, panes.counters, told, at_end),
                whole.get(panes.name),
            )
            for panes in window_panes(end_ms, self.zone, names)
        }

    def prepare(self, channel: int, end_ms: int, names: frozenset[str], people: PeopleIn | None = None) -> None:
        """Work out what is dear of these windows: then `windows` are made at one go, and soon."""
        for panes in window_panes(end_ms, self.zone, names):
            self._parts(channel, panes, people)

    def looks_at(self, tier: int, pane: int) -> bool:
        """Whether a pane of the tier is kept here, where there is one."""
        return pane >= self._needed.get(tier, 0)

    def span(
        self,
        channel: int,
        panes: WindowPanes,
        end_ms: int,
        plan: Plan | None,
        whole: WindowSums | None,
        people: frozenset[int] | None = None,
    ) -> WindowSums:
        """Any other window, whose counters and people are both in panes that are held; its launch is the newest, see
        `launch_before`.

        people: see `windows`.
        """
        counters, found = self._sum(channel, panes.counters), self._people_in(channel, panes.people, people)
        told = self._told(channel, plan, end_ms)
        return self._money.window(channel, panes, counters, found, None, end_ms, told, whole)

    def rest(self, ends_ms: Sequence[int], names: frozenset[str]) -> None:
        """All windows that are wanted have been asked for, and these will be asked for again: let go what was kept for
        others, and for uniting channels."""
        for kinds in self._people.values():
            for people in kinds.values():
                people.rest()
        kept = self._money.rest(places_of(tuple(sorted(set(ends_ms))), self.zone, names))
        if kept != self._kept:
            self._kept = kept
            self._forget_all_but(kept)

    def prune(self, end_ms: int) -> None:
        """Forget the panes into which no window that ends at `end_ms` or later looks, and facts that were kept long."""
        self.facts.prune(end_ms)
        for tier, first in first_needed(end_ms, self.zone):
            if first > self._needed.get(tier, 0):
                self._needed[tier] = first
                for counters in self._counters.values():
                    counters.drop_before(tier, first)
                if tier == Tier.DAY:
                    self._money.forget_before(first)
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

    def _told(self, channel: int, plan: Plan | None, end_ms: int) -> Told:
        return self._money.told(channel, plan, self.totals(channel), self.totals(ALL_CHANNELS), end_ms)

    def _told_at(self, channel: int, place: Place, told: Told, at_end: Told) -> Told:
        """The same with the launch at the window's end: other topics may have been counted further than that. at_end:
        `told`, if nothing was."""
        tier, _, stop = place
        if tier == Tier.LAUNCH:
            return at_end
        if tier not in _LAUNCH_AT_THE_END:
            return told
        launch = self.launch_before(channel, tier, stop)
        return at_end if launch is told.launch else at_end._replace(launch=launch)

    def _parts(self, channel: int, panes: WindowPanes, wanted: PeopleIn | None) -> _Parts:
        """The counters, the people, and the counters beside these: worked out again where the channel has changed."""
        changed_at, kinds = self._changed_at.get(channel, 0), None if wanted is None else wanted[panes.name]
        known = self._made.get((channel, panes.name))
        if (
            known is None
            or known[0] != changed_at
            or not (known[1] is panes or known[1].places == panes.places)
            or not (known[2] is None or (kinds is not None and kinds <= known[2]))
        ):
            counters = self._sum(channel, panes.counters)
            people = self._people_in(channel, panes.people, kinds)
            beside = None if panes.beside_people is None else self._sum(channel, panes.beside_people)
            known = self._made[channel, panes.name] = changed_at, panes, kinds, (counters, people, beside)
        return known[3]

    def _sum(self, channel: int, place: Place) -> Counters:
        """The counters over these panes: a dict that is never changed."""
        if channel != ALL_CHANNELS:
            counters = self._counters.get(channel)
            return {} if counters is None else counters.sum(place)
        parts = [counters.sum(place) for counters in self._counters.values()]
        return parts[0] if len(parts) == 1 else sum_counters(parts)

    def _people_in(self, channel: int, place: Place, wanted: frozenset[int] | None = None) -> dict[int, float]:
        if channel == ALL_CHANNELS:
            return {
                kind: self._estimate_of_all(kind, channels, place)
                for kind, channels in self._kinds.items()
                if wanted is None or kind in wanted
            }
        return {
            kind: people.estimate(place)
            for kind, people in self._people.get(channel, {}).items()
            if wanted is None or kind in wanted
        }

    def _estimate_of_all(self, kind: int, channels: Sequence[PeoplePanes], place: Place) -> float:
        if len(channels) == 1:
            return channels[0].estimate(place)
        parts = [people.estimate(place) for people in channels]
        known = self._estimates_of_all.get((kind, place))
        # The people of a place only ever grow, and one more to be estimated makes another number: the same numbers,
        # the same people.
        if known is None or known[0] != parts:
            there = [people for people, part in zip(channels, parts, strict=True) if part]
            everybody = together([people.united(place) for people in there])
            known = self._estimates_of_all[kind, place] = parts, everybody.estimate()
        return known[1]


@lru_cache(maxsize=4096)
def _one(pane: int) -> int:
    """The same object for the same index: thousands of dicts have it as a key."""
    return pane
