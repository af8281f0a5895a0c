"""What a KPI takes of the catalogue is found by asking its needs; the formulas themselves say whether that is right."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import pytest

from streams.counting.plan import Plan, plan_of
from streams.events.campaigns import Campaign
from streams.kpis.planned import COMPLETE, FACTS, missing_for, without_value
from streams.kpis.registry import KPI_BY_NAME, KPIS
from tests.unit.kpi_pictures import PLAN, planned

PLANNED: Final = {
    "starts_at": "starts_at_ms",
    "ends_at": "ends_at_ms",
    "budget": "budget",
    "gross_margin": "gross_margin",
    "baseline_revenue_per_day": "baseline_per_day",
    "customers_at_start": "customers_at_start",
}
"""The catalogue's field -> the plan's."""


@pytest.mark.parametrize("fact", FACTS)
def test_the_kpis_that_take_a_fact_are_those_whose_formulas_lose_their_value_without_it(fact: str) -> None:
    lacking = replace(PLAN, **{PLANNED[fact]: None})
    lost = {
        (kpi.name, window)
        for kpi in KPIS
        for window in kpi.windows
        if kpi.formula(planned(window)) not in (None, {}) and kpi.formula(planned(window, plan=lacking)) in (None, {})
    }
    told = Campaign(id="aurora", **{name: getattr(COMPLETE, name) for name in FACTS if name != fact}, currency="EUR")
    found = {(kpi.name, window) for kpi in KPIS for window in kpi.windows if missing_for(told, kpi, window) == (fact,)}
    assert lost
    assert found == lost


def test_every_fact_of_a_plan_is_looked_for() -> None:
    assert set(PLANNED) == set(FACTS)
    assert set(PLANNED.values()) == {field.name for field in fields(Plan)} - {"currency", "rates"}
    assert all(getattr(plan_of(COMPLETE), name) is not None for name in PLANNED.values())


def test_an_entry_that_says_nothing_but_when_and_how_much_leaves_return_churn_and_lifetime_value_without_a_value() -> (
    None
):
    start, end = datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)
    told = Campaign(id="aurora", starts_at=start, ends_at=end, budget=Decimal(100), currency="EUR")
    without = {fact: {kpi.name for kpi in kpis} for fact, kpis in without_value(told).items()}
    assert without.keys() == {"gross_margin", "baseline_revenue_per_day", "customers_at_start"}
    assert without["baseline_revenue_per_day"] == {"mroi", "incremental_revenue"}
    assert {"mroi", "lifetime_value", "payback"} <= without["gross_margin"]
    assert {"churn_rate", "lifetime_value"} <= without["customers_at_start"]


def test_a_fact_that_is_0_is_said() -> None:
    told = Campaign(id="aurora", gross_margin=0.0, customers_at_start=0)
    assert missing_for(told, KPI_BY_NAME["lifetime_value"], "launch") == ()
