"""The lines of one channel of a campaign, those of a KPI together: they stand as they are while the channel does."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from agents.campaign.figures import READS, SHORT_WINDOWS
from agents.campaign.snapshot import ALL_CHANNELS, ChannelSnapshot
from agents.web.exposition import Exposition, escape_label
from agents.web.totals import Totals
from streams.counting.windows import WINDOWS, WindowSums
from streams.events.channels import channel_name
from streams.kpis.kpi import SUMS, Amounts
from streams.kpis.registry import KPIS

_WINDOW_NAMES = tuple(window.name for window in WINDOWS)

_LONG_WINDOWS = tuple(name for name in _WINDOW_NAMES if name not in SHORT_WINDOWS)

_ACTIVE_WINDOWS = frozenset({*SHORT_WINDOWS, "1h"})
"""Shown only of active campaigns: of the others they hold nothing."""


class _Shown(NamedTuple):
    """A KPI. short, long: its exported windows; quiet: those of a campaign that is not active. adds: a sum, which is
    nothing before the first event."""

    reads: tuple[str, ...]
    metric: str
    formula: Callable[[WindowSums], float | Amounts | None]
    short: tuple[str, ...]
    long: tuple[str, ...]
    quiet: tuple[str, ...]
    adds: bool


_SHOWN = tuple(
    _Shown(
        kpi.reads,
        kpi.metric,
        kpi.formula,
        tuple(window for window in kpi.exported if window in SHORT_WINDOWS),
        tuple(window for window in kpi.exported if window not in SHORT_WINDOWS),
        tuple(window for window in kpi.exported if window not in _ACTIVE_WINDOWS),
        kpi.kind in SUMS,
    )
    for kpi in KPIS
)


_SHOWN_SHORT = tuple((place, kpi) for place, kpi in enumerate(_SHOWN) if kpi.short)

_Blocks = dict[int, str]
"""Place of a family -> its lines, joined. Python's collector of cycles does not look into a dict of such values; lists
of all the strings of a large scrape would take it 50 ms, in which nothing else runs."""


class _Lines(NamedTuple):
    """The lines of some windows. blocks: those of each KPI that has any. series: how many lines."""

    blocks: _Blocks
    series: int


class _LongLines(NamedTuple):
    """What is exposed of long windows. begun: 1 for each KPI that has a series, in the order of the registry."""

    begun: bytes
    lines: _Lines


@dataclass(frozen=True, slots=True)
class ChannelLines:
    """What is exposed of a channel as `shown` has it.

    totals: the lines of each family of totals that has any. series: how many lines.
    """

    shown: ChannelSnapshot
    active: bool
    short: _Lines
    long: _LongLines
    totals: _Blocks
    series: int


class ChannelFamilies:
    """The families of channels in one exposition."""

    def __init__(self, out: Exposition) -> None:
        self._kpis = [out.family(kpi.metric, "gauge", f"{kpi.title}: {kpi.formula_text}.") for kpi in KPIS]
        self._totals = Totals(out)

    def add(self, channels: Sequence[ChannelLines]) -> None:
        """Put the lines of these channels, in this order, behind those that the families have."""
        for channel in channels:
            for place, block in channel.short.blocks.items():
                self._kpis[place].append(block)
            for place, block in channel.long.lines.blocks.items():
                self._kpis[place].append(block)
            for place, block in channel.totals.items():
                self._totals.families[place].append(block)

    def lines(
        self, campaign: str, code: int, active: bool, channel: ChannelSnapshot, before: ChannelLines | None
    ) -> ChannelLines:
        """The lines of a channel; those of an earlier picture, `before`, as far as it is the same."""
        if before is not None and before.active != active:
            before = None
        if before is not None and before.shown is channel:
            return before
        long, short = _long(campaign, code, active, channel, before), _NONE
        if active:
            short = _short(campaign, code, channel, long.begun, before)
        totals: list[list[str]] = [[] for _ in self._totals.families]
        if code != ALL_CHANNELS:
            totals = self._totals.lines(campaign, code, channel.totals)
        series = short.series + long.lines.series + sum(map(len, totals))
        blocks = {place: "\n".join(lines) for place, lines in enumerate(totals) if lines}
        return ChannelLines(channel, active, short, long, blocks, series)


_NONE = _Lines({}, 0)


def _same(before: ChannelSnapshot, now: ChannelSnapshot, names: Iterable[str]) -> bool:
    """Whether both have the very same windows of these names, whatever a KPI reads."""
    sets = READS if before.by_reads or now.by_reads else READS[:1]
    return all(
        old.get(name) is new.get(name)
        for old, new in ((before.windows_of(reads), now.windows_of(reads)) for reads in sets)
        for name in names
    )


def _long(campaign: str, code: int, active: bool, channel: ChannelSnapshot, before: ChannelLines | None) -> _LongLines:
    if before is not None and _same(before.shown, channel, _LONG_WINDOWS):
        return before.long
    begun: list[bool] = []
    blocks: _Blocks = {}
    series, windows, differ = 0, channel.windows, bool(channel.by_reads)
    prefixes = _prefixes(campaign, code)
    for place, (reads, metric, formula, _, long, quiet, adds) in enumerate(_SHOWN):
        if differ:
            windows = channel.windows_of(reads)
        launch = windows.get("launch")
        since_launch = None if launch is None else formula(launch)
        # Never had what it counts: no series yet. Afterwards silence is a 0.
        has = bool(since_launch) or not (adds or since_launch is None or since_launch == {})
        begun.append(has)
        if has and (lines := _lines(metric, formula, long if active else quiet, windows, prefixes, since_launch)):
            blocks[place] = "\n".join(lines)
            series += len(lines)
    return _LongLines(bytes(begun), _Lines(blocks, series))


def _short(campaign: str, code: int, channel: ChannelSnapshot, begun: bytes, before: ChannelLines | None) -> _Lines:
    if before is not None and before.long.begun == begun and _same(before.shown, channel, SHORT_WINDOWS):
        return before.short
    blocks: _Blocks = {}
    series, windows, differ = 0, channel.windows, bool(channel.by_reads)
    prefixes = _prefixes(campaign, code)
    for place, (reads, metric, formula, short, *_) in _SHOWN_SHORT:
        if not begun[place]:
            continue
        if differ:
            windows = channel.windows_of(reads)
        if lines := _lines(metric, formula, short, windows, prefixes):
            blocks[place] = "\n".join(lines)
            series += len(lines)
    return _Lines(blocks, series)


def _lines(
    metric: str,
    formula: Callable[[WindowSums], float | Amounts | None],
    names: Sequence[str],
    windows: Mapping[str, WindowSums],
    prefixes: "_Prefixes",
    since_launch: float | Amounts | None = None,
) -> list[str]:
    """The lines of a KPI: the inmost loop of a scrape, so it makes each line in one step. since_launch: the value of
    the window "launch", which is known by then."""
    begun, whole = prefixes
    lines: list[str] = []
    value: float | Amounts | None
    for window in names:
        if window == "launch":
            value = since_launch
        elif (sums := windows.get(window)) is None or (value := formula(sums)) is None:
            continue
        if isinstance(value, dict):
            for currency, amount in value.items():
                lines.append(f'{metric}{begun[window]},currency="{currency}"}} {amount!r}')
        else:
            lines.append(f"{metric}{whole[window]}{value!r}")
    return lines


class _Prefixes(NamedTuple):
    """Window -> the labels of a channel: as far as the window, and up to the value."""

    begun: dict[str, str]
    whole: dict[str, str]


@lru_cache(maxsize=16384)
def _prefixes(campaign: str, code: int) -> _Prefixes:
    start = f'{{campaign="{escape_label(campaign)}",channel="{channel_name(code)}",window="'
    begun = {window: f'{start}{window}"' for window in _WINDOW_NAMES}
    return _Prefixes(begun, {window: f"{labels_so_far}}} " for window, labels_so_far in begun.items()})
