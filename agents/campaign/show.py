"""The picture: from the panes of the partitions that this worker owns to one immutable snapshot, a few times a second.

Only campaigns that have changed, or whose windows have moved on to another pane, are computed again.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agents.campaign.campaigns import Campaigns, OwnedPartition
from agents.campaign.snapshot import ALL_CHANNELS, CampaignSnapshot, ChannelSnapshot, Snapshot
from streams.counting.panes import HOUR_MS, PANE_MS
from streams.counting.sources import source_parts
from streams.counting.summaries import summaries_partition
from streams.counting.view import CampaignPanes
from streams.counting.windows import WindowSums, sum_counters
from streams.events.campaigns import Campaign
from streams.events.catalogue import topic_by_code
from streams.kpis.registry import KPIS

REFRESH_SECONDS = 0.25
HELD_BACK_MS = 5000
"""A picture whose end is further behind the broker's clock says that it is held back, and by what."""

STALE_MS = 15_000
"""A picture whose newest merged progress is older is not live, whatever that says; clocks may differ by less."""

READS: tuple[tuple[str, ...], ...] = tuple(sorted({kpi.reads for kpi in KPIS}))
"""The sets of topics that the KPIs' formulas read: each has an end of its own."""

Ends = Mapping[tuple[str, ...], int | None]


@dataclass(frozen=True, slots=True)
class _Shown:
    ends: tuple[int, ...]
    snapshot: CampaignSnapshot


class Show:
    """codes: the enabled topics' names and codes. catalogue: what the catalogue says now, by campaign. lag: see
    `Snapshot`."""

    def __init__(
        self,
        campaigns: Campaigns,
        codes: Mapping[str, int],
        catalogue: Mapping[str, Campaign],
        lag: Callable[[], dict[tuple[str, int], tuple[int, float]]],
        incarnations: Mapping[int, int],
        partitions: int,
    ) -> None:
        self._campaigns = campaigns
        self._codes = codes
        self._catalogue = catalogue
        self._lag = lag
        self._incarnations = dict(incarnations)
        self._partitions = partitions
        self._shown: dict[tuple[int, str], _Shown] = {}
        self.snapshot = Snapshot(0, {}, {}, {}, {}, ("the worker has just started",))

    async def run(self) -> None:
        """Make a new picture every quarter of a second, until cancelled."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            self.snapshot = await self.take(int(time.time() * 1000))

    async def take(self, now_ms: int) -> Snapshot:
        """The picture at `now_ms` (epoch milliseconds, this worker's clock: it dates the picture and decides nothing
        in it)."""
        campaigns: dict[str, CampaignSnapshot] = {}
        ledger: dict[tuple[str, int], Mapping[int, int]] = {}
        generations: dict[int, int] = {}
        partial: list[str] = []
        for partition, owned in sorted(self._campaigns.owned.items()):
            generations[partition] = owned.generation
            for source, counters in owned.views.ledger.items():
                code, source_partition, _ = source_parts(source)
                # A topic that was made anew goes on where its former life has stopped: counters never fall.
                place = (topic_by_code(code).name, source_partition)
                ledger[place] = sum_counters((ledger.get(place, {}), counters))
            ends = self._ends(owned)
            partial += self._held_back(partition, owned, now_ms)
            changed, owned.views.changed = owned.views.changed, set()
            for name, panes in list(owned.views.campaigns.items()):
                campaigns[name] = self._campaign(partition, name, panes, owned, ends, name in changed)
                if name in changed:
                    await asyncio.sleep(0)
            campaigns |= self._expected(partition, owned, campaigns)
        self._forget(campaigns)
        return Snapshot(now_ms, campaigns, ledger, self._lag(), generations, tuple(sorted(set(partial))))

    def _ends(self, owned: OwnedPartition) -> dict[tuple[str, ...], int | None]:
        progress = owned.progress
        return {
            reads: progress.good_until_ms(
                [self._codes[name] for name in reads if name in self._codes], self._incarnations
            )
            for reads in READS
        }

    def _held_back(self, partition: int, owned: OwnedPartition, now_ms: int) -> list[str]:
        progress = owned.progress
        if not progress.now_ms:
            return ["no worker has told its progress yet"]
        late = progress.behind(self._codes.values(), HELD_BACK_MS, self._incarnations)
        reasons = []
        if now_ms - progress.now_ms > STALE_MS:
            reasons.append(f"summaries/{partition} is not merged to its end")
        for source in late:
            code, partition, _ = source_parts(source)
            reasons.append(f"{topic_by_code(code).name}/{partition} is not read to its end")
        return reasons

    def _campaign(
        self, partition: int, name: str, panes: CampaignPanes, owned: OwnedPartition, ends: Ends, changed: bool
    ) -> CampaignSnapshot:
        steps = tuple((end or 0) // PANE_MS for end in ends.values())
        shown = self._shown.get((partition, name))
        if shown is not None and shown.ends == steps and not changed:
            return shown.snapshot
        told = self._catalogue.get(name)
        channels = {channel: _channel(panes, channel, ends) for channel in (ALL_CHANNELS, *panes.channels)}
        snapshot = CampaignSnapshot(
            campaign=name,
            name=None if told is None else told.name,
            owner=None if told is None else told.owner_name,
            active=_active(panes, told, owned.progress.now_ms),
            channels=channels,
        )
        self._shown[partition, name] = _Shown(steps, snapshot)
        return snapshot

    def _expected(
        self, partition: int, owned: OwnedPartition, shown: Mapping[str, CampaignSnapshot]
    ) -> dict[str, CampaignSnapshot]:
        """Campaigns of the catalogue that have no events yet: without them nobody could tell that they are silent."""
        return {
            name: CampaignSnapshot(name, told.name, told.owner_name, _live(told, owned.progress.now_ms), {})
            for name, told in list(self._catalogue.items())
            if name not in shown and summaries_partition(name.encode(), self._partitions) == partition
        }

    def _forget(self, campaigns: Mapping[str, CampaignSnapshot]) -> None:
        if len(self._shown) > len(campaigns):
            self._shown = {place: shown for place, shown in self._shown.items() if place[0] in self._campaigns.owned}


def _channel(panes: CampaignPanes, channel: int, ends: Ends) -> ChannelSnapshot:
    known = [end for end in ends.values() if end is not None]
    windows: dict[str, WindowSums] = panes.windows(channel, min(known)) if len(known) == len(ends) and known else {}
    by_reads: dict[tuple[str, ...], Mapping[str, WindowSums]] = {}
    if len({None if end is None else end // PANE_MS for end in ends.values()}) > 1:
        made: dict[int, dict[str, WindowSums]] = {}
        for reads, end in ends.items():
            if end is None:
                by_reads[reads] = {}
                continue
            if end not in made:
                made[end] = panes.windows(channel, end)
            by_reads[reads] = made[end]
    return ChannelSnapshot(panes.totals(channel), windows, by_reads)


def _active(panes: CampaignPanes, told: Campaign | None, now_ms: int) -> bool:
    if now_ms and panes.newest_ms() > now_ms - HOUR_MS:
        return True
    return told is not None and _live(told, now_ms)


def _live(told: Campaign, now_ms: int) -> bool:
    if told.starts_at is None:
        return False
    ends_ms = float("inf") if told.ends_at is None else told.ends_at.timestamp() * 1000
    return told.starts_at.timestamp() * 1000 <= now_ms < ends_ms
