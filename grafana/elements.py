"""The kinds of panels that the boards are made of, each with its look and without a meaning of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import bargauge, common, prometheus, stat, table, timeseries
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    GraphGradientMode,
    LegendDisplayMode,
    LegendPlacement,
    TableCellHeight,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import DataSourceRef, DataTransformerConfig, DynamicConfigValue
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from grafana.style import SERIES, Step, by_name, by_thresholds, in_one_color, thresholds

SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")

Panel = stat.Panel | timeseries.Panel | table.Panel | bargauge.Panel


@dataclass(frozen=True, slots=True)
class Column:
    """A column of numbers: its query, its title, its unit, and from where on it has which colour."""

    expr: str
    title: str
    unit: str = "short"
    steps: Sequence[Step] = ()


def query(expr: str, legend_format: str, ref_id: str = "A", *, instant: bool = False) -> prometheus.Dataquery:
    """A query: the newest value alone where `instant`, else the line of the chosen time."""
    made = prometheus.Dataquery().datasource(SOURCE).ref_id(ref_id).expr(expr).legend_format(legend_format)
    return made.instant() if instant else made.range()


def figure(title: str, description: str, steps: Sequence[Step] = ()) -> stat.Panel:
    """Large figures, without queries yet. What they show is of now: a figure that ended is gone, not frozen."""
    reduced = common.ReduceDataOptions().calcs(["lastNotNull"]).values(False)
    panel = stat.Panel().title(title).description(description).datasource(SOURCE).reduce_options(reduced)
    panel = panel.thresholds(thresholds(steps or ((None, "text"),))).color_scheme(by_thresholds())
    return panel.graph_mode(BigValueGraphMode.NONE).no_value("no data")


def light(title: str, description: str, expr: str, steps: Sequence[Step], unit: str = "short") -> stat.Panel:
    """One figure whose background says how good it is."""
    panel = figure(title, description, steps).unit(unit).span(3).height(3)
    return panel.color_mode(BigValueColorMode.BACKGROUND).with_target(query(expr, title, instant=True))


def word(title: str, description: str, expr: str, legend_format: str) -> stat.Panel:
    """A text that a label holds."""
    panel = figure(title, description).span(3).height(3).text_mode(BigValueTextMode.NAME)
    return panel.with_target(query(expr, legend_format, instant=True))


def lines(title: str, description: str, unit: str, names: Sequence[str] = ()) -> timeseries.Panel:
    """Lines, without queries yet. names: what lines may begin with, each then has a colour of its own."""
    legends = common.VizLegendOptions().display_mode(LegendDisplayMode.TABLE).placement(LegendPlacement.BOTTOM)
    tooltip = common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI)
    panel = timeseries.Panel().title(title).description(description).datasource(SOURCE).unit(unit)
    panel = panel.legend(legends.show_legend(True).calcs(["lastNotNull"])).tooltip(tooltip).interval("1s")
    panel = panel.line_width(2).fill_opacity(8).gradient_mode(GraphGradientMode.OPACITY).span(8).height(8)
    panel = panel.color_scheme(in_one_color(SERIES[0]))
    for expression, properties in by_name(names):
        panel = panel.override_by_regexp(expression, properties)
    return panel.show_points(VisibilityMode.NEVER).no_value("no data")


def bars(title: str, description: str, unit: str) -> bargauge.Panel:
    """Bars of now, without queries yet."""
    reduced = common.ReduceDataOptions().calcs(["lastNotNull"]).values(False)
    panel = bargauge.Panel().title(title).description(description).datasource(SOURCE).unit(unit).min(0)
    panel = panel.reduce_options(reduced).orientation(VizOrientation.HORIZONTAL).display_mode(BarGaugeDisplayMode.BASIC)
    panel = panel.thresholds(thresholds(((None, SERIES[0]),))).color_scheme(by_thresholds())
    return panel.span(8).height(8).no_value("no data")


def rows(
    title: str,
    description: str,
    columns: Sequence[Column],
    texts: Mapping[str, str],
    links: Mapping[str, str] | None = None,
    sort: tuple[str, bool] | None = None,
) -> table.Panel:
    """A table of now: its rows have the labels `texts` (label -> title), its numbers come from `columns`.

    links: label -> the address behind its cells. sort: (title, whether the largest is first).
    """
    panel = table.Panel().title(title).description(description).datasource(SOURCE).span(24).height(8)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    names, order = dict(texts), {label: place for place, label in enumerate(texts)}
    for place, (letter, column) in enumerate(zip(letters, columns, strict=False)):
        panel = panel.with_target(query(column.expr, "", letter, instant=True).format(PromQueryFormat.TABLE))
        value = "Value" if len(columns) == 1 else f"Value #{letter}"
        names[value], order[value] = column.title, len(texts) + place
        properties = [DynamicConfigValue(id_val="unit", value=column.unit)]
        if column.steps:
            steps = {"mode": "absolute", "steps": [{"value": at, "color": color} for at, color in column.steps]}
            properties += [
                DynamicConfigValue(id_val="thresholds", value=steps),
                DynamicConfigValue(id_val="custom.cellOptions", value={"type": "color-background"}),
            ]
        panel = panel.override_by_name(column.title, properties)
    for label, url in (links or {}).items():
        link = {"title": "Open", "url": url}
        panel = panel.override_by_name(texts[label], [DynamicConfigValue(id_val="links", value=[link])])
    hidden = {"Time": True}
    organised = {"excludeByName": hidden, "renameByName": names, "indexByName": order}
    panel = panel.with_transformation(DataTransformerConfig(id_val="merge", options={}))
    panel = panel.with_transformation(DataTransformerConfig(id_val="organize", options=organised))
    if sort is not None:
        panel = panel.sort_by([common.TableSortByFieldState().display_name(sort[0]).desc(sort[1])])
    return panel.cell_height(TableCellHeight.MD).show_header(True).no_value("none, as long as the first row is blue")


def link(uid: str, **variables: str) -> str:
    """The address of a board with these variables filled in."""
    return f"/d/{uid}?{'&'.join(f'var-{name}={value}' for name, value in variables.items())}"
