"""The table of statements over a changelog that is a list: terms, tombstones, recovery, generations."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable
from types import SimpleNamespace
from typing import Any, cast

import faust
import pytest
from faust.types import TP

from agents.kafka.batches import Entry
from agents.kafka.table import StatementTable
from streams.counting.statements import TERM_BYTES

TOPIC = "tables-counts-changelog"
GENERATIONS = itertools.count(1)
Log = list[tuple[int, bytes, bytes | None]]


class ListedTable(StatementTable):
    """Sends into a list; `before_acknowledged` runs while a send is on its way."""

    written: Log
    before_acknowledged: Any = None

    async def _send(self, partition: int, entries: list[Entry]) -> None:
        self.written += [(partition, cast(bytes, key), value) for key, value in entries]
        if self.before_acknowledged is not None:
            before, self.before_acknowledged = self.before_acknowledged, None
            await before()

    async def assign(
        self,
        owned: set[int],
        *,
        before: Collection[int] = (),
        replayed: Collection[int] = (),
        generation: int | None = None,
    ) -> None:
        """A rebalance from `before` to `owned`, and recovery from the log: of what arrives, and of `replayed`.

        Each is a later generation than all before, unless one is given.
        """
        old, new = {TP(TOPIC, part) for part in before}, {TP(TOPIC, part) for part in owned}
        await self.on_rebalance(new, old - new, new - old, next(GENERATIONS) if generation is None else generation)
        self.replay({tp.partition for tp in new - old} | set(replayed))
        await self.on_recovery_completed(cast(Any, new), set())

    def replay(self, partitions: Iterable[int]) -> None:
        """Recovery reads these partitions' changelogs from their start."""
        for part in partitions:
            records = [
                SimpleNamespace(partition=p, key=key, value=value) for p, key, value in self.written if p == part
            ]
            message = SimpleNamespace(topic=TOPIC, partition=part, value=records)
            self.apply_changelog_batch(cast(Any, [SimpleNamespace(message=message)]))


def _worker(log: Log) -> ListedTable:
    app = faust.App("tables", broker="kafka://127.0.0.1:1", store="memory://", autodiscover=False)
    table = ListedTable(app, name="counts", partitions=4, reconcile=max)
    table.written = log
    app.tables.add(table)
    return table


@pytest.fixture
def log() -> Log:
    return []


def _standing(log: Log) -> dict[bytes, set[bytes]]:
    """What compaction leaves: the terms under which each key stands."""
    last = {(key[:TERM_BYTES], key[TERM_BYTES:]): value for _, key, value in log}
    found: dict[bytes, set[bytes]] = {}
    for (term, key), value in last.items():
        if value is not None:
            found.setdefault(key, set()).add(term)
    return found


async def test_a_stated_key_is_in_the_values_and_a_new_owner_recovers_it(log: Log) -> None:
    one, other = _worker(log), _worker(log)
    await one.assign({0})
    assert one.unstated(0, b"a")
    assert await one.state(0, {b"a": b"5", b"b": b"6"})
    assert not one.unstated(0, b"a")
    await other.assign({0})
    assert other.values == {b"a": b"5", b"b": b"6"}
    assert set(other.keys_of(0)) == {b"a", b"b"}
    assert other.unstated(0, b"a")


async def test_a_value_is_shown_only_when_it_is_acknowledged(log: Log) -> None:
    table = _worker(log)
    await table.assign({0})

    async def look() -> None:
        assert table.values == {}

    table.before_acknowledged = look
    assert await table.state(0, {b"a": b"1"})
    assert table.values == {b"a": b"1"}


async def test_the_statement_of_an_older_term_is_deleted_only_after_the_own(log: Log) -> None:
    one, other = _worker(log), _worker(log)
    await one.assign({0})
    await one.state(0, {b"a": b"5"})
    await other.assign({0})
    await other.state(0, {b"a": b"6"})
    assert [value for _, _, value in log] == [b"5", b"6", None]
    assert log[2][1] == log[0][1]
    assert _standing(log) == {b"a": {other.term[0]}}


async def test_a_zombies_older_statement_behind_the_owners_changes_nothing(log: Log) -> None:
    zombie, owner, heir = _worker(log), _worker(log), _worker(log)
    await zombie.assign({0})
    await zombie.state(0, {b"a": b"4"})
    await owner.assign({0})
    await owner.state(0, {b"a": b"6"})
    await zombie.state(0, {b"a": b"5"})
    await heir.assign({0})
    assert heir.values == {b"a": b"6"}
    await heir.state(0, {b"a": b"6"})
    assert _standing(log) == {b"a": {heir.term[0]}}


