"""`/metrics`: the campaigns of a snapshot within the series budget, then what a snapshot says about the service."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from agents.campaign.snapshot import ALL_CHANNELS, CampaignSnapshot, ChannelSnapshot, Snapshot
from agents.telemetry import CAMPAIGN_LEFT_OUT, LEFT_OUT, SERIES, SERIES_BUDGET, UNCLEAN, Family
from agents.web.exposition import Exposition, escape_label, labels
from agents.web.service_metrics import render_service
from agents.web.totals import Totals
from streams.counting.windows import WINDOWS, WindowSums
from streams.events.channels import channel_name
from streams.events.labels import label_problem
from streams.kpis.kpi import Amounts, Kind, Kpi
from streams.kpis.registry import KPIS

SHORT_WINDOWS = frozenset({"1m", "5m", "1h"})
"""Shown only of active campaigns: of the others they hold nothing."""

NAMED_LEFT_OUT = 100
"""Most campaigns that are named because the budget left something of them out."""

_WINDOW_NAMES = tuple(window.name for window in WINDOWS)
_Line = tuple[list[str], str]
_Formula = Callable[[WindowSums], float | Amounts | None]


@dataclass(frozen=True, slots=True)
class _Shown:
    """A KPI and the lines of its metric."""

    kpi: Kpi
    metric: str
    formula: _Formula
    lines: list[str]


def render_metrics(snapshot: Snapshot, series_budget: int) -> bytes:
    """The snapshot as text exposition 0.0.4, in UTF-8.

    At most `series_budget` series of campaigns: first every campaign's `campaign_active` and `campaign_info`, then all
    channels together of the active campaigns and of the others, then the single channels of the active ones and of the
    others. From the first channel on that does not fit the rest is left out, counted and named.
    """
    out = Exposition()
    campaigns = _Campaigns(out, series_budget)
    campaigns.render(snapshot)
    render_service(snapshot, out)
    _render_budget(campaigns, out)
    return out.render()


@dataclass(slots=True)
class _Campaigns:
    out: Exposition
    budget: int
    used: int = 0
    full: bool = False
    unclean: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    _kpis: list[_Shown] = field(init=False)
    _totals: Totals = field(init=False)

    def __post_init__(self) -> None:
        family = self.out.family
        self._kpis = [
            _Shown(kpi, kpi.metric, kpi.formula, family(kpi.metric, "gauge", f"{kpi.title}: {kpi.formula_text}."))
            for kpi in KPIS
        ]
        self._totals = Totals(self.out)

    def render(self, snapshot: Snapshot) -> None:
        campaigns = []
        for name in sorted(snapshot.campaigns):
            if label_problem(name) is None:
                campaigns.append(snapshot.campaigns[name])
            else:
                self.unclean += 1
        for campaign in campaigns:
            self._take(campaign, list(self._identity(campaign)))
        active = [campaign for campaign in campaigns if campaign.active]
        quiet = [campaign for campaign in campaigns if not campaign.active]
        for group in (active, quiet):
            for campaign in group:
                if (everything := campaign.channels.get(ALL_CHANNELS)) is not None:
                    self._channel(campaign, ALL_CHANNELS, everything)
        for group in (active, quiet):
            for campaign in group:
                for code in sorted(campaign.channels):
                    if code != ALL_CHANNELS:
                        self._channel(campaign, code, campaign.channels[code])

    def _channel(self, campaign: CampaignSnapshot, code: int, channel: ChannelSnapshot) -> None:
        if self.full:
            self.left_out[campaign.campaign] = self.left_out.get(campaign.campaign, 0) + 1
        else:
            self._take(campaign, self._channel_lines(campaign, code, channel))

    def _take(self, campaign: CampaignSnapshot, lines: list[_Line]) -> None:
        if self.full or self.used + len(lines) > self.budget:
            self.full = True
            self.left_out[campaign.campaign] = self.left_out.get(campaign.campaign, 0) + 1
            return
        self.used += len(lines)
        for target, line in lines:
            target.append(line)

    def _identity(self, campaign: CampaignSnapshot) -> Iterator[_Line]:
        name, owner = self._clean(campaign.name), self._clean(campaign.owner)
        active = self.out.family("campaign_active", "gauge", "1: events in the last hour, or live in the catalogue.")
        yield active, f"campaign_active{labels(('campaign', campaign.campaign))} {int(campaign.active)}"
        info = self.out.family("campaign_info", "gauge", "1; what the catalogue calls a campaign and who owns it.")
        yield info, f"campaign_info{labels(('campaign', campaign.campaign), ('name', name), ('owner', owner))} 1"

    def _clean(self, text: str | None) -> str:
        if text is None or not text:
            return ""
        if label_problem(text) is None:
            return text
        self.unclean += 1
        return ""

    def _channel_lines(self, campaign: CampaignSnapshot, code: int, channel: ChannelSnapshot) -> list[_Line]:
        prefixes = _prefixes(campaign.campaign, code)
        lines: list[_Line] = []
        for shown in self._kpis:
            kpi = shown.kpi
            launch = channel.sums(kpi.reads, "launch")
            if launch is None or not _begun(kpi, shown.formula(launch)):
                continue
            for window in kpi.exported:
                if window in SHORT_WINDOWS and not campaign.active:
                    continue
                sums = channel.sums(kpi.reads, window)
                value = None if sums is None else shown.formula(sums)
                if value is None:
                    continue
                prefix = prefixes[window]
                if isinstance(value, dict):
                    for currency, amount in value.items():
                        lines.append((shown.lines, f'{shown.metric}{prefix},currency="{currency}"}} {amount!r}'))
                else:
                    lines.append((shown.lines, f"{shown.metric}{prefix}}} {value!r}"))
        if code != ALL_CHANNELS:
            lines += self._totals.lines(campaign.campaign, code, channel.totals)
        return lines


def _begun(kpi: Kpi, launch: float | Amounts | None) -> bool:
    """Whether a channel has ever had what the KPI counts: until then it has no series, afterwards silence is a 0."""
    return bool(launch) or (launch is not None and kpi.kind in (Kind.RATIO, Kind.SCORE))


@lru_cache(maxsize=16384)
def _prefixes(campaign: str, code: int) -> dict[str, str]:
    start = f'{{campaign="{escape_label(campaign)}",channel="{channel_name(code)}",window="'
    return {window: f'{start}{window}"' for window in _WINDOW_NAMES}


def _render_budget(campaigns: _Campaigns, out: Exposition) -> None:
    def single(family: Family, value: int) -> None:
        out.family(family.name, family.type, family.help).append(f"{family.name} {value}")

    single(SERIES, campaigns.used)
    single(SERIES_BUDGET, campaigns.budget)
    single(LEFT_OUT, sum(campaigns.left_out.values()))
    single(UNCLEAN, campaigns.unclean)
    named = sorted(campaigns.left_out.items(), key=lambda item: (-item[1], item[0]))[:NAMED_LEFT_OUT]
    lines = out.family(CAMPAIGN_LEFT_OUT.name, CAMPAIGN_LEFT_OUT.type, CAMPAIGN_LEFT_OUT.help)
    lines += [f"{CAMPAIGN_LEFT_OUT.name}{labels(('campaign', name))} {number}" for name, number in named]
