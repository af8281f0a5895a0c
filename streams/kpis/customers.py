"""Customers: who buys, who is new, how many there are now, and what one brings in."""

from streams.counting.windows import Counters, WindowSums
from streams.events.measures import Measure, People
from streams.kpis.amounts import in_currency, net_micros
from streams.kpis.kpi import FROM_1H, Amounts, Kind, Kpi, count_of, people_of, ratio
from streams.kpis.needs import customers, one_currency, whole

_EXPORTED = ("1h", "today", "launch")
WINDOWS = tuple(window for window in FROM_1H if window != "7d")
"""Those in which counters and people cover the same panes, so that one can be divided by the other."""

CANCELLED = (
    Measure.CANCELLED_PRICE,
    Measure.CANCELLED_SERVICE,
    Measure.CANCELLED_TECHNICAL,
    Measure.CANCELLED_PRODUCT,
    Measure.CANCELLED_OTHER,
)

_NEW = int(Measure.NEW_CUSTOMERS)
_CANCELLED = tuple(int(reason) for reason in CANCELLED)
_ZEROS = (0,) * len(CANCELLED)

buyers = people_of(People.BUYERS)


def gained(counters: Counters) -> int:
    """New customers less cancelled ones."""
    return counters.get(_NEW, 0) - sum(map(counters.get, _CANCELLED, _ZEROS))


def customers_before(sums: WindowSums) -> int | None:
    """Customers at the window's start, of all channels together; None where the catalogue gives no first number, and
    where nobody can say who came after the window."""
    everybody = sums.whole or sums
    if everybody.plan is None or everybody.plan.customers_at_start is None:
        return None
    start = everybody.plan.customers_at_start
    if not sums.start_ms:
        return start
    return start + gained(everybody.launch) - gained(everybody.counters) if everybody.launch_at_end else None


def _active(sums: WindowSums) -> int | None:
    if sums.whole is not None or sums.plan is None or sums.plan.customers_at_start is None:
        return None
    return sums.plan.customers_at_start + gained(sums.launch)


def revenue_per_buyer(sums: WindowSums) -> float | None:
    """Millionths of the campaign's currency that a buyer brought in."""
    net = net_micros(sums)
    return None if net is None else ratio(net, buyers(sums))


def _revenue_per_customer(sums: WindowSums) -> Amounts:
    return in_currency(sums, revenue_per_buyer(sums))


KPIS = (
    Kpi(
        name="buyers",
        title="Buyers",
        unit="people",
        kind=Kind.PEOPLE,
        formula=buyers,
        formula_text="unique people who bought",
        reads=("sale",),
        windows=FROM_1H,
        exported=("1h", "today", "30d", "launch"),
        people=(People.BUYERS,),
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
        name="active_customers",
        title="Active customers",
        unit="customers",
        kind=Kind.PEOPLE,
        formula=_active,
        formula_text="customers at start + new customers - cancelled, since the launch",
        reads=("customer", "sale"),
        windows=("launch",),
        exported=("launch",),
        needs=(whole, customers),
        explanation="How many customers there are now. Activations are shown by themselves and are not in it: a "
        "customer counts from the first purchase on.",
        source="opening balance + gained - lost, the customer roll-forward of subscription reporting",
    ),
    Kpi(
        name="activations",
        title="Activations",
        unit="customers",
        kind=Kind.COUNT,
        formula=count_of(Measure.ACTIVATIONS),
        formula_text="customer events that say active",
        reads=("customer",),
        windows=FROM_1H,
        exported=("launch",),
        explanation="Customers whose source says that they became active, new or come back.",
    ),
    Kpi(
        name="revenue_per_customer",
        title="Revenue per customer",
        unit="currency per buyer",
        kind=Kind.MONEY,
        formula=_revenue_per_customer,
        formula_text="(Σ amount of sales - Σ amount of refunds) ÷ buyers",
        reads=("sale",),
        windows=WINDOWS,
        exported=("today", "launch"),
        denominator="buyers",
        min_volume=50,
        needs=(one_currency,),
        people=(People.BUYERS,),
        explanation="What a buyer brings in. Sales without a person are in the revenue and not among the buyers, so "
        "name the person where you can.",
        source="average revenue per user (ARPU), users being buyers",
    ),
)
