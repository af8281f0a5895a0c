"""The fold: runs that are counted together, asked for once or again and again."""

import pytest

from streams.counting.fold import Fold
from streams.events.batch import EventBatch
from streams.events.catalogue import topic_by_name
from streams.events.click import Click
from streams.events.measures import Measure, People

T = 1_700_000_001_000
MANY = 20_000
"""More events than may wait in a fold."""


def run(persons: list[str], *, machine: bool = False) -> EventBatch:
    """Clicks of these people on one campaign in one pane."""
    events = [
        Click(id=str(number), time=T, campaign="aurora", channel="email", person=person, machine=machine)
        for number, person in enumerate(persons)
    ]
    number = len(events)
    return EventBatch(events, range(number), ["aurora"] * number, ["email"] * number, [T] * number)


def hash_person(person: str) -> bytes:
    return person.rjust(8).encode()


def met(fold: Fold) -> dict[int, list[bytes]]:
    """Kind of people -> the new ones, in order."""
    return {kind: sorted(some) for (_, _, kind), some in fold.campaigns["aurora"].new_people.items()}


@pytest.mark.parametrize("length", [1_000, MANY])
def test_a_run_of_any_length_counts_every_event_once_and_every_person_once(length: int) -> None:
    fold = Fold(topic_by_name("click"))
    for begin in range(0, MANY, length):
        fold.count(run([f"p-{number % 700}" for number in range(begin, begin + length)]), set(), hash_person)
    fold.settle()
    (counters,) = fold.campaigns["aurora"].panes.values()
    everybody = sorted(hash_person(f"p-{number}") for number in range(700))
    assert counters == {Measure.CLICKS: MANY}
    assert fold.ledger == {Measure.COUNTED: MANY}
    assert met(fold) == {People.CLICKERS: everybody, People.ENGAGED: everybody}


def test_who_was_met_before_is_not_new_after_another_settling() -> None:
    fold = Fold(topic_by_name("click"))
    fold.count(run(["anne", "bert"]), set(), hash_person)
    fold.settle()
    fold.campaigns["aurora"].new_people = {}
    fold.count(run(["bert", "clara"]), set(), hash_person)
    fold.settle()
    assert met(fold)[People.CLICKERS] == [hash_person("clara")]


def test_machines_are_counted_and_nobody_is_hashed_for_them() -> None:
    hashed: list[str] = []

    def noting(person: str) -> bytes:
        hashed.append(person)
        return hash_person(person)

    fold = Fold(topic_by_name("click"))
    fold.count(run(["proxy"] * 3, machine=True), set(), noting)
    fold.settle()
    assert fold.ledger == {Measure.COUNTED: 3, Measure.LEDGER_MACHINE: 3}
    assert (hashed, met(fold)) == ([], {})


def test_settling_twice_counts_nothing_twice() -> None:
    fold = Fold(topic_by_name("click"))
    fold.count(run(["anne"]), set(), hash_person)
    fold.settle()
    fold.settle()
    assert fold.ledger == {Measure.COUNTED: 1}
