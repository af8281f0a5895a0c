"""What recovery makes of a changelog: the last statement of each term, reconciled across terms, and only where the
reading was quick enough to be believed."""

from __future__ import annotations

import asyncio
import random
from types import SimpleNamespace
from typing import Any, cast

import faust
import pytest
from faust.types import TP

from agents.kafka import recovered
from agents.kafka.recovered import RecoveredTable

TOPIC = "tables-counts-changelog"
OWN, OTHER, THIRD = b"\0\0\0\1ow", b"\0\0\0\2ot", b"\0\0\0\3th"
Log = list[tuple[bytes, bytes | None]]


class Reconciled:
    """The greater of two values; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[bytes, bytes]] = []

    def __call__(self, one: bytes, other: bytes) -> bytes:
        self.asked.append((one, other))
        return max(one, other)


class Table(RecoveredTable):
    """Without a broker; `told` is what its hooks were called with."""

    def __init__(self) -> None:
        app = faust.App("tables", broker="kafka://127.0.0.1:1", store="memory://", autodiscover=False)
        self.reconciled = Reconciled()
        super().__init__(app, name="counts", partitions=4, reconcile=self.reconciled)
        app.tables.add(self)
        self.told: list[str] = []
        self.on_recovered = lambda partition: self.told.append(f"recovered {partition}")
        self.on_lost = lambda partition: self.told.append(f"lost {partition}")

    async def rebalance(self, generation: int, *, stays: bool = False) -> None:
        """An assignment of partition 0."""
        owned = {TP(TOPIC, 0)}
        await self.on_rebalance(owned, set(), set() if stays else owned, generation)

    def read(self, log: Log) -> None:
        """A slice of partition 0's changelog."""
        records = [SimpleNamespace(key=key, value=value) for key, value in log]
        message = SimpleNamespace(topic=TOPIC, partition=0, value=records)
        self.apply_changelog_batch(cast(Any, [SimpleNamespace(message=message)]))

    async def complete(self) -> None:
        """Recovery says that it has read to the end."""
        await self.on_recovery_completed({TP(TOPIC, 0)}, set())

    def terms(self, key: bytes) -> set[bytes]:
        """Those that state `key` as far as is known."""
        return set(self._unstated[0].get(key, ()))


async def _recovered(log: Log) -> Table:
    table = Table()
    await table.rebalance(1)
    table.read(log)
    await table.complete()
    return table


async def test_of_one_term_the_last_statement_counts_and_nothing_is_reconciled() -> None:
    table = await _recovered([(OWN + b"k", b"9"), (OWN + b"k", b"5"), (OWN + b"j", b"1")])
    assert table.values == {b"k": b"5", b"j": b"1"}
    assert table.reconciled.asked == []
    assert set(table.keys_of(0)) == {b"k", b"j"}


async def test_statements_of_different_terms_are_reconciled_once_each() -> None:
    log: Log = [(OWN + b"k", b"1"), (OTHER + b"k", b"7"), (OWN + b"k", b"2"), (THIRD + b"k", b"3"), (OWN + b"k", b"4")]
    table = await _recovered(log)
    assert table.values == {b"k": b"7"}
    assert len(table.reconciled.asked) == 2
    assert table.terms(b"k") == {OWN, OTHER, THIRD}


async def test_nothing_is_in_the_values_before_recovery_has_completed() -> None:
    table = Table()
    await table.rebalance(1)
    table.read([(OWN + b"k", b"1")])
    assert table.values == {}
    await table.complete()
    assert table.values == {b"k": b"1"}
    assert table.told == ["recovered 0"]


async def test_a_deleted_statement_has_no_say() -> None:
    table = await _recovered([(OWN + b"k", b"9"), (OTHER + b"k", b"2"), (OWN + b"k", None), (THIRD + b"j", None)])
    assert table.values == {b"k": b"2"}
    assert table.terms(b"k") == {OTHER}


