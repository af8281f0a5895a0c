"""From a produced sale to its number on the live board in a real browser, at 5,000 events a second.

Two workers. One board is held open at the worker that owns the probes' campaign, one at the other, which has the
figures by way of Redis. Everything, the browser too, runs where the kernel puts it. A probe is a sale in a campaign
where nothing else counts, so `orders` says how many are shown. The clock begins before the producer is called, and ends
when the number stands in the page: see screen_board.py. What people who only look cost is measured beside it:
screen_viewers.py.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from aiokafka import AIOKafkaProducer

from agents.demo.ports import LOOPBACK
from bench import screen_viewers
from bench.latency import percentiles
from bench.latency_load import load
from bench.parts import Busy, Stage, cpu_seconds, full_or_not, machine, say
from bench.screen_board import Board, Shown, browser, chromium_path
from bench.stream import Shape
from tests.faults.processes import WorkerProcess, wait_for

WANTED = {"p50": 0.6, "p99": 1.3}
RATE = 5_000.0
PARTITIONS, SUMMARIES = 4, 8
CAMPAIGN = "screen"
PROBES, QUICK_PROBES = 220, 30
GAP_SECONDS = (0.6, 1.2)
"""Between two probes: not in step with anything in the worker."""
WARM_UP_SECONDS = 15.0
GIVE_UP_SECONDS = 30.0
PLACES = ("owner", "other")
"""Which worker's board: that of the worker that owns the campaign, or the other's."""


def run(quick: bool = False) -> dict[str, Any]:
    """The figures of PROBES probes (quick: QUICK_PROBES), and what viewers cost. Raises NotInstalled."""
    chromium_path()
    screen_viewers.require_alertmanager()
    with Stage(hot=False, core=None) as stage:
        shown = _measure(stage, QUICK_PROBES if quick else PROBES)
        viewers = screen_viewers.measure(stage, 8.0 if quick else 30.0)
    return {"machine": machine(), "wanted_seconds": WANTED, **shown, "viewers": viewers}


def _measure(stage: Stage, probes: int) -> dict[str, Any]:
    with stage.deployment(PARTITIONS, summaries_partitions=SUMMARIES) as deployment, ExitStack() as running:
        workers = [deployment.start(f"worker-{number}", None) for number in range(2)]
        wait_for(lambda: not any(worker.reasons() for worker in workers), 90, workers[0].tail)
        sending = running.enter_context(
            load(stage.broker.address, deployment.prefix, RATE, Shape(partitions=PARTITIONS), None)
        )
        pids = [worker.process.pid for worker in workers if worker.process is not None]
        before, began, busy = [cpu_seconds(pid) for pid in pids], time.monotonic(), Busy()
        seconds, off = asyncio.run(_probe(stage.broker.address, f"{deployment.prefix}sale", workers, probes))
        took = time.monotonic() - began
        cores_busy = busy.shares()
        used = [cpu_seconds(pid) - had for pid, had in zip(pids, before, strict=True)]
        sent = sending.finish()
    for place, found in seconds.items():
        say(f"board of the {place}: p50 {found['p50']:.3f} p95 {found['p95']:.3f} p99 {found['p99']:.3f}")
    say(full_or_not(cores_busy))
    return {
        "events_per_second": sent / took,
        "probes": probes,
        "seconds": seconds,
        "clock_off_seconds": off,
        "worker_cores": [one / took for one in used],
        "cores_busy": cores_busy,
    }


async def _probe(
    address: str, topic: str, workers: Sequence[WorkerProcess], probes: int
) -> tuple[dict[str, dict[str, float]], float]:
    """Place -> seconds of each probe, and by how much the browser's clock was off at most, which is taken out."""
    rng = random.Random(CAMPAIGN)
    sent: list[float] = []
    async with (
        AIOKafkaProducer(bootstrap_servers=address, acks="all", enable_idempotence=True, linger_ms=0) as producer,
        browser() as chromium,
    ):

        async def produce() -> None:
            at = time.time()
            value = (
                f'{{"id":"probe-{len(sent)}","time":{int(at * 1000)},"campaign":"{CAMPAIGN}","channel":"email",'
                f'"amount":"9.99","currency":"EUR"}}'
            ).encode()
            sent.append(time.time())
            await producer.send(topic, value)

        # The first makes the campaign known, so that there is a board to be opened.
        await produce()
        await asyncio.to_thread(wait_for, lambda: bool(owners(workers)), GIVE_UP_SECONDS, workers[0].tail)
        owner = owners(workers)[0]
        by_place = dict(zip(PLACES, sorted(workers, key=lambda worker: worker is not owner), strict=True))
        boards = {
            place: await Board.open(chromium, f"http://{LOOPBACK}:{worker.port}/?campaign={CAMPAIGN}&window=launch")
            for place, worker in by_place.items()
        }
        await asyncio.sleep(WARM_UP_SECONDS)
        first = len(sent)
        for _ in range(probes):
            await produce()
            await asyncio.sleep(rng.uniform(*GAP_SECONDS))
        shown = {place: await board.until(len(sent), GIVE_UP_SECONDS) for place, board in boards.items()}
        offs = {place: await board.clock_off() for place, board in boards.items()}
    if owners(workers) != [owner]:
        raise RuntimeError("the campaign has moved to another worker meanwhile")
    found = {place: delays(sent, shown[place], offs[place])[first:] for place in PLACES}
    return {place: percentiles(one) for place, one in found.items()}, max(map(abs, offs.values()))


def owners(workers: Sequence[WorkerProcess]) -> list[WorkerProcess]:
    """Those that own the probes' campaign: only an owner has its API answer."""
    return [worker for worker in workers if worker.get(f"/api/campaigns/{CAMPAIGN}")[0] == 200]


def delays(sent: Sequence[float], shown: Sequence[Shown], clock_off: float = 0.0) -> list[float]:
    """Seconds from each probe's sending (epoch seconds) until the page first showed as many.

    clock_off: seconds by which the page's clock is ahead. Raises RuntimeError where the page never showed that many.
    """
    found: list[float] = []
    looks = iter(sorted(shown, key=lambda one: one[1]))
    number, at = 0, 0.0
    for place, began in enumerate(sent, start=1):
        while number < place:
            number, at = next(looks, (0, -1.0))
            if at < 0:
                raise RuntimeError(f"probe {place} of {len(sent)} was not shown")
        found.append(at - clock_off - began)
    return found
