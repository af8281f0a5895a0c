"""The panels: one a KPI of the registry, the headline figures, and what says whether all of them can be trusted."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.models.common import (
    AxisPlacement,
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    GraphDrawStyle,
    GraphGradientMode,
    LegendDisplayMode,
    LegendPlacement,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
)

from grafana.queries import LOOKBACK, RATE, kpi_value, legend, once, per_second, sample_size
from streams.kpis.kpi import Kind, Kpi
from streams.kpis.registry import KPI_BY_NAME

SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
UNITS = {Kind.RATIO: "percentunit", Kind.PER_MINUTE: "cpm"}
GREEN, YELLOW, RED = "green", "yellow", "red"

Step = tuple[float | None, str]
Panel = stat.Panel | timeseries.Panel


def query(expr: str, legend_format: str, ref_id: str = "A", *, instant: bool = False) -> prometheus.Dataquery:
    """A query: the newest value alone where `instant`, else the line of the chosen time."""
    made = prometheus.Dataquery().datasource(SOURCE).ref_id(ref_id).expr(expr).legend_format(legend_format)
    return made.instant() if instant else made.range()


def describe(kpi: Kpi) -> str:
    """What stands behind a panel's (i): formula, meaning, sample size, source."""
    parts = [f"**{kpi.formula_text}**", kpi.explanation]
    if kpi.denominator:
        sample = f"Sample size: {KPI_BY_NAME[kpi.denominator].title.lower()}"
        parts.append(f"{sample}; not judged below {kpi.min_volume}." if kpi.min_volume else f"{sample}.")
    parts.append(f"Unit: {kpi.unit}. Reads: {', '.join(kpi.reads)}. Metric: `{kpi.metric}`. Follows: {kpi.source}.")
    return "\n\n".join(parts)


def headline(kpi: Kpi) -> stat.Panel:
    """A KPI as a large figure, a rate with its sample size under it."""
    panel = _stat(kpi.title, describe(kpi), ()).unit(UNITS.get(kpi.kind, "short")).span(4).height(5)
    panel = panel.with_target(query(kpi_value(kpi), legend(kpi), instant=True))
    if kpi.denominator:
        panel = panel.with_target(_sample_query(kpi, instant=True)).override_by_query("B", _plain_number())
    return panel.text_mode(BigValueTextMode.VALUE_AND_NAME).graph_mode(BigValueGraphMode.NONE)


def kpi_lines(kpi: Kpi) -> timeseries.Panel:
    """A KPI over time; the sample size of a rate as bars behind it, on an axis of its own."""
    panel = lines(kpi.title, describe(kpi), UNITS.get(kpi.kind, "short")).with_target(
        query(kpi_value(kpi), legend(kpi))
    )
    if kpi.kind is Kind.SCORE:
        panel = panel.axis_soft_min(-100).axis_soft_max(100)
    if kpi.denominator:
        behind = [
            *_plain_number(),
            DynamicConfigValue(id_val="custom.drawStyle", value=GraphDrawStyle.BARS),
            DynamicConfigValue(id_val="custom.fillOpacity", value=12),
            DynamicConfigValue(id_val="custom.lineWidth", value=0),
            DynamicConfigValue(id_val="custom.axisPlacement", value=AxisPlacement.RIGHT),
            DynamicConfigValue(id_val="custom.axisLabel", value=KPI_BY_NAME[kpi.denominator].title.lower()),
        ]
        panel = panel.with_target(_sample_query(kpi)).override_by_query("B", behind)
    return panel


