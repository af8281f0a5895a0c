"""`python -m bench.alert_quality`: how often alerts are false, and how soon a drop in engagement is told.

Launches of the simulator's kind, on a simulated clock, are played to the committed rules in a real Prometheus: 200
quiet ones and 200 with a drop, or as many as --launches says; docs/figures is written anew. With --short ten of each,
and only printed.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from concurrent.futures.process import BrokenProcessPool

from bench import environment
from bench.alert_quality import figures
from bench.alert_quality.measure import judge_all
from bench.alert_quality.prometheus import PrometheusFailed

LAUNCHES, SHORT = 200, 10
PROCESSES = 2
SEED = 1


def measure(seed: int, launches: int, processes: int) -> dict[str, object]:
    """The figures of so many quiet launches, and as many with a drop. Raises PrometheusFailed, BrokenProcessPool."""

    def tell(judged: int) -> None:
        print(f"{judged} of {launches} launches of each kind", file=sys.stderr, flush=True)

    return figures.figures(seed, launches, judge_all(seed, launches, processes, tell))


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, write the figures. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="ten launches of each kind; writes nothing")
    parser.add_argument("--launches", type=int, default=LAUNCHES, help="so many of each kind")
    parser.add_argument("--seed", type=int, default=SEED, help="other launches; writes nothing")
    parser.add_argument("--processes", type=int, default=PROCESSES, help="so many batches beside each other")
    options = parser.parse_args(arguments)
    if missing := [name for name in ("promtool", "prometheus") if shutil.which(name) is None]:
        print(f"{', '.join(missing)} missing; on Debian or Ubuntu type: apt-get install prometheus", file=sys.stderr)
        return 1
    writes = not options.short and options.seed == SEED
    try:
        python = environment.ensure() if writes else None
        found = measure(options.seed, SHORT if options.short else options.launches, options.processes)
    except (PrometheusFailed, BrokenProcessPool, environment.NoPeers) as error:
        print(f"alert-quality: {error}", file=sys.stderr)
        return 1
    print(figures.told(found))
    if python is not None:
        figures.write(found, python)
    missed = figures.missed_rates(found)
    for rate in missed:
        print(f"alert-quality: missed: {rate}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
