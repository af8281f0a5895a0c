"""The gate lets only right counts through."""

from __future__ import annotations

import pytest

from bench.contenders.registry import CONTENDERS
from bench.gate import Expected, recount, wrong_counts, wrong_people
from bench.race import Log, judge
from bench.stream import DAY_MS, MINUTE_MS, Shape
from tests.faults.adds import NEW, RETURNING

BASE_MS = 1_795_510_800_000
SHAPE = Shape(per_second=200)
EXPECTED = recount(SHAPE, 20_000)
BY_TIER = {contender.tier: contender for contender in reversed(CONTENDERS)}
TWELVE = Shape(per_second=200, mix="twelve")

Rows = list[list[object]]


def rows(counts: dict[tuple[str, str, str, int], int]) -> Rows:
    return [[*place[:3], place[3] + BASE_MS // MINUTE_MS, number] for place, number in counts.items()]


def everything(expected: Expected = EXPECTED) -> dict[str, Rows]:
    """As a worker says it that has counted right: of the sales by persons all but the first are by returning ones."""
    people = [[*place, kind, float(n)] for place, by in expected.people.items() for kind, n in by.items()]
    counters: Rows = [[*place, number] for place, number in expected.counters.items()]
    returning = sum(number for (_, _, measure), number in expected.counters.items() if measure == NEW) - expected.buyers
    for row in [row for row in counters if row[2] == NEW]:
        now = min(returning, row[3])  # type: ignore[call-overload]
        row[3] -= now  # type: ignore[operator]
        counters.append([*row[:2], RETURNING, now])
        returning -= now
    facts = [
        [*stated[:3], BASE_MS // DAY_MS - stated[3] if stated[2] == "spend" else 0, stated[4]]
        for stated in expected.facts.elements()
    ]
    return {"rows": rows(expected.distinct), "people": people, "counters": counters, "facts": facts}


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


@pytest.fixture(scope="module")
def twelve() -> Expected:
    return recount(TWELVE, 20_000)


def test_all_twelve_topics_pass_with_every_counter_and_fact(twelve: Expected) -> None:
    assert {topic for _, _, topic, _ in twelve.distinct} == set(TWELVE.topics)
    assert {topic for _, _, topic, _, _ in twelve.facts} == {"spend", "tactic"}
    assert judge(BY_TIER["C"], Log("", BASE_MS, TWELVE, twelve), everything(twelve)) == []


@pytest.mark.parametrize("what", ["counters", "facts", "rows", "people"])
def test_whatever_is_missing_is_found(what: str, twelve: Expected) -> None:
    said = everything(twelve)
    largest = max(said[what], key=lambda row: row[-1] if what != "facts" else 0)  # type: ignore[arg-type,return-value]
    said[what].remove(largest)
    assert judge(BY_TIER["C"], Log("", BASE_MS, TWELVE, twelve), said)


def test_a_counter_that_is_one_off_is_found(twelve: Expected) -> None:
    for measure in sorted({measure for _, _, measure in twelve.counters}):
        said = everything(twelve)
        next(row for row in said["counters"] if row[2] == measure)[3] += 1  # type: ignore[operator]
        assert judge(BY_TIER["C"], Log("", BASE_MS, TWELVE, twelve), said), measure


def test_a_customer_who_is_new_twice_is_found(twelve: Expected) -> None:
    said = everything(twelve)
    new = next(row for row in said["counters"] if row[2] == NEW and row[3])
    returning = next(row for row in said["counters"] if row[2] == RETURNING and row[:2] == new[:2])
    new[3] += 1  # type: ignore[operator]
    returning[3] -= 1  # type: ignore[operator]
    (wrong,) = judge(BY_TIER["C"], Log("", BASE_MS, TWELVE, twelve), said)
    assert wrong.startswith("new customers")


def test_an_older_statement_of_what_was_spent_is_found(twelve: Expected) -> None:
    said = everything(twelve)
    spent = next(row for row in said["facts"] if row[2] == "spend")
    kind, micros, currency = str(spent[4]).split()
    spent[4] = f"{kind} {int(micros) - 10_000} {currency}"
    assert len(judge(BY_TIER["C"], Log("", BASE_MS, TWELVE, twelve), said)) == 2


def test_money_that_is_a_millionth_off_is_found() -> None:
    said = everything()
    next(row for row in said["counters"] if row[2] >= 256)[3] += 1  # type: ignore[operator]
    assert len(judge(BY_TIER["C"], Log("", BASE_MS, SHAPE, EXPECTED), said)) == 1
