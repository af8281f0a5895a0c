"""Colours, units and thresholds: one look for all boards.

The colours are those of Okabe and Ito, which people with any common colour blindness tell apart. Good is blue and bad
is vermillion, and a word or a number always says the same.
"""

from collections.abc import Iterable, Sequence

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import (
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
)

from streams.kpis.kpi import Kind

GOOD, CAREFUL, BAD, PLAIN = "#0072B2", "#E69F00", "#D55E00", "#999999"
SERIES = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#0072B2", "#D55E00", "#F0E442", "#999999")
PALETTE = frozenset({*SERIES, GOOD, CAREFUL, BAD, PLAIN, "text"})

UNITS = {
    Kind.RATIO: "percentunit",
    Kind.PER_MINUTE: "cpm",
    Kind.SECONDS: "s",
    Kind.MONTHS: "suffix: months",
    Kind.FACTOR: "suffix: ×",
    Kind.SCORE: "suffix: points",
}
"""Kind -> Grafana's unit, "short" for the others. Money has its currency in its name: units cannot follow labels."""

Step = tuple[float | None, str]


def unit_of(kind: Kind) -> str:
    """Grafana's unit of a KPI of that kind."""
    return UNITS.get(kind, "short")


def thresholds(steps: Sequence[Step]) -> dashboard.ThresholdsConfig:
    """Colours from these values on, the first from nowhere on."""
    made = dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE)
    return made.steps([Threshold(value=value, color=color) for value, color in steps])


def fixed(color: str) -> DynamicConfigValue:
    """A property: this colour."""
    return DynamicConfigValue(id_val="color", value={"mode": FieldColorModeId.FIXED.value, "fixedColor": color})


def by_thresholds() -> dashboard.FieldColor:
    """The colour that the thresholds say."""
    return dashboard.FieldColor().mode(FieldColorModeId.THRESHOLDS)


def in_one_color(color: str) -> dashboard.FieldColor:
    """This colour alone."""
    return dashboard.FieldColor().mode(FieldColorModeId.FIXED).fixed_color(color)


def by_name(names: Iterable[str]) -> Iterable[tuple[str, list[DynamicConfigValue]]]:
    """(regular expression of a line's name, its colour) for each of at most eight names that a line may begin with."""
    for name, color in zip(names, SERIES, strict=False):
        yield f"/^{name}\\b/", [fixed(color)]
