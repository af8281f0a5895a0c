"""What people who only look at a live board cost: the CPU of a worker without them, with one, and with 200.

A launch of three campaigns at 150 events a second, with an Alertmanager whose alerts each of them is shown. The viewers
are connections as the page makes them; they are in a process of their own, and only the worker's CPU is counted.

`python -m bench.screen_viewers ADDRESS NUMBER` holds so many open until its standard input is closed, then prints how
many bytes came.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp

from agents.demo.ports import LOOPBACK
from bench.latency_load import load
from bench.parts import ROOT, SERVER_CORE, Stage, cpu_seconds, on_core, program, say
from bench.stream import Shape
from tests.faults.processes import WorkerProcess, wait_for
from tests.rules.alertmanager import BINARIES, alertmanager

RATE = 150.0
CAMPAIGNS = 3
NUMBERS = (0, 1, 200)
WANTED_CORE = 0.1
SETTLE_SECONDS = 5.0
ALERTS = 12
END_SECONDS = 30.0


def require_alertmanager() -> None:
    """Raises NotInstalled where there is none."""
    program("Alertmanager", *BINARIES)


def measure(stage: Stage, seconds: float) -> dict[str, Any]:
    """The worker's cores by the number of viewers, each over so many seconds; `more`: what the viewers add."""
    stage.fresh_redis()
    folder = stage.path / "alertmanager"
    folder.mkdir()
    shape = Shape(campaigns=CAMPAIGNS)
    with alertmanager(folder, {}) as told:
        for number in range(ALERTS):
            labels = {"alertname": f"Drop{number}", "kind": "kpi", "campaign": campaign_of(number % CAMPAIGNS)}
            told.alert({**labels, "severity": "warning", "owner": "Noor", "contact": "#mail"}, summary="a drop")
        with stage.deployment(alertmanager_url=told.url) as deployment:
            worker = deployment.start()
            wait_for(lambda: not worker.reasons(), 90, worker.tail)
            with load(stage.broker.address, deployment.prefix, RATE, shape):
                cores = {number: _cores(worker, number, seconds) for number in NUMBERS}
    most = max(NUMBERS)
    say(f"{most} viewers: {cores[most] - cores[0]:+.3f} cores")
    return {
        "rate": RATE,
        "campaigns": CAMPAIGNS,
        "alerts": ALERTS,
        "seconds": seconds,
        "cores": {str(number): one for number, one in cores.items()},
        "more": {str(number): cores[number] - cores[0] for number in NUMBERS if number},
        "wanted_more": WANTED_CORE,
    }


def campaign_of(number: int) -> str:
    """What the load calls its campaigns."""
    return f"campaign-{number:04d}"


def _cores(worker: WorkerProcess, number: int, seconds: float) -> float:
    assert worker.process is not None
    with _looking(f"http://{LOOPBACK}:{worker.port}", number):
        time.sleep(SETTLE_SECONDS)
        used, began = cpu_seconds(worker.process.pid), time.monotonic()
        time.sleep(seconds)
        return (cpu_seconds(worker.process.pid) - used) / (time.monotonic() - began)


@contextmanager
def _looking(address: str, number: int) -> Iterator[None]:
    """So many viewers while the block runs. RuntimeError where one was refused, or was sent nothing."""
    with on_core(SERVER_CORE):
        command = [sys.executable, "-m", "bench.screen_viewers", address, str(number)]
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield
        output, _ = process.communicate(timeout=END_SECONDS)
        sent = json.loads(output or b"[0]")
        if process.returncode != 0 or len(sent) != number or not all(sent):
            raise RuntimeError(f"of {number} viewers {sum(map(bool, sent))} were sent anything")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


async def _view(session: aiohttp.ClientSession, place: int, taken: list[int]) -> None:
    # As many look at each campaign.
    query = {"campaign": campaign_of(place % CAMPAIGNS), "window": "launch"}
    async with session.get("/board/events", params=query) as answer:
        answer.raise_for_status()
        async for chunk in answer.content.iter_any():
            taken[place] += len(chunk)


async def _main(address: str, number: int) -> None:
    over = asyncio.Event()
    # Nothing is ever written to it: it can be read when it has been closed.
    asyncio.get_running_loop().add_reader(sys.stdin, over.set)
    taken = [0] * number
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(address, connector=connector, timeout=timeout) as session:
        viewers = [asyncio.create_task(_view(session, place, taken)) for place in range(number)]
        await over.wait()
        for viewer in viewers:
            viewer.cancel()
        await asyncio.gather(*viewers, return_exceptions=True)
    print(json.dumps(taken), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2])))
