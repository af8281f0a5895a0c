"""docs/benchmarks.md: from docs/figures/benchmarks.json, and from nothing else, so that a check can make it again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from bench import report_parts
from bench.parts import FIGURES
from bench.report_steps import section as steps_section
from bench.report_throughput import bars, section

JSON = FIGURES / "benchmarks.json"

PARTS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "latency": report_parts.latency,
    "screen": report_parts.screen,
    "lag": report_parts.lag,
    "memory": report_parts.memory,
    "recovery": report_parts.recovery,
    "scaling": report_parts.scaling,
}
"""Modules of this package with `run(quick) -> figures`, and what tells their figures."""

HEAD = """<!-- written by `make bench` from docs/figures/benchmarks.json; `make docs` writes it anew -->

# Benchmarks

How fast this service counts, beside what people use today, on one core. Written by `make bench`, which anyone can
repeat: it needs Linux with two cores, about 8 GB of memory and disk, and an hour or two (`make bench ARGS=--quick`:
some minutes, with figures that are not to be quoted).

Absolute figures vary from machine to machine, and on a shared one from minute to minute. **The ratios are the result**:
each is of two runs over the same log a few minutes apart.
"""


def render(figures: Mapping[str, Any]) -> str:
    """The page. A part that was not measured is not on it."""
    parts = [HEAD]
    if figures.get("quick"):
        parts.append("**These figures are of a quick run: do not quote them.**\n")
    if "throughput" in figures:
        parts.append(section(figures["throughput"]))
    if "steps" in figures:
        parts.append(steps_section(figures["steps"], figures.get("throughput")))
    parts += [tell(figures[name]) for name, tell in PARTS.items() if name in figures]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def plots(figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is to be drawn beside the page; see `plots.draw`."""
    found = [] if "throughput" not in figures else bars(figures["throughput"])
    if "scaling" in figures:
        found += report_parts.scaling_plots(figures["scaling"])
    return found


if __name__ == "__main__":
    print(render(json.loads(JSON.read_text()) if JSON.exists() else {}), end="")
