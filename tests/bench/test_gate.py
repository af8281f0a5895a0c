"""The gate lets only right counts through."""

from __future__ import annotations

import pytest

from bench.contenders.registry import CONTENDERS
from bench.gate import recount, wrong_counts, wrong_people, wrong_sums
from bench.race import Log, judge
from bench.stream import MINUTE_MS, Shape

BASE_MS = 1_795_510_800_000
SHAPE = Shape(per_second=200)
EXPECTED = recount(SHAPE, 20_000)
BY_TIER = {contender.tier: contender for contender in CONTENDERS}

Rows = list[list[object]]


def rows(counts: dict[tuple[str, str, str, int], int]) -> Rows:
    return [[*place[:3], place[3] + BASE_MS // MINUTE_MS, number] for place, number in counts.items()]


def everything() -> dict[str, Rows]:
    people = [[*place, topic, float(n)] for place, by in EXPECTED.people.items() for topic, n in by.items()]
    return {
        "rows": rows(EXPECTED.distinct),
        "people": people,
        "revenue": [[*place, number] for place, number in EXPECTED.revenue.items()],
        "sentiment": [[*place, number] for place, number in EXPECTED.sentiment.items()],
    }


def test_right_counts_pass_at_each_tier() -> None:
    log = Log("", BASE_MS, SHAPE, EXPECTED)
    assert judge(BY_TIER["A"], log, {"rows": rows(EXPECTED.counts)}) == []
    assert judge(BY_TIER["B"], log, {"rows": rows(EXPECTED.counts)}) == []
    assert judge(BY_TIER["C"], log, everything()) == []


def test_counts_with_resends_do_not_pass_where_each_event_counts_once() -> None:
    log = Log("", BASE_MS, SHAPE, EXPECTED)
    assert EXPECTED.counts.total() == 20_000 > EXPECTED.distinct_records
    assert judge(BY_TIER["C"], log, {**everything(), "rows": rows(EXPECTED.counts)})


def test_one_event_more_or_less_anywhere_is_found() -> None:
    for change in (1, -1):
        changed = rows(EXPECTED.counts)
        changed[len(changed) // 2][4] += change  # type: ignore[operator]
        assert len(wrong_counts(EXPECTED.counts, changed, BASE_MS)) == 1


def test_an_event_in_the_wrong_minute_is_found() -> None:
    changed = rows(EXPECTED.counts)
    changed[0][3] += 1_000  # type: ignore[operator]
    assert len(wrong_counts(EXPECTED.counts, changed, BASE_MS)) == 2


def test_rows_of_several_partitions_are_added_up() -> None:
    halves = [[*row[:4], part] for row in rows(EXPECTED.counts) for part in (1, row[4] - 1)]  # type: ignore[operator]
    assert wrong_counts(EXPECTED.counts, halves, BASE_MS) == []


@pytest.mark.parametrize("factor", [0.97, 1.03])
def test_people_that_are_off_by_more_than_two_percent_are_found(factor: float) -> None:
    found = everything()["people"]
    assert wrong_people(EXPECTED.people, [[*row[:3], row[3] * factor] for row in found])  # type: ignore[operator]
    assert wrong_people(EXPECTED.people, [[*row[:3], row[3] * 1.005] for row in found]) == []  # type: ignore[operator]


def test_money_that_is_a_millionth_off_is_found() -> None:
    sums = everything()["revenue"]
    sums[0][2] += 1  # type: ignore[operator]
    assert len(wrong_sums("revenue", EXPECTED.revenue, sums)) == 1