async def test_what_is_recovered_is_the_same_whenever_the_log_was_compacted() -> None:
    for seed in range(50):
        chance = random.Random(seed)
        log: Log = [
            (
                chance.choice([OWN, OTHER, THIRD]) + chance.choice([b"a", b"b", b"c"]),
                chance.choice([None, b"%d" % chance.randint(1, 9)]),
            )
            for _ in range(chance.randint(1, 20))
        ]
        cut = chance.randint(0, len(log))
        last = {key: place for place, (key, _) in enumerate(log[:cut])}
        kept = [record for place, record in enumerate(log[:cut]) if last[record[0]] == place] + log[cut:]
        whole, compacted = await _recovered(log), await _recovered(kept)
        assert whole.values == compacted.values
        assert all(whole.terms(key) == compacted.terms(key) for key in (b"a", b"b", b"c"))


async def test_a_recovery_that_a_rebalance_interrupts_goes_on_where_it_was() -> None:
    table = Table()
    await table.rebalance(1)
    table.read([(OWN + b"k", b"1"), (OWN + b"j", b"1")])
    await table.rebalance(2, stays=True)
    table.read([(OWN + b"k", b"2")])
    await table.complete()
    assert table.values == {b"k": b"2", b"j": b"1"}


async def test_what_was_read_of_a_partition_that_left_is_forgotten() -> None:
    table = Table()
    await table.rebalance(1)
    table.read([(OWN + b"k", b"1")])
    await table.on_rebalance(set(), {TP(TOPIC, 0)}, set(), 2)
    table.read([(OWN + b"j", b"1")])
    await table.rebalance(3)
    table.read([(OTHER + b"i", b"1")])
    await table.complete()
    assert table.values == {b"i": b"1"}


async def test_a_partition_that_stayed_hears_of_its_own_statements_and_nothing_has_changed() -> None:
    table = await _recovered([(OWN + b"k", b"3")])
    own = table.term[0]
    table._unstated[0].clear()  # it has stated the key, and that was acknowledged
    await table.rebalance(2, stays=True)
    table.read([(OWN + b"k", b"2"), (own + b"k", b"3"), (OWN + b"k", None)])
    table.told.clear()
    await table.complete()
    assert table.told == ["recovered 0"]
    assert (table.values, table.terms(b"k")) == ({b"k": b"3"}, {own})


async def test_a_key_that_others_forgot_and_stated_again_does_not_get_its_former_value_back() -> None:
    table = await _recovered([(OWN + b"k", b"9")])
    own = table.term[0]
    table._unstated[0].clear()
    await table.rebalance(2, stays=True)
    table.read(
        [(OTHER + b"k", b"8"), (OWN + b"k", None), (own + b"k", None), (OTHER + b"k", None), (THIRD + b"k", b"1")]
    )
    table.told.clear()
    await table.complete()
    assert table.values == {b"k": b"1"}
    assert table.terms(b"k") == {THIRD}
    assert table.told == ["lost 0", "recovered 0"]


async def test_a_changelog_that_cannot_be_read_ends_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    table, crashed = Table(), asyncio.Event()

    async def crash(error: BaseException) -> None:
        crashed.set()

    monkeypatch.setattr(table.app, "crash", crash)
    await table.rebalance(1)
    message = SimpleNamespace(topic=TOPIC, partition=0, value=[object()])
    table.apply_changelog_batch(cast(Any, [SimpleNamespace(message=message)]))
    await asyncio.wait_for(crashed.wait(), 1)


async def test_a_recovery_that_took_longer_than_half_the_lag_is_read_on_before_it_is_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1_000.0]
    monkeypatch.setattr(recovered, "monotonic", lambda: now[0])
    table = Table()
    again = table._recovery.signal_recovery_start
    await table.rebalance(1)
    table.read([(OWN + b"k", b"1")])
    now[0] += table.compaction_lag_seconds / 2 + 1
    completing = asyncio.create_task(table.complete())
    await asyncio.wait_for(again.wait(), 1)
    await asyncio.sleep(0.03)
    # It does not say that it has completed while recovery has not taken notice.
    assert not completing.done()
    again.clear()
    await asyncio.wait_for(completing, 1)
    assert (table.told, table.values) == ([], {})
    table.read([(OTHER + b"k", b"2")])
    now[0] += 1
    await table.complete()
    assert not again.is_set()
    assert (table.told, table.values) == (["recovered 0"], {b"k": b"2"})
