"""The picture: from the panes of the partitions that this worker owns to one immutable snapshot, when somebody asks.

Only campaigns that have changed, or whose windows have moved on to another pane, are computed again. Nobody asks, then
nothing is computed.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from agents.campaign.campaigns import Campaigns
from agents.campaign.figures import (
    READS,
    SHORT_WINDOWS,
    Ends,
    channel_figures,
    is_live,
    people_wanted,
    prepare,
    step,
)
from agents.campaign.history import WINDOW, month_history
from agents.campaign.live import Live, last_steps, people_on_board
from agents.campaign.long_windows import Era, era_of, with_windows
from agents.campaign.owned import OwnedPartition
from agents.campaign.plans import Plans
from agents.campaign.series import TIERS, Series, Span, first_held, from_table, one_step, panes_of
from agents.campaign.snapshot import ALL_CHANNELS, CampaignSnapshot, ChannelSnapshot, Snapshot, TacticSnapshot
from agents.campaign.tactics import MARKED, SHOWN, around
from streams.counting.campaign_panes import ALL_WINDOWS, CampaignPanes, PeopleIn
from streams.counting.panes import HOUR_MS, pane_start_ms
from streams.counting.plan import Plan
from streams.counting.progress import ProgressBook
from streams.counting.sources import source_parts
from streams.counting.summaries import summaries_partition
from streams.counting.windows import WindowSums, sum_counters, window_panes
from streams.events.campaigns import Campaign
from streams.events.catalogue import topic_by_code

REFRESH_SECONDS = 0.2
"""Whoever asks so soon after a picture was made is given that one."""

TURN_SECONDS = 0.003
"""After so much work the event loop gets its turn."""

HELD_BACK_MS = 5000
"""A picture whose end is further behind the broker's clock says that it is held back, and by what."""

STALE_MS = 15_000
"""A picture whose newest merged progress is older is not live, whatever that says; clocks may differ by less."""

MADE_KEPT = 64
"""Pictures of single campaigns that are kept for those who ask again so soon."""

_MONTH = frozenset({WINDOW})
_DAY = frozenset({"24h"})

NO_CHANNELS: Mapping[int, ChannelSnapshot] = MappingProxyType({})
NOT_BEGUN = Snapshot(0, {}, {}, {}, {}, ("the worker has just started",))


