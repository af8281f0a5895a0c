"""What a picture shows of one channel: its windows, each with the end that the topics allow which a KPI reads."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from agents.campaign.snapshot import ChannelSnapshot
from streams.counting.campaign_panes import CampaignPanes, PeopleIn
from streams.counting.panes import PANE_MS
from streams.counting.plan import Plan
from streams.counting.windows import WindowSums
from streams.events.campaigns import Campaign
from streams.kpis.registry import KPI_BY_NAME, KPIS

EXPORTED = frozenset(window for kpi in KPIS for window in kpi.exported)
"""The windows of a picture of all campaigns: those of the metrics. The others are made for one campaign at a time."""

READS: tuple[tuple[str, ...], ...] = tuple(sorted({kpi.reads for kpi in KPIS}))
"""The sets of topics that the KPIs' formulas read: each has an end of its own."""

SHORT_WINDOWS = frozenset({"1m", "5m"})
"""The windows in which a second can be seen: they are in every picture anew. See `long_windows` for the others."""

PEOPLE: PeopleIn = {
    window: frozenset(int(kind) for kpi in KPIS if window == "launch" or window in kpi.exported for kind in kpi.people)
    for window in EXPORTED
}
"""The kinds of people that a picture of all campaigns has: those at whom an exported KPI looks."""

Ends = Mapping[tuple[str, ...], int | None]
"""READS -> up to which time (epoch milliseconds) everything of these topics is merged; None where nobody can say."""


def step(end_ms: int | None) -> int:
    """What is the same for two ends as long as windows that end there look at the same panes."""
    if end_ms is None:
        return -1
    pane, rest = divmod(end_ms, PANE_MS)
    return 2 * pane + (rest > 0)


def channel_figures(
    panes: CampaignPanes,
    channel: int,
    ends: Ends,
    names: frozenset[str],
    plan: Plan | None = None,
    whole: ChannelSnapshot | None = None,
    people: PeopleIn | None = None,
) -> ChannelSnapshot:
    """The totals of a channel and its windows of these names.

    plan: what the catalogue says, the same object while it says the same. whole: the figures of ALL_CHANNELS, with the
    same ends. people: which kinds are wanted in which window, None for all.
    """
    least, own, wanted = _different(tuple(ends.values()))
    own_of = dict(zip(ends, own, strict=True)) if len(wanted) > 1 else {}
    of_all: dict[int | None, Mapping[str, WindowSums]] = {}
    if whole is not None:
        of_all = {least: whole.windows} | {own_of[reads]: windows for reads, windows in whole.by_reads.items()}
    made: dict[int | None, Mapping[str, WindowSums]] = {
        end: {} if end is None else panes.windows(channel, end, names, plan, of_all.get(end, {}), people)
        for end in wanted
    }
    return ChannelSnapshot(panes.totals(channel), made[least], {reads: made[end] for reads, end in own_of.items()})


def prepare(
    panes: CampaignPanes, channel: int, ends: Ends, names: frozenset[str], people: PeopleIn | None = None
) -> None:
    """Work out what is dear of a channel's figures, so that they are made at one go then."""
    for end in _different(tuple(ends.values())).wanted:
        if end is not None:
            panes.prepare(channel, end, names, people)


class _Different(NamedTuple):
    """The least end, None where one is not known. own: of each end the least whose windows look at the same panes, as
    at every whole ten seconds some topics are there a moment before others. wanted: those of them and the least."""

    least: int | None
    own: tuple[int | None, ...]
    wanted: frozenset[int | None]


@lru_cache(maxsize=64)
def _different(ends: tuple[int | None, ...]) -> _Different:
    """Worked out once for all campaigns."""
    least_of_step: dict[int, int | None] = {}
    for end in ends:
        known = least_of_step.get(step(end), end)
        least_of_step[step(end)] = end if end is None or known is None else min(known, end)
    least = None if None in ends else min(end for end in ends if end is not None)
    own = tuple(least_of_step[step(end)] for end in ends)
    return _Different(least, own, frozenset((least, *own)))


def people_wanted(told: Campaign | None) -> PeopleIn:
    """PEOPLE, and the windows in which the catalogue sets targets, with the people at whom those KPIs look."""
    if told is None or not told.targets:
        return PEOPLE
    found = dict(PEOPLE)
    for target in told.targets:
        if (kpi := KPI_BY_NAME.get(target.kpi)) is not None:
            counted = KPI_BY_NAME[kpi.counted_by].people if kpi.counted_by else ()
            found[target.window] = found.get(target.window, frozenset()) | {
                int(kind) for kind in (*kpi.people, *counted)
            }
        else:
            found.setdefault(target.window, frozenset())
    return found


def is_live(told: Campaign, now_ms: int) -> bool:
    """Whether the catalogue says that a campaign runs at `now_ms` (epoch milliseconds)."""
    if told.starts_at is None:
        return False
    ends_ms = float("inf") if told.ends_at is None else told.ends_at.timestamp() * 1000
    return told.starts_at.timestamp() * 1000 <= now_ms < ends_ms
