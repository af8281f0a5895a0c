"""Sales revenue: in the campaign's currency where it has one, else in each by itself, never added unconverted."""

from streams.counting.windows import WindowSums
from streams.events.measures import MICROS, Measure
from streams.kpis.amounts import amounts_of, net_by_currency
from streams.kpis.kpi import FROM_1H, Amounts, Kind, Kpi, count_of
from streams.kpis.needs import rates, single_currency

_EXPORTED = ("1h", "today", "launch")

_orders = count_of(Measure.SALES)


def _net_revenue(sums: WindowSums) -> Amounts:
    return {currency: micros / MICROS for currency, micros in net_by_currency(sums).items()}


def _average_order_value(sums: WindowSums) -> Amounts:
    # Orders are counted whatever their currency, so with two currencies there is no number of orders of each.
    net, orders = net_by_currency(sums), _orders(sums)
    if len(net) != 1 or not orders:
        return {}
    return {currency: micros / MICROS / orders for currency, micros in net.items()}


KPIS = (
    Kpi(
        name="gross_revenue",
        title="Gross revenue",
        unit="currency",
        kind=Kind.MONEY,
        formula=amounts_of(Measure.REVENUE),
        formula_text="Σ amount of sales",
        reads=("sale",),
        windows=FROM_1H,
        exported=("today", "launch"),
        needs=(rates,),
        explanation="What was sold, before refunds: in the currency of the catalogue, each day at its rate; without "
        "one in each currency by itself.",
        source="sum of amounts",
    ),
    Kpi(
        name="refunds",
        title="Refunds",
        unit="currency",
        kind=Kind.MONEY,
        formula=amounts_of(Measure.REFUNDED),
        formula_text="Σ amount of refunds",
        reads=("sale",),
        windows=FROM_1H,
        exported=("today", "launch"),
        good="down",
        needs=(rates,),
        explanation="What was paid back, counted when it is refunded, whenever it was sold.",
        source="sum of amounts",
    ),
    Kpi(
        name="net_revenue",
        title="Revenue",
        unit="currency",
        kind=Kind.MONEY,
        formula=_net_revenue,
        formula_text="Σ amount of sales - Σ amount of refunds",
        reads=("sale",),
        windows=FROM_1H,
        exported=_EXPORTED,
        needs=(rates,),
        explanation="What the campaign brought in. Refunds subtract in the window in which they happen, so it can be "
        "negative.",
        source="sum of amounts",
    ),
    Kpi(
        name="orders",
        title="Orders",
        unit="orders",
        kind=Kind.COUNT,
        formula=_orders,
        formula_text="sales",
        reads=("sale",),
        windows=FROM_1H,
        exported=_EXPORTED,
        explanation="Orders sold, whether refunded later or not.",
    ),
    Kpi(
        name="refunded_orders",
        title="Refunds made",
        unit="refunds",
        kind=Kind.COUNT,
        formula=count_of(Measure.REFUNDS),
        formula_text="refunds",
        reads=("sale",),
        windows=FROM_1H,
        exported=("today", "launch"),
        good="down",
        explanation="How often money was given back, in part or in full.",
    ),
    Kpi(
        name="units",
        title="Units sold",
        unit="units",
        kind=Kind.COUNT,
        formula=count_of(Measure.UNITS),
        formula_text="Σ units of sales",
        reads=("sale",),
        windows=FROM_1H,
        exported=("today", "launch"),
        explanation="Pieces sold in all orders.",
    ),
    Kpi(
        name="average_order_value",
        title="Average order value",
        unit="currency per order",
        kind=Kind.MONEY,
        formula=_average_order_value,
        formula_text="(Σ amount of sales - Σ amount of refunds) ÷ orders",
        reads=("sale",),
        windows=FROM_1H,
        exported=_EXPORTED,
        denominator="orders",
        min_volume=50,
        needs=(rates, single_currency),
        explanation="What an order brings in. It has no value in a window with several currencies and no catalogue to "
        "convert them, because orders are not counted by currency.",
        source="net revenue ÷ orders",
    ),
    Kpi(
        name="stated_margin",
        title="Margin of sales that say their cost",
        unit="currency",
        kind=Kind.MONEY,
        formula=amounts_of(Measure.MARGIN),
        formula_text="Σ (amount - cost) of sales - Σ (amount - cost) of refunds, of those that say their cost",
        reads=("sale",),
        windows=FROM_1H,
        exported=("launch",),
        needs=(rates,),
        explanation="What is left of the sales whose source says the cost of the goods. Sales that do not say it are "
        "not in it, so it is no basis of a return: that uses the catalogue's gross margin.",
        source="gross profit: revenue less cost of goods sold",
    ),
)
