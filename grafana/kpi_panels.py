"""A KPI of the registry as panels: what it is now, how it goes, and what stands behind it."""

from grafana_foundation_sdk.builders import common, stat, timeseries
from grafana_foundation_sdk.models.common import (
    AxisPlacement,
    BigValueColorMode,
    BigValueTextMode,
    GraphDrawStyle,
    LegendDisplayMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from grafana.elements import figure, lines, query
from grafana.queries import CHOSEN, judged, kpi_value, legend, sample_of, sample_size, target
from grafana.style import BAD, PLAIN, SERIES, fixed, in_one_color, unit_of
from streams.kpis.kpi import Kind, Kpi


def describe(kpi: Kpi) -> str:
    """What stands behind a panel's (i): formula, meaning, sample size, source."""
    parts = [f"**{kpi.formula_text}**", kpi.explanation]
    if (sample := sample_of(kpi)) is not None:
        text = f"Sample size: {sample.title.lower()}"
        parts.append(f"{text}; not judged below {kpi.min_volume}." if kpi.min_volume else f"{text}.")
    parts.append(f"Unit: {kpi.unit}. Reads: {', '.join(kpi.reads)}. Metric: `{kpi.metric}`. Follows: {kpi.source}.")
    return "\n\n".join(parts)


def headline(kpi: Kpi) -> stat.Panel:
    """The KPI as a large figure of now, in the colour and with the words of its target; under it the target and the
    sample size."""
    unit = unit_of(kpi.kind)
    panel = figure(kpi.title, describe(kpi)).unit(unit).color_mode(BigValueColorMode.VALUE)
    panel = panel.text_mode(BigValueTextMode.VALUE_AND_NAME).orientation(VizOrientation.HORIZONTAL)
    name = legend(kpi)
    for ref_id, met, said, color in (
        ("A", None, "", "text"),
        ("B", True, ": target met", SERIES[0]),
        ("C", False, ": target missed {{owner}}", BAD),
    ):
        panel = panel.with_target(query(judged(kpi, met), name + said, ref_id, instant=True))
        panel = panel.override_by_query(ref_id, [fixed(color)])
    panel = panel.with_target(query(target(kpi), "target {{bound}} ({{window}})", "D", instant=True))
    panel = panel.override_by_query("D", [fixed(PLAIN)])
    if (sample := sample_of(kpi)) is not None:
        shown = sample_size(kpi, sample, CHOSEN)
        panel = panel.with_target(query(shown, sample.title.lower(), "E", instant=True))
        panel = panel.override_by_query("E", [fixed(PLAIN), *_plain_number()])
    return panel


def trend(kpi: Kpi) -> timeseries.Panel:
    """How a headline has gone, beside all channels together and its target."""
    legends = common.VizLegendOptions().display_mode(LegendDisplayMode.HIDDEN).show_legend(False).calcs([])
    words = "How it has gone. Dashed: its target. Marks: the launch's start and end, and what the team has changed."
    panel = (
        kpi_lines(kpi, with_sample=False)
        .title(f"{kpi.title}: trend")
        .description(f"{words}\n\n{describe(kpi)}")
        .legend(legends)
    )
    panel = panel.with_target(query(target(kpi), "target {{bound}} ({{window}})", "C"))
    dashed = DynamicConfigValue(id_val="custom.lineStyle", value={"fill": "dash", "dash": [10, 10]})
    return panel.override_by_query(
        "C", [fixed(PLAIN), dashed, DynamicConfigValue(id_val="custom.fillOpacity", value=0)]
    )


def kpi_lines(kpi: Kpi, *, with_sample: bool = True) -> timeseries.Panel:
    """A KPI over time in the chosen channel and in all; its sample size as bars behind it, on an axis of its own."""
    panel = lines(kpi.title, describe(kpi), unit_of(kpi.kind), ("all",)).color_scheme(in_one_color(SERIES[1]))
    panel = panel.with_target(query(kpi_value(kpi), legend(kpi)))
    if kpi.kind is Kind.SCORE:
        panel = panel.axis_soft_min(-100).axis_soft_max(100)
    if with_sample and (sample := sample_of(kpi)) is not None:
        behind = [
            *_plain_number(),
            fixed(PLAIN),
            DynamicConfigValue(id_val="custom.drawStyle", value=GraphDrawStyle.BARS),
            DynamicConfigValue(id_val="custom.fillOpacity", value=12),
            DynamicConfigValue(id_val="custom.lineWidth", value=0),
            DynamicConfigValue(id_val="custom.axisPlacement", value=AxisPlacement.RIGHT),
            DynamicConfigValue(id_val="custom.axisLabel", value=sample.title.lower()),
        ]
        shown = query(sample_size(kpi, sample), f"{{{{channel}}}}: {sample.title.lower()}", "B")
        panel = panel.with_target(shown).override_by_query("B", behind)
    return panel


def _plain_number() -> list[DynamicConfigValue]:
    return [DynamicConfigValue(id_val="unit", value="short")]
