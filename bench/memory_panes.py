"""What a live campaign holds in a worker: workers with few and with many, all panes full, under the same load.

The difference between two workers, by the campaigns that one has more, is what a campaign costs; what a worker holds
anyway is in neither. The tables' history is written to the changelogs (memory_history.py) and recovered by the worker;
on top of it come live events of the same campaigns and channels, so that what a worker keeps decoded is in it too.
"""

from __future__ import annotations

import asyncio
import time
from statistics import fmean, linear_regression
from typing import Any

from agents.names import Names
from bench.latency_load import load
from bench.load import Shape
from bench.memory_history import copies, counters, sketches
from bench.memory_idle import MB, resident
from bench.parts import Stage, say
from bench.recovery_changelog import write
from tests.faults.processes import wait_for

SUMMARIES = 8
PARTITIONS = 5
RATE = 1_000.0
SAMPLE_SECONDS = 5.0
READY_SECONDS = 300.0
Samples = list[tuple[float, float]]
"""(seconds under load, resident megabytes)."""


class Histories:
    """The tables of one campaign, made once; its panes are those of the moment at which it was made."""

    def __init__(self) -> None:
        now_ms = int(time.time() * 1000)
        self.counters, self.sketches = counters(now_ms), sketches(now_ms)

    def described(self) -> dict[str, float]:
        """How many keys a campaign has, and how large their values are."""
        return {
            "counter_keys": len(self.counters),
            "counter_value_bytes": fmean(map(len, self.counters.values())),
            "sketches": len(self.sketches),
            "sketch_bytes": fmean(map(len, self.sketches.values())),
        }


def under_load(
    stage: Stage, histories: Histories, campaigns: int, with_sketches: bool, seconds: float, rate: float = RATE
) -> Samples:
    """The memory of a worker that owns so many full campaigns and counts live events of them."""
    stage.fresh_redis()
    with stage.deployment(PARTITIONS, summaries_partitions=SUMMARIES) as deployment:
        names, address = Names(deployment.settings), stage.broker.address
        told = [(names.panes_changelog, histories.counters)]
        told += [(names.people_changelog, histories.sketches)] if with_sketches else []
        for topic, values in told:
            asyncio.run(write(address, topic, copies(values, campaigns, SUMMARIES)))
        worker = deployment.start()
        wait_for(lambda: not worker.reasons(), READY_SECONDS, worker.tail)
        assert worker.process is not None
        pid, samples = worker.process.pid, []
        with load(address, deployment.prefix, rate, Shape(campaigns=campaigns, partitions=PARTITIONS)):
            began = time.monotonic()
            while (now := time.monotonic() - began) < seconds:
                if not worker.alive:
                    raise RuntimeError(f"the worker ended:\n{worker.tail()}")
                samples.append((now, resident(pid) / MB))
                time.sleep(SAMPLE_SECONDS)
        say(f"{campaigns} campaigns, sketches {with_sketches}: {samples[0][1]:.0f} MB, then {samples[-1][1]:.0f} MB")
        return samples


def a_campaign(
    stage: Stage, histories: Histories, few: int, many: int, with_sketches: bool, seconds: float
) -> dict[str, Any]:
    """Megabytes a campaign: at the start of the load and, what counts, at its end."""
    samples = {campaigns: under_load(stage, histories, campaigns, with_sketches, seconds) for campaigns in (few, many)}
    last = {campaigns: fmean(mb for _, mb in some[-3:]) for campaigns, some in samples.items()}
    first = {campaigns: some[0][1] for campaigns, some in samples.items()}
    return {
        "campaigns": [few, many],
        "resident_mb": [last[few], last[many]],
        "recovered_mb_a_campaign": (first[many] - first[few]) / (many - few),
        "mb_a_campaign": (last[many] - last[few]) / (many - few),
        "seconds": seconds,
    }


def growth(samples: Samples) -> dict[str, Any]:
    """The slope of the memory in megabytes a minute, once a fifth of the time is over, and what it was at both ends."""
    settled = [(at, mb) for at, mb in samples if at >= samples[-1][0] / 5]
    slope = linear_regression([at / 60 for at, _ in settled], [mb for _, mb in settled]).slope
    third = len(settled) // 3
    return {
        "minutes": (settled[-1][0] - settled[0][0]) / 60,
        "mb_a_minute": slope,
        "first_third_mb": fmean(mb for _, mb in settled[:third]),
        "last_third_mb": fmean(mb for _, mb in settled[-third:]),
        "samples": [[round(at, 1), round(mb, 1)] for at, mb in samples],
    }
