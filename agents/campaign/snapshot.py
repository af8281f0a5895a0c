"""What one worker shows: an immutable picture of the campaigns that it owns now, made when somebody asks.

Everything that is exposed (metrics, the API, later the board) is rendered from one `Snapshot`, so that figures
which are seen together belong together. Nobody changes a snapshot after it was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from streams.counting.before_after import BeforeAfter
from streams.counting.campaign_facts import Tactic
from streams.counting.windows import WindowSums
from streams.events.campaigns import Campaign
from streams.events.channels import ALL_CHANNELS, CHANNEL_CODES
from streams.kpis.kpi import Kpi

__all__ = ["ALL_CHANNELS", "CampaignSnapshot", "ChannelSnapshot", "Snapshot", "TacticSnapshot"]


@dataclass(frozen=True, slots=True)
class ChannelSnapshot:
    """One channel of a campaign, or all of them: its launch-to-date counters and its windows.

    `totals` is measure (or money key) -> integer, money in millionths. `windows` is window name -> sums, all with the
    end that the most held back topic allows; in a picture of all campaigns these are the exported windows only.
    `by_reads` has the windows of those KPIs whose own topics are further than that: the topics read (sorted) -> window
    name -> sums; it is empty while no topic is behind. `months` are the twelve calendar months before the present one,
    the newest first; empty in a picture of all campaigns.
    """

    totals: Mapping[int, int]
    windows: Mapping[str, WindowSums]
    by_reads: Mapping[tuple[str, ...], Mapping[str, WindowSums]] = field(default_factory=dict)
    months: tuple[WindowSums, ...] = ()

    def sums(self, reads: tuple[str, ...], window: str) -> WindowSums | None:
        """The sums of `window` for a KPI that reads the topics `reads`; None where the window is not kept."""
        return self.windows_of(reads).get(window)

    def windows_of(self, reads: tuple[str, ...]) -> Mapping[str, WindowSums]:
        """The windows, by name, for a KPI that reads the topics `reads`."""
        return self.by_reads.get(reads, self.windows) if self.by_reads else self.windows


@dataclass(frozen=True, slots=True)
class TacticSnapshot:
    """A change that the team has made, and channel code -> the hour before and the hour after it, for its own channel
    and for all together; empty where those hours are not held, or where it was made just now."""

    tactic: Tactic
    figures: Mapping[int, BeforeAfter]


@dataclass(frozen=True, slots=True)
class CampaignSnapshot:
    """A campaign: `active` means events in the last hour, or live in the catalogue; channel code 0 is all channels.

    `told` is its entry in the catalogue. `tactics` are the newest first; a few without figures in a picture of all
    campaigns.
    """

    campaign: str
    name: str | None
    owner: str | None
    active: bool
    channels: Mapping[int, ChannelSnapshot]
    told: Campaign | None = None
    tactics: tuple[TacticSnapshot, ...] = ()

    def sums(self, channel: str | None, kpi: Kpi, window: str) -> WindowSums | None:
        """The sums of a window for a KPI in a channel, or in all together; None where nothing was counted."""
        there = self.channels.get(ALL_CHANNELS if channel is None else CHANNEL_CODES[channel])
        return None if there is None else there.sums(kpi.reads, window)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a worker owns at `taken_at_ms` (Unix milliseconds).

    `ledger` is (topic, source partition) -> ledger measure -> events; `lag` is (topic, source partition) -> (records,
    seconds) behind the end of the log; `generations` is summaries partition -> generation of its ownership; `partial`
    says why the picture is held back (one sentence each) and is empty when it is live.
    """

    taken_at_ms: int
    campaigns: Mapping[str, CampaignSnapshot]
    ledger: Mapping[tuple[str, int], Mapping[int, int]]
    lag: Mapping[tuple[str, int], tuple[int, float]]
    generations: Mapping[int, int]
    partial: tuple[str, ...]
