"""What formulas need beside events (catalogue, rates, spend), and the sentence that says what is lacking."""

from collections.abc import Callable

from streams.counting.plan import Plan
from streams.counting.windows import WindowSums
from streams.kpis.amounts import net_by_currency
from streams.kpis.kpi import Need


def rates(sums: WindowSums) -> str:
    """Every amount can be converted into the currency in which the campaign is shown, where there is one."""
    if not sums.missing_rates:
        return ""
    return f"the catalogue's fx has no rate for {', '.join(sorted(sums.missing_rates))} on some day of this window"


def single_currency(sums: WindowSums) -> str:
    """What was sold in the window is in one currency, or can be converted into one."""
    if sums.currency is not None or len(net_by_currency(sums)) <= 1:
        return ""
    return "there are several currencies, and the catalogue names none to show them in"


def one_currency(sums: WindowSums) -> str:
    """There is one currency in which the campaign is shown."""
    if sums.currency is not None:
        return rates(sums)
    return (
        "there is no one currency: the campaign has sold and spent nothing yet, or in several currencies since its "
        "launch, and the catalogue names none"
    )


def spend(sums: WindowSums) -> str:
    """Something was stated to be spent on the days of the window."""
    return one_currency(sums) or ("" if sums.spend else "no spend was stated for the days of this window")


def whole(sums: WindowSums) -> str:
    """It is computed for all channels together."""
    return "" if sums.whole is None else "it has a value for all channels together only"


def _planned(field: str, told: Callable[[Plan], object]) -> Need:
    def need(sums: WindowSums) -> str:
        there = sums.plan is not None and told(sums.plan) is not None
        return "" if there else f"the catalogue does not say the campaign's {field}"

    return need


gross_margin = _planned("gross_margin", lambda plan: plan.gross_margin)
baseline = _planned("baseline_revenue_per_day", lambda plan: plan.baseline_per_day)
customers = _planned("customers_at_start", lambda plan: plan.customers_at_start)
budget = _planned("budget", lambda plan: plan.budget)
starts_at = _planned("starts_at", lambda plan: plan.starts_at_ms)
ends_at = _planned("ends_at", lambda plan: plan.ends_at_ms)
