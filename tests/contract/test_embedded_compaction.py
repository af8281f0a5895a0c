"""Compaction of the embedded broker, for any order of writes: what a reader may and may not find afterwards."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.demo.broker.batches import check, keep, place, records
from agents.demo.broker.compaction import Compactor
from agents.demo.broker.log import BATCH_OVERHEAD, Log, Memory
from tests.contract.clients import batch_of_pairs

NOW_MS = 1_700_000_000_000
KEYS = [b"a", b"b", b"c", b"d"]
TOMBSTONES_MS = 10

writes = st.lists(
    st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from([b"1", b"2", None])), min_size=1, max_size=6),
    min_size=1,
    max_size=12,
)


def write(log: Log, *pairs: tuple[bytes, bytes | None]) -> None:
    buffer = batch_of_pairs(pairs, time_ms=NOW_MS)
    log.append(buffer, check(buffer), NOW_MS, append_time=False)


def compact(compactor: Compactor, now_ms: int = NOW_MS, dirty_ratio: float = 0.0) -> None:
    for _ in compactor.steps(now_ms, dirty_ratio, 0, TOMBSTONES_MS):
        pass


def contents(log: Log) -> list[tuple[int, bytes | None, bytes | None]]:
    return [(r.offset, r.key, r.value) for batch in log.batches for r in records(batch)]


@settings(deadline=None, max_examples=200)
@given(writes, st.lists(st.booleans(), min_size=12, max_size=12), st.floats(0, 1))
def test_a_reader_always_ends_with_the_last_value_of_every_key(
    batches: list[list[tuple[bytes, bytes | None]]], compact_after: list[bool], dirty_ratio: float
) -> None:
    memory = Memory(1 << 30)
    log = Log(memory)
    compactor = Compactor(log)
    written: list[tuple[int, bytes, bytes | None]] = []
    now_ms = NOW_MS
    for pairs, compacts in zip(batches, compact_after, strict=False):
        buffer = batch_of_pairs(pairs, time_ms=now_ms)
        base = log.append(buffer, check(buffer), now_ms, append_time=False)
        written += [(base + index, key, value) for index, (key, value) in enumerate(pairs)]
        now_ms += 7
        if compacts:
            compact(compactor, now_ms, dirty_ratio)
        found = contents(log)
        assert set(found) <= set(written)  # nothing is invented or moved
        assert [offset for offset, _, _ in found] == sorted({offset for offset, _, _ in found})
        last = {key: value for _, key, value in written}
        read = {key: value for _, key, value in found}
        assert {key: value for key, value in read.items() if value is not None} == {
            key: value for key, value in last.items() if value is not None
        }
        assert log.end_offset == written[-1][0] + 1
        assert log.size == sum(len(batch.buffer) for batch in log.batches)
        assert memory.used == log.size + BATCH_OVERHEAD * len(log.batches)


def test_an_older_value_never_outlives_its_tombstone() -> None:
    log = Log(Memory(1 << 30))
    compactor = Compactor(log)
    write(log, (b"gone", b"1"), (b"stays", b"2"))  # half of it stays: not rewritten for that alone
    write(log, (b"gone", None))
    write(log, (b"newest", b"3"))
    compact(compactor)
    assert (1, b"stays", b"2") in contents(log)
    assert (2, b"gone", None) in contents(log)
    compact(compactor, NOW_MS + TOMBSTONES_MS)
    assert contents(log) == [(1, b"stays", b"2"), (3, b"newest", b"3")]


def test_a_rewritten_batch_still_ends_where_it_ended() -> None:
    buffer = batch_of_pairs([(b"a", b"1"), (b"b", b"2"), (b"c", b"3")], time_ms=NOW_MS)
    batch = place(buffer, check(buffer), 100, None)
    kept = keep(batch, {101})
    assert (kept.base_offset, kept.next_offset, kept.records) == (100, 103, 1)
    assert [(r.offset, r.key, r.timestamp) for r in records(kept)] == [(101, b"b", NOW_MS)]


def test_garbage_stays_below_what_is_kept() -> None:
    log = Log(Memory(1 << 30))
    compactor = Compactor(log)
    for number in range(2000):
        write(log, *[(b"%d" % (number % 50 + key), b"x" * 20) for key in range(10)])
        if number % 100 == 99:
            compact(compactor, dirty_ratio=0.1)
    kept = len({key for _, key, _ in contents(log)})
    assert kept <= len(contents(log)) <= 2 * kept + 10  # the newest batch is not compacted
