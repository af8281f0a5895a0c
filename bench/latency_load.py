"""A steady load in a process of its own, so that measuring and sending do not wait for each other.

`python -m bench.latency_load '{"address": …, "prefix": …, "rate": 5000}'` sends until its standard input is closed,
then prints how many events it has sent.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.load import Pace, Shape
from bench.parts import ROOT, SERVER_CORE, on_core

END_SECONDS = 60.0


class Load:
    """The running process. `sent` is known once it has ended."""

    def __init__(self, address: str, prefix: str, rate: float, shape: Shape, core: int | None) -> None:
        told = {"address": address, "prefix": prefix, "rate": rate, "campaigns": shape.campaigns}
        told |= {"partitions": shape.partitions, "people": shape.people, "seed": shape.seed}
        self.sent = 0
        with on_core(core):
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bench.latency_load", json.dumps(told)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )

    def finish(self) -> int:
        """Send no more; returns how many were sent, all acknowledged. RuntimeError where it failed."""
        if self.process.returncode is None:
            output, _ = self.process.communicate(timeout=END_SECONDS)
            if self.process.returncode != 0:
                raise RuntimeError(f"the load ended with {self.process.returncode}")
            self.sent = json.loads(output)["sent"]
        return self.sent


@contextmanager
def load(address: str, prefix: str, rate: float, shape: Shape, core: int | None = SERVER_CORE) -> Iterator[Load]:
    """Events of now at `rate` a second while the block runs; what is sent is acknowledged at its end."""
    running = Load(address, prefix, rate, shape, core)
    try:
        yield running
        running.finish()
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()


async def _main(told: dict[str, Any]) -> None:
    address, prefix, rate = told.pop("address"), told.pop("prefix"), told.pop("rate")
    pace = Pace(address, prefix, Shape(**told), rate)
    asyncio.get_running_loop().add_reader(sys.stdin, lambda: sys.stdin.buffer.read1() or pace.stop())
    print(json.dumps({"sent": await pace.run()}), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(json.loads(sys.argv[1])))
