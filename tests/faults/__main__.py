"""`python -m tests.faults --faults 20 --seed 7`: random faults under load, and what they cost.

Prints each fault with the time until everybody was ready and counting again, a table by kind, and the recount: how many
events were lost or doubled. The same seed makes the same faults in the same order. Exits 0 if nothing was.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.faults.deployment import Deployment
from tests.faults.kinds import KINDS
from tests.support.kafka import KafkaBroker
from tests.support.redis import RedisServer

SHORT = 8
COUNTING_SECONDS = 60.0


def main() -> int:
    """The exit status: 0 exact, 1 not."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--faults", type=int, default=30, help="how many faults")
    parser.add_argument("--short", action="store_true", help=f"{SHORT} faults")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same faults")
    parser.add_argument("--rate", type=float, default=400.0, help="events a second")
    parser.add_argument("--blocks", type=int, default=None, help="end blocks after so many offsets, not 50,000")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="launchpulse-faults-") as directory:
        settings = {} if chosen.blocks is None else {"test_block_offsets": chosen.blocks}
        with (
            KafkaBroker() as broker,
            RedisServer() as redis,
            Deployment(Path(directory), broker, redis, **settings) as deployment,
        ):
            return run(deployment, SHORT if chosen.short else chosen.faults, chosen.seed, chosen.rate)


def run(deployment: Deployment, faults: int, seed: int, rate: float) -> int:
    """Do so many faults, print what they cost; 0 if every counter is right."""
    out, rng = Console(), random.Random(seed)
    took: dict[str, list[float]] = defaultdict(list)
    with deployment.sender(seed, rate) as sender:
        deployment.start("w1", "w2", "w3")
        out.print(f"counting after {deployment.wait_counting(COUNTING_SECONDS):.1f} s; seed {seed}")
        for number in range(1, faults + 1):
            time.sleep(rng.uniform(0.3, 4))
            kind = rng.choice(sorted(KINDS))
            began = time.monotonic()
            KINDS[kind](deployment, rng)
            mended = time.monotonic()
            seconds = deployment.wait_counting(COUNTING_SECONDS)
            took[kind].append(seconds)
            out.print(f"{number:>3} {kind:<14} lasted {mended - began:4.1f} s, counting after {seconds:4.1f} s")
            for worker in deployment.workers.values():
                if worker.process is not None and worker.process.poll() not in (None, 0, -9):
                    out.print(f"    {worker.name} ended by itself with {worker.process.poll()}: started again")
                    deployment.start(worker.name)
        sender.finish()
        verdict = deployment.verdict(seconds=COUNTING_SECONDS)
    _print(out, took)
    out.print(str(verdict), markup=False, soft_wrap=True)
    return 0 if verdict.exact else 1


def _print(out: Console, took: dict[str, list[float]]) -> None:
    table = Table("fault", "times", "counting again after: median", "longest")
    for kind, seconds in sorted(took.items()):
        table.add_row(kind, str(len(seconds)), f"{statistics.median(seconds):.1f} s", f"{max(seconds):.1f} s")
    out.print(table)


if __name__ == "__main__":
    sys.exit(main())
