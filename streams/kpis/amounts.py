"""Money as KPIs need it: in the campaign's currency where there is one, else in each currency by itself.

Millionths of a currency, exact until the last division. A sum that was never counted is absent, which is not 0.
"""

from collections.abc import Callable, Mapping

from streams.counting.windows import WindowSums
from streams.events.measures import MICROS, MONEY_STEP, Measure, money_parts
from streams.kpis.kpi import Amounts, ratio


def micros_of(sums: WindowSums, measure: Measure) -> dict[str, int]:
    """Currency -> millionths that `measure` has counted, 0 in a window without any after the first; empty before that,
    and while a rate is missing."""
    if sums.currency is None:
        return _by_currency(sums.counters, measure)
    if sums.converted is None:
        return {}
    if measure in sums.converted or _by_currency(sums.launch, measure):
        return {sums.currency: sums.converted.get(measure, 0)}
    return {}


def net_by_currency(sums: WindowSums) -> dict[str, int]:
    """Currency -> millionths of sales less refunds."""
    net = micros_of(sums, Measure.REVENUE)
    for currency, micros in micros_of(sums, Measure.REFUNDED).items():
        net[currency] = net.get(currency, 0) - micros
    return net


def net_micros(sums: WindowSums) -> int | None:
    """Sales less refunds in the campaign's currency, 0 where nothing was sold; None without currency or rate."""
    if sums.currency is None or sums.converted is None:
        return None
    return sums.converted.get(Measure.REVENUE, 0) - sums.converted.get(Measure.REFUNDED, 0)


def spend_micros(sums: WindowSums) -> int | None:
    """What was spent on the whole days of the window; None where nothing was stated, and without currency or rate."""
    return sum(sums.spend.values()) if sums.spend else None


def margin_micros(sums: WindowSums, revenue: float | None) -> float | None:
    """The share of that revenue which is margin; None where the catalogue does not say it."""
    if revenue is None or sums.plan is None or sums.plan.gross_margin is None:
        return None
    return revenue * sums.plan.gross_margin


def in_currency(sums: WindowSums, micros: float | None) -> Amounts:
    """Millionths of the campaign's currency as a money KPI's value."""
    return {} if micros is None or sums.currency is None else {sums.currency: micros / MICROS}


def amounts_of(measure: Measure) -> Callable[[WindowSums], Amounts]:
    """A formula: the amounts of a money measure, in the currency's units."""
    return lambda sums: {currency: micros / MICROS for currency, micros in micros_of(sums, measure).items()}


def cost_per(below: Callable[[WindowSums], int], each: int = 1) -> Callable[[WindowSums], Amounts]:
    """A formula: what was spent for every `each` of a sum."""

    def cost(sums: WindowSums) -> Amounts:
        spent = spend_micros(sums)
        return {} if spent is None else in_currency(sums, ratio(spent * each, below(sums)))

    return cost


def _by_currency(counters: Mapping[int, int], measure: Measure) -> dict[str, int]:
    found: dict[str, int] = {}
    for key in counters:
        if key >= MONEY_STEP:
            counted, currency = money_parts(key)
            if counted is measure:
                found[currency] = counters[key]
    return found
