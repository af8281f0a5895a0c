"""Which KPIs have no value while the catalogue does not say something of a campaign: their needs are asked."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache

import msgspec

from streams.counting.plan import plan_of
from streams.counting.windows import WindowSums
from streams.events.campaigns import Campaign
from streams.kpis.kpi import Kpi
from streams.kpis.registry import KPIS

_START = datetime(2026, 1, 1, tzinfo=UTC)
_DAYS = timedelta(days=10)

COMPLETE = Campaign(
    id="complete",
    currency="EUR",
    starts_at=_START,
    ends_at=_START + 2 * _DAYS,
    budget=Decimal(1),
    gross_margin=0.5,
    baseline_revenue_per_day=Decimal(1),
    customers_at_start=1,
)
"""An entry that says every fact that a plan is made of, so that a KPI needs nothing more of the catalogue."""

FACTS = ("starts_at", "ends_at", "budget", "gross_margin", "baseline_revenue_per_day", "customers_at_start")
"""The catalogue's fields without which a KPI may have no value. Currency and rates are none: it depends on what is
sold whether they are needed."""


def missing_for(told: Campaign, kpi: Kpi, window: str) -> tuple[str, ...]:
    """The facts that an entry does not say, without which the KPI has no value in that window."""
    return tuple(fact for fact in FACTS if getattr(told, fact) is None and _takes(kpi, fact, window))


def without_value(told: Campaign) -> dict[str, tuple[Kpi, ...]]:
    """Each fact that an entry does not say, with the KPIs that have no value in some window for the want of it."""
    lacking = {
        fact: tuple(kpi for kpi in KPIS if any(fact in missing_for(told, kpi, window) for window in kpi.windows))
        for fact in FACTS
    }
    return {fact: kpis for fact, kpis in lacking.items() if kpis}


def _takes(kpi: Kpi, fact: str, window: str) -> bool:
    """Whether one of its needs says something else once the fact is gone. What has nothing to do with the plan, such as
    that nothing was spent yet, it says both times."""
    complete, lacking = _sums(None, window), _sums(fact, window)
    return any(need(lacking) != need(complete) for need in kpi.needs)


# A preflight asks on the event loop, for every KPI, of the same few.
@cache
def _sums(without: str | None, window: str) -> WindowSums:
    """A window of a campaign that has run for days, in which nothing has happened yet; its entry says every fact, or
    all but one."""
    told = msgspec.structs.replace(COMPLETE, **{without: None}) if without else COMPLETE
    start, end = (round(instant.timestamp() * 1000) for instant in (_START, _START + _DAYS))
    return WindowSums({}, {}, 0 if window == "launch" else start, end, currency=told.currency, plan=plan_of(told))
