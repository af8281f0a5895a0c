"""From a produced event to the figure that shows it: in `/metrics` (launch-to-date counter and five-minute window) and
in the API, at 5,000 events a second and at one, with one worker and with two.

How a single event is timed: latency_probes.py. The clock begins before the producer is called. The load has all
topics, with claims, people and money; the probes are on top of it. Everything runs where the kernel puts it: of two
workers on two cores one would wait beside Kafka while the other core is idle. The five-minute window is only comparable
while no probe has left it, so no case runs longer than four minutes.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from bench.latency_load import load
from bench.latency_looks import spread
from bench.latency_probes import API, METRICS, Probe, Probes
from bench.load import Shape
from bench.parts import Busy, Stage, cpu_seconds, full_or_not, machine, say
from tests.faults.processes import wait_for

WANTED = {"p50": 0.6, "p99": 1.2}
SUMMARIES = 8
PARTITIONS = 4
WARM_UP_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Case:
    """rate: events a second, probes included. probes: how many of them are probes."""

    name: str
    workers: int
    rate: float
    probes: float
    campaigns: int
    seconds: float


CASES = (
    Case("5,000 events a second, 1 worker", 1, 5_000, 10, 2, 100),
    Case("1 event a second, 1 worker", 1, 1, 1, 1, 120),
    Case("5,000 events a second, 2 workers", 2, 5_000, 10, 2, 100),
    Case("1 event a second, 2 workers", 2, 1, 1, 1, 120),
)


def run(quick: bool = False, only: str = "") -> dict[str, Any]:
    """The figures of all cases; quick: 20 s each, of one worker only. only: a part of the names of the cases wanted."""
    cases = {}
    with Stage(hot=False, core=None) as stage:
        for case in CASES:
            if only in case.name and not (quick and case.workers > 1):
                found = cases[case.name] = _measure(stage, case, 20.0 if quick else case.seconds)
                say(f"{case.name}: {_line(found)}; {full_or_not(found['cores_busy'])}")
    return {"machine": machine(), "wanted_seconds": WANTED, "cases": cases}


def _line(found: dict[str, Any]) -> str:
    return ", ".join(f"{where} p50 {one['p50']:.3f} p99 {one['p99']:.3f}" for where, one in found["seconds"].items())


def _measure(stage: Stage, case: Case, seconds: float) -> dict[str, Any]:
    stage.fresh_redis()
    with stage.deployment(PARTITIONS, summaries_partitions=SUMMARIES) as deployment, ExitStack() as running:
        workers = [deployment.start(f"worker-{number}", None) for number in range(case.workers)]
        wait_for(lambda: not any(worker.reasons() for worker in workers), 90, workers[0].tail)
        steady = case.rate - case.probes
        sending = None
        if steady > 0:
            shape = Shape(partitions=PARTITIONS)
            sending = running.enter_context(load(stage.broker.address, deployment.prefix, steady, shape, None))
        urls = [f"http://127.0.0.1:{worker.port}" for worker in workers]
        probes = Probes(stage.broker.address, deployment.prefix, urls, "probe", case.campaigns, case.probes, PARTITIONS)
        pids = [worker.process.pid for worker in workers if worker.process is not None]
        before, began, busy = [cpu_seconds(pid) for pid in pids], time.monotonic(), Busy()
        asyncio.run(probes.run(seconds, WARM_UP_SECONDS if steady > 0 else 3.0))
        took = time.monotonic() - began
        cores_busy = busy.shares()
        used = [cpu_seconds(pid) - had for pid, had in zip(pids, before, strict=True)]
        sent = sending.finish() if sending is not None else 0
    if probes.lost:
        shown = {where: sum(where in probe.seen for probe in probes.lost) for where in (*METRICS, *API)}
        raise RuntimeError(f"{len(probes.lost)} probes were not shown everywhere; of them shown: {shown}")
    return {
        "workers": case.workers,
        "events_per_second": sent / took + len(probes.done) / seconds if sent else len(probes.done) / seconds,
        "probes": len(probes.done),
        "seconds": {**_first_seen(probes.done), **_from_looks(probes)},
        "produce_seconds": percentiles(
            [probe.acknowledged - probe.sent for probe in probes.done if probe.acknowledged]
        ),
        "scrapes_per_second": len(probes.scrape_seconds) / took / case.workers,
        "scrape_seconds": percentiles(probes.scrape_seconds),
        "scrape_bytes": probes.scrape_bytes,
        "worker_cores": [one / took for one in used],
        "cores_busy": cores_busy,
    }


def _first_seen(probes: list[Probe]) -> dict[str, dict[str, float]]:
    return {where: percentiles([probe.seen[where] - probe.sent for probe in probes]) for where in API}


def _from_looks(probes: Probes) -> dict[str, dict[str, float]]:
    return {where: found for where in METRICS if (found := spread(probes.looks[where]))}


def percentiles(values: list[float]) -> dict[str, float]:
    """Least, p50, p90, p95, p99 and most (nearest rank), and how many; empty where there are none."""
    if not values:
        return {}
    ordered = sorted(values)

    def rank(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    return {
        "min": ordered[0],
        "p50": rank(0.5),
        "p90": rank(0.9),
        "p95": rank(0.95),
        "p99": rank(0.99),
        "max": ordered[-1],
        "count": len(ordered),
    }
