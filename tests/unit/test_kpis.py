"""KPIs: values computed by hand, absence where there is nothing to divide by, and a registry that hangs together."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.counting.windows import WINDOWS, WindowSums, sum_counters
from streams.events.catalogue import TOPICS
from streams.events.measures import MICROS, MONEY_MEASURES, Measure, People, money_key
from streams.kpis.kpi import SUMS, Kind, Kpi
from streams.kpis.reference import render
from streams.kpis.registry import KPI_BY_NAME, KPIS
from streams.kpis.why import why
from tests.unit.kpi_pictures import COUNTERS, NOW_MS, PEOPLE, PLAN, planned, sums

# One campaign, worked out by hand. Its thirty days (`planned()` in kpi_pictures.py):
#   sold for 1,234.56 EUR in 10 orders of 9 people, 7 of them new, given back 34.56: net 1,200.00;
#   spent 250 on media + 50 on fees + 20 on production = 320;
#   plan: margin 0.5, 40.00 a day would be sold anyway, 1,000 customers before, 10 of 20 days have passed, budget 1,000;
#   4 + 2 + 1 + 2 + 1 = 10 customers left. Since the launch 67 came and 20 left, so before the window there were
#   1,000 + (67 - 20) - (7 - 10) = 1,050.
BY_HAND = {
    # Sales revenue
    "gross_revenue": {"EUR": 1234.56},
    "refunds": {"EUR": 34.56},
    "net_revenue": {"EUR": 1200.0},
    "orders": 10,
    "refunded_orders": 1,
    "units": 25,
    "average_order_value": {"EUR": 120.0},  # 1,200 / 10
    "stated_margin": {"EUR": -5.0},
    # Customers
    "buyers": 9,
    "new_customers": 7,
    "returning_customers": 3,
    "active_customers": 1047,  # 1,000 + 67 - 20
    "activations": 6,
    "revenue_per_customer": {"EUR": 1200 / 9},
    # Lifetime value: 1,200 / 9 = 133.33 a customer, half of it margin = 66.67, churn 10 / 1,050: 66.67 x 105 = 7,000
    "lifetime_value": {"EUR": 7000.0},
    # Acquisition cost
    "spend": {"EUR": 320.0},
    "media_spend": {"EUR": 250.0},
    "fee_spend": {"EUR": 50.0},
    "production_spend": {"EUR": 20.0},
    "customer_acquisition_cost": {"EUR": 320 / 7},  # 45.71
    "cost_per_customer": {"EUR": 320 / 9},
    "cost_per_lead": {"EUR": 8.0},  # 320 / 40
    "cost_per_qualified_lead": {"EUR": 20.0},  # 320 / 16
    "cost_per_opportunity": {"EUR": 40.0},  # 320 / 8
    "cost_per_click": {"EUR": 8.0},  # 320 / 40
    "cost_per_mille": {"EUR": 80.0},  # 320 / 4,000 x 1,000
    "ltv_to_cac": 153.125,  # 7,000 x 7 / 320
    # The campaign has run 10 of the 30 days, a third of a month: 66.67 x 3 = 200 a month; 320 / 7 / 200 = 0.2286
    "monthly_margin_per_customer": {"EUR": 200.0},
    "payback": 320 / 7 / 200,
    # Churn
    "churn_rate": 10 / 1050,
    "churn_price_rate": 4 / 1050,
    "churn_service_rate": 2 / 1050,
    "churn_technical_rate": 1 / 1050,
    "churn_product_rate": 2 / 1050,
    "churn_other_rate": 1 / 1050,
    "customers_before": 1050,
    "cancellations": 10,
    # Satisfaction: 60 promoters, 25 passives, 15 detractors; 80 of 100 satisfied
    "nps": 45.0,  # 60 - 15
    # variance 0.60 + 0.15 - 0.45^2 = 0.5475; error sqrt(0.5475 / 100) = 0.073993; x 1.959964 = 0.145024
    "nps_low": 30.4976,
    "nps_high": 59.5024,
    "nps_answers": 100,
    "csat": 0.8,
    # z^2 = 3.841459: middle (0.8 + 0.01920729) / 1.03841459 = 0.788902;
    # half 1.959964 x sqrt(0.8 x 0.2 / 100 + 3.841459 / 40,000) / 1.03841459 = 0.077731
    "csat_low": 0.711171,
    "csat_high": 0.866633,
    "csat_answers": 100,
    # Reach
    "reach": 160,
    "impressions": 4000,
    "frequency": (950 + 4000 + 200) / 160,
    # Engagement
    "engagements": 40 + 50 + 10,
    "exposures": 950 + 4000 + 200,
    "engagement_rate": 100 / 5150,
    "engaged_people": 40,
    "engagement_by_reach_rate": 40 / 160,
    "visits": 200,
    "engaged_visits": 50,
    "clicks": 40,
    "open_rate": 80 / 950,
    "raw_open_rate": (300 + 120) / 950,
    "click_rate": 20 / 950,
    "raw_click_rate": (40 + 9) / 950,
    "click_to_open_rate": 20 / 80,
    "raw_click_to_open_rate": (40 + 9) / (300 + 120),
    "bounce_rate": 50 / 1000,
    "complaint_rate": 1 / 1000,
    "unsubscribe_rate": 0.02,  # (17 + 2) / 950
    "sent": 1000,
    "delivered": 950,
    "bounced": 50,
    "complained": 1,
    "unsubscribed": 17,
    "unsubscribes": 2,
    "opens": 300,
    "machine_opens": 120,
    "raw_opens": 420,
    "machine_clicks": 9,
    "openers": 80,
    "clickers": 20,
    "mentions": 10,
    "mentions_per_minute": 10 / 43_200,
    "scored_mentions": 8,
    "net_sentiment": 100 * (6 - 1) / 8,
    "positive_share": 6 / 8,
    # Conversion
    "leads": 40,
    "qualified_leads": 16,
    "opportunities": 8,
    "reach_to_click_rate": 20 / 160,
    "click_to_visit_rate": 200 / 40,
    "visit_to_lead_rate": 40 / 200,
    "lead_to_qualified_rate": 16 / 40,
    "qualified_to_opportunity_rate": 8 / 16,
    "opportunity_to_sale_rate": 10 / 8,
    "lead_to_sale_rate": 10 / 40,
    "visit_to_sale_rate": 10 / 200,
    "click_to_sale_rate": 10 / 40,
    "reach_to_sale_rate": 9 / 160,
    # Return: the campaign has run 10 days, 400.00 would have been sold anyway: 800 beyond it, 400 of that margin
    "incremental_revenue": {"EUR": 800.0},
    "mroi": 0.25,  # (400 - 320) / 320
    "roas": 3.75,  # 1,200 / 320
    "budget": {"EUR": 1000.0},
    "budget_used": 0.32,
    "budget_due": {"EUR": 500.0},  # half of the time has passed
    "pace": 0.64,  # 320 / 500
    "spend_age": 3600.0,
}

NOTHING = sums({}, {})

# Absent altogether: the sum is one of what a catalogue or a platform says.
TOLD = {"active_customers", "customers_before"}


@pytest.mark.parametrize("kpi", KPIS, ids=lambda kpi: kpi.name)
def test_value_is_the_one_computed_by_hand(kpi: Kpi) -> None:
    assert kpi.formula(planned()) == pytest.approx(BY_HAND[kpi.name], rel=1e-5)


@pytest.mark.parametrize("kpi", KPIS, ids=lambda kpi: kpi.name)
def test_empty_window_has_no_rate_and_no_money_but_counts_of_zero(kpi: Kpi) -> None:
    value = kpi.formula(NOTHING)
    if kpi.kind not in SUMS or kpi.name in TOLD:
        assert value is None
    elif kpi.kind is Kind.MONEY:
        assert value == {}
    else:
        assert value == 0


def test_machines_are_in_raw_rates_only() -> None:
    without = dict(sums().counters)
    del without[Measure.MACHINE_CLICKS], without[Measure.MACHINE_OPENS]
    for kpi in KPIS:
        if kpi.kind is Kind.RATIO:
            assert (kpi.formula(sums(without)) == kpi.formula(sums())) == (not kpi.name.startswith("raw_"))


def test_unknown_sentiment_changes_mentions_and_neither_side_of_a_share() -> None:
    more = dict(sums().counters) | {Measure.MENTIONS_UNKNOWN: 92}
    assert KPI_BY_NAME["mentions"].formula(sums(more)) == 100
    for name in ("scored_mentions", "net_sentiment", "positive_share"):
        assert KPI_BY_NAME[name].formula(sums(more)) == KPI_BY_NAME[name].formula(sums())


def test_only_negative_mentions_are_minus_a_hundred_points() -> None:
    assert KPI_BY_NAME["net_sentiment"].formula(sums({Measure.MENTIONS_NEGATIVE: 3})) == -100


def test_currencies_are_never_added_and_an_average_over_two_has_no_value() -> None:
    mixed = sums({
        Measure.SALES: 2,
        money_key(Measure.REVENUE, "EUR"): 10 * MICROS,
        money_key(Measure.REVENUE, "USD"): 7 * MICROS,
        money_key(Measure.REFUNDED, "USD"): 9 * MICROS,
    })  # fmt: skip
    assert KPI_BY_NAME["net_revenue"].formula(mixed) == {"EUR": 10.0, "USD": -2.0}
    assert KPI_BY_NAME["average_order_value"].formula(mixed) == {}


def test_silence_after_the_first_sale_is_no_revenue_and_not_no_value() -> None:
    sold = {money_key(Measure.REVENUE, "USD"): 10 * MICROS}
    quiet = planned("today", counters={}, converted={}, launch=sold)
    assert KPI_BY_NAME["net_revenue"].formula(quiet) == {"EUR": 0.0}
    assert KPI_BY_NAME["gross_revenue"].formula(quiet) == {"EUR": 0.0}
    assert KPI_BY_NAME["refunds"].formula(quiet) == {}
    assert KPI_BY_NAME["average_order_value"].formula(quiet) == {}


def test_refunds_without_orders_have_no_average() -> None:
    refunded = sums({money_key(Measure.REFUNDED, "EUR"): 5 * MICROS, Measure.REFUNDS: 1})
    assert KPI_BY_NAME["net_revenue"].formula(refunded) == {"EUR": -5.0}
    assert KPI_BY_NAME["average_order_value"].formula(refunded) == {}


def test_every_kpi_is_listed_once_and_computed_by_hand_above() -> None:
    assert sorted(BY_HAND) == sorted(kpi.name for kpi in KPIS)
    assert len({kpi.metric for kpi in KPIS}) == len(KPIS)


@pytest.mark.parametrize("kpi", KPIS, ids=lambda kpi: kpi.name)
def test_entry_hangs_together(kpi: Kpi) -> None:
    assert re.fullmatch(r"[a-z][a-z_]*", kpi.name)
    assert re.fullmatch(r"campaign_[a-z_]+", kpi.metric)
    assert not kpi.metric.endswith(("_total", "_rate"))
    assert set(kpi.windows) <= {window.name for window in WINDOWS}
    assert kpi.exported
    assert set(kpi.exported) <= set(kpi.windows)
    assert kpi.reads == tuple(sorted(kpi.reads))
    assert set(kpi.reads) <= {topic.name for topic in TOPICS}
    assert kpi.good in ("up", "down", "")
    assert kpi.explanation.endswith(".")


RATES = [kpi for kpi in KPIS if kpi.denominator]


def test_every_quotient_names_its_denominator() -> None:
    assert {kpi.name for kpi in KPIS if kpi.kind not in SUMS} - {kpi.name for kpi in RATES} == {"spend_age"}


@pytest.mark.parametrize("kpi", RATES, ids=lambda kpi: kpi.name)
def test_every_rate_is_exposed_with_its_denominator(kpi: Kpi) -> None:
    sample = KPI_BY_NAME[kpi.denominator]
    counted = KPI_BY_NAME[kpi.counted_by]
    assert sample.kind in SUMS
    assert counted.kind in (Kind.COUNT, Kind.PEOPLE) or not kpi.min_volume
    assert set(kpi.windows) <= set(counted.windows)
    assert set(kpi.exported) <= set(sample.exported)
    assert set(kpi.windows) <= set(sample.windows)
    assert set(sample.reads) <= set(kpi.reads)


def test_rate_has_a_value_exactly_where_its_denominator_is_not_zero() -> None:
    for kpi in RATES:
        if kpi.name in ("payback", "ltv_to_cac", "lifetime_value", "mroi", "mentions_per_minute"):
            continue
        for counters, people in (
            (COUNTERS, PEOPLE),
            ({}, {}),
            ({Measure.CLICKS: 3}, {People.CLICKERS: 3.0}),
        ):
            window = planned(counters=counters, people=people)
            size = KPI_BY_NAME[kpi.denominator].formula(window)
            assert (kpi.formula(window) not in (None, {})) == bool(size), kpi.name


_MEASURES = st.sampled_from([
    *(measure for measure in Measure if measure < 112 and measure not in MONEY_MEASURES),
    *(money_key(measure, currency) for measure in (Measure.REVENUE, Measure.REFUNDED) for currency in ("EUR", "USD")),
])  # fmt: skip
_PANES = st.lists(st.dictionaries(_MEASURES, st.integers(0, 10**12), max_size=12), min_size=1, max_size=6)


@settings(max_examples=100, deadline=None)
@given(_PANES)
def test_additive_kpi_of_summed_panes_is_the_sum_of_its_values(panes: list[dict[int, int]]) -> None:
    whole = sums(sum_counters(panes), {})
    for kpi in KPIS:
        if not kpi.additive:
            continue
        parts = [kpi.formula(sums(pane, {})) for pane in panes]
        value = kpi.formula(whole)
        if kpi.kind is Kind.COUNT:
            assert value == sum(parts)
        else:
            assert set(value) == {currency for part in parts for currency in part}
            for currency, amount in value.items():
                assert amount == pytest.approx(sum(part.get(currency, 0.0) for part in parts), rel=1e-9, abs=1e-3)


@settings(max_examples=100, deadline=None)
@given(_PANES)
def test_rate_of_summed_panes_lies_between_the_rates_of_the_panes(panes: list[dict[int, int]]) -> None:
    whole = sums(sum_counters(panes), {})
    for name in ("positive_share", "net_sentiment"):
        parts = [value for pane in panes if (value := KPI_BY_NAME[name].formula(sums(pane, {}))) is not None]
        value = KPI_BY_NAME[name].formula(whole)
        if not parts:
            assert value is None
        else:
            assert min(parts) - 1e-9 <= value <= max(parts) + 1e-9


def test_rate_is_the_ratio_of_sums_and_not_the_mean_of_rates() -> None:
    few, many = {Measure.VISITS: 1, Measure.ENGAGED_VISITS: 1}, {Measure.VISITS: 99}
    assert KPI_BY_NAME["engagement_rate"].formula(sums(sum_counters([few, many]))) == 0.01


def test_a_customer_of_100_for_whom_225_was_spent_is_seen_at_once() -> None:
    # 10 new customers for 2,250: 225 each. Each of 10 buyers brings 10, half of it margin; 50 of 1,000 left: 5 / 0.05.
    told = planned(
        counters={Measure.NEW_CUSTOMERS: 10, Measure.CANCELLED_PRICE: 50},
        launch={Measure.NEW_CUSTOMERS: 10, Measure.CANCELLED_PRICE: 50},
        people={People.BUYERS: 10.0},
        converted={Measure.REVENUE: 100 * MICROS},
        spend={"media": 2250 * MICROS},
    )
    assert KPI_BY_NAME["customer_acquisition_cost"].formula(told) == {"EUR": 225.0}
    assert KPI_BY_NAME["lifetime_value"].formula(told) == {"EUR": pytest.approx(100.0)}
    assert KPI_BY_NAME["ltv_to_cac"].formula(told) == pytest.approx(100 / 225)


def test_a_channel_bears_of_the_baseline_what_it_has_of_the_revenue() -> None:
    # A quarter of 1,200 is 300, a quarter of the 400 that would be sold anyway 100: 200 beyond it, 100 of that margin.
    part = planned(converted={Measure.REVENUE: 300 * MICROS}, spend={"media": 50 * MICROS}, whole=planned())
    assert KPI_BY_NAME["incremental_revenue"].formula(part) == {"EUR": pytest.approx(200.0)}
    assert KPI_BY_NAME["mroi"].formula(part) == pytest.approx((100 - 50) / 50)


def test_lifetime_value_of_a_channel_is_divided_by_the_churn_of_all() -> None:
    # 90.00 of 3 buyers: 30 each, 15 of it margin, churn of all 10 / 1,050: 15 x 105 = 1,575.
    part = planned(counters={}, people={People.BUYERS: 3.0}, converted={Measure.REVENUE: 90 * MICROS}, whole=planned())
    assert KPI_BY_NAME["lifetime_value"].formula(part) == {"EUR": pytest.approx(1575.0)}
    assert KPI_BY_NAME["churn_rate"].formula(part) is None


def test_nothing_spent_is_no_cost_of_zero_and_nothing_sold_is_a_return_of_zero() -> None:
    assert KPI_BY_NAME["cost_per_click"].formula(planned(spend={})) == {}
    assert KPI_BY_NAME["roas"].formula(planned(converted={})) == 0.0
    assert KPI_BY_NAME["mroi"].formula(planned(converted={})) == pytest.approx((-200 - 320) / 320)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"plan": None}, "gross_margin"),
        ({"plan": replace(PLAN, baseline_per_day=None)}, "baseline_revenue_per_day"),
        ({"spend": {}}, "no spend was stated"),
        ({"converted": None, "spend": None, "missing_rates": frozenset({"USD", "CHF"})}, "no rate for CHF, USD"),
        ({"currency": None, "converted": None, "spend": None}, "no one currency"),
    ],
)
def test_a_return_that_has_no_value_says_why(changed: dict[str, object], said: str) -> None:
    told = planned(**changed)
    assert KPI_BY_NAME["mroi"].formula(told) is None
    assert said in why(KPI_BY_NAME["mroi"], told)


class Asked(dict[int, float]):
    """People, and of which kinds somebody has asked."""

    def __init__(self) -> None:
        super().__init__(PEOPLE)
        self.kinds: set[int] = set()

    def get(self, kind: int, default: Any = None) -> Any:
        self.kinds.add(kind)
        return super().get(kind, default)


@pytest.mark.parametrize("kpi", KPIS, ids=lambda kpi: kpi.name)
def test_the_people_at_whom_a_formula_looks_are_those_that_its_entry_names(kpi: Kpi) -> None:
    asked = Asked()
    kpi.formula(planned(people=asked))
    assert asked.kinds == set(kpi.people)


@pytest.mark.parametrize("name", ["mroi", "incremental_revenue"])
def test_a_channel_s_return_says_so_where_a_rate_is_missing_in_another_channel(name: str) -> None:
    told = planned(whole=planned(converted=None, missing_rates=frozenset({"USD"})))
    assert KPI_BY_NAME[name].formula(told) in (None, {})
    assert "no rate for USD" in why(KPI_BY_NAME[name], told)


@pytest.mark.parametrize("kpi", KPIS, ids=lambda kpi: kpi.name)
def test_whatever_has_no_value_says_why(kpi: Kpi) -> None:
    for told in (NOTHING, planned(counters={}, people={}, converted={}, spend={}), planned(plan=None, currency=None)):
        if kpi.formula(told) in (None, {}):
            assert why(kpi, told)


def test_without_a_catalogue_a_single_currency_is_enough_for_cost_but_not_for_return() -> None:
    told = planned(plan=None)
    assert KPI_BY_NAME["customer_acquisition_cost"].formula(told) == {"EUR": pytest.approx(320 / 7)}
    assert KPI_BY_NAME["mroi"].formula(told) is None


def test_with_several_currencies_and_no_catalogue_there_are_only_sums_of_sales_in_each() -> None:
    # Sold since the launch: 1,234.56 EUR and 10.00 USD, the dollars in this window alone.
    bare = {"plan": None, "currency": None, "converted": None, "spend": None}
    eur, usd = money_key(Measure.REVENUE, "EUR"), money_key(Measure.REVENUE, "USD")
    both = planned(**bare, counters={**COUNTERS, usd: 10_000_000})
    valued = {kpi.name for kpi in KPIS if kpi.kind is Kind.MONEY and kpi.formula(both)}
    assert valued == {"gross_revenue", "refunds", "net_revenue", "stated_margin"}
    assert KPI_BY_NAME["gross_revenue"].formula(both) == {"EUR": 1234.56, "USD": 10.0}
    # In a window of dollars alone an order's value is known too. Whatever needs the campaign's currency has none there
    # either: which currency that is does not depend on the window.
    one = planned(**bare, counters={Measure.SALES: 2, usd: 10_000_000}, launch={eur: 1_234_560_000, usd: 10_000_000})
    valued = {kpi.name for kpi in KPIS if kpi.kind is Kind.MONEY and kpi.formula(one)}
    assert valued == {"gross_revenue", "net_revenue", "average_order_value"}
    for name in ("spend", "incremental_revenue", "revenue_per_customer"):
        assert "in several currencies since its launch" in why(KPI_BY_NAME[name], one)
    assert "only in windows in which one was sold" in " ".join(render().split())


def test_pace_before_the_start_and_after_the_end() -> None:
    day_ms = 86_400_000
    before = planned(plan=replace(PLAN, starts_at_ms=NOW_MS + day_ms, ends_at_ms=NOW_MS + 2 * day_ms))
    after = planned(plan=replace(PLAN, ends_at_ms=NOW_MS - day_ms))
    assert KPI_BY_NAME["pace"].formula(before) is None
    assert KPI_BY_NAME["pace"].formula(after) == 0.32


def test_bounds_of_satisfaction_enclose_the_score_and_stay_within_the_scale() -> None:
    for promoters, passives, detractors in ((1, 0, 0), (0, 0, 3), (0, 2, 0), (5, 5, 5), (999, 1, 0)):
        told = sums({
            Measure.PROMOTERS: promoters, Measure.PASSIVES: passives, Measure.DETRACTORS: detractors,
            Measure.SATISFIED: promoters, Measure.CSAT_ANSWERS: promoters + passives + detractors,
        })  # fmt: skip
        for score, least, most in (("nps", -100, 100), ("csat", 0, 1)):
            low, middle, high = (KPI_BY_NAME[score + end].formula(told) for end in ("_low", "", "_high"))
            assert least <= low <= middle + 1e-9
            assert middle - 1e-9 <= high <= most


def test_per_minute_divides_by_the_length_of_the_window() -> None:
    hour = WindowSums({Measure.MENTIONS_NEUTRAL: 120}, {}, 0, 3_600_000)
    assert KPI_BY_NAME["mentions_per_minute"].formula(hour) == 2.0


def test_reference_in_docs_is_up_to_date() -> None:
    assert Path("docs/kpis.md").read_text(encoding="utf-8") == render().rstrip("\n") + "\n", (
        "run: python -m streams.kpis.reference > docs/kpis.md"
    )
