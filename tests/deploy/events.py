"""A small launch of which every KPI has a value: its catalogue entry and one round of events of every kind."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from grafana.launch import HEADLINES
from streams.kpis.registry import KPI_BY_NAME

CAMPAIGN = "aurora"
REASONS = ("price", "service", "technical", "product", "other")
_numbers = itertools.count()

SALE = {"person": "anna", "currency": "EUR"}
ROUND: tuple[tuple[str, dict[str, Any]], ...] = (
    ("visit", {"person": "anna", "engaged": True}),
    ("visit", {"person": "ben"}),
    ("open", {"person": "anna"}),
    ("open", {"person": "proxy", "machine": True}),
    ("click", {"person": "anna"}),
    ("click", {"person": "bot", "machine": True}),
    ("click", {"person": "ben", "unsubscribe": True}),
    ("mention", {"sentiment": 0.8}),
    ("mention", {"sentiment": -0.8}),
    ("sale", {**SALE, "amount": "20.00", "new_customer": True, "cost": "8.00"}),
    ("sale", {**SALE, "amount": "10.00", "units": 3}),
    ("sale", {**SALE, "amount": "5.00", "kind": "refund"}),
    *(("delivery", {"person": "anna", "status": status}) for status in ("sent", "delivered", "bounced")),
    *(("delivery", {"person": "anna", "status": status}) for status in ("complained", "unsubscribed")),
    ("impression", {"count": 250}),
    *(("lead", {"stage": stage}) for stage in ("lead", "qualified", "opportunity")),
    *(("spend", {"kind": kind, "currency": "EUR", "amount": "9.00"}) for kind in ("media", "fee", "production")),
    *(("survey", {"kind": "nps", "score": score}) for score in (10, 8, 3)),
    ("survey", {"kind": "csat", "score": 5}),
    ("customer", {"status": "active"}),
    *(("customer", {"status": "cancelled", "reason": reason}) for reason in REASONS),
    ("tactic", {"title": "Second mail brought forward", "owner": "Maria"}),
    ("click", {"id": ""}),  # a dead letter
)


def one_round() -> Iterator[tuple[str, dict[str, Any]]]:
    """Topic and event, all of now."""
    now = time.time()
    for topic, own in ROUND:
        number = next(_numbers)
        common = {"id": f"e-{number}", "time": int(now * 1000), "campaign": CAMPAIGN, "channel": "email"}
        if topic == "sale":
            common["order"] = f"o-{number}"
        elif topic == "spend":
            common["day"] = datetime.fromtimestamp(now, UTC).date().isoformat()
        yield topic, {**common, **own}


def entry() -> dict[str, Any]:
    """The catalogue entry: a plan, and a target of every headline; every other one cannot be reached."""
    started = datetime.now(UTC).replace(microsecond=0) - timedelta(days=40)
    targets = [
        {"kpi": name, "window": KPI_BY_NAME[name].exported[-1], "min": -1_000_000 if place % 2 else 1_000_000_000}
        | {"min_volume": 0}
        for place, name in enumerate(HEADLINES)
    ]
    return {
        "id": CAMPAIGN,
        "name": "Aurora",
        "owner": {"name": "Ann", "contact": "ann@example.com"},
        "starts_at": started.isoformat(),
        "ends_at": (started + timedelta(days=90)).isoformat(),
        "currency": "EUR",
        "budget": 1000,
        "gross_margin": 0.6,
        "baseline_revenue_per_day": 1,
        "customers_at_start": 500,
        "targets": targets,
    }
