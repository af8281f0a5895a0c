"""What a picture shows of one channel: its windows, each with the end that the topics allow which a KPI reads."""

from collections.abc import Mapping

from agents.campaign.snapshot import ChannelSnapshot
from streams.counting.campaign_panes import CampaignPanes
from streams.counting.panes import PANE_MS
from streams.counting.windows import WindowSums
from streams.events.campaigns import Campaign
from streams.kpis.registry import KPIS

EXPORTED = frozenset(window for kpi in KPIS for window in kpi.exported)
"""The windows of a picture of all campaigns: those of the metrics. The others are made for one campaign at a time."""

READS: tuple[tuple[str, ...], ...] = tuple(sorted({kpi.reads for kpi in KPIS}))
"""The sets of topics that the KPIs' formulas read: each has an end of its own."""

Ends = Mapping[tuple[str, ...], int | None]
"""READS -> up to which time (epoch milliseconds) everything of these topics is merged; None where nobody can say."""


def step(end_ms: int | None) -> int:
    """What is the same for two ends as long as windows that end there look at the same panes."""
    if end_ms is None:
        return -1
    pane, rest = divmod(end_ms, PANE_MS)
    return 2 * pane + (rest > 0)


def channel_figures(panes: CampaignPanes, channel: int, ends: Ends, names: frozenset[str]) -> ChannelSnapshot:
    """The totals of a channel and its windows of these names."""
    least = None if None in ends.values() else min(end for end in ends.values() if end is not None)
    behind = len({step(end) for end in ends.values()}) > 1
    wanted = {least, *ends.values()} if behind else {least}
    made: dict[int | None, Mapping[str, WindowSums]] = {
        end: {} if end is None else panes.windows(channel, end, names) for end in wanted
    }
    by_reads = {reads: made[end] for reads, end in ends.items()} if behind else {}
    return ChannelSnapshot(panes.totals(channel), made[least], by_reads)


def is_live(told: Campaign, now_ms: int) -> bool:
    """Whether the catalogue says that a campaign runs at `now_ms` (epoch milliseconds)."""
    if told.starts_at is None:
        return False
    ends_ms = float("inf") if told.ends_at is None else told.ends_at.timestamp() * 1000
    return told.starts_at.timestamp() * 1000 <= now_ms < ends_ms
