"""What a KPI is, and the arithmetic that all KPIs share.

Sum first, divide once; an empty denominator gives no value, never 0. So a silent channel has no rate, and no alert can
mistake it for a bad one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from streams.counting.windows import WindowSums
from streams.events.measures import Measure, People

FROM_1M = ("1m", "5m", "1h", "24h", "today", "7d", "30d", "month", "launch")
FROM_5M = FROM_1M[1:]
FROM_1H = FROM_1M[2:]
DAYS = ("today", "30d", "month", "launch")
"""The windows that are whole days of the reporting time zone: what spend is stated for."""

Amounts = dict[str, float]
"""Currency -> amount in that currency's units; empty where nothing was counted."""


class Kind(StrEnum):
    """What sort of number a KPI is; the metric's name, the panel's unit and the wording follow from it.

    A ratio is shown in percent, a factor as so many times.
    """

    COUNT = "count"
    PEOPLE = "people"
    RATIO = "ratio"
    FACTOR = "factor"
    SCORE = "score"
    PER_MINUTE = "per_minute"
    MONEY = "money"
    MONTHS = "months"
    SECONDS = "seconds"


METRIC_SUFFIX = {Kind.RATIO: "_ratio", Kind.SCORE: "_points", Kind.MONTHS: "_months", Kind.SECONDS: "_seconds"}

SUMS = frozenset({Kind.COUNT, Kind.PEOPLE, Kind.MONEY, Kind.PER_MINUTE})
"""The kinds that are nothing before the first event. A quotient has a value as soon as it can be divided."""

Need = Callable[[WindowSums], str]
"""What a formula needs: the sentence that says why there is no value, or "" where the need is met."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """One KPI.

    name: stable, lower case; a rate's ends in `_rate` or `_share`. title: for people. unit: in words.
    formula: of the sums of one window, the value, or None where it has none; for `Kind.MONEY`, the amounts by currency.
    formula_text: the same in words, shown beside every value.
    reads: the event topics whose lag holds the KPI back, sorted.
    windows: where it makes sense (the API shows these); exported: those of them that are a metric.
    good: "up", "down", or "" where neither direction is good.
    denominator: the KPI by which it divides, "" for a plain sum. sample: the KPI that counts its cases, "" where
    that is the denominator. min_volume: the number of cases below which it is not judged.
    needs: what else it takes, the first that is missing says why there is no value. people: the kinds of people that
    its formula looks at. source: what the formula follows.
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
    sample: str = ""
    min_volume: int = 0
    needs: tuple[Need, ...] = ()
    people: tuple[People, ...] = ()
    source: str = "sum of counted events"

    @property
    def metric(self) -> str:
        """The name of its Prometheus metric: `campaign_`, the name, the unit; a trailing `_rate` becomes `_ratio`."""
        suffix = METRIC_SUFFIX.get(self.kind, "")
        stem = self.name.removesuffix("_rate") if suffix == "_ratio" else self.name
        return f"campaign_{stem}{suffix}"

    @property
    def counted_by(self) -> str:
        """The KPI that is its sample size, "" where it has none."""
        return self.sample or self.denominator

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
    zeros = (0,) * len(keys)
    return lambda sums: sum(map(sums.counters.get, keys, zeros))


def people_of(kind: People) -> Callable[[WindowSums], int]:
    """A formula: about how many different people of that kind, a whole number, 0 where nobody was seen."""
    key = int(kind)
    return lambda sums: round(sums.people.get(key, 0.0))


def people_share_of(
    above: Callable[[WindowSums], int], measures: tuple[Measure, ...]
) -> Callable[[WindowSums], float | None]:
    """A formula: people divided by events, both over the panes that the people cover."""
    keys = tuple(int(measure) for measure in measures)
    return lambda sums: ratio(above(sums), sum(sums.count_beside_people(key) for key in keys))


def share_of(
    above: Callable[[WindowSums], int], below: Callable[[WindowSums], int]
) -> Callable[[WindowSums], float | None]:
    """A formula: one sum divided by another, None where the second is 0."""
    return lambda sums: ratio(above(sums), below(sums))
