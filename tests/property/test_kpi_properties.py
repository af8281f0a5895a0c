"""Every KPI of the registry, of any sums whatever, equals the one that is written a second time by hand."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.counting.plan import Plan
from streams.counting.windows import WindowSums
from streams.events.measures import MICROS, MONEY_MEASURES, Measure, People
from streams.kpis.registry import KPIS
from streams.kpis.targets import value_of
from tests.support.kpis_by_hand import DAY_MS, Counted, kpis_by_hand

END_MS = 1_795_000_000_000

_EVENTS = [measure for measure in Measure if measure < 112 and measure not in MONEY_MEASURES]
_COUNT = st.one_of(st.just(0), st.integers(0, 50), st.integers(0, 10**9))
_MICROS = st.integers(0, 10**15)
_WHEN = st.one_of(st.none(), st.integers(END_MS - 500 * DAY_MS, END_MS + 30 * DAY_MS))
_MONEY = st.fixed_dictionaries({}, optional={
    Measure.REVENUE: _MICROS, Measure.REFUNDED: _MICROS, Measure.MARGIN: st.integers(-(10**12), 10**12),
})  # fmt: skip
_SPEND = st.dictionaries(st.sampled_from(["media", "fee", "production"]), _MICROS)


@st.composite
def plans(draw: Any) -> Plan | None:
    if draw(st.booleans()):
        return None
    starts = draw(_WHEN)
    ends = (
        None if starts is None else draw(st.one_of(st.none(), st.integers(1, 400 * DAY_MS).map(lambda ms: starts + ms)))
    )
    return Plan(
        currency="EUR",
        budget=draw(st.one_of(st.none(), _MICROS)),
        gross_margin=draw(st.one_of(st.none(), st.sampled_from([0.0, 0.25, 0.5, 1.0]))),
        baseline_per_day=draw(st.one_of(st.none(), st.integers(0, 10**10))),
        customers_at_start=draw(st.one_of(st.none(), st.integers(0, 10**6))),
        starts_at_ms=starts,
        ends_at_ms=ends,
    )


@st.composite
def windows(draw: Any) -> WindowSums:
    counters = draw(st.dictionaries(st.sampled_from(_EVENTS), _COUNT, max_size=len(_EVENTS)))
    later = draw(st.dictionaries(st.sampled_from(_EVENTS), _COUNT, max_size=5))
    plan = draw(plans())
    currency = "EUR" if plan is not None or draw(st.booleans()) else None
    return WindowSums(
        counters=counters,
        people=draw(st.dictionaries(st.sampled_from(list(People)), st.floats(0, 1e9))),
        start_ms=draw(st.one_of(st.just(0), st.integers(END_MS - 40 * DAY_MS, END_MS - 1))),
        end_ms=END_MS,
        launch={key: counters.get(key, 0) + later.get(key, 0) for key in counters.keys() | later.keys()},
        currency=currency,
        converted=None if currency is None else draw(st.one_of(st.none(), _MONEY)),
        spend=None if currency is None else draw(st.one_of(st.none(), _SPEND)),
        spend_at_ms=draw(st.one_of(st.none(), st.integers(0, END_MS + DAY_MS))),
        plan=plan,
    )


def counted(sums: WindowSums) -> Counted:
    """The same as somebody else would hand it over."""
    plan = sums.plan or Plan()
    money = None if sums.converted is None else sums.converted

    def units(micros: int | None) -> Fraction | None:
        return None if micros is None else Fraction(micros, MICROS)

    def gained(counters: Any) -> int:
        left = sum(count for key, count in counters.items() if Measure(key).name.startswith("CANCELLED_"))
        return counters.get(Measure.NEW_CUSTOMERS, 0) - left

    since = gained(sums.launch)
    return Counted(
        events={Measure(key).name.lower(): count for key, count in sums.counters.items()},
        people={People(kind).name.lower(): round(number) for kind, number in sums.people.items()},
        start_ms=sums.start_ms,
        end_ms=sums.end_ms,
        revenue=None if money is None else units(money.get(Measure.REVENUE, 0)),
        refunded=None if money is None else units(money.get(Measure.REFUNDED, 0)),
        stated_margin=None if money is None else units(money.get(Measure.MARGIN)),
        spend={kind: Fraction(micros, MICROS) for kind, micros in (sums.spend or {}).items()},
        spend_at_ms=sums.spend_at_ms,
        before=since - gained(sums.counters) if sums.start_ms else 0,
        gained_since_launch=since,
        budget=units(plan.budget) if sums.currency else None,
        gross_margin=plan.gross_margin,
        baseline_per_day=units(plan.baseline_per_day),
        customers_at_start=plan.customers_at_start,
        starts_at_ms=plan.starts_at_ms,
        ends_at_ms=plan.ends_at_ms,
        whole=None if sums.whole is None else counted(sums.whole),
    )


STANDS_ON = {
    "gross_revenue": {Measure.REVENUE},
    "refunds": {Measure.REFUNDED},
    "net_revenue": {Measure.REVENUE, Measure.REFUNDED},
    "average_order_value": {Measure.REVENUE, Measure.REFUNDED},
}


def compare(sums: WindowSums) -> None:
    expected = kpis_by_hand(counted(sums))
    assert expected.keys() == {kpi.name for kpi in KPIS}
    for kpi in KPIS:
        shown, known = value_of(kpi, sums), expected[kpi.name]
        if kpi.name in STANDS_ON and not STANDS_ON[kpi.name] & (sums.converted or {}).keys():
            # What was never sold in a window has no amount; by hand it is 0.
            assert shown is None
        elif known is None:
            assert shown is None, (kpi.name, shown)
        else:
            assert shown == pytest.approx(float(known), rel=1e-9, abs=1e-6), kpi.name


def _satisfaction(satisfied: int, answers: int) -> WindowSums:
    counters = {Measure.SATISFIED: satisfied, Measure.CSAT_ANSWERS: answers}
    return WindowSums(counters=counters, people={}, start_ms=0, end_ms=END_MS, launch=counters)


@settings(max_examples=100, deadline=None)
@given(windows())
@example(_satisfaction(2, 1))
@example(_satisfaction(1_000, 999))
@example(_satisfaction(5, 5))
def test_all_channels_together(sums: WindowSums) -> None:
    compare(sums)


@settings(max_examples=100, deadline=None)
@given(windows(), windows())
def test_a_channel_beside_the_whole(part: WindowSums, whole: WindowSums) -> None:
    span = {"start_ms": whole.start_ms, "end_ms": whole.end_ms, "plan": whole.plan, "currency": whole.currency}
    if whole.currency is None:
        span |= {"converted": None, "spend": None}
    compare(replace(part, whole=whole, **span))