async def test_a_frozen_owner_that_recovers_late_leaves_its_successors_statements(log: Log) -> None:
    owner, frozen, heir = _worker(log), _worker(log), _worker(log)
    await owner.assign({0}, generation=9)
    await owner.state(0, {b"a": b"5"})
    await frozen.assign({0}, generation=8)  # assigned before the owner, but it recovers only now
    await owner.state(0, {b"a": b"6"})
    await frozen.state(0, {b"a": b"5"})
    await heir.assign({0}, generation=10)
    assert heir.values == {b"a": b"6"}


async def test_every_generation_has_a_new_term_and_every_key_is_unstated_in_it(log: Log) -> None:
    table = _worker(log)
    await table.assign({0})
    await table.state(0, {b"a": b"1"})
    first = table.term[0]
    await table.assign({0}, before={0})
    assert table.term[0] != first
    assert table.unstated(0, b"a")
    assert table.values == {b"a": b"1"}
    await table.state(0, {b"a": b"1"})
    assert _standing(log) == {b"a": {table.term[0]}}


async def test_a_generation_that_ends_while_a_statement_is_on_its_way_leaves_nothing_settled(log: Log) -> None:
    table = _worker(log)
    await table.assign({0})
    await table.state(0, {b"a": b"1"})

    async def rebalance() -> None:
        await table.assign({0}, before={0})

    table.before_acknowledged = rebalance
    assert not await table.state(0, {b"a": b"2", b"new": b"2"})
    assert table.values == {b"a": b"1"}
    assert await table.state(0, {b"a": b"2", b"new": b"2"})
    assert _standing(log) == {b"a": {table.term[0]}, b"new": {table.term[0]}}


async def test_partitions_that_leave_are_evicted_and_the_application_is_told(log: Log) -> None:
    table, told = _worker(log), list[tuple[str, int]]()
    table.on_lost = lambda part: told.append(("lost", part))
    table.on_recovered = lambda part: told.append(("recovered", part))
    await table.assign({0, 1})
    await table.state(0, {b"a": b"1"})
    await table.state(1, {b"b": b"1"})
    await table.assign({1}, before={0, 1})
    assert table.values == {b"b": b"1"}
    assert not await table.state(0, {b"a": b"2"})
    assert told == [("recovered", 0), ("recovered", 1), ("lost", 0), ("recovered", 1)]


async def test_a_worker_that_missed_generations_takes_over_what_others_stated_meanwhile_and_says_so(log: Log) -> None:
    frozen, other = _worker(log), _worker(log)
    await frozen.assign({0, 1})
    await frozen.state(0, {b"a": b"1", b"gone": b"1"})
    await frozen.state(1, {b"b": b"1"})
    await other.assign({0})
    await other.state(0, {b"a": b"2"})
    await other.forget(0, [b"gone"])
    told: list[tuple[str, int]] = []
    frozen.on_lost = lambda part: told.append(("lost", part))
    frozen.on_recovered = lambda part: told.append(("recovered", part))
    await frozen.assign({0, 1}, before={0, 1}, replayed={0, 1})
    assert frozen.values == {b"a": b"2", b"b": b"1"}
    assert told == [("lost", 0), ("recovered", 0), ("recovered", 1)]
    await frozen.state(0, {b"a": b"2"})
    assert _standing(log) == {b"a": {frozen.term[0]}, b"b": _standing(log)[b"b"]}


async def test_a_forgotten_key_is_gone_for_every_later_owner(log: Log) -> None:
    one, other, heir = _worker(log), _worker(log), _worker(log)
    await one.assign({0})
    await one.state(0, {b"a": b"1", b"b": b"1"})
    await other.assign({0})
    assert await other.forget(0, [b"a", b"never there"])
    assert other.values == {b"b": b"1"}
    assert b"a" not in _standing(log)
    await heir.assign({0})
    assert heir.values == {b"b": b"1"}


async def test_one_key_in_two_partitions_is_an_error(log: Log) -> None:
    table = _worker(log)
    await table.assign({0, 1})
    await table.state(0, {b"a": b"1"})
    with pytest.raises(ValueError, match="belongs to another partition"):
        await table.state(1, {b"a": b"1"})
