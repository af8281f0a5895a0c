"""What was measured: as text, as docs/figures/alert-quality.json, and as a plot beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from bench.alert_quality.judge import DEEP, DUE, FALSE_IN, SOON_SECONDS, SOON_SHARE, Seen
from bench.alert_quality.measure import Judged
from bench.alert_quality.series import STEP_SECONDS
from bench.parts import ROOT
from bench.plots import draw

FOLDER = ROOT / "docs" / "figures"
NAME = "alert-quality"
SIZES = ((0.3, 0.4), (0.4, 0.5), (0.5, 0.65), (0.65, 0.8))
VOLUMES = (0, 50, 100, 150, 300, 1_000, float("inf"))


def figures(seed: int, quiet: int, batches: Sequence[Judged]) -> dict[str, Any]:
    """All of it, as it stands in the file. quiet: how many launches were without a drop."""
    drops = [drop for batch in batches for drop in batch.drops]
    false = [one for batch in batches for one in batch.false]
    wanted = [drop for drop in drops if drop.wanted]
    return {
        "seed": seed,
        "step_seconds": STEP_SECONDS,
        "quiet": {"launches": quiet, "false": [asdict(one) for one in false if one.launch.startswith("quiet")]},
        "dropped": {"launches": len(drops), "false": [asdict(one) for one in false if one.launch.startswith("drop")]},
        "wanted": {
            "share": DEEP, "due": DUE, "seconds": SOON_SECONDS,
            "drops": len(wanted), "soon": sum(drop.soon for drop in wanted),
        },
        "delays": [cell for low, high in SIZES for cell in _cells(low, high, drops)],
        "missed": [asdict(drop) for drop in wanted if not drop.soon],
    }  # fmt: skip


def missed_rates(found: dict[str, Any]) -> list[str]:
    """Which of the wanted rates are missed, in words; none where all is well."""
    quiet, wanted = found["quiet"], found["wanted"]
    false, missed = len(quiet["false"]), []
    if false * FALSE_IN > quiet["launches"]:
        missed.append(f"{false} false alerts in {quiet['launches']} quiet launches; wanted: at most 1 in {FALSE_IN}")
    if not wanted["drops"]:
        missed.append(f"no drop of {DEEP:.0%} or more with {DUE} engagements expected: judge more launches")
    elif wanted["soon"] < SOON_SHARE * wanted["drops"]:
        missed.append(
            f"{wanted['soon']} of {wanted['drops']} wanted drops told within {SOON_SECONDS} s; "
            f"wanted: at least {SOON_SHARE:.0%}"
        )
    return missed


def _cells(low: float, high: float, drops: Sequence[Seen]) -> list[dict[str, Any]]:
    """Of drops of that size, a volume each: how many, how many seen, and their median delay while most are seen."""
    cells = []
    for least, most in pairwise(VOLUMES):
        here = [drop for drop in drops if low <= drop.share < high and least <= drop.due < most]
        if not here:
            continue
        delays = [float("inf") if drop.delay is None else drop.delay for drop in here]
        usual = median(delays)
        cells.append({
            "size": [low, high], "due": [least, None if most == float("inf") else most],
            "median_due": round(median(drop.due for drop in here)), "drops": len(here),
            "soon": sum(drop.soon for drop in here), "seen": sum(drop.delay is not None for drop in here),
            "median_seconds": None if usual == float("inf") else usual,
        })  # fmt: skip
    return cells


def told(found: dict[str, Any]) -> str:
    """The figures in words."""
    quiet, dropped, wanted = found["quiet"], found["dropped"], found["wanted"]
    lines = [
        f"{len(quiet['false'])} false alerts in {quiet['launches']} quiet launches",
        *(_false(one) for one in quiet["false"]),
        f"{len(dropped['false'])} false alerts in {dropped['launches']} launches with a drop",
        *(_false(one) for one in dropped["false"]),
        f"{wanted['soon']} of {wanted['drops']} drops of {DEEP:.0%} or more, where {DUE} engagements or more were "
        f"expected in two minutes, seen within {SOON_SECONDS} s",
        *(
            f"  {one['launch']}, {one['channel']}: {one['share']:.0%} of {one['due']:.0f}, after {one['delay']} s"
            for one in found["missed"]
        ),
        "size         expected     drops  seen  within 2 min  median delay",
    ]
    for cell in found["delays"]:
        low, high = cell["size"]
        least, most = cell["due"]
        late = "-" if cell["median_seconds"] is None else f"{cell['median_seconds']:.0f} s"
        lines.append(
            f"{low:.0%} to {high:.0%}   {f'{least} to {most}' if most else f'{least} or more':12} {cell['drops']:5} "
            f"{cell['seen']:5} {cell['soon']:13}  {late:>12}"
        )
    return "\n".join(lines)


def _false(one: dict[str, Any]) -> str:
    return f"  {one['alert']}: {one['launch']}, {one['channel']}, minute {one['second'] / 60:.1f}"


def write(found: dict[str, Any], python: Path) -> None:
    """Write the file and the plot; `python` has matplotlib."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{NAME}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    lines: dict[str, list[tuple[float, float]]] = {}
    for cell in found["delays"]:
        if cell["median_seconds"] is not None:
            low, high = cell["size"]
            lines.setdefault(f"{low:.0%} to {high:.0%} lost", []).append((cell["median_due"], cell["median_seconds"]))
    plot = {
        "file": NAME, "title": "How soon a drop in engagement is told", "log": True,
        "x": "engagements expected in two minutes", "y": "median seconds until the alert fires", "lines": lines,
    }  # fmt: skip
    draw(python, FOLDER, [plot])
