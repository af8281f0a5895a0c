"""Slices are unpacked batch by batch; what comes out must be what aiokafka's own unpacking gives, record for record."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, READ_UNCOMMITTED, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c

from agents.kafka.headers import LenientRecords
from agents.kafka.records import Places, take

TP = TopicPartition("events", 3)
CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
PRODUCER, OTHER = 7, 8
ABORT, COMMIT = struct.pack(">hh", 0, 0), struct.pack(">hh", 0, 1)
CONTROL = 0x20


def _batch(
    base: int,
    records: Sequence[tuple[int, bytes | None, bytes | None, list[Any]]],
    *,
    codec: int = 0,
    producer: int = -1,
    transactional: bool = False,
    control: bool = False,
    last: int | None = None,
) -> bytes:
    """A batch of format 2. Records: (offset behind `base`, key, value, headers). `last`: where its last record was
    before compaction took it."""
    builder = DefaultRecordBatchBuilder(2, codec, int(transactional), producer, 0, 0, 1 << 20)
    for delta, key, value, headers in records:
        assert builder.append(delta, 1_700_000_000_000 + delta, key, value, headers) is not None
    raw = bytearray(builder.build())
    raw[0:8] = base.to_bytes(8, "big")
    if control:
        raw[22] |= CONTROL
    if last is not None:
        raw[23:27] = last.to_bytes(4, "big")
    raw[17:21] = calc_crc32c(memoryview(raw)[21:]).to_bytes(4, "big")
    return bytes(raw)


def _plain(number: int, begin: int = 0) -> list[tuple[int, bytes | None, bytes | None, list[Any]]]:
    return [(begin + i, b"key %d" % i, b"value %d" % i, [("h", b"%d" % i)]) for i in range(number)]


def _legacy(magic: int, codec: int) -> bytes:
    builder = LegacyRecordBatchBuilder(magic, codec, 1 << 20)
    for i in range(5):
        assert builder.append(i, 1_700_000_000_000 + i, b"k%d" % i, None if i == 3 else b"v%d" % i) is not None
    raw = builder.build()
    if codec:
        raw[0:8] = (4).to_bytes(8, "big")  # the broker gives the wrapper the offset of its last record
    return bytes(raw)


def _result(
    records: Any, *, begin: int = 0, aborted: list[tuple[int, int]] | None = None, level: int = READ_COMMITTED
) -> FetchResult:
    """A fetch from offset `begin` on, as the fetcher keeps it; its `position` moves as a consumer's does."""
    unread = PartitionRecords(TP, records, list(aborted or ()), begin, None, None, True, level)
    state = SimpleNamespace(paused=False, position=begin)
    state.consumed_to = lambda offset: setattr(state, "position", offset)
    assignment = SimpleNamespace(active=True, state_value=lambda tp: state, state=state)
    return FetchResult(TP, assignment=assignment, partition_records=unread, backoff=0)


def _position(result: FetchResult) -> int:
    return int(result._assignment.state.position)


def _seen(records: Sequence[Any]) -> list[tuple[Any, ...]]:
    return [(r.offset, r.timestamp, r.timestamp_type, r.key, r.value, list(r.headers)) for r in records]


def _whole(result: FetchResult, room: int) -> Iterator[Any]:
    while result.has_more():
        found = take(result, Places(), room)
        assert len(found) <= room
        if found:
            assert _position(result) > found[-1].offset
        yield from found


def _assert_equal(data: bytes, *, begin: int = 0, aborted: list[tuple[int, int]] | None = None) -> int:
    """Reads `data` in both ways, in every way of cutting it up; returns the number of records."""
    number = 0
    for level in (READ_COMMITTED, READ_UNCOMMITTED):
        stock = _result(MemoryRecords(data), begin=begin, aborted=aborted, level=level)
        expected = _seen(stock.getall())
        for room in (1, 2, 3, 7, 10_000):
            for kind in (LenientRecords, MemoryRecords):
                own = _result(kind(data), begin=begin, aborted=aborted, level=level)
                assert _seen(list(_whole(own, room))) == expected
                assert _position(own) == _position(stock)
        if level == READ_COMMITTED:
            number = len(expected)
    return number


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
def test_records_of_every_codec_are_the_same_with_tombstones_nulls_and_headers(codec: int) -> None:
    odd = [(0, None, b"v", []), (1, b"k", None, []), (2, b"", b"", [("a", None), ("a", b"1"), ("ü", b"")])]
    data = _batch(0, odd, codec=codec) + _batch(3, _plain(40), codec=codec) + _batch(43, _plain(1), codec=codec)
    assert _assert_equal(data) == 44


def test_a_fetch_that_begins_inside_a_batch_gives_nothing_below_its_offset() -> None:
    data = _batch(0, _plain(10), codec=3) + _batch(10, _plain(10))
    assert _assert_equal(data, begin=7) == 13
    assert _assert_equal(data, begin=10) == 10


def test_the_holes_of_compaction_are_stepped_over_wherever_they_are() -> None:
    holes = [(delta, b"k", b"v", []) for delta in (2, 3, 9)]
    data = _batch(0, holes, last=15) + _batch(100, holes, last=9) + _batch(200, [], last=4) + _batch(300, holes)
    assert _assert_equal(data) == 9
    assert _assert_equal(data, begin=12) == 6


def test_an_offset_behind_the_last_record_of_a_compacted_batch_moves_on() -> None:
    result = _result(LenientRecords(_batch(0, _plain(3), last=20)), begin=10)
    assert take(result, Places(), 100) == []
    assert (_position(result), result.has_more()) == (21, False)


