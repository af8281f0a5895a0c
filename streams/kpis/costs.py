"""Cost: what was spent, and what a customer, a lead, a click, a thousand impressions cost.

Spend is stated a day, so all of it is over whole days of the reporting time zone, both sides alike.
"""

from collections.abc import Callable

from streams.counting.panes import DAY_MS
from streams.counting.windows import WindowSums
from streams.events.measures import Measure, People
from streams.kpis.amounts import cost_per, in_currency, margin_micros, spend_micros
from streams.kpis.customers import buyers, revenue_per_buyer
from streams.kpis.kpi import DAYS, Amounts, Kind, Kpi, Need, count_of, ratio
from streams.kpis.lifetime import WINDOWS as LIFETIME_WINDOWS
from streams.kpis.lifetime import churned, lifetime_micros
from streams.kpis.needs import customers, gross_margin, one_currency, spend

_EXPORTED = ("today", "launch")
_LAUNCH = ("launch",)
_MONTH_DAYS = 30

_new = count_of(Measure.NEW_CUSTOMERS)


def _spend(sums: WindowSums) -> Amounts:
    return in_currency(sums, spend_micros(sums))


def _spend_of(kind: str) -> Callable[[WindowSums], Amounts]:
    return lambda sums: in_currency(sums, None if sums.spend is None else sums.spend.get(kind))


def _acquisition_micros(sums: WindowSums) -> float | None:
    spent = spend_micros(sums)
    return None if spent is None else ratio(spent, _new(sums))


def _months(sums: WindowSums) -> float | None:
    """Months of thirty days that the window has of the campaign; None where they are less than a day."""
    days = None if sums.plan is None else sums.plan.days_in(sums.start_ms, sums.end_ms)
    if days is None and sums.start_ms:
        days = (sums.end_ms - sums.start_ms) / DAY_MS
    return None if days is None or days < 1 else days / _MONTH_DAYS


def _monthly_margin_micros(sums: WindowSums) -> float | None:
    margin, months = margin_micros(sums, revenue_per_buyer(sums)), _months(sums)
    return None if margin is None or months is None else margin / months


def _ltv_to_cac(sums: WindowSums) -> float | None:
    value, cost = lifetime_micros(sums), _acquisition_micros(sums)
    return None if value is None or cost is None else ratio(value, cost)


def _payback(sums: WindowSums) -> float | None:
    margin, cost = _monthly_margin_micros(sums), _acquisition_micros(sums)
    return None if margin is None or cost is None else ratio(cost, margin)


def _long_enough(sums: WindowSums) -> str:
    return (
        "" if _months(sums) is not None else "the catalogue gives no starts_at, or the campaign has run less than a day"
    )


def _stated(
    name: str, title: str, what: str, formula: Callable[[WindowSums], Amounts], exported: tuple[str, ...]
) -> Kpi:
    return Kpi(
        name=name,
        title=title,
        unit="currency",
        kind=Kind.MONEY,
        formula=formula,
        formula_text=f"Σ of the newest statement of each line of {what} and day",
        reads=("spend",),
        windows=DAYS,
        exported=exported,
        good="",
        needs=(spend,),
        explanation="What the platforms and the team say was spent on the days of the window. A later statement of the "
        "same line and day replaces the earlier one; nothing stated is no value and not 0.",
        source="cost as ad platforms report it, restated by day",
    )


def _cost(
    name: str, title: str, per: str, reads: str, denominator: str, formula: Callable[[WindowSums], Amounts],
    explanation: str, source: str, min_volume: int,
) -> Kpi:  # fmt: skip
    return Kpi(
        name=name,
        title=title,
        unit=f"currency per {per}",
        kind=Kind.MONEY,
        formula=formula,
        formula_text=f"spend ÷ {denominator.replace('_', ' ')}" + (" × 1,000" if per == "mille" else ""),
        reads=tuple(sorted((reads, "spend"))),
        windows=DAYS,
        exported=_EXPORTED if denominator == "new_customers" else _LAUNCH,
        good="down",
        denominator=denominator,
        min_volume=min_volume,
        needs=(spend,),
        people=(People.BUYERS,) if denominator == "buyers" else (),
        explanation=explanation,
        source=source,
    )


_PAID: tuple[Need, ...] = (spend, gross_margin)

