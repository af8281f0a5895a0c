"""Launches to series to Prometheus to alerts, a batch of launches at a time, batches beside each other."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from bench.alert_quality.counts import counted
from bench.alert_quality.judge import Fired, Seen, false_alerts, firings, seen
from bench.alert_quality.launches import Launch, planned
from bench.alert_quality.prometheus import backfill, backfill_rules, prometheus, query_range
from bench.alert_quality.series import BEGAN_SECONDS, STEP_SECONDS, series_of, write
from grafana.rules import campaign_rules
from grafana.rules_model import Alert, Record

BATCH = 20
"""So many launches of each kind are one Prometheus's: few enough that several processes always have something to do."""
_SECONDS = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a batch: its false alerts, and its drops."""

    false: list[Fired]
    drops: list[Seen]


def judge_batch(seed: int, numbers: range) -> Judged:
    """Judge the quiet launches of these numbers, and those with a drop. Raises PrometheusFailed."""
    return judge(planned(seed, number, dropped) for dropped in (False, True) for number in numbers)


def judge_all(
    seed: int,
    launches: int,
    processes: int,
    done: Callable[[int], None],
    judge_one: Callable[[int, range], Judged] = judge_batch,
    batch: int = BATCH,
) -> list[Judged]:
    """Judge so many quiet launches, and as many with a drop, in so many processes; their number changes nothing.

    done: called with how many of each kind are judged, after each batch. Raises PrometheusFailed, and
    BrokenProcessPool where a process dies.
    """
    batches = [range(first, min(first + batch, launches)) for first in range(0, launches, batch)]
    judged = 0
    # Not forked: that would inherit whatever threads and locks the parent happens to have.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        asked = {pool.submit(judge_one, seed, numbers): numbers for numbers in batches}
        try:
            for future in as_completed(asked):
                future.result()
                judged += len(asked[future])
                done(judged)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [future.result() for future in asked]


def judge(launches: Iterable[Launch]) -> Judged:
    """Play these launches to the alerts. Raises PrometheusFailed."""
    by_name = {launch.name: launch for launch in launches}
    with tempfile.TemporaryDirectory(prefix="alert-quality-") as place:
        folder = Path(place)
        data = folder / "data"
        data.mkdir()
        due = _backfill_series(by_name, folder / "series.om", data)
        fired = list(_evaluate(by_name, data, folder))
    drops = [seen(launch, due[name], fired) for name, launch in by_name.items() if launch.drop is not None]
    return Judged(false_alerts(by_name, fired), drops)


def _backfill_series(launches: Mapping[str, Launch], file: Path, data: Path) -> dict[str, float]:
    """Makes blocks of their series. Returns name -> engagements due in the drop's first two minutes."""
    due = {}
    with file.open("w", encoding="utf-8") as text:
        for name, launch in launches.items():
            counts = counted(launch)
            due[name] = counts.due
            write(text, series_of(launch, counts))
        text.write("# EOF\n")
    backfill(file, data)
    return due


def _evaluate(launches: Mapping[str, Launch], data: Path, folder: Path) -> Iterator[Fired]:
    rules = campaign_rules()
    longest = max(launch.minutes for launch in launches.values())
    span = range(BEGAN_SECONDS, BEGAN_SECONDS + longest * 60 + 1, STEP_SECONDS)
    backfill_rules([rule for rule in rules if isinstance(rule, Record)], span, data, folder)
    with prometheus(data, STEP_SECONDS) as url:
        for alert in (rule for rule in rules if isinstance(rule, Alert)):
            hold, keep = (int(text[:-1]) * _SECONDS[text[-1]] for text in (alert.hold, alert.keep))
            for labels, moments in query_range(url, alert.expr, span):
                for moment in firings(moments, STEP_SECONDS, hold, keep):
                    yield Fired(alert.name, labels["campaign"], labels["channel"], moment - BEGAN_SECONDS)
