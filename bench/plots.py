"""Draws the plots of the figures as SVG: in this environment it writes down what is to be drawn, and the peers' Python,
which has matplotlib, draws it (`python plots.py FOLDER < JSON`). The same figures give the same bytes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

BLUE, GREY = "#1f6feb", "#9aa4b2"
SALT = "launchpulse"


def draw(python: Path, folder: Path, plots: Sequence[dict[str, Any]]) -> None:
    """Draw these plots into `folder`.

    Each is {"file": stem, "title", "x", "log"} with either "bars": [[label, least, median, most, is it ours], …] or
    "lines": {label: [[x, y], …]} and "y".
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = [str(python), str(Path(__file__)), str(folder)]
    subprocess.run(command, input=json.dumps(list(plots)), text=True, check=True)


def main() -> None:
    """Draw what is on the standard input."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": SALT, "svg.fonttype": "path", "font.size": 9})
    from matplotlib import pyplot as plt

    for plot in json.load(sys.stdin):
        height = 0.9 + 0.32 * len(plot["bars"]) if "bars" in plot else 3.6
        figure, axes = plt.subplots(figsize=(7.2, height), layout="constrained")
        (_bars if "bars" in plot else _lines)(axes, plot)
        axes.set_title(plot["title"], loc="left", fontsize=10)
        axes.set_xlabel(plot["x"])
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        figure.savefig(Path(sys.argv[1]) / f"{plot['file']}.svg", metadata={"Date": None, "Creator": None})
        plt.close(figure)


def _bars(axes: Any, plot: dict[str, Any]) -> None:
    rows = list(reversed(plot["bars"]))
    medians = [median for _, _, median, _, _ in rows]
    spread = [[m - least for _, least, m, _, _ in rows], [most - m for _, _, m, most, _ in rows]]
    colours = [BLUE if ours else GREY for *_, ours in rows]
    axes.barh([label for label, *_ in rows], medians, xerr=spread, color=colours, ecolor="#444", capsize=2)
    if plot.get("log"):
        axes.set_xscale("log")
    if "mark" in plot:
        axes.axvline(plot["mark"], color="#444", linewidth=0.8, linestyle="--")
    for number, median in enumerate(medians):
        axes.annotate(f"{median:.3g}", (median, number), (6, 5), textcoords="offset points", va="bottom", fontsize=7)


def _lines(axes: Any, plot: dict[str, Any]) -> None:
    for label, points in plot["lines"].items():
        axes.plot([x for x, _ in points], [y for _, y in points], marker="o", markersize=3, label=label)
    if plot.get("log"):
        axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_ylabel(plot["y"])
    axes.legend(frameon=False)


if __name__ == "__main__":
    main()
