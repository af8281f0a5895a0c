"""Lifetime value: what a customer is worth until they leave."""

from streams.counting.windows import WindowSums
from streams.events.measures import People
from streams.kpis.amounts import in_currency, margin_micros
from streams.kpis.churn import churn_of_all
from streams.kpis.customers import revenue_per_buyer
from streams.kpis.kpi import Amounts, Kind, Kpi
from streams.kpis.needs import customers, gross_margin, one_currency

WINDOWS = ("30d", "month", "launch")


def lifetime_micros(sums: WindowSums) -> float | None:
    """Lifetime value in millionths of the campaign's currency; None where there is none, also while churn is 0."""
    margin, churn = margin_micros(sums, revenue_per_buyer(sums)), churn_of_all(sums)
    return None if margin is None or not churn else margin / churn


def _lifetime_value(sums: WindowSums) -> Amounts:
    return in_currency(sums, lifetime_micros(sums))


def churned(sums: WindowSums) -> str:
    """Somebody cancelled in the window."""
    return "" if churn_of_all(sums) else "churn is 0 in this window: nobody cancelled, so a lifetime has no end"


KPIS = (
    Kpi(
        name="lifetime_value",
        title="Lifetime value",
        unit="currency per customer",
        kind=Kind.MONEY,
        formula=_lifetime_value,
        formula_text="revenue per customer × gross margin ÷ churn, all of the same window",
        reads=("customer", "sale"),
        windows=WINDOWS,
        exported=("30d", "launch"),
        denominator="buyers",
        min_volume=50,
        needs=(one_currency, gross_margin, customers, churned),
        people=(People.BUYERS,),
        explanation="The margin that a customer brings in until they leave, if they go on buying and leaving as in "
        "this window. A channel's own revenue per customer is divided by the churn of all channels. It has no value "
        "while churn is 0. The API has it for each of the last twelve calendar months too.",
        source="Gupta and Lehmann (2005), Managing Customers as Investments: constant margin and churn, no discount, "
        "the first period counted: margin per period ÷ churn per period",
    ),
)