_Asked = tuple[str | None, frozenset[str]]
"""The campaign, None for all of them, and the windows."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """Channel code -> measure -> sum, since the launch and in the last 24 hours. generation: of the ownership."""

    generation: int
    totals: Mapping[int, Mapping[int, int]]
    day: Mapping[int, Mapping[int, int]]


@dataclass(frozen=True, slots=True)
class _Shown:
    """owes: the long windows are those of the picture before."""

    ends: tuple[int, ...]
    told: Campaign | None
    snapshot: CampaignSnapshot
    era: Era | None
    owes: bool


@dataclass(frozen=True, slots=True)
class _Partition:
    """What a picture takes of a partition all at once: from then on its figures may run ahead of its ends, which is
    harmless, and never the other way."""

    number: int
    owned: OwnedPartition
    progress: ProgressBook
    ends: Ends

    @property
    def end_ms(self) -> int | None:
        """Up to which time everything is merged; None where nobody can say."""
        ends = [end for end in self.ends.values() if end is not None]
        return min(ends) if ends and len(ends) == len(self.ends) else None


class Show:
    """codes: the enabled topics' names and codes. catalogue: what the catalogue says now, by campaign. lag: see
    `Snapshot`. begun: whether the tables have been recovered; before that there is no picture."""

    def __init__(
        self,
        campaigns: Campaigns,
        codes: Mapping[str, int],
        catalogue: Mapping[str, Campaign],
        lag: Callable[[], dict[tuple[str, int], tuple[int, float]]],
        incarnations: Mapping[int, int],
        partitions: int,
        begun: Callable[[], bool],
    ) -> None:
        self._campaigns = campaigns
        self._codes = codes
        self._catalogue = catalogue
        self._lag = lag
        self._incarnations = dict(incarnations)
        self._partitions = partitions
        self._begun = begun
        self._shown: dict[tuple[int, str], _Shown] = {}
        self._made: dict[_Asked, tuple[float, Snapshot]] = {}
        self._making = asyncio.Lock()
        self._making_one = asyncio.Lock()
        self._turn_at = 0.0
        self._plans = Plans()

    async def picture(self, campaign: str | None = None, windows: frozenset[str] = ALL_WINDOWS) -> Snapshot:
        """A picture of now; the last one where that is younger than REFRESH_SECONDS or has just been waited for.

        campaign: only this one is in it, where it is owned here, with these windows and those of its targets; None: all
        of them with the windows that are exported.
        """
        if not self._begun():
            return NOT_BEGUN
        asked = campaign, windows
        async with self._making if campaign is None else self._making_one:
            made_at, made = self._made.pop(asked, (0.0, NOT_BEGUN))
            if made is NOT_BEGUN or time.monotonic() - made_at >= REFRESH_SECONDS:
                made = await self.take(int(time.time() * 1000), campaign, windows)
                made_at = time.monotonic()
            self._made[asked] = made_at, made
            if len(self._made) > MADE_KEPT:
                del self._made[next(iter(self._made))]
            return made

    async def take(self, now_ms: int, campaign: str | None = None, windows: frozenset[str] = ALL_WINDOWS) -> Snapshot:
        """The picture at `now_ms` (epoch milliseconds, this worker's clock: it dates the picture and decides nothing
        in it but how long `long_windows` are kept). One of all campaigns at a time."""
        self._turn_at = time.perf_counter() + TURN_SECONDS
        partitions: list[_Partition] = []
        campaigns: dict[str, CampaignSnapshot] = {}
        for number in sorted(self._campaigns.partitions):
            mine = campaign is None or number == self._partition_of(campaign)
            if mine:
                # Each in its turn: what comes while those before it are worked out is in the picture.
                self._campaigns.show(number, campaign or "")
            if (one := self._partition(number)) is None:
                continue
            partitions.append(one)
            if campaign is None:
                campaigns |= await self._all(one, now_ms)
            elif mine:
                campaigns = await self._only(one, campaign, windows)
        if campaign is None and len(self._shown) > len(campaigns):
            self._shown = {place: shown for place, shown in self._shown.items() if place[0] in self._campaigns.owned}
        generations = {one.number: one.owned.generation for one in partitions}
        partial = {reason for one in partitions for reason in self._held_back(one, now_ms)}
        return Snapshot(now_ms, campaigns, _ledger(partitions), self._lag(), generations, tuple(sorted(partial)))

    async def live(self, campaign: str, window: str | None) -> Live | None:
        """What a board shows of a campaign: its figures in `window`, or, without one, its changes and its last hour.

        None where another worker owns it, or before there is a picture.
        """
        if not self._owns(campaign):
            return None
        async with self._making_one:
            self._turn_at = time.perf_counter() + TURN_SECONDS
            if (one := self._owner_of(campaign)) is None:
                return None
            told, panes = self._catalogue.get(campaign), one.owned.views.campaigns.get(campaign)
            live = Live(
                None if told is None and panes is None else self._snapshot(one, campaign, told, {}, 0),
                one.owned.generation,
                one.end_ms,
                tuple(self._held_back(one, int(time.time() * 1000))),
            )
            if live.campaign is None or panes is None:
                return live
            live = replace(live, campaign=self._snapshot(one, campaign, told, {}, panes.newest_ms()))
            return await self._seen(live, one, panes, window)

    def newest(self, campaign: str) -> int | None:
        """Another number than before where something has come since of a campaign that is owned here."""
        return self._campaigns.newest(self._partition_of(campaign), campaign)

    async def _seen(self, live: Live, one: _Partition, panes: CampaignPanes, window: str | None) -> Live:
        if live.campaign is None:
            return live
        told = live.campaign.told
        plan = self._plans.of(live.campaign.campaign, told)
        if window is not None:
            people = people_on_board(window, told)
            channels = await self._channels(panes, one.ends, frozenset(people), plan, people)
            return replace(live, campaign=replace(live.campaign, channels=channels))
        tactics = await self._tactics(live.campaign.campaign, panes, one.ends, plan)
        steps = () if live.end_ms is None else last_steps(panes, live.end_ms, plan)
        return replace(live, campaign=replace(live.campaign, tactics=tactics), steps=steps)

    async def series(self, campaign: str, span: Span) -> Series | None:
        """The history of a campaign in steps, from the table; None where another worker owns it, or before there is a
        picture."""
        if (one := self._owner_of(campaign)) is None:
            return None
        told, panes = self._catalogue.get(campaign), one.owned.views.campaigns.get(campaign)
        ends = [end for end in one.ends.values() if end is not None]
        series = Series(
            None if told is None and panes is None else self._snapshot(one, campaign, told, {}, 0),
            one.owned.generation,
            one.end_ms,
            held_back_by=tuple(self._held_back(one, int(time.time() * 1000))),
        )
        if panes is None:
            return series
        tier, plan = TIERS[span.step], self._plans.of(campaign, told)
        now_ms = one.progress.now_ms or panes.newest_ms()
        wanted = panes_of(span, panes, now_ms)
        held = from_table(campaign, panes, tier, wanted, self._campaigns.value_of)
        steps: list[WindowSums] = []
        for pane in wanted:
            sums = one_step(panes if panes.looks_at(tier, pane) else held, span.channel, tier, pane, plan)
            if steps or sums.counters or span.from_ms is not None:
                steps.append(sums)
            await self._turn()
        panes.rest(ends, ALL_WINDOWS)
        measures = tuple(sorted(panes.totals(span.channel)))
        held_from_ms = pane_start_ms(tier, first_held(tier, panes, now_ms), panes.zone)
        return replace(series, held_from_ms=held_from_ms, measures=measures, steps=tuple(steps))

    def told(self, campaign: str) -> Campaign | None:
        """What the catalogue says of a campaign now, whoever owns it."""
        return self._catalogue.get(campaign)

    def arrived(self, campaign: str) -> Arrived | None:
        """What has come of a campaign, tests too; None where another worker owns it, or before there is a picture."""
        if (one := self._owner_of(campaign)) is None:
            return None
        panes = one.owned.views.campaigns.get(campaign)
        found = {} if panes is None else {channel: dict(panes.totals(channel)) for channel in panes.channels}
        recent: dict[int, dict[int, int]] = {}
        if panes is not None and one.progress.now_ms:
            for channel in panes.channels:
                day = panes.windows(channel, one.progress.now_ms, _DAY, people={"24h": frozenset()})["24h"]
                recent[channel] = dict(day.counters)
        return Arrived(one.owned.generation, found, recent)

    def _owns(self, campaign: str) -> bool:
        return self._begun() and self._partition_of(campaign) in self._campaigns.owned

    def _partition_of(self, campaign: str) -> int:
        return summaries_partition(campaign.encode(), self._partitions)

    def _owner_of(self, campaign: str) -> _Partition | None:
        """The campaign's partition with what has been merged by now; None where `_owns` says no."""
        if not self._owns(campaign):
            return None
        number = self._partition_of(campaign)
        self._campaigns.show(number, campaign)
        return self._partition(number)

    def _partition(self, number: int) -> _Partition | None:
        owned = self._campaigns.owned.get(number)
        return None if owned is None else _Partition(number, owned, owned.progress, self._ends(owned.progress))

    def owned_campaigns(self, partition: int) -> tuple[int, tuple[CampaignSnapshot, ...]] | None:
        """The generation of a partition's ownership and its campaigns, without figures; None where it is another's."""
        owned = self._campaigns.owned.get(partition)
        if not self._begun() or owned is None:
            return None
        one = _Partition(partition, owned, owned.progress, {})
        there = {name: panes.newest_ms() for name, panes in owned.views.campaigns.items()}
        there = {name: 0 for name in self._catalogue if self._partition_of(name) == partition} | there
        return owned.generation, tuple(
            self._snapshot(one, name, self._catalogue.get(name), {}, newest) for name, newest in sorted(there.items())
        )

    async def _all(self, one: _Partition, now_ms: int) -> dict[str, CampaignSnapshot]:
        campaigns: dict[str, CampaignSnapshot] = {}
        for name, panes in list(one.owned.views.campaigns.items()):
            campaigns[name] = await self._campaign(one, name, panes, now_ms)
            await self._turn()
        # Without those that have no events yet nobody could tell that they are silent.
        for name, told in list(self._catalogue.items()):
            if name not in campaigns and self._partition_of(name) == one.number:
                campaigns[name] = self._snapshot(one, name, told, {}, 0)
                await self._turn()
        return campaigns

    async def _only(self, one: _Partition, name: str, windows: frozenset[str]) -> dict[str, CampaignSnapshot]:
        told, panes = self._catalogue.get(name), one.owned.views.campaigns.get(name)
        if panes is None:
            return {} if told is None else {name: self._snapshot(one, name, told, {}, 0)}
        plan = self._plans.of(name, told)
        targets = () if told is None else told.targets
        names = windows | ({target.window for target in targets} & ALL_WINDOWS)
        channels = await self._channels(panes, one.ends, names, plan)
        tactics = await self._tactics(name, panes, one.ends, plan)
        if WINDOW in windows:
            channels = await self._with_months(panes, one.ends, channels, plan)
        return {name: replace(self._snapshot(one, name, told, channels, panes.newest_ms()), tactics=tactics)}

    def _ends(self, progress: ProgressBook) -> Ends:
        return {
            reads: progress.good_until_ms(
                [self._codes[name] for name in reads if name in self._codes], self._incarnations
            )
            for reads in READS
        }

    def _held_back(self, one: _Partition, now_ms: int) -> list[str]:
        progress = one.progress
        if not progress.now_ms:
            return ["no worker has told its progress yet"]
        late = progress.behind(self._codes.values(), HELD_BACK_MS, self._incarnations)
        reasons = []
        if now_ms - progress.now_ms > STALE_MS:
            reasons.append(f"summaries/{one.number} is not merged to its end")
        for source in late:
            code, partition, _ = source_parts(source)
            reasons.append(f"{topic_by_code(code).name}/{partition} is not read to its end")
        return reasons

    async def _campaign(self, one: _Partition, name: str, panes: CampaignPanes, now_ms: int) -> CampaignSnapshot:
        steps = tuple(step(end) for end in one.ends.values())
        told, era = self._catalogue.get(name), era_of(name, panes, one.ends, now_ms)
        shown = self._shown.get((one.number, name))
        changed = one.owned.views.changed
        before, stands = NO_CHANNELS, False
        if shown is not None and shown.told is told:
            stands = era is not None and shown.era == era
            still = shown.ends == steps and name not in changed
            if still and (stands or not shown.owes):
                return shown.snapshot
            if stands or still:
                before = shown.snapshot.channels
        people = people_wanted(told)
        names = wanted = frozenset(people)
        if before:
            wanted = names & SHORT_WINDOWS if stands else names - SHORT_WINDOWS
        plan = self._plans.of(name, told)
        channels = await self._channels(panes, one.ends, names, plan, people, wanted, before)
        # Only now, with no turn of the loop in between: a request that ends early must not lose a change.
        changed.discard(name)
        tactics = tuple(TacticSnapshot(tactic, {}) for tactic in panes.facts.tactics[: -MARKED - 1 : -1])
        snapshot = replace(self._snapshot(one, name, told, channels, panes.newest_ms()), tactics=tactics)
        self._shown[one.number, name] = _Shown(steps, told, snapshot, era, stands)
        return snapshot

    def _snapshot(
        self,
        one: _Partition,
        name: str,
        told: Campaign | None,
        channels: Mapping[int, ChannelSnapshot],
        newest_ms: int,
    ) -> CampaignSnapshot:
        now_ms = one.progress.now_ms
        busy = bool(now_ms) and newest_ms > now_ms - HOUR_MS
        return CampaignSnapshot(
            campaign=name,
            name=None if told is None else told.name,
            owner=None if told is None else told.owner_name,
            active=busy or (told is not None and is_live(told, now_ms)),
            channels=channels,
            told=told,
        )

    async def _channels(
        self,
        panes: CampaignPanes,
        ends: Ends,
        names: frozenset[str],
        plan: Plan | None,
        people: PeopleIn | None = None,
        wanted: frozenset[str] | None = None,
        before: Mapping[int, ChannelSnapshot] = NO_CHANNELS,
    ) -> dict[int, ChannelSnapshot]:
        """wanted: which of the windows to make, None for all; `before` has the others. Without short ones among them
        the loop does not get its turn."""
        wanted = names if wanted is None else wanted
        if wanted & SHORT_WINDOWS:
            for channel in panes.channels:
                prepare(panes, channel, ends, wanted, people)
                await self._turn()
        # Now at one go: nothing may be merged between the channels and all of them.
        if not before.keys() >= set(panes.channels):
            before, wanted = NO_CHANNELS, names
        whole = channel_figures(panes, ALL_CHANNELS, ends, wanted, plan, None, people)
        channels = {ALL_CHANNELS: whole} | {
            channel: channel_figures(panes, channel, ends, wanted, plan, whole, people) for channel in panes.channels
        }
        panes.rest([end for end in ends.values() if end is not None], names)
        if not before:
            return channels
        return {channel: with_windows(made, before[channel]) for channel, made in channels.items()}

    async def _tactics(
        self, name: str, panes: CampaignPanes, ends: Ends, plan: Plan | None
    ) -> tuple[TacticSnapshot, ...]:
        """The newest changes that the team has made, each with the hours around it."""
        ended = [end for end in ends.values() if end is not None]
        least = min(ended) if len(ended) == len(ends) else None
        made = []
        for tactic in panes.facts.tactics[: -SHOWN - 1 : -1]:
            made.append(around(name, panes, tactic, least, plan, self._campaigns.value_of))
            await self._turn()
        return tuple(made)

    async def _with_months(
        self, panes: CampaignPanes, ends: Ends, channels: Mapping[int, ChannelSnapshot], plan: Plan | None
    ) -> dict[int, ChannelSnapshot]:
        """The channels with their past months beside them."""
        made: dict[int, ChannelSnapshot] = {}
        whole: tuple[WindowSums, ...] = ()
        for channel, shown in channels.items():

            def month_that_ends(end_ms: int, channel: int = channel) -> WindowSums:
                (month,) = window_panes(end_ms, panes.zone, _MONTH)
                return panes.span(channel, month, end_ms, plan, None)

            present = shown.windows.get(WINDOW)
            months = () if present is None else month_history(present, month_that_ends, whole)
            if channel == ALL_CHANNELS:
                whole = months
            made[channel] = replace(shown, months=months)
            await self._turn()
        panes.rest([end for end in ends.values() if end is not None], ALL_WINDOWS)
        return made

    async def _turn(self) -> None:
        if time.perf_counter() >= self._turn_at:
            await asyncio.sleep(0)
            self._turn_at = time.perf_counter() + TURN_SECONDS


def _ledger(partitions: Sequence[_Partition]) -> dict[tuple[str, int], Mapping[int, int]]:
    ledger: dict[tuple[str, int], Mapping[int, int]] = {}
    for one in partitions:
        for source, counters in one.owned.views.ledger.items():
            code, source_partition, _ = source_parts(source)
            # A topic that was made anew goes on where its former life has stopped: counters never fall.
            place = (topic_by_code(code).name, source_partition)
            ledger[place] = sum_counters((ledger.get(place, {}), counters))
    return ledger
