"""What our worker holds while nothing comes, and a stock Faust worker on the same broker: resident memory."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from agents.demo.ports import any_port
from bench.parts import ROOT, WORKER_CORE, Stage, on_core
from tests.faults.processes import wait_for

SETTLE_SECONDS = 15.0
WANTED_MB = 60.0
MB = 1_000_000
STARTED = "stock worker is ready"

STOCK = f"""
import sys, faust
broker, name, port, directory = sys.argv[1:]
app = faust.App(name, broker="kafka://" + broker, store="memory://", datadir=directory, web_port=int(port),
                web_host="127.0.0.1", topic_partitions=4)
counts = app.Table("counts", default=int, partitions=4)

@app.agent(app.topic("visit", value_type=bytes, value_serializer="raw", partitions=4, internal=True))
async def count(events):
    async for event in events:
        counts["all"] += 1

@app.task
async def started():
    print({STARTED!r}, flush=True)

sys.argv[1:] = ["worker", "-l", "warn"]
app.main()
"""


def resident(pid: int) -> int:
    """Bytes of memory that a process has resident, shared pages included."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def measure(stage: Stage, rounds: int) -> dict[str, Any]:
    """Megabytes (10^6 bytes) of both, and by how much ours is larger."""
    ours = [_ours(stage) for _ in range(rounds)]
    stock = [_stock(stage) for _ in range(rounds)]
    over = median(ours) - median(stock)
    return {"ours_mb": ours, "stock_mb": stock, "over_mb": over, "wanted_mb": WANTED_MB, "met": over <= WANTED_MB}


def _ours(stage: Stage) -> float:
    stage.fresh_redis()
    with stage.deployment() as deployment:
        worker = deployment.start()
        wait_for(lambda: not worker.reasons(), 60, worker.tail)
        time.sleep(SETTLE_SECONDS)
        assert worker.process is not None
        return resident(worker.process.pid) / MB


def _stock(stage: Stage) -> float:
    name = f"s{secrets.token_hex(4)}"
    log = stage.path / f"{name}.log"
    arguments = [stage.broker.address, name, str(any_port()), str(stage.path / name)]
    with on_core(WORKER_CORE), log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", STOCK, *arguments], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        wait_for(lambda: STARTED in log.read_text(), 60, lambda: log.read_text()[-2000:])
        time.sleep(SETTLE_SECONDS)
        if process.poll() is not None:
            raise RuntimeError(f"the stock worker ended:\n{log.read_text()[-2000:]}")
        return resident(process.pid) / MB
    finally:
        process.kill()
        process.wait()
