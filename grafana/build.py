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
from grafana_foundation_sdk.models.dashboard import (  # noqa: E402
    DashboardCursorSync,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from grafana.panels import SOURCE, headline, kpi_lines, pipeline, trust  # noqa: E402
from grafana.queries import WINDOWS  # noqa: E402
from streams.kpis.registry import GROUPS, KPI_BY_NAME  # noqa: E402

FOLDER = ROOT / "grafana" / "dashboards"
DATASOURCE_UID = "launchpulse-prometheus"
DEFAULT_WINDOW = "5m"
HEADLINES = ("reach", "engagement_rate", "net_sentiment", "net_revenue", "orders", "visit_to_sale_rate")


def boards() -> dict[str, str]:
    """File name -> the board as JSON text."""
    return {"launch.json": _text(launch())}


def launch() -> dashboard.Dashboard:
    """The board of one launch: whether it is live, its headline figures, every KPI, the pipeline."""
    board = (
        dashboard.Dashboard("Launch")
        .uid("launchpulse-launch")
        .description("A launch's KPIs, live. Every panel says its formula; written by grafana/build.py.")
        .tags(["launchpulse"])
        .readonly()
        .refresh("1s")
        .time("now-15m", "now")
        .timezone("browser")
        .timepicker(dashboard.TimePicker().refresh_intervals(["1s", "5s", "15s", "1m", "5m"]))
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .with_variable(_datasource())
        .with_variable(_campaign())
        .with_variable(_channel())
        .with_variable(_window())
    )
    board = board.with_row(dashboard.Row("Live, fresh, complete?"))
    for figure in trust():
        board = board.with_panel(figure)
    board = board.with_row(dashboard.Row("$campaign: the headlines"))
    for name in HEADLINES:
        board = board.with_panel(headline(KPI_BY_NAME[name]))
    for title, kpis in GROUPS:
        board = board.with_row(dashboard.Row(title))
        for kpi in kpis:
            board = board.with_panel(kpi_lines(kpi))
    board = board.with_row(dashboard.Row("Pipeline"))
    for panel in pipeline():
        board = board.with_panel(panel)
    return board


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


def _datasource() -> dashboard.DatasourceVariable:
    current = VariableOption(text="Launchpulse", value=DATASOURCE_UID, selected=True)
    return dashboard.DatasourceVariable("datasource").label("Source").type("prometheus").current(current)


def _campaign() -> dashboard.QueryVariable:
    variable = dashboard.QueryVariable("campaign").label("Campaign").datasource(SOURCE)
    variable = variable.query("label_values(campaign_active, campaign)").sort(VariableSort.ALPHABETICAL_ASC)
    return variable.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)


def _channel() -> dashboard.QueryVariable:
    # Not Grafana's own "All": the channel `all` is counted by itself, since people are not the sum of their channels.
    variable = dashboard.QueryVariable("channel").label("Channel").datasource(SOURCE).multi(True)
    variable = variable.query('label_values({campaign="$campaign", channel!=""}, channel)')
    variable = variable.current(VariableOption(text=["all"], value=["all"], selected=True))
    return variable.sort(VariableSort.ALPHABETICAL_ASC).refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)


def _window() -> dashboard.CustomVariable:
    options = [VariableOption(text=name, value=name, selected=name == DEFAULT_WINDOW) for name in WINDOWS]
    current = VariableOption(text=DEFAULT_WINDOW, value=DEFAULT_WINDOW, selected=True)
    variable = dashboard.CustomVariable("window").label("Window").values(",".join(WINDOWS))
    return variable.options(options).current(current)


if __name__ == "__main__":
    sys.exit(main())
