"""A campaign's own history, pane by pane: what the table holds, where late events have repaired the past."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from agents.campaign.snapshot import CampaignSnapshot
from agents.campaign.tactics import TableValue
from streams.counting.campaign_panes import CampaignPanes
from streams.counting.panes import COUNTER_TIERS, Tier, pane_end_ms, pane_index, pane_start_ms
from streams.counting.plan import Plan
from streams.counting.statements import counters_key
from streams.counting.windows import WindowPanes, WindowSums
from streams.events.channels import ALL_CHANNELS

Step = Literal["minute", "hour", "day"]
TIERS: Mapping[Step, Tier] = {"minute": Tier.MINUTE, "hour": Tier.HOUR, "day": Tier.DAY}
"""The steps of a history, and the panes that they are."""

_NOBODY: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Span:
    """What is asked: the steps that lie in `[from_ms, to_ms)`, whole ones, UTC epoch milliseconds; None: all that are
    held."""

    step: Step
    from_ms: int | None
    to_ms: int | None
    channel: int


@dataclass(frozen=True, slots=True)
class Series:
    """What the owner of a campaign's partition holds of it.

    campaign: None where nobody has heard of it. generation: of the ownership. end_ms: up to which time everything is
    merged, None where nobody can say. held_from_ms: older steps are held no more, None where nothing was counted.
    held_back_by: why the figures are behind. measures: every counter that the channel has had since the launch. steps:
    the oldest first, without people: those of two steps are not the sum of each.
    """

    campaign: CampaignSnapshot | None
    generation: int
    end_ms: int | None
    held_from_ms: int | None = None
    held_back_by: tuple[str, ...] = ()
    measures: tuple[int, ...] = ()
    steps: tuple[WindowSums, ...] = ()


def first_held(tier: Tier, panes: CampaignPanes, now_ms: int) -> int:
    """The index of the oldest pane that is held at `now_ms`, a time of the log."""
    kept = COUNTER_TIERS[tier]
    held = pane_index(tier, max(0, now_ms - (kept or 0)), panes.zone)
    return held + (pane_end_ms(tier, held, panes.zone) + (kept or 0) <= now_ms)


def panes_of(span: Span, panes: CampaignPanes, now_ms: int) -> range:
    """The indices of the panes that are asked for and held at `now_ms`, a time of the log."""
    tier = TIERS[span.step]
    last = pane_index(tier, max(now_ms, panes.newest_ms()) - 1, panes.zone)
    first = first_held(tier, panes, now_ms)
    if span.from_ms is not None:
        first = max(first, pane_index(tier, span.from_ms, panes.zone))
        first += pane_start_ms(tier, first, panes.zone) < span.from_ms
    stop = last + 1
    if span.to_ms is not None:
        stop = min(stop, pane_index(tier, span.to_ms, panes.zone))
    return range(first, max(first, stop))


def from_table(campaign: str, panes: CampaignPanes, tier: Tier, wanted: range, value_of: TableValue) -> CampaignPanes:
    """The panes with those beside them that no view keeps, from the table."""
    missing = [pane for pane in wanted if not panes.looks_at(tier, pane)]
    if not missing:
        return panes
    old = CampaignPanes(panes.zone)
    for channel in panes.channels:
        old.put_counters(channel, Tier.LAUNCH, 0, dict(panes.totals(channel)))
        for pane in missing:
            packed = value_of(counters_key(campaign.encode(), channel, tier, pane))
            if packed is not None:
                old.put_counters(channel, tier, pane, packed)
    return old


def one_step(panes: CampaignPanes, channel: int, tier: Tier, pane: int, plan: Plan | None) -> WindowSums:
    """A pane of a channel as a window of its own, without people. Days, which the view holds all of, know how many
    customers there were when they began."""

    def sums(of: int, whole: WindowSums | None) -> WindowSums:
        place = int(tier), pane, pane + 1
        one = WindowPanes("step", place, place, None, pane_start_ms(tier, pane, panes.zone))
        made = panes.span(of, one, pane_end_ms(tier, pane, panes.zone), plan, whole, _NOBODY)
        if tier is not Tier.DAY:
            return made
        return replace(made, launch=panes.launch_before(of, tier, pane + 1), launch_at_end=True)

    whole = sums(ALL_CHANNELS, None)
    return whole if channel == ALL_CHANNELS else sums(channel, whole)
