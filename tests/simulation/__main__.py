"""Replay one run, or try many: `python -m tests.simulation SEED [--runs N] [--without RULE]`."""

import argparse
import sys
import time

from tests.simulation.rules import Rule
from tests.simulation.verdict import run
from tests.simulation.world import STEPS


def main() -> int:
    """1 where a run was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("seed", type=int)
    parser.add_argument("--runs", type=int, default=1, help="so many seeds from SEED on")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--without", type=Rule, choices=list(Rule), action="append", default=[])
    parser.add_argument("--forgetful", action="store_true", help="Redis loses its latest claims now and then")
    given = parser.parse_args()
    began, events, wrong = time.monotonic(), 0, 0
    for seed in range(given.seed, given.seed + given.runs):
        verdict = run(seed, given.without, given.steps, given.forgetful)
        events += verdict.events
        if verdict.wrong:
            wrong += 1
            print(verdict, flush=True)
    print(f"runs {given.runs}, events {events}, wrong {wrong}, {time.monotonic() - began:.1f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