def trust() -> list[stat.Panel]:
    """Whether the figures can be trusted: live, fresh, complete."""
    age = f"time() - min(last_over_time(launchpulse_snapshot_timestamp_seconds[{LOOKBACK}]) > 0)"
    unequal = f"sum(abs({once('launchpulse_ledger_difference', 'topic', 'partition')}))"
    return [
        _service(
            "Held back",
            "Reasons why the picture of a worker is held back (`/readyz` and the log name them). 0: the figures are "
            "live. Otherwise the KPIs stand still instead of faking a drop.",
            once("launchpulse_held_back_reasons"),
            ((None, GREEN), (1, YELLOW)),
        ),
        _service(
            "Behind the log",
            "How far the slowest topic is behind the end of its log. Windows end that much before now.",
            once("launchpulse_lag_seconds"),
            ((None, GREEN), (5, YELLOW), (30, RED)),
            unit="s",
        ),
        _service(
            "Age of the picture",
            "Now minus the time of the oldest worker's picture. It grows while a worker is stuck.",
            age,
            ((None, GREEN), (5, YELLOW), (30, RED)),
            unit="s",
        ),
        _service(
            "Ledger difference",
            "read - (counted + duplicate + invalid), without signs, over all source partitions. Always 0; otherwise "
            "events were lost or doubled.",
            unequal,
            ((None, GREEN), (1, RED)),
        ),
        _service(
            "Records waiting",
            "Records of all topics that are not summarised yet.",
            f"sum({once('launchpulse_consumer_lag_records', 'topic', 'partition')})",
            ((None, GREEN), (10_000, YELLOW)),
        ),
        _service(
            "Workers",
            "Workers that answer to Prometheus.",
            'count(up{job="launchpulse"} == 1)',
            ((None, RED), (1, GREEN)),
        ),
    ]


def pipeline() -> list[timeseries.Panel]:
    """What comes in, what becomes of it, and how long it takes."""
    seconds = f"sum by (le) (rate(launchpulse_event_to_metric_seconds_bucket[{RATE}]))"
    freshness = lines(
        "From event to picture", "Seconds from an event's Kafka time to the picture that shows it, of 50 and 95 %.", "s"
    )
    for ref_id, quantile in (("A", 0.5), ("B", 0.95)):
        expr = f"histogram_quantile({quantile}, {seconds})"
        freshness = freshness.with_target(query(expr, f"{quantile:.0%}", ref_id))
    return [
        lines("Events", "Records a second by topic and by what became of them.", "eps").with_target(
            query(per_second("launchpulse_events_total", "topic", "result"), "{{topic}} {{result}}")
        ),
        lines("Dead letters", "Records a second that were refused, by topic and reason.", "eps").with_target(
            query(per_second("launchpulse_dead_letters_total", "topic", "reason"), "{{topic}} {{reason}}")
        ),
        lines("Lag", "Seconds that each topic is behind the end of its log.", "s").with_target(
            query(once("launchpulse_lag_seconds", "topic"), "{{topic}}")
        ),
        freshness,
    ]


def lines(title: str, description: str, unit: str) -> timeseries.Panel:
    """A panel of lines, without queries yet."""
    legends = common.VizLegendOptions().display_mode(LegendDisplayMode.TABLE).placement(LegendPlacement.BOTTOM)
    tooltip = common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI)
    panel = timeseries.Panel().title(title).description(description).datasource(SOURCE).unit(unit)
    panel = panel.legend(legends.show_legend(True).calcs(["lastNotNull"])).tooltip(tooltip).interval("1s")
    panel = panel.line_width(2).fill_opacity(8).gradient_mode(GraphGradientMode.OPACITY).span(8).height(8)
    return panel.show_points(VisibilityMode.NEVER).no_value("no data")


def _service(title: str, description: str, expr: str, steps: Sequence[Step], unit: str = "short") -> stat.Panel:
    panel = _stat(title, description, steps).unit(unit).span(4).height(3)
    return (
        panel.color_mode(BigValueColorMode.BACKGROUND)
        .graph_mode(BigValueGraphMode.NONE)
        .with_target(query(expr, title, instant=True))
    )


def _stat(title: str, description: str, steps: Sequence[Step]) -> stat.Panel:
    reduced = common.ReduceDataOptions().calcs(["lastNotNull"]).values(False)
    panel = stat.Panel().title(title).description(description).datasource(SOURCE).reduce_options(reduced)
    thresholds = dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE)
    thresholds = thresholds.steps([Threshold(value=value, color=color) for value, color in steps or ((None, "text"),)])
    color = dashboard.FieldColor().mode(FieldColorModeId.THRESHOLDS)
    return panel.thresholds(thresholds).color_scheme(color).no_value("no data")


def _sample_query(kpi: Kpi, *, instant: bool = False) -> prometheus.Dataquery:
    sample = KPI_BY_NAME[kpi.denominator]
    return query(sample_size(kpi, sample), f"{{{{channel}}}}: {sample.title.lower()}", "B", instant=instant)


def _plain_number() -> list[DynamicConfigValue]:
    return [DynamicConfigValue(id_val="unit", value="short")]
