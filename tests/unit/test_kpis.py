"""KPIs: values computed by hand, absence where there is nothing to divide by, and a registry that hangs together."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.counting.windows import WINDOWS, WindowSums, sum_counters
from streams.events.catalogue import TOPICS
from streams.events.measures import MICROS, Measure, People, money_key
from streams.kpis.kpi import Kind, Kpi
from streams.kpis.reference import render
from streams.kpis.registry import KPI_BY_NAME, KPIS
from tests.unit.kpi_pictures import sums

BY_HAND = {
    "reach": 160,
    "engaged_people": 40,
    "engagement_by_reach_rate": 40 / 160,
    "openers": 80,
    "clickers": 20,
    "click_to_open_rate": 20 / 80,
    "engagements": 40 + 50 + 10,
    "engagement_rate": 100 / 200,
    "visits": 200,
    "engaged_visits": 50,
    "clicks": 40,
    "machine_clicks": 9,
    "unsubscribes": 2,
    "opens": 300,
    "machine_opens": 120,
    "mentions": 10,
    "mentions_per_minute": 10 / 5,
    "scored_mentions": 8,
    "net_sentiment": 100 * (6 - 1) / 8,
    "positive_share": 6 / 8,
    "gross_revenue": {"EUR": 1234.56},
    "refunds": {"EUR": 34.56},
    "net_revenue": {"EUR": 1200.0},
    "orders": 10,
    "units": 25,
    "average_order_value": {"EUR": 120.0},
    "buyers": 9,
    "new_customers": 7,
    "returning_customers": 3,
    "visit_to_sale_rate": 10 / 200,
    "click_to_sale_rate": 10 / 40,
}

NOTHING = sums({}, {})


@pytest.mark.parametrize("kpi", KPIS, ids=lambda kpi: kpi.name)
def test_value_is_the_one_computed_by_hand(kpi: Kpi) -> None:
    assert kpi.formula(sums()) == pytest.approx(BY_HAND[kpi.name])


@pytest.mark.parametrize("kpi", KPIS, ids=lambda kpi: kpi.name)
def test_empty_window_has_no_rate_and_no_money_but_counts_of_zero(kpi: Kpi) -> None:
    value = kpi.formula(NOTHING)
    if kpi.kind in (Kind.RATIO, Kind.SCORE):
        assert value is None
    elif kpi.kind is Kind.MONEY:
        assert value == {}
    else:
        assert value == 0


def test_machines_are_in_no_rate() -> None:
    without = dict(sums().counters)
    del without[Measure.MACHINE_CLICKS], without[Measure.MACHINE_OPENS]
    for kpi in KPIS:
        if kpi.kind is Kind.RATIO:
            assert kpi.formula(sums(without)) == kpi.formula(sums())


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


@pytest.mark.parametrize("kpi", [kpi for kpi in KPIS if kpi.kind in (Kind.RATIO, Kind.SCORE)], ids=lambda kpi: kpi.name)
def test_every_rate_is_exposed_with_its_denominator(kpi: Kpi) -> None:
    sample = KPI_BY_NAME[kpi.denominator]
    assert sample.kind in (Kind.COUNT, Kind.PEOPLE)
    assert set(kpi.exported) <= set(sample.exported)
    assert set(kpi.windows) <= set(sample.windows)
    assert set(sample.reads) <= set(kpi.reads)
    assert kpi.min_volume >= 50


def test_rate_has_a_value_exactly_where_its_denominator_is_not_zero() -> None:
    for kpi in KPIS:
        if kpi.kind not in (Kind.RATIO, Kind.SCORE):
            continue
        for counters, people in (
            (sums().counters, sums().people),
            ({}, {}),
            ({Measure.CLICKS: 3}, {People.CLICKERS: 3.0}),
        ):
            window = sums(counters, people)
            size = KPI_BY_NAME[kpi.denominator].formula(window)
            assert (kpi.formula(window) is not None) == bool(size), kpi.name


_MEASURES = st.sampled_from([
    *(measure for measure in Measure if measure < 40),
    Measure.SALES, Measure.UNITS, Measure.NEW_CUSTOMERS,
    *(money_key(measure, currency) for measure in (Measure.REVENUE, Measure.REFUNDED) for currency in ("EUR", "USD")),
])  # fmt: skip
_PANES = st.lists(st.dictionaries(_MEASURES, st.integers(0, 10**12), max_size=12), min_size=1, max_size=6)


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


def test_per_minute_divides_by_the_length_of_the_window() -> None:
    hour = WindowSums({Measure.MENTIONS_NEUTRAL: 120}, {}, 0, 3_600_000)
    assert KPI_BY_NAME["mentions_per_minute"].formula(hour) == 2.0


def test_reference_in_docs_is_up_to_date() -> None:
    assert Path("docs/kpis.md").read_text(encoding="utf-8") == render().rstrip("\n") + "\n", (
        "run: python -m streams.kpis.reference > docs/kpis.md"
    )
