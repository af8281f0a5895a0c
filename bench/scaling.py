"""What an event costs as the work grows in breadth: by the number of campaigns, of partitions and of workers.

Each point is a deployment of its own that counts a live load at a constant rate; the cost is the CPU time that its
workers use, in microseconds an event, once they are warm. Whatever else a worker does by the clock (progress, pictures,
statements) is in it, so a curve that rises shows what is paid for breadth and not for events. A point counts only where
the workers kept up: what was read is what was sent, but for a second of it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from bench.latency_load import load
from bench.load import Shape
from bench.parts import SERVER_CORE, WORKER_CORE, Stage, cpu_seconds, events_read, machine, say
from tests.faults.processes import WorkerProcess, wait_for

RATE = 4_000.0
CAMPAIGNS = (10, 100, 1_000, 2_000)
PARTITIONS = (4, 12, 48)
WORKERS = (1, 2)
USUAL = {"campaigns": 100, "partitions": 4, "workers": 1}
WARM_UP_SECONDS, MEASURED_SECONDS = 20.0, 40.0
SCRAPE_SECONDS = 5.0
SUMMARIES = 8


@dataclass(frozen=True, slots=True)
class Point:
    """One deployment. partitions: of each event topic."""

    campaigns: int
    partitions: int
    workers: int


def points() -> dict[str, list[Point]]:
    """Curve -> its points; each varies one number and leaves the others as usual."""
    return {
        curve: [Point(**{**USUAL, curve: number}) for number in numbers]
        for curve, numbers in (("campaigns", CAMPAIGNS), ("partitions", PARTITIONS), ("workers", WORKERS))
    }


def run(quick: bool = False, only: str = "") -> dict[str, Any]:
    """The curves; quick: the ends of each, for a few seconds, at a quarter of the rate. only: one of the curves."""
    rate = RATE / 4 if quick else RATE
    measured: dict[Point, dict[str, Any]] = {}
    curves: dict[str, list[dict[str, Any]]] = {}
    with Stage() as stage:
        for curve, wanted in points().items():
            if only not in ("", curve):
                continue
            for point in [wanted[0], wanted[-1]] if quick else wanted:
                if point not in measured:
                    measured[point] = _measure(stage, point, rate, quick)
                    say(f"{curve} {point}: {measured[point]['us_per_event']:.1f} µs an event")
            curves[curve] = [{curve: getattr(point, curve), **measured[point]} for point in wanted if point in measured]
    return {
        "machine": machine(),
        "rate": rate,
        "usual": USUAL,
        "curves": curves,
        "growth": {curve: _growth(curve, found) for curve, found in curves.items()},
    }


def _growth(curve: str, found: list[dict[str, Any]]) -> dict[str, float]:
    """From the first point to the last: by what the number and by what the cost of an event is multiplied."""
    first, last = found[0], found[-1]
    return {"number": last[curve] / first[curve], "cost": last["us_per_event"] / first["us_per_event"]}


def _measure(stage: Stage, point: Point, rate: float, quick: bool) -> dict[str, Any]:
    stage.fresh_redis()
    warm_up, seconds = (8.0, 12.0) if quick else (WARM_UP_SECONDS, MEASURED_SECONDS)
    with stage.deployment(point.partitions, summaries_partitions=SUMMARIES) as deployment:
        # Where there are only two cores the second worker shares that of the servers.
        cores = [WORKER_CORE, SERVER_CORE][: point.workers]
        workers = [deployment.start(f"worker-{number}", core) for number, core in enumerate(cores)]
        wait_for(lambda: not any(worker.reasons() for worker in workers), 90, workers[0].tail)
        idle = _used(workers)
        time.sleep(5.0)
        idle_cores = (_used(workers) - idle) / 5.0
        shape = Shape(campaigns=point.campaigns, partitions=point.partitions)
        with load(stage.broker.address, deployment.prefix, rate, shape) as sending:
            time.sleep(warm_up)
            used, read, began = _used(workers), _read(workers), time.monotonic()
            while time.monotonic() - began < seconds:
                # As Prometheus would.
                time.sleep(min(SCRAPE_SECONDS, max(0.0, began + seconds - time.monotonic())))
                now_read = _read(workers)
            took, now_used = time.monotonic() - began, _used(workers)
        return {
            "us_per_event": (now_used - used) / max(1, now_read - read) * 1e6,
            "events": now_read - read,
            "events_per_second": (now_read - read) / took,
            "kept_up": _kept_up(workers, sending.finish(), rate),
            "worker_cores": (now_used - used) / took,
            "idle_worker_cores": idle_cores,
        }


def _kept_up(workers: list[WorkerProcess], sent: int, rate: float) -> bool:
    """Whether the workers, right after the load's end, have read all but two seconds of it; then all of it at last."""
    kept_up = _read(workers) >= sent - 2 * rate
    wait_for(lambda: _read(workers) >= sent, 120, lambda: (sent, _read(workers), workers[0].tail(500)))
    return kept_up


def _used(workers: list[WorkerProcess]) -> float:
    return sum(cpu_seconds(worker.process.pid) for worker in workers if worker.process is not None)


def _read(workers: list[WorkerProcess]) -> int:
    return sum(events_read(worker.get("/metrics", 20.0)[1]) for worker in workers)
