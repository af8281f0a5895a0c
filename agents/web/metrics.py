"""`/metrics`: the campaigns of a snapshot within the series budget, then what a snapshot says about the service."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from agents.campaign.snapshot import ALL_CHANNELS, CampaignSnapshot, ChannelSnapshot, Snapshot
from agents.telemetry import CAMPAIGN_LEFT_OUT, LEFT_OUT, SERIES, SERIES_BUDGET, UNCLEAN, Family
from agents.web.expected import Expected
from agents.web.exposition import Exposition, escape_label, labels
from agents.web.service_metrics import render_service
from agents.web.told import Told
from agents.web.totals import Totals
from streams.counting.windows import WINDOWS, WindowSums
from streams.events.channels import channel_name
from streams.events.labels import label_problem
from streams.kpis.kpi import SUMS, Amounts
from streams.kpis.registry import KPIS

SHORT_WINDOWS = frozenset({"1m", "5m", "1h"})
"""Shown only of active campaigns: of the others they hold nothing."""

NAMED_LEFT_OUT = 100
"""Most campaigns that are named because the budget left something of them out."""

_WINDOW_NAMES = tuple(window.name for window in WINDOWS)
_Lines = tuple[list[str], list[str]]
"""The lines of a family, and those that belong to it."""

_Formula = Callable[[WindowSums], float | Amounts | None]


class _Shown(NamedTuple):
    """A KPI and the lines of its metric. long: its windows that a campaign keeps that is not active. adds: a sum, which
    is nothing before the first event."""

    reads: tuple[str, ...]
    metric: str
    formula: _Formula
    exported: tuple[str, ...]
    long: tuple[str, ...]
    adds: bool
    lines: list[str]


class _Prefixes(NamedTuple):
    """Window -> the labels of a channel: as far as the window, and up to the value."""

    begun: dict[str, str]
    whole: dict[str, str]


def render_metrics(snapshot: Snapshot, series_budget: int) -> bytes:
    """The snapshot as text exposition 0.0.4, in UTF-8.

    At most `series_budget` series of campaigns: first what the catalogue says of every campaign, then all
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
    told: Told = field(init=False)
    _expected: Expected = field(init=False)
    _kpis: list[_Shown] = field(init=False)
    _totals: Totals = field(init=False)

    def __post_init__(self) -> None:
        family = self.out.family
        self.told = Told(self.out)
        self._expected = Expected(self.out)
        self._kpis = [
            _Shown(
                kpi.reads,
                kpi.metric,
                kpi.formula,
                kpi.exported,
                tuple(window for window in kpi.exported if window not in SHORT_WINDOWS),
                kpi.kind in SUMS,
                family(kpi.metric, "gauge", f"{kpi.title}: {kpi.formula_text}."),
            )
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
            told = (*self.told.lines(campaign), *self._expected.lines(campaign, snapshot.taken_at_ms))
            self._take(campaign, [(family, [line]) for family, line in told])
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
        if not self.full:
            self._take(campaign, self._channel_lines(campaign, code, channel))
        else:
            self._leave_out(campaign)

    def _take(self, campaign: CampaignSnapshot, made: list[_Lines]) -> None:
        """All of these lines, or from here on nothing more."""
        wanted = sum([len(lines) for _, lines in made])
        if self.full or self.used + wanted > self.budget:
            self.full = True
            self._leave_out(campaign)
        else:
            self.used += wanted
            for family, lines in made:
                family += lines

    def _leave_out(self, campaign: CampaignSnapshot) -> None:
        self.left_out[campaign.campaign] = self.left_out.get(campaign.campaign, 0) + 1

    def _channel_lines(self, campaign: CampaignSnapshot, code: int, channel: ChannelSnapshot) -> list[_Lines]:
        """All lines of a channel: the inmost loop of a scrape, so it makes each line in one step."""
        begun, whole = _prefixes(campaign.campaign, code)
        active, windows, differ = campaign.active, channel.windows, bool(channel.by_reads)
        made: list[_Lines] = []
        value: float | Amounts | None
        for reads, metric, formula, exported, long, adds, family in self._kpis:
            if differ:
                windows = channel.windows_of(reads)
            launch = windows.get("launch")
            since_launch = None if launch is None else formula(launch)
            if not since_launch and (adds or since_launch is None or since_launch == {}):
                # Never had what it counts: no series yet. Afterwards silence is a 0.
                continue
            lines: list[str] = []
            for window in exported if active else long:
                if window == "launch":
                    value = since_launch
                elif (sums := windows.get(window)) is None or (value := formula(sums)) is None:
                    continue
                if isinstance(value, dict):
                    for currency, amount in value.items():
                        lines.append(f'{metric}{begun[window]},currency="{currency}"}} {amount!r}')
                else:
                    lines.append(f"{metric}{whole[window]}{value!r}")
            made.append((family, lines))
        if code != ALL_CHANNELS:
            made += self._totals.lines(campaign.campaign, code, channel.totals)
        return made


@lru_cache(maxsize=16384)
def _prefixes(campaign: str, code: int) -> _Prefixes:
    start = f'{{campaign="{escape_label(campaign)}",channel="{channel_name(code)}",window="'
    begun = {window: f'{start}{window}"' for window in _WINDOW_NAMES}
    return _Prefixes(begun, {window: f"{labels_so_far}}} " for window, labels_so_far in begun.items()})


def _render_budget(campaigns: _Campaigns, out: Exposition) -> None:
    def single(family: Family, value: int) -> None:
        out.family(family.name, family.type, family.help).append(f"{family.name} {value}")

    single(SERIES, campaigns.used)
    single(SERIES_BUDGET, campaigns.budget)
    single(LEFT_OUT, sum(campaigns.left_out.values()))
    single(UNCLEAN, campaigns.unclean + campaigns.told.unclean)
    named = sorted(campaigns.left_out.items(), key=lambda item: (-item[1], item[0]))[:NAMED_LEFT_OUT]
    lines = out.family(CAMPAIGN_LEFT_OUT.name, CAMPAIGN_LEFT_OUT.type, CAMPAIGN_LEFT_OUT.help)
    lines += [f"{CAMPAIGN_LEFT_OUT.name}{labels(('campaign', name))} {number}" for name, number in named]
