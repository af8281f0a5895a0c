"""Churn: which share of the customers left, in all and by the reason that they gave."""

from collections.abc import Callable

from streams.counting.windows import WindowSums
from streams.events.measures import Measure
from streams.kpis.customers import CANCELLED, customers_before
from streams.kpis.kpi import FROM_1H, Kind, Kpi, count_of, ratio
from streams.kpis.needs import customers, whole

_WINDOWS = ("7d", "30d")
_SOURCE = "customer churn rate: customers lost in the period ÷ customers at its start"

_REASONS = (
    ("price", Measure.CANCELLED_PRICE, "because of the price"),
    ("service", Measure.CANCELLED_SERVICE, "because of the service"),
    ("technical", Measure.CANCELLED_TECHNICAL, "for a technical reason, such as a failed payment"),
    ("product", Measure.CANCELLED_PRODUCT, "because of the product"),
    ("other", Measure.CANCELLED_OTHER, "for another reason, or without one"),
)

_cancelled = count_of(*CANCELLED)


def churn_of_all(sums: WindowSums) -> float | None:
    """The share of all customers at the window's start who left in it, in whatever channel."""
    before = customers_before(sums)
    return None if before is None else ratio(_cancelled(sums.whole or sums), before)


def _share(cancelled: Callable[[WindowSums], int]) -> Callable[[WindowSums], float | None]:
    def share(sums: WindowSums) -> float | None:
        before = None if sums.whole is not None else customers_before(sums)
        return None if before is None else ratio(cancelled(sums), before)

    return share


def _before(sums: WindowSums) -> int | None:
    return None if sums.whole is not None else customers_before(sums)


def _by_reason(reason: str, measure: Measure, text: str) -> Kpi:
    return Kpi(
        name=f"churn_{reason}_rate",
        title=f"Churn by reason: {reason}",
        unit="ratio",
        kind=Kind.RATIO,
        formula=_share(count_of(measure)),
        formula_text=f"cancelled with the reason {reason} ÷ customers at the window's start",
        reads=("customer", "sale"),
        windows=_WINDOWS,
        exported=("30d",),
        good="down",
        denominator="customers_before",
        min_volume=100,
        needs=(whole, customers),
        explanation=f"The share of the customers who left {text}. The five reasons add up to the whole churn.",
        source=_SOURCE,
    )


KPIS = (
    Kpi(
        name="churn_rate",
        title="Churn",
        unit="ratio",
        kind=Kind.RATIO,
        formula=_share(_cancelled),
        formula_text="cancelled ÷ customers at the window's start",
        reads=("customer", "sale"),
        windows=_WINDOWS,
        exported=_WINDOWS,
        good="down",
        denominator="customers_before",
        min_volume=100,
        needs=(whole, customers),
        explanation="The share of the customers at the window's start who left in it. A customer belongs to the "
        "campaign and to no channel, so it has a value for all channels together only.",
        source=_SOURCE,
    ),
    *(_by_reason(*reason) for reason in _REASONS),
    Kpi(
        name="customers_before",
        title="Customers at the window's start",
        unit="customers",
        kind=Kind.PEOPLE,
        formula=_before,
        formula_text="customers at the campaign's start + new - cancelled before the window",
        reads=("customer", "sale"),
        windows=_WINDOWS,
        exported=_WINDOWS,
        good="",
        needs=(whole, customers),
        explanation="How many customers there were when the window began: the denominator of churn. It takes panes "
        "of hours or days to tell who came after a window, so windows of minutes have none.",
        source="opening balance of the customer roll-forward",
    ),
    Kpi(
        name="cancellations",
        title="Cancellations",
        unit="customers",
        kind=Kind.COUNT,
        formula=_cancelled,
        formula_text="customer events that say cancelled",
        reads=("customer",),
        windows=FROM_1H,
        exported=("today", "7d", "30d", "launch"),
        good="down",
        explanation="How many customers left, in the channel in which they said so.",
    ),
)
