"""`/metrics`: the campaigns of a snapshot within the series budget, then what a snapshot says about the service."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import NamedTuple

from agents.campaign.snapshot import ALL_CHANNELS, CampaignSnapshot, ChannelSnapshot, Snapshot
from agents.telemetry import CAMPAIGN_LEFT_OUT, LEFT_OUT, SERIES, SERIES_BUDGET, UNCLEAN, Family
from agents.web.channel_lines import ChannelFamilies, ChannelLines
from agents.web.expected import Expected
from agents.web.exposition import Exposition, labels
from agents.web.service_metrics import render_service
from agents.web.told import Line, Told
from streams.events.labels import label_problem

NAMED_LEFT_OUT = 100
"""Most campaigns that are named because the budget left something of them out."""


def render_metrics(snapshot: Snapshot, series_budget: int) -> bytes:
    """The text of one picture by itself; see `MetricsText`."""
    return MetricsText(series_budget).render(snapshot)


class MetricsText:
    """Writes pictures as text exposition 0.0.4, in UTF-8; what is as in the picture before is not written anew.

    At most `series_budget` series of campaigns: first what the catalogue says of every campaign, then all
    channels together of the active campaigns and of the others, then the single channels of the active ones and of the
    others. From the first channel on that does not fit the rest is left out, counted and named.
    """

    def __init__(self, series_budget: int) -> None:
        self._budget = series_budget
        self._out = Exposition()
        self._told = Told(self._out)
        self._expected = Expected(self._out)
        self._channels = ChannelFamilies(self._out)
        self._kept = _Kept({}, {})
        self._writing = Lock()

    def render(self, snapshot: Snapshot) -> bytes:
        """The text of a picture: the same, to the byte, whatever was written before."""
        service = Exposition()
        # Whoever has asked may be gone while a thread still writes.
        with self._writing:
            self._out.clear()
            picture = _Picture(self._budget)
            self._kept = self._write(snapshot, picture)
            render_service(snapshot, service)
            _render_budget(picture, service)
            return b"".join((*self._out.render(), *service.render()))

    def _write(self, snapshot: Snapshot, picture: "_Picture") -> "_Kept":
        now = _Kept({}, {})
        campaigns = []
        for name in sorted(snapshot.campaigns):
            if label_problem(name) is None:
                campaigns.append(snapshot.campaigns[name])
            else:
                picture.unclean += 1
        for campaign in campaigns:
            told = now.told[campaign.campaign] = self._told_lines(campaign)
            picture.unclean += told.unclean
            lines = (*told.lines, *self._expected.lines(campaign, snapshot.taken_at_ms))
            if picture.takes(campaign, len(lines)):
                for family, line in lines:
                    family.append(line)
        taken = []
        for campaign, code, channel in _in_order(campaigns):
            if not picture.full:
                place = campaign.campaign, code
                made = self._channels.lines(*place, campaign.active, channel, self._kept.channels.get(place))
                if picture.takes(campaign, made.series):
                    now.channels[place] = made
                    taken.append(made)
            else:
                picture.leave_out(campaign)
        self._channels.add(taken)
        return now

    def _told_lines(self, campaign: CampaignSnapshot) -> "_ToldLines":
        known = self._kept.told.get(campaign.campaign)
        if known is None or known.shown is not campaign:
            unclean = self._told.unclean
            known = _ToldLines(campaign, tuple(self._told.lines(campaign)), self._told.unclean - unclean)
        return known


class _ToldLines(NamedTuple):
    """What the catalogue says of a campaign, as it was shown. unclean: the texts that were emptied."""

    shown: CampaignSnapshot
    lines: tuple[Line, ...]
    unclean: int


class _Kept(NamedTuple):
    """The lines of the picture before: by campaign; by campaign and channel."""

    told: dict[str, _ToldLines]
    channels: dict[tuple[str, int], ChannelLines]


def _in_order(campaigns: list[CampaignSnapshot]) -> Iterable[tuple[CampaignSnapshot, int, ChannelSnapshot]]:
    """The channels in the order in which they get a part of the budget."""
    groups = [[campaign for campaign in campaigns if campaign.active == active] for active in (True, False)]
    for group in groups:
        for campaign in group:
            if (everything := campaign.channels.get(ALL_CHANNELS)) is not None:
                yield campaign, ALL_CHANNELS, everything
    for group in groups:
        for campaign in group:
            for code in sorted(campaign.channels):
                if code != ALL_CHANNELS:
                    yield campaign, code, campaign.channels[code]


@dataclass(slots=True)
class _Picture:
    """How far the budget goes. unclean: how many labels were left out or emptied."""

    budget: int
    used: int = 0
    full: bool = False
    unclean: int = 0
    left_out: dict[str, int] = field(default_factory=dict)

    def takes(self, campaign: CampaignSnapshot, series: int) -> bool:
        """Whether so many series of a campaign fit, all of them, or from here on nothing more."""
        if self.full or self.used + series > self.budget:
            self.full = True
            self.leave_out(campaign)
            return False
        self.used += series
        return True

    def leave_out(self, campaign: CampaignSnapshot) -> None:
        """Count something of a campaign that does not fit."""
        self.left_out[campaign.campaign] = self.left_out.get(campaign.campaign, 0) + 1


def _render_budget(campaigns: _Picture, out: Exposition) -> None:
    def single(family: Family, value: int) -> None:
        out.family(family.name, family.type, family.help).append(f"{family.name} {value}")

    single(SERIES, campaigns.used)
    single(SERIES_BUDGET, campaigns.budget)
    single(LEFT_OUT, sum(campaigns.left_out.values()))
    single(UNCLEAN, campaigns.unclean)
    named = sorted(campaigns.left_out.items(), key=lambda item: (-item[1], item[0]))[:NAMED_LEFT_OUT]
    lines = out.family(CAMPAIGN_LEFT_OUT.name, CAMPAIGN_LEFT_OUT.type, CAMPAIGN_LEFT_OUT.help)
    lines += [f"{CAMPAIGN_LEFT_OUT.name}{labels(('campaign', name))} {number}" for name, number in named]
