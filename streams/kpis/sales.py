"""Sales: money by currency, orders, buyers and conversion. Amounts of different currencies are never added."""

from streams.counting.windows import WindowSums
from streams.events.measures import MICROS, Measure, People
from streams.kpis.kpi import FROM_1H, Amounts, Kind, Kpi, amounts_of, count_of, micros_of, people_of, share_of

_EXPORTED = ("1h", "today", "launch")

_orders = count_of(Measure.SALES)


def _net_micros(sums: WindowSums) -> dict[str, int]:
    net = micros_of(sums.counters, Measure.REVENUE)
    for currency, micros in micros_of(sums.counters, Measure.REFUNDED).items():
        net[currency] = net.get(currency, 0) - micros
    return net


def _net_revenue(sums: WindowSums) -> Amounts:
    return {currency: micros / MICROS for currency, micros in _net_micros(sums).items()}


def _average_order_value(sums: WindowSums) -> Amounts:
    # Orders are counted whatever their currency, so with two currencies there is no number of orders of each.
    net, orders = _net_micros(sums), _orders(sums)
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
        exported=_EXPORTED,
        explanation="What was sold, before refunds, in each currency by itself.",
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
        exported=_EXPORTED,
        good="down",
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
        name="units",
        title="Units sold",
        unit="units",
        kind=Kind.COUNT,
        formula=count_of(Measure.UNITS),
        formula_text="Σ units of sales",
        reads=("sale",),
        windows=FROM_1H,
        exported=_EXPORTED,
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
        explanation="What an order brings in. It has no value in a window with several currencies, because orders are"
        " not counted by currency.",
        source="net revenue ÷ orders",
    ),
    Kpi(
        name="buyers",
        title="Buyers",
        unit="people",
        kind=Kind.PEOPLE,
        formula=people_of(People.BUYERS),
        formula_text="unique people who bought",
        reads=("sale",),
        windows=FROM_1H,
        exported=_EXPORTED,
        explanation="How many different people bought; sales without a person are not in it.",
        source="Apache DataSketches CPC, lg K 12: relative standard error about 1.1 %",
    ),
    Kpi(
        name="new_customers",
        title="New customers",
        unit="people",
        kind=Kind.COUNT,
        formula=count_of(Measure.NEW_CUSTOMERS),
        formula_text="sales marked new_customer, or the first sale ever of that person",
        reads=("sale",),
        windows=FROM_1H,
        exported=_EXPORTED,
        explanation="People who bought for the first time.",
    ),
    Kpi(
        name="returning_customers",
        title="Sales to returning customers",
        unit="orders",
        kind=Kind.COUNT,
        formula=count_of(Measure.RETURNING_CUSTOMERS),
        formula_text="sales not marked new_customer of people who had bought before",
        reads=("sale",),
        windows=FROM_1H,
        exported=_EXPORTED,
        explanation="Sales to people who had bought before; who buys twice more is in it twice.",
    ),
    Kpi(
        name="visit_to_sale_rate",
        title="Conversion from visit to sale",
        unit="ratio",
        kind=Kind.RATIO,
        formula=share_of(_orders, count_of(Measure.VISITS)),
        formula_text="orders ÷ visits",
        reads=("sale", "visit"),
        windows=FROM_1H,
        exported=_EXPORTED,
        denominator="visits",
        min_volume=100,
        explanation="How many visits end in an order. A ratio of counts: the sale may belong to an earlier visit.",
        source="e-commerce conversion rate: orders ÷ sessions",
    ),
    Kpi(
        name="click_to_sale_rate",
        title="Conversion from click to sale",
        unit="ratio",
        kind=Kind.RATIO,
        formula=share_of(_orders, count_of(Measure.CLICKS)),
        formula_text="orders ÷ clicks, machines left out",
        reads=("click", "sale"),
        windows=FROM_1H,
        exported=_EXPORTED,
        denominator="clicks",
        min_volume=100,
        explanation="How many clicks end in an order. A ratio of counts: opens never earn a sale.",
        source="conversions ÷ clicks, as ad platforms report it",
    ),
)