KPIS = (
    _stated("spend", "Spend", "media, fees and production", _spend, _EXPORTED),
    _stated("media_spend", "Spend on media", "media", _spend_of("media"), _LAUNCH),
    _stated("fee_spend", "Spend on fees", "fees", _spend_of("fee"), _LAUNCH),
    _stated("production_spend", "Spend on production", "production", _spend_of("production"), _LAUNCH),
    _cost(
        "customer_acquisition_cost", "Customer acquisition cost", "new customer", "sale", "new_customers",
        cost_per(_new),
        "What it costs to gain a customer who had never bought before: media, fees and production together.",
        "customer acquisition cost (CAC): all acquisition spend ÷ customers acquired", 20,
    ),
    _cost(
        "cost_per_customer", "Cost per customer", "buyer", "sale", "buyers", cost_per(buyers),
        "What was spent for each person who bought, new or returning.",
        "cost per acquisition (CPA), the act being a purchase", 20,
    ),
    _cost(
        "cost_per_lead", "Cost per lead", "lead", "lead", "leads", cost_per(count_of(Measure.LEADS)),
        "What was spent for each lead.", "cost per lead (CPL)", 20,
    ),
    _cost(
        "cost_per_qualified_lead", "Cost per qualified lead", "qualified lead", "lead", "qualified_leads",
        cost_per(count_of(Measure.QUALIFIED_LEADS)),
        "What was spent for each lead that sales accepted as qualified.", "cost per (marketing) qualified lead", 20,
    ),
    _cost(
        "cost_per_opportunity", "Cost per opportunity", "opportunity", "lead", "opportunities",
        cost_per(count_of(Measure.OPPORTUNITIES)),
        "What was spent for each lead that became an opportunity.", "cost per opportunity", 20,
    ),
    _cost(
        "cost_per_click", "Cost per click", "click", "click", "clicks", cost_per(count_of(Measure.CLICKS)),
        "What was spent for each click by people; machines are left out.", "cost per click (CPC), IAB", 100,
    ),
    _cost(
        "cost_per_mille", "Cost per mille", "mille", "impression", "impressions",
        cost_per(count_of(Measure.IMPRESSIONS), 1000),
        "What was spent for a thousand impressions.", "cost per mille (CPM), IAB", 1000,
    ),
    Kpi(
        name="ltv_to_cac",
        title="Lifetime value to acquisition cost",
        unit="times",
        kind=Kind.FACTOR,
        formula=_ltv_to_cac,
        formula_text="lifetime value ÷ customer acquisition cost",
        reads=("customer", "sale", "spend"),
        windows=LIFETIME_WINDOWS,
        exported=_LAUNCH,
        denominator="customer_acquisition_cost",
        sample="new_customers",
        min_volume=20,
        needs=(*_PAID, customers, churned),
        people=(People.BUYERS,),
        explanation="How many times a customer brings back what it cost to gain them. Below 1 every new customer loses "
        "money: 225 spent for a customer of 100 is 0.44.",
        source="LTV : CAC; 3 is the common rule of thumb for a healthy business",
    ),
    Kpi(
        name="payback",
        title="Payback",
        unit="months of 30 days",
        kind=Kind.MONTHS,
        formula=_payback,
        formula_text="customer acquisition cost ÷ margin per customer and month",
        reads=("sale", "spend"),
        windows=LIFETIME_WINDOWS,
        exported=_LAUNCH,
        good="down",
        denominator="monthly_margin_per_customer",
        sample="new_customers",
        min_volume=20,
        needs=(*_PAID, _long_enough),
        people=(People.BUYERS,),
        explanation="How many months a customer must stay until they have brought back what it cost to gain them.",
        source="CAC payback period: CAC ÷ gross margin per customer and month",
    ),
    Kpi(
        name="monthly_margin_per_customer",
        title="Margin per customer and month",
        unit="currency per buyer and month",
        kind=Kind.MONEY,
        formula=lambda sums: in_currency(sums, _monthly_margin_micros(sums)),
        formula_text="revenue per customer × gross margin ÷ months of 30 days that the campaign has run in the window",
        reads=("sale",),
        windows=LIFETIME_WINDOWS,
        exported=_LAUNCH,
        denominator="buyers",
        min_volume=50,
        needs=(one_currency, gross_margin, _long_enough),
        people=(People.BUYERS,),
        explanation="What a buyer leaves over in thirty days: the denominator of payback.",
        source="ARPU × gross margin",
    ),
)  # fmt: skip
