"""The harness finds what a switched-off guard lets through: quick cases; `python -m tests.faults.guards` does all."""

from __future__ import annotations

import pytest

from tests.faults.guards.cases import STAGED
from tests.faults.guards.results import scripted_row, simulated_row, staged_row
from tests.faults.guards.simulated import RULES, simulate
from tests.faults.guards.switches import SWITCHES, how
from tests.simulation.rules import Rule
from tests.simulation.scripts import SCRIPTS
from tests.support.kafka import KafkaBroker

OFTEN = (
    Rule.ACKNOWLEDGED_BEFORE_NEXT_BLOCK,
    Rule.ACKNOWLEDGED_BEFORE_COMMIT,
    Rule.TOMBSTONES_LAST,
    Rule.IN_ORDER,
    Rule.CUT_BY_THE_LOG,
)
SEEDS = range(60)


def test_every_rule_has_its_seeds_or_a_script_and_every_switch_a_case_and_a_sentence() -> None:
    assert RULES.keys() | SCRIPTS.keys() == set(Rule)
    assert {guard for case in STAGED.values() for without in case.off for guard in without} == SWITCHES.keys()
    assert all(how(guard).endswith(".") for guard in SWITCHES)


@pytest.mark.parametrize("rule", OFTEN)
def test_the_simulation_finds_the_loss_without_the_rule_and_none_with_it(rule: Rule) -> None:
    row = simulated_row(rule, simulate(SEEDS, [rule]), simulate(SEEDS))
    assert row.as_expected, row.sentence


@pytest.mark.parametrize("rule", SCRIPTS)
def test_a_script_of_the_simulation_finds_the_loss_without_the_rule(rule: Rule) -> None:
    assert scripted_row(rule).as_expected, rule


@pytest.mark.kafka
@pytest.mark.faults
def test_the_recount_finds_aborted_events_that_were_counted_and_nothing_with_the_guard(
    kafka_broker: KafkaBroker,
) -> None:
    case = STAGED["reading committed"]
    for without in ((), *case.off):
        row = staged_row("reading committed", case, without, case.play(kafka_broker, without))
        print(row.guard, row.sentence)
        assert row.as_expected, row.sentence


@pytest.mark.kafka
@pytest.mark.faults
def test_the_recount_finds_what_was_lost_when_tombstones_came_first(kafka_broker: KafkaBroker) -> None:
    case = STAGED["order of tombstones"]
    (without,) = case.off
    row = staged_row("order of tombstones", case, without, case.play(kafka_broker, without))
    print(row.guard, row.sentence)
    assert row.as_expected, row.sentence
