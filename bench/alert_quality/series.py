"""The series that a worker exposes of a launch, as far as alerts read them: by the KPIs' own formulas and windows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from typing import Any, TextIO, cast
from zoneinfo import ZoneInfo

import numpy as np

from bench.alert_quality.counts import BIN_SECONDS, Counts, Ints
from bench.alert_quality.launches import Launch
from grafana.rules import CAMPAIGN_ALERTS
from streams.counting.panes import Tier
from streams.counting.windows import WINDOWS, Window, WindowSums, window_span
from streams.events.catalogue import topic_by_name
from streams.events.channels import channel_name
from streams.events.measures import Measure, People
from streams.kpis.kpi import SUMS, Kind, Kpi
from streams.kpis.registry import KPI_BY_NAME

STEP_SECONDS = 5
BEGAN_SECONDS = 1_795_737_600
"""A two-hour border of Prometheus's blocks, so that a launch is one block."""
EXPECTED = {"email": ("delivery", "visit", "click"), "paid_social": ("impression", "visit"), "direct": ("visit",)}
"""Channel -> topics that the catalogue expects."""
NONE = "_"
Sample = tuple[str, dict[str, str], list[str]]
"""Metric, labels, a value every STEP_SECONDS (NONE for none)."""

_UTC = ZoneInfo("UTC")
_BY_NAME = {window.name: window for window in WINDOWS}
_PANE_SECONDS = {Tier.TEN_SECONDS: 10, Tier.MINUTE: 60}


@cache
def read_by_alerts() -> dict[str, tuple[str, ...]]:
    """KPI -> the windows in which alerts of campaigns read it."""
    found: dict[str, set[str]] = {}
    for text in [rule.expr for alert in CAMPAIGN_ALERTS for rule in (*alert.records, alert)]:
        for name, window in re.findall(r'campaign_channel:(\w+):latest\{window="(\w+)"', text):
            found.setdefault(name, set()).add(window)
    return {name: tuple(sorted(windows)) for name, windows in found.items()}


def series_of(launch: Launch, counts: Counts) -> Iterator[Sample]:
    """Its series, from its begin to its end."""
    steps = range(0, launch.minutes * 60 + 1, STEP_SECONDS)
    reached = _Reached(launch.market.people)
    wanted = {"launch", *(window for windows in read_by_alerts().values() for window in windows)}
    for code, totals in counts.totals.items():
        sums = {name: _Sums(_BY_NAME[name], totals, steps, reached) for name in wanted}
        place = {"campaign": launch.name, "channel": channel_name(code)}
        for name, windows in read_by_alerts().items():
            kpi = KPI_BY_NAME[name]
            for window in windows:
                values = _shown(kpi, sums[window], sums["launch"])
                if any(value != NONE for value in values):
                    yield kpi.metric, place | {"window": window}, values
    for channel, topics in EXPECTED.items():
        code = next(code for code in counts.totals if channel_name(code) == channel)
        for topic in topics:
            arrived = _total(counts.totals[code], topic_by_name(topic).counted_in)
            labels = {"campaign": launch.name, "channel": channel, "topic": topic}
            yield "campaign_expected_events_total", labels, [str(int(arrived[one // BIN_SECONDS])) for one in steps]
    yield "campaign_active", {"campaign": launch.name}, ["1"] * len(steps)


def write(file: TextIO, samples: Iterable[Sample]) -> None:
    """Write these series as OpenMetrics lines."""
    for metric, labels, values in samples:
        told = ",".join(f'{name}="{value}"' for name, value in labels.items())
        head = f"{metric}{{{told}}} "
        file.writelines(
            f"{head}{value} {BEGAN_SECONDS + number * STEP_SECONDS}\n"
            for number, value in enumerate(values)
            if value != NONE
        )


def _shown(kpi: Kpi, sums: _Sums, since_launch: _Sums) -> list[str]:
    """As the worker shows it: a sum only after something of it was counted."""
    values = [NONE if value is None else repr(value) for value in sums.values(kpi)]
    if kpi.kind not in SUMS:
        return values
    return [value if begun else NONE for value, begun in zip(values, since_launch.values(kpi), strict=True)]


def _total(totals: Mapping[Measure, Ints], measures: Iterable[Measure]) -> Ints:
    none = np.zeros_like(next(iter(totals.values())))
    return sum((totals[one] for one in measures if one in totals), start=none)


class _Sums:
    """One window of one channel, as it stands at each step."""

    def __init__(self, window: Window, totals: Mapping[Measure, Ints], steps: range, reached: _Reached) -> None:
        self._steps, self._reached = steps, reached
        ends = np.array(steps) // BIN_SECONDS
        firsts = _first_bins(window, window.tier, steps)
        self._counters = {int(measure): total[ends] - total[firsts] for measure, total in totals.items()}
        self._met: list[int] = []
        if window.name == "5m":
            met = _total(totals, (Measure.DELIVERED, Measure.IMPRESSIONS, Measure.VISITS))
            self._met = (met[ends] - met[_first_bins(window, window.people_tier, steps)]).tolist()

    def values(self, kpi: Kpi) -> list[Any]:
        """The KPI at each step."""
        if kpi.kind is Kind.COUNT:
            # It adds counters: so it does to those of all steps at once, which is ten times as fast.
            added: Any = kpi.formula(WindowSums(cast(Any, self._counters), {}, 0, 0))
            return list(np.broadcast_to(added, len(self._steps)).tolist())
        return [kpi.formula(sums) for sums in self._each]

    @cached_property
    def _each(self) -> list[WindowSums]:
        names = list(self._counters)
        columns = zip(*(counter.tolist() for counter in self._counters.values()), strict=True)
        people = [{int(People.REACHED): self._reached(met)} for met in self._met] or [{}] * len(self._steps)
        return [
            WindowSums(dict(zip(names, row, strict=True)), met, 0, second * 1000)
            for row, met, second in zip(columns, people, self._steps, strict=True)
        ]


@cache
def _first_bins(window: Window, tier: Tier, steps: range) -> Ints:
    """The bin at which the window begins, for each step at which it ends."""
    if window.name == "launch":
        return np.zeros(len(steps), dtype=np.int64)
    spans = (window_span(window, tier, (BEGAN_SECONDS + second) * 1000, _UTC) for second in steps)
    return np.array([max(0, span.start * _PANE_SECONDS[tier] - BEGAN_SECONDS) // BIN_SECONDS for span in spans])


class _Reached:
    """How many different ones of the simulator's people so many exposures reach, on average."""

    def __init__(self, people: int) -> None:
        chance = np.diff(np.sqrt(np.arange(people + 1) / people))
        self._events = np.concatenate(([0.0], np.logspace(0, 6, 60)))
        self._people = np.array([(1 - np.exp(events * np.log1p(-chance))).sum() for events in self._events])

    def __call__(self, exposures: float) -> float:
        return float(np.interp(exposures, self._events, self._people))
