"""What the catalogue says of the campaigns of a run, and the same as the formulas by hand read it.

One campaign has a rate for every currency, one lacks a rate, one has a plan without a currency, one is in no catalogue.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What is planned. rates: currency -> (day since 1970, what one unit is worth from then on), by day."""

    currency: str | None = None
    budget: Fraction | None = None
    gross_margin: float | None = None
    baseline_per_day: Fraction | None = None
    customers_at_start: int | None = None
    starts_at_ms: int | None = None
    ends_at_ms: int | None = None
    rates: Mapping[str, tuple[tuple[int, Fraction], ...]] = field(default_factory=dict)

    def rate(self, currency: str, day: int) -> Fraction | None:
        """What one unit was worth on a day; None before the first rate."""
        return next((rate for since, rate in reversed(self.rates.get(currency, ())) if since <= day), None)


def entries(now_ms: int) -> dict[str, dict[str, Any]]:
    """Campaign -> its entry in the catalogue. Rates have changed within the days for which spend is stated."""
    now = datetime.fromtimestamp(now_ms // 1000, UTC)

    def rates(currency: str, *known: tuple[int, str]) -> list[dict[str, str]]:
        days = [((now + timedelta(days=off)).date().isoformat(), rate) for off, rate in known]
        return [{"currency": currency, "day": day, "rate": rate} for day, rate in days]

    span = {"starts_at": (now - timedelta(days=3)).isoformat(), "ends_at": (now + timedelta(days=4)).isoformat()}
    return {
        "aurora": {
            "currency": "EUR",
            "fx": [
                *rates("USD", (-400, "0.91"), (-12, "0.8734"), (1, "9")),
                *rates("JPY", (-400, "0.0061"), (-3, "0.006712345")),
            ],
            "budget": "250000.50",
            "gross_margin": 0.55,
            "baseline_revenue_per_day": "1234.56",
            "customers_at_start": 4_000,
            **span,
        },
        "заря": {
            "currency": "USD",
            "fx": rates("EUR", (-400, "1.1")),
            "budget": "9000",
            "gross_margin": 0.4,
            "baseline_revenue_per_day": "10",
            "customers_at_start": 900,
            **span,
        },
        "borealis": {"customers_at_start": 77, "gross_margin": 0.7, **span},
    }


def record(campaign: str, entry: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """Key and value of an entry in the catalogue's topic."""
    return campaign.encode(), json.dumps({"id": campaign, **entry}).encode()


def plan_of(entry: Mapping[str, Any]) -> Plan:
    """The plan of an entry."""
    rates: dict[str, list[tuple[int, Fraction]]] = {}
    for rate in entry.get("fx", ()):
        day = int(datetime.fromisoformat(rate["day"] + "T00:00:00+00:00").timestamp() * 1000) // DAY_MS
        rates.setdefault(rate["currency"], []).append((day, Fraction(rate["rate"])))
    return Plan(
        entry.get("currency"),
        _exactly(entry.get("budget")),
        entry.get("gross_margin"),
        _exactly(entry.get("baseline_revenue_per_day")),
        entry.get("customers_at_start"),
        _ms(entry.get("starts_at")),
        _ms(entry.get("ends_at")),
        {currency: tuple(sorted(known)) for currency, known in rates.items()},
    )


def _exactly(amount: str | None) -> Fraction | None:
    return None if amount is None else Fraction(amount)


def _ms(instant: str | None) -> int | None:
    return None if instant is None else int(datetime.fromisoformat(instant).timestamp() * 1000)
