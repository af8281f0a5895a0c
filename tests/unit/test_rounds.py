"""When partitions are stated: never long after they changed, at once when they are quiet, and not all at one moment."""

from collections.abc import Callable
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agents.campaign.owned import OwnedPartition
from agents.campaign.rounds import QUIET_SECONDS, STATE_SECONDS, Rounds

TICK = 0.05
LONG = 120.0

Changing = Callable[[int, float], bool]


def always(partition: int, now: float) -> bool:
    return True


def partition_of_new_generation() -> OwnedPartition:
    return OwnedPartition(1, cast(Any, SimpleNamespace(changed=False, at=0)), cast(Any, None))


def stated(partitions: int, changing: Changing, seconds: float = LONG) -> list[tuple[float, int]]:
    """What a worker states from time 0 on, when, if partitions change as it is said."""
    rounds = Rounds()
    owned = {number: partition_of_new_generation() for number in range(partitions)}
    said = []
    for tick in range(1, int(seconds / TICK)):
        now = tick * TICK
        for number, partition in owned.items():
            if changing(number, now):
                partition.merge.changed, partition.read_at = cast(Any, True), now
                partition.merge.at += 1
        for number, partition in rounds.due(owned, now):
            said.append((now, number))
            partition.merge.changed, partition.stated_at = cast(Any, False), now
            partition.stated_to = partition.merge.at
    return said


@pytest.mark.parametrize("partitions", [1, 2, 8, 48])
def test_a_partition_that_always_changes_is_stated_every_ten_seconds(partitions: int) -> None:
    said = stated(partitions, always)
    for number in range(partitions):
        times = [0.0, *(at for at, stated_number in said if stated_number == number), LONG]
        assert max(after - before for before, after in pairwise(times)) <= STATE_SECONDS + 2 * TICK
    assert len(said) <= partitions * (LONG / STATE_SECONDS + 1), "no key is written more often than it has to be"


@pytest.mark.parametrize("partitions", [2, 3, 8, 48])
def test_partitions_that_began_together_are_soon_stated_one_after_the_other(partitions: int) -> None:
    later = [at for at, _ in stated(partitions, always) if at > 2 * STATE_SECONDS]
    apart = [after - before for before, after in pairwise(later)]
    assert min(apart) >= STATE_SECONDS / partitions - 2 * TICK


def test_a_partition_in_which_nothing_comes_any_more_is_stated_at_once_and_then_not_again() -> None:
    said = stated(2, lambda partition, now: partition == 0 or now < 3.0)
    (at,) = [at for at, number in said if number == 1]
    assert 3.0 + QUIET_SECONDS - TICK <= at <= 3.0 + QUIET_SECONDS + 2 * TICK


def test_a_quiet_partition_does_not_take_the_turns_of_those_that_always_change() -> None:
    said = stated(8, lambda partition, now: partition != 7 or now % 1 < TICK / 2)
    later = [at for at, number in said if at > 2 * STATE_SECONDS and number != 7]
    assert min(after - before for before, after in pairwise(later)) >= 1.0