def test_aborted_transactions_and_control_batches_are_left_out() -> None:
    data = (
        _batch(0, _plain(3), producer=PRODUCER, transactional=True)
        + _batch(3, _plain(2), producer=OTHER, transactional=True, codec=3)
        + _batch(5, [(0, ABORT, b"\0" * 6, [])], producer=PRODUCER, transactional=True, control=True)
        + _batch(6, _plain(4), producer=PRODUCER, transactional=True)
        + _batch(10, [(0, COMMIT, b"\0" * 6, [])], producer=PRODUCER, transactional=True, control=True)
        + _batch(11, [(0, COMMIT, b"\0" * 6, [])], producer=OTHER, transactional=True, control=True)
        + _batch(12, _plain(2), producer=PRODUCER)
        + _batch(14, _plain(2), producer=PRODUCER, transactional=True)
        + _batch(16, [(0, ABORT, b"\0" * 6, [])], producer=PRODUCER, transactional=True, control=True)
    )
    assert _assert_equal(data, aborted=[(PRODUCER, 14), (PRODUCER, 0)]) == 8
    assert _assert_equal(data) == 13


@pytest.mark.parametrize(("magic", "codec"), [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (1, 3)])
def test_old_message_formats_are_the_same(magic: int, codec: int) -> None:
    assert _assert_equal(_legacy(magic, codec)) == 5
    if codec:
        assert _assert_equal(_legacy(magic, codec), begin=3) == 2


@pytest.mark.parametrize("seed", range(20))
def test_any_mixture_of_batches_is_the_same(seed: int) -> None:
    chance = random.Random(seed)
    data, base, aborted = b"", 0, []
    for _ in range(chance.randint(1, 12)):
        deltas = sorted(chance.sample(range(30), chance.randint(1, 20)))
        records = [
            (
                delta,
                chance.choice([None, chance.randbytes(6)]),
                chance.choice([None, chance.randbytes(chance.randint(0, 300))]),
                [("name", chance.randbytes(2))] * chance.randint(0, 2),
            )
            for delta in deltas
        ]
        open_now = chance.random() < 0.5
        data += _batch(
            base,
            records,
            codec=chance.choice(list(CODECS.values())),
            producer=PRODUCER if open_now else -1,
            transactional=open_now,
            last=deltas[-1] + chance.randint(0, 5),
        )
        first, base = base, base + deltas[-1] + 6
        if open_now:
            word = chance.choice([ABORT, COMMIT])
            if word == ABORT:
                aborted.append((PRODUCER, first))
            data += _batch(base, [(0, word, b"\0" * 6, [])], producer=PRODUCER, transactional=True, control=True)
            base += 1
    _assert_equal(data, aborted=aborted)
    _assert_equal(data, begin=chance.randint(0, base), aborted=aborted)


def test_a_wrong_checksum_raises_and_the_position_stays() -> None:
    bad = bytearray(_batch(5, _plain(5)))
    bad[-1] ^= 1
    result = _result(LenientRecords(_batch(0, _plain(5)) + bytes(bad)))
    with pytest.raises(CorruptRecordException):
        take(result, Places(), 100)
    assert _position(result) == 0
    assert not result.has_more()


def test_what_was_read_before_a_seek_is_dropped() -> None:
    result = _result(LenientRecords(_batch(0, _plain(10))))
    assert len(take(result, Places(), 4)) == 4
    result._assignment.state.position = 2
    assert take(result, Places(), 4) == []
    assert not result.has_more()


def test_a_paused_partition_gives_nothing() -> None:
    result = _result(LenientRecords(_batch(0, _plain(10))))
    result._assignment.state.paused = True
    assert take(result, Places(), 4) == []


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
def test_a_header_name_that_is_no_utf8_costs_no_record(codec: int) -> None:
    named = _batch(0, [(0, b"k", b"v", [("n\u00e9m", b"1"), ("null", None)]), (1, None, None, [])])
    broken = bytearray(named.replace("é".encode(), b"\xff\xfe"))
    broken[17:21] = calc_crc32c(memoryview(broken)[21:]).to_bytes(4, "big")
    data = _batch(0, [(0, b"k", b"v", [])], codec=codec, last=0)
    second = bytearray(broken)
    second[0:8] = (1).to_bytes(8, "big")
    found = take(_result(LenientRecords(data + bytes(second))), Places(), 10)
    assert [(r.offset, type(r.value)) for r in found] == [(0, bytes), (1, bytes), (2, type(None))]
    assert found[1].headers == [("n\\xff\\xfem", b"1"), ("null", None)]
    stock = _result(LenientRecords(data + bytes(second))).getall()
    assert _seen(stock) == _seen(found)


def test_what_was_read_and_held_no_record_is_the_begin_of_the_next_slice_but_not_over_a_seek() -> None:
    places = Places()
    assert places.slice_of(TP, [], 5, 7) == []
    assert places.slice_of(TP, [], 7, 8) == []
    after = places.slice_of(TP, ["a record"], 8, 9)
    assert (after.begin, after.end, after.reading) == (5, 9, 0)
    places.slice_of(TP, [], 9, 12)
    places.sought(TP)
    elsewhere = places.slice_of(TP, ["a record"], 20, 22)
    assert (elsewhere.begin, elsewhere.end, elsewhere.reading) == (20, 22, 1)
