"""Every rule is needed: without it the model finds a wrong count, by a seed or, for the rare ones, by a script."""

import pytest

from tests.simulation.rules import OF_A_FORGETFUL_REDIS, Rule
from tests.simulation.scripts import (
    SCRIPTS,
    compaction_overtakes_recovery,
    term_comes_back,
    zombie_deletes_what_another_relied_on,
    zombie_overwrites,
    zombie_recovers_late,
)
from tests.simulation.verdict import run

MOST_SEEDS = 1500


@pytest.mark.parametrize("rule", [rule for rule in Rule if rule not in SCRIPTS])
def test_without_the_rule_some_seed_ends_wrong_and_with_it_that_seed_is_right(rule: Rule) -> None:
    forgetful = rule in OF_A_FORGETFUL_REDIS
    for seed in range(MOST_SEEDS):
        if run(seed, (rule,), forgetful=forgetful).wrong:
            assert not run(seed, forgetful=forgetful).wrong
            return
    pytest.fail(f"{MOST_SEEDS} seeds are right without {rule}")


def test_a_zombies_late_statement_takes_nothing_from_the_further_one() -> None:
    assert zombie_overwrites() == 2


def test_without_the_term_in_the_record_key_a_zombies_late_statement_loses_a_click() -> None:
    assert zombie_overwrites(Rule.KEY_WITH_TERM) == 1


def test_a_late_tombstone_of_an_old_term_takes_nothing_from_who_owns_the_partition_again() -> None:
    assert term_comes_back() == 2


def test_without_one_term_a_generation_a_late_tombstone_loses_all_that_a_key_holds() -> None:
    assert term_comes_back(Rule.ONE_TERM_A_GENERATION) == 0


def test_a_zombies_tombstone_cannot_delete_the_only_statement_of_a_committed_record() -> None:
    assert zombie_deletes_what_another_relied_on() == 3


def test_without_an_own_statement_before_the_commit_a_zombies_tombstone_loses_a_click() -> None:
    assert zombie_deletes_what_another_relied_on(Rule.OWN_STATEMENT_BEFORE_COMMIT) == 2


def test_a_zombie_that_recovers_late_deletes_nothing_of_its_successor() -> None:
    assert zombie_recovers_late() == 3


def test_without_sparing_later_generations_a_zombie_deletes_its_successors_statement() -> None:
    assert zombie_recovers_late(Rule.ONLY_OLDER_GENERATIONS) == 2


def test_recovery_finds_a_key_whose_statement_compaction_took_from_under_it() -> None:
    assert compaction_overtakes_recovery() == 2


def test_without_recovery_to_the_end_compaction_takes_a_click_from_under_it() -> None:
    assert compaction_overtakes_recovery(Rule.RECOVERY_TO_THE_END) == 1
