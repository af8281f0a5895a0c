"""`make bench`, or `python -m bench`: every measurement, docs/figures/benchmarks.json, plots, docs/benchmarks.md.

`python -m bench throughput --only ours-B,loop --rounds 3` measures a part, prints it and writes nothing.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from typing import Any

from bench import environment, plots, report, steps, throughput
from bench.contenders.registry import CONTENDERS, by_name
from bench.parts import FIGURES, ROOT, machine, say
from bench.report import JSON

PAGE = ROOT / "docs" / "benchmarks.md"
ALL = ("throughput", "steps", *report.PARTS)
MINUTES = {
    "throughput": 20, "steps": 2, "latency": 11, "screen": 7, "memory": 25, "recovery": 8, "scaling": 10, "lag": 9,
}  # fmt: skip
"""About so long each part took on two cores."""
QUICK_EVENTS = 1_000_000
WITH_ONLY = ("throughput", "latency", "memory", "scaling")
ONLY = (
    "of throughput: contenders, separated by commas, of "
    + ", ".join(c.name for c in CONTENDERS)
    + "; of latency: cases whose names have this; of memory: a part; of scaling: a curve"
)


def main() -> int:
    """The exit status: 1 where a contender gave no figure."""
    chosen = arguments()
    if chosen.part == "page":
        write(json.loads(JSON.read_text()))
        return 0
    wanted = list(ALL) if chosen.part == "all" else [chosen.part]
    figures: dict[str, Any] = {"quick": chosen.quick}
    if not chosen.quick:
        say(f"bench: {', '.join(wanted)}: about {sum(MINUTES[part] for part in wanted)} minutes on two cores")
    for part in wanted:
        began = time.monotonic()
        say(f"bench: {part}")
        figures[part] = measure(part, chosen)
        say(f"bench: {part} took {(time.monotonic() - began) / 60:.1f} min")
        if part == "throughput":
            print(throughput.table(figures[part]))
        elif chosen.part != "all":
            print(json.dumps(figures[part], indent=1))
        if chosen.part == "all" or chosen.keep:
            keep(figures, whole=chosen.part == "all")
    return 1 if figures.get("throughput", {}).get("failures") else 0


def arguments() -> argparse.Namespace:
    """What was typed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("part", nargs="?", default="all", choices=("all", *ALL, "page"))
    parser.add_argument("--quick", action="store_true", help="some minutes; figures that are not to be quoted")
    parser.add_argument("--only", help=ONLY)
    parser.add_argument("--rounds", type=int, help="of the throughput; 7, or 1 with --quick")
    parser.add_argument("--events", type=int, help="in the largest backlog; 3 million, or 1 million with --quick")
    parser.add_argument("--compression", default="none", choices=("none", "lz4"))
    parser.add_argument("--keep", action="store_true", help="put a part that was measured alone among the kept figures")
    chosen = parser.parse_args()
    if chosen.only and chosen.part not in WITH_ONLY:
        parser.error(f"--only is for one of {', '.join(WITH_ONLY)}")
    return chosen


def measure(part: str, chosen: argparse.Namespace) -> dict[str, Any]:
    """Measure one part."""
    if part == "steps":
        return steps.run(chosen.quick)
    if part != "throughput":
        only = {"only": chosen.only} if chosen.only else {}
        found: dict[str, Any] = importlib.import_module(f"bench.{part}").run(quick=chosen.quick, **only)
        return found
    rounds = chosen.rounds or (1 if chosen.quick else 7)
    events = chosen.events or (QUICK_EVENTS if chosen.quick else throughput.EVENTS)
    contenders = by_name(chosen.only.split(",")) if chosen.only else list(CONTENDERS)
    measured = throughput.measure(contenders, rounds, events, compression=chosen.compression)
    return {"machine": machine(), **measured}


def keep(figures: dict[str, Any], whole: bool) -> None:
    """Put these figures into the file, those of other parts stay there unless the run is a whole one's; write the page.

    After each part, so that a run that is stopped keeps what it has.
    """
    before: dict[str, Any] = json.loads(JSON.read_text()) if JSON.exists() and not whole else {}
    kept = {**before, **figures}
    FIGURES.mkdir(parents=True, exist_ok=True)
    JSON.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
    write(kept)


def write(figures: dict[str, Any]) -> None:
    """Draw the plots and write the page."""
    plots.draw(environment.ensure(), FIGURES, report.plots(figures))
    PAGE.write_text(report.render(figures))


if __name__ == "__main__":
    sys.exit(main())
