"""docs/boards.md, rendered from the boards: `python -m grafana.reference` prints it."""

import json
import sys
from collections.abc import Iterator
from typing import Any

from grafana.build import boards
from grafana.frame import PIPELINE

_HEAD = """\
# The boards

<!-- Written by `python -m grafana.reference`; do not edit. -->

Four Grafana boards, with ways between them in the top right corner that keep the chosen campaign, channel and window.
Every KPI on them is one of the registry: [kpis.md](kpis.md) has its formula, and so has the (i) of its panel.

- Start with **Launch**. The first row says whose campaign it is and whether the figures can be trusted, the second what
  needs somebody now. Only then come the KPIs.
- Blue is good, vermillion is bad, orange asks for care. A word or a number always says the same, so nobody needs the
  colours.
- A rate stands with its sample size. With too few cases its target is neither met nor missed.
- A window that a KPI does not have is replaced by the next longer one, and its line says so, as in `all (1h)`.
- Under each headline is its trend, beside all channels together; the dashed line is the target.
- The marks in the lines are the launch's start and end and what the team has changed. Point at one to read it.
- A figure that is no longer measured is gone after 15 seconds. It does not stay as it was.
- The past on a board is what Prometheus scraped then. An event that came late is in the pane of its own time and not in
  what was scraped before. For more than a day ask a worker for the repaired history, which any of them has for all
  campaigns: `curl 'http://127.0.0.1:6066/api/campaigns/aurora/history?step=day&format=csv'`.

`make launch-room` shows them with a simulated launch; where Grafana is not installed it says how to get it.
`docker compose up` shows them with your own. What raises an alert, and what to do then, is in [alerts.md](alerts.md).
"""

_FOR = {PIPELINE: "For whoever runs the service."}


def render() -> str:
    """The whole page as Markdown."""
    return "".join(_parts())


def panels(board: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(title of its row, panel) of a board as JSON, those of closed rows too."""
    row = ""
    for panel in board["panels"]:
        if panel["type"] != "row":
            yield row, panel
            continue
        row = panel["title"]
        for inner in panel.get("panels", ()):
            yield row, inner


def _parts() -> Iterator[str]:
    yield _HEAD
    for name, text in boards().items():
        board = json.loads(text)
        yield f"\n## {board['title']}\n\n{board['description']} {_FOR.get(board['uid'], '')}".rstrip()
        yield f"\n\nAddress: `/d/{board['uid']}`. File: `grafana/dashboards/{name}`.\n"
        shown = None
        for row, panel in panels(board):
            if row != shown:
                yield f"\n### {_words(row)}\n\n"
                shown = row
            if not panel["title"].endswith(": trend"):
                yield f"- **{panel['title']}**: {_meaning(panel['description'])}\n"


def _meaning(description: str) -> str:
    """What a marketer reads, on one line: the formula last, without the source and the name of the metric."""
    parts = [part for part in description.split("\n\n") if not part.startswith("Unit: ")]
    formula = [f"Formula: {part.strip('*')}." for part in parts if part.startswith("**")]
    return " ".join([part for part in parts if not part.startswith("**")] + formula)


def _words(row: str) -> str:
    return row.replace("$campaign, $channel: ", "").replace("$campaign", "the campaign").replace(": $channel", "")


if __name__ == "__main__":
    sys.stdout.write(render())
