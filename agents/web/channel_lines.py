"""The lines of one channel of a campaign, those of a KPI together: they stand as they are while the channel does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from agents.campaign.snapshot import ALL_CHANNELS, ChannelSnapshot
from agents.web.exposition import Exposition, escape_label
from agents.web.totals import Totals
from streams.counting.windows import WINDOWS, WindowSums
from streams.events.channels import channel_name
from streams.kpis.kpi import SUMS, Amounts
from streams.kpis.registry import KPIS

SHORT_WINDOWS = frozenset({"1m", "5m", "1h"})
"""Shown only of active campaigns: of the others they hold nothing."""

_WINDOW_NAMES = tuple(window.name for window in WINDOWS)


class _Shown(NamedTuple):
    """A KPI. long: its windows that a campaign keeps that is not active. adds: a sum, which is nothing
    before the first event."""

    reads: tuple[str, ...]
    metric: str
    formula: Callable[[WindowSums], float | Amounts | None]
    exported: tuple[str, ...]
    long: tuple[str, ...]
    adds: bool


_SHOWN = tuple(
    _Shown(
        kpi.reads,
        kpi.metric,
        kpi.formula,
        kpi.exported,
        tuple(window for window in kpi.exported if window not in SHORT_WINDOWS),
        kpi.kind in SUMS,
    )
    for kpi in KPIS
)


@dataclass(frozen=True, slots=True)
class ChannelLines:
    """What is exposed of a channel as `shown` has it.

    blocks: the lines of each family of `ChannelFamilies`, joined, "" where there are none. series: how many lines.
    """

    shown: ChannelSnapshot
    active: bool
    blocks: tuple[str, ...]
    series: int


class ChannelFamilies:
    """The families of channels in one exposition."""

    def __init__(self, out: Exposition) -> None:
        self._families = [out.family(kpi.metric, "gauge", f"{kpi.title}: {kpi.formula_text}.") for kpi in KPIS]
        self._totals = Totals(out)
        self._families += self._totals.families

    def add(self, channels: Sequence[ChannelLines]) -> None:
        """Put the lines of these channels, in this order, behind those that the families have."""
        if channels:
            columns = zip(*(channel.blocks for channel in channels), strict=True)
            for family, blocks in zip(self._families, columns, strict=True):
                family += filter(None, blocks)

    def lines(
        self, campaign: str, code: int, active: bool, channel: ChannelSnapshot, before: ChannelLines | None
    ) -> ChannelLines:
        """The lines of a channel; `before`, those of an earlier picture, where it is the same one."""
        if before is not None and before.shown is channel and before.active == active:
            return before
        made = _kpi_lines(campaign, code, active, channel)
        if code == ALL_CHANNELS:
            made += [[] for _ in self._totals.families]
        else:
            made += self._totals.lines(campaign, code, channel.totals)
        return ChannelLines(channel, active, tuple(["\n".join(lines) for lines in made]), sum(map(len, made)))


def _kpi_lines(campaign: str, code: int, active: bool, channel: ChannelSnapshot) -> list[list[str]]:
    """The lines of each KPI: the inmost loop of a scrape, so it makes each line in one step."""
    begun, whole = _prefixes(campaign, code)
    windows, differ = channel.windows, bool(channel.by_reads)
    made: list[list[str]] = []
    value: float | Amounts | None
    for reads, metric, formula, exported, long, adds in _SHOWN:
        if differ:
            windows = channel.windows_of(reads)
        launch = windows.get("launch")
        since_launch = None if launch is None else formula(launch)
        lines: list[str] = []
        made.append(lines)
        if not since_launch and (adds or since_launch is None or since_launch == {}):
            # Never had what it counts: no series yet. Afterwards silence is a 0.
            continue
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
    return made


class _Prefixes(NamedTuple):
    """Window -> the labels of a channel: as far as the window, and up to the value."""

    begun: dict[str, str]
    whole: dict[str, str]


@lru_cache(maxsize=16384)
def _prefixes(campaign: str, code: int) -> _Prefixes:
    start = f'{{campaign="{escape_label(campaign)}",channel="{channel_name(code)}",window="'
    begun = {window: f'{start}{window}"' for window in _WINDOW_NAMES}
    return _Prefixes(begun, {window: f"{labels_so_far}}} " for window, labels_so_far in begun.items()})
