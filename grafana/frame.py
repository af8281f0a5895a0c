"""What all boards share: the choice of campaign, channel and window, ways between them, marks of what was done."""

from collections.abc import Iterable, Sequence
from itertools import count

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from grafana.elements import SOURCE, Panel
from grafana.queries import WINDOWS
from grafana.style import CAREFUL, GOOD, PLAIN
from grafana.thresholds import LOOKBACK
from streams.kpis.registry import KPI_BY_NAME

DATASOURCE_UID = "launchpulse-prometheus"
LAUNCH, CAMPAIGN, PORTFOLIO, PIPELINE = (
    f"launchpulse-{name}" for name in ("launch", "campaign", "portfolio", "pipeline")
)
TITLES = {LAUNCH: "Launch", CAMPAIGN: "Campaign", PORTFOLIO: "Portfolio", PIPELINE: "Pipeline"}
DEFAULT_WINDOW = "5m"

_FIRST_KPI = 1_000

SCRAPED = (
    "Lines show what was scraped at that time. Beyond a day, late events matter: the repaired history is at a worker's "
    "`/api/campaigns/ID/history?format=csv`."
)
"""What every board says of its own past."""

Row = tuple[str, Sequence[Panel]]
"""A row's title and its panels."""


def board(
    uid: str, description: str, rows: Iterable[Row], closed: Iterable[Row] = (), *, refresh: str = "1s"
) -> dashboard.Dashboard:
    """A board of these rows; those of `closed` are opened by a click and ask nothing before."""
    made = (
        dashboard.Dashboard(TITLES[uid])
        .uid(uid)
        .description(f"{description} {SCRAPED}")
        .tags(["launchpulse"])
        .readonly()
        .refresh(refresh)
        .time("now-15m", "now")
        .timezone("browser")
        .timepicker(dashboard.TimePicker().refresh_intervals(["1s", "5s", "15s", "1m", "5m"]))
        .tooltip(DashboardCursorSync.CROSSHAIR)
    )
    for variable in (_datasource(), _campaign(), _channel(), _window()):
        made = made.with_variable(variable)
    for other in TITLES:
        if other != uid:
            made = made.link(_way_to(other))
    for annotation in _marks():
        made = made.annotation(annotation)
    numbers = count(1)
    for title, panels in rows:
        made = made.with_row(dashboard.Row(title).id(next(numbers)))
        for panel in panels:
            made = made.with_panel(panel.id(next(numbers)))
    for title, panels in closed:
        row = dashboard.Row(title).id(next(numbers)).collapsed(True)
        for panel in panels:
            row = row.with_panel(panel)
        made = made.with_row(row)
    return made


def panel_id(kpi: str) -> int:
    """The number of a KPI's panel on the board "Campaign": `viewPanel` of its address. Raises KeyError."""
    return _FIRST_KPI + list(KPI_BY_NAME).index(KPI_BY_NAME[kpi].name)


def _way_to(uid: str) -> dashboard.DashboardLink:
    way = dashboard.DashboardLink(TITLES[uid]).type(DashboardLinkType.LINK).url(f"/d/{uid}")
    return way.include_vars(True).keep_time(True).icon("dashboard")


def _marks() -> Iterable[dashboard.AnnotationQuery]:
    for name, metric, color, text in (
        ("Launch starts", "campaign_starts_timestamp_seconds", GOOD, "The launch starts"),
        ("Launch ends", "campaign_ends_timestamp_seconds", PLAIN, "The launch ends"),
        ("Tactics", "campaign_tactic_timestamp_seconds", CAREFUL, "{{channel}}: {{title}} ({{owner}})"),
    ):
        by = "campaign, channel, title, owner" if name == "Tactics" else "campaign"
        expr = f'max by ({by}) (last_over_time({metric}{{campaign="$campaign"}}[{LOOKBACK}])) * 1000'
        mark = dashboard.AnnotationQuery().name(name).datasource(SOURCE).enable(True).icon_color(color)
        yield mark.expr(expr).title_format(text).text_format("").use_value_for_time(True).step("15s")


def _datasource() -> dashboard.DatasourceVariable:
    current = VariableOption(text="Launchpulse", value=DATASOURCE_UID, selected=True)
    return dashboard.DatasourceVariable("datasource").label("Source").type("prometheus").current(current)


def _campaign() -> dashboard.QueryVariable:
    variable = dashboard.QueryVariable("campaign").label("Campaign").datasource(SOURCE)
    variable = variable.query("label_values(campaign_active, campaign)").sort(VariableSort.ALPHABETICAL_ASC)
    return variable.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)


def _channel() -> dashboard.QueryVariable:
    # Not Grafana's own "All": the channel `all` is counted by itself, since people are not the sum of their channels.
    variable = dashboard.QueryVariable("channel").label("Channel").datasource(SOURCE)
    variable = variable.query('label_values({campaign="$campaign", channel!=""}, channel)')
    variable = variable.current(VariableOption(text="all", value="all", selected=True))
    return variable.sort(VariableSort.ALPHABETICAL_ASC).refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)


def _window() -> dashboard.CustomVariable:
    options = [VariableOption(text=name, value=name, selected=name == DEFAULT_WINDOW) for name in WINDOWS]
    current = VariableOption(text=DEFAULT_WINDOW, value=DEFAULT_WINDOW, selected=True)
    variable = dashboard.CustomVariable("window").label("Window").values(",".join(WINDOWS))
    return variable.options(options).current(current)
