"""Writes the boards from the KPI registry: `python -m grafana.build [FOLDER]`, by default into grafana/dashboards.

With --check it writes nothing, and ends with exit code 1 where a committed board differs from what it would write.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if __package__ in (None, ""):  # run by its path, as deploy/generate.py does
    sys.path[0] = str(ROOT)

from grafana_foundation_sdk.builders import dashboard  # noqa: E402
from grafana_foundation_sdk.cog.encoder import JSONEncoder  # noqa: E402

from grafana.campaign import campaign  # noqa: E402
from grafana.launch import launch  # noqa: E402
from grafana.pipeline import pipeline  # noqa: E402
from grafana.portfolio import portfolio  # noqa: E402

FOLDER = ROOT / "grafana" / "dashboards"


def boards() -> dict[str, str]:
    """File name -> the board as JSON text."""
    return {
        "launch.json": _text(launch()),
        "campaign.json": _text(campaign()),
        "portfolio.json": _text(portfolio()),
        "pipeline.json": _text(pipeline()),
    }


def main(arguments: list[str] | None = None) -> int:
    """Write or compare. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="where the boards are")
    parser.add_argument("--check", action="store_true", help="write nothing, compare only")
    options = parser.parse_args(arguments)
    stale = []
    for name, text in boards().items():
        path = options.folder / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if options.check:
            stale.append(name)
        else:
            options.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if stale:
        print(f"not up to date: {', '.join(stale)}; run `python -m grafana.build`", file=sys.stderr)
    return 1 if stale else 0


def _text(board: dashboard.Dashboard) -> str:
    return json.dumps(board.build(), cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
