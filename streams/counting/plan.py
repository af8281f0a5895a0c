"""What the catalogue plans for a campaign, as KPIs read it: money in millionths, days of the reporting time zone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from streams.counting.panes import DAY_MS, day_index
from streams.events.campaigns import Campaign
from streams.events.measures import MICROS


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of one campaign; what the catalogue does not say is None.

    currency: in which its money is shown. budget, baseline_per_day: millionths of it. gross_margin: 0 to 1.
    customers_at_start: how many there were before. starts_at_ms, ends_at_ms: UTC epoch milliseconds.
    rates: currency -> (day number, what one unit is worth in `currency` from that day on), by day.
    """

    currency: str | None = None
    budget: int | None = None
    gross_margin: float | None = None
    baseline_per_day: int | None = None
    customers_at_start: int | None = None
    starts_at_ms: int | None = None
    ends_at_ms: int | None = None
    rates: Mapping[str, tuple[tuple[int, Fraction], ...]] = field(default_factory=dict)

    def rate(self, currency: str, day: int) -> Fraction | None:
        """What one unit of a currency was worth on a day (the index of its day pane); None where nobody says so."""
        if currency == self.currency:
            return Fraction(1)
        known = None
        for since, rate in self.rates.get(currency, ()):
            if since > day:
                break
            known = rate
        return known

    def days_in(self, start_ms: int, end_ms: int) -> float | None:
        """How many days of the campaign lie in `[start_ms, end_ms)`; None where its start is not planned."""
        if self.starts_at_ms is None:
            return None
        last_ms = end_ms if self.ends_at_ms is None else min(end_ms, self.ends_at_ms)
        return max(0, last_ms - max(start_ms, self.starts_at_ms)) / DAY_MS


def plan_of(told: Campaign) -> Plan:
    """The plan that a catalogue entry makes."""
    rates: dict[str, list[tuple[int, Fraction]]] = {}
    for rate in told.fx:
        rates.setdefault(rate.currency, []).append((day_index(rate.day), Fraction(rate.rate)))
    return Plan(
        currency=told.currency,
        budget=_micros(told.budget),
        gross_margin=told.gross_margin,
        baseline_per_day=_micros(told.baseline_revenue_per_day),
        customers_at_start=told.customers_at_start,
        starts_at_ms=_ms(told.starts_at),
        ends_at_ms=_ms(told.ends_at),
        rates={currency: tuple(sorted(found)) for currency, found in rates.items()},
    )


def _micros(amount: Decimal | None) -> int | None:
    return None if amount is None else round(Fraction(amount) * MICROS)


def _ms(instant: datetime | None) -> int | None:
    return None if instant is None else round(instant.timestamp() * 1000)
