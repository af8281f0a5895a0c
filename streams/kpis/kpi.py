"""What a KPI is, and the arithmetic that all KPIs share.

Sum first, divide once; an empty denominator gives no value, never 0. So a silent channel has no rate, and no alert can
mistake it for a bad one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from streams.counting.windows import WindowSums
from streams.events.measures import MICROS, MONEY_STEP, Measure, People, money_parts

FROM_1M = ("1m", "5m", "1h", "24h", "today", "7d", "30d", "month", "launch")
FROM_5M = FROM_1M[1:]
FROM_1H = FROM_1M[2:]

Amounts = dict[str, float]
"""Currency -> amount in that currency's units; empty where nothing was counted."""


class Kind(StrEnum):
    """What sort of number a KPI is; the metric's name, the panel's unit and the wording follow from it."""

    COUNT = "count"
    PEOPLE = "people"
    RATIO = "ratio"
    SCORE = "score"
    PER_MINUTE = "per_minute"
    MONEY = "money"


METRIC_SUFFIX = {Kind.RATIO: "_ratio", Kind.SCORE: "_points"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """One KPI.

    name: stable, lower case; a rate's ends in `_rate` or `_share`. title: for people. unit: in words.
    formula: of the sums of one window, the value, or None where it has none; for `Kind.MONEY`, the amounts by currency.
    formula_text: the same in words, shown beside every value.
    reads: the event topics whose lag holds the KPI back, sorted.
    windows: where it makes sense (the API shows these); exported: those of them that are a metric.
    good: "up", "down", or "" where neither direction is good.
    denominator: the KPI that is its sample size, "" for a plain sum. min_volume: the sample size below which it is not
    judged. source: what the formula follows.
    """

    name: str
    title: str
    unit: str
    kind: Kind
    formula: Callable[[WindowSums], float | Amounts | None]
    formula_text: str
    reads: tuple[str, ...]
    windows: tuple[str, ...]
    exported: tuple[str, ...]
    explanation: str
    good: str = "up"
    denominator: str = ""
    min_volume: int = 0
    source: str = "sum of counted events"

    @property
    def metric(self) -> str:
        """The name of its Prometheus metric: `campaign_`, the name, the unit; a trailing `_rate` becomes `_ratio`."""
        suffix = METRIC_SUFFIX.get(self.kind, "")
        stem = self.name.removesuffix("_rate") if suffix == "_ratio" else self.name
        return f"campaign_{stem}{suffix}"

    @property
    def additive(self) -> bool:
        """Whether the values of two disjoint windows add up to the value of both together."""
        return self.kind in (Kind.COUNT, Kind.MONEY) and not self.denominator


def ratio(above: float, below: float) -> float | None:
    """`above / below`, or None where there is nothing to divide by (also for the negative rest of a correction)."""
    return above / below if below > 0 else None


def count_of(*measures: Measure) -> Callable[[WindowSums], int]:
    """A formula: the sum of these measures, 0 where none was counted."""
    keys = tuple(int(measure) for measure in measures)
    if len(keys) == 1:
        (key,) = keys
        return lambda sums: sums.counters.get(key, 0)
    return lambda sums: sum(sums.counters.get(key, 0) for key in keys)


def people_of(kind: People) -> Callable[[WindowSums], int]:
    """A formula: about how many different people of that kind, a whole number, 0 where nobody was seen."""
    key = int(kind)
    return lambda sums: round(sums.people.get(key, 0.0))


def share_of(
    above: Callable[[WindowSums], int], below: Callable[[WindowSums], int]
) -> Callable[[WindowSums], float | None]:
    """A formula: one sum divided by another, None where the second is 0."""
    return lambda sums: ratio(above(sums), below(sums))


def micros_of(counters: Mapping[int, int], measure: Measure) -> dict[str, int]:
    """Currency -> millionths that `measure` has counted in it."""
    found: dict[str, int] = {}
    for key in counters:
        if key >= MONEY_STEP:
            counted, currency = money_parts(key)
            if counted is measure:
                found[currency] = counters[key]
    return found


def amounts_of(measure: Measure) -> Callable[[WindowSums], Amounts]:
    """A formula: the amounts of a money measure by currency, in the currency's units."""
    return lambda sums: {currency: micros / MICROS for currency, micros in micros_of(sums.counters, measure).items()}
