"""What the team has changed, each with the figures of the hour before and of the hour after."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from agents.campaign.snapshot import TacticSnapshot
from streams.counting.before_after import GONE, BeforeAfter, Hour, hours_around
from streams.counting.campaign_facts import Tactic
from streams.counting.campaign_panes import CampaignPanes
from streams.counting.panes import Tier
from streams.counting.plan import Plan
from streams.counting.statements import counters_key
from streams.counting.windows import WindowSums
from streams.events.channels import ALL_CHANNELS

SHOWN = 50
"""The newest changes of a campaign that are shown."""

MARKED = 10
"""Those of them that a picture of all campaigns names, for the boards to mark."""

TableValue = Callable[[bytes], bytes | None]
"""What the table has under a key: hours that are kept in no view."""


def around(
    campaign: str,
    panes: CampaignPanes,
    tactic: Tactic,
    end_ms: int | None,
    plan: Plan | None,
    value_of: TableValue,
) -> TacticSnapshot:
    """A tactic with its channel's figures, and those of all channels. end_ms: up to which everything is merged."""
    hours = None if end_ms is None else hours_around(tactic.at_ms, end_ms, panes.zone)
    if hours is None or end_ms is None:
        return TacticSnapshot(tactic, {})
    if not panes.looks_at(*hours[0].panes.counters[:2]):
        panes = _old(campaign, panes, hours, value_of)
    before, after = (_sums(panes, tactic.channel, hour, plan) for hour in hours)
    return TacticSnapshot(tactic, {channel: BeforeAfter(before[channel], after[channel]) for channel in before})


def _sums(panes: CampaignPanes, channel: int, hour: Hour, plan: Plan | None) -> Mapping[int, WindowSums]:
    whole = panes.span(ALL_CHANNELS, hour.panes, hour.end_ms, plan, None)
    own = panes.span(channel, hour.panes, hour.end_ms, plan, whole)
    if not hour.people:
        whole, own = (replace(sums, people=GONE) for sums in (whole, own))
    return {ALL_CHANNELS: whole, channel: own}


def _old(campaign: str, panes: CampaignPanes, hours: tuple[Hour, Hour], value_of: TableValue) -> CampaignPanes:
    """The two hours of all channels, and the launch, from the table."""
    old = CampaignPanes(panes.zone)
    for channel in panes.channels:
        old.put_counters(channel, Tier.LAUNCH, 0, dict(panes.totals(channel)))
        for hour in hours:
            pane = hour.panes.counters[1]
            packed = value_of(counters_key(campaign.encode(), channel, Tier.HOUR, pane))
            if packed is not None:
                old.put_counters(channel, Tier.HOUR, pane, packed)
    return old
