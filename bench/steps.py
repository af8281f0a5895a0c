"""What one event's way costs, step by step: the real functions over real slices, each by itself, on one core.

A worker at 100,000 events a second over 20 source partitions, for ten seconds of the log: every quarter of a second
each source's slice is read, decoded, folded and summarised, the summaries are merged at once, and after ten seconds
everything is stated once. Beside each step stands the least that anything could do instead. What is missing here, and
is part of the throughput, is the sockets, the event loops and Faust.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.record._crecords import crc32c_cython
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from agents.collector import collect_less
from agents.kafka.headers import LenientRecords
from agents.kafka.records import read_batch
from bench.load import BATCH_BYTES
from bench.mix import FIVE
from bench.parts import HASH_KEY, WORKER_CORE, machine, on_core, say
from bench.steps_claims import claims
from bench.steps_render import render
from bench.stream import Planned, Shape, planned
from streams.counting.blocks import Cut
from streams.counting.open_block import OpenBlock
from streams.counting.partition import PartitionMerge
from streams.counting.people import PersonHasher
from streams.counting.sources import source_number
from streams.counting.summaries import CAMPAIGN, LEDGER, encode_summary
from streams.counting.view import Views
from streams.events.batch import EventBatch, decode_batch
from streams.events.catalogue import topic_by_name

RATE = 100_000
TICKS_A_SECOND = 4
SECONDS = 10
FETCHED = 200_000
SLICE = 4_000
BASE_MS = 1_795_510_800_000
MAX_EVENT_BYTES = 1_000_000
ZONE = ZoneInfo("UTC")


class Clock:
    """CPU seconds by step."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def of(self, step: str, work: Callable[..., Any], *arguments: Any) -> Any:
        """Do the work and note what it cost."""
        began = time.process_time()
        done = work(*arguments)
        self.seconds[step] += time.process_time() - began
        return done


def run(quick: bool = False) -> dict[str, Any]:
    """The figures, in microseconds an event; quick: two seconds of the log, once."""
    seconds, rounds = (2, 1) if quick else (SECONDS, 3)
    collect_less()  # as a worker does; else most of a fetch's time would be the collector's
    with on_core(WORKER_CORE):
        measured = [_round(seconds) for _ in range(rounds)]
        found: dict[str, Any] = {step: statistics.median(one[step] for one in measured) for step in measured[0]}
        found |= claims(20_000 if quick else 100_000)
        found["pictures"] = render(*_way(2, Clock()), BASE_MS)
    return {
        "machine": machine(),
        "rate": RATE,
        "seconds": seconds,
        "rounds": measured,
        "us": found,
        "event_bytes": _bytes_an_event(),
    }


def _round(seconds: int) -> dict[str, float]:
    clock = Clock()
    _way(seconds, clock)
    found = {step: spent / (RATE * seconds) * 1e6 for step, spent in clock.seconds.items()}
    records = list(islice(planned(Shape(per_second=RATE)), FETCHED))
    found |= _fetch([record.value(BASE_MS) for record in records])
    say("steps: " + ", ".join(f"{step} {us:.2f}" for step, us in found.items()))
    return found


def _way(seconds: int, clock: Clock) -> tuple[PartitionMerge, Views]:
    """All events of so many seconds from their bytes to their statements."""
    shape = Shape(per_second=RATE)
    stream = planned(shape)
    blocks: dict[tuple[int, int], OpenBlock] = {}
    hasher = PersonHasher(HASH_KEY.encode())
    merge = PartitionMerge(ZONE, lambda key: None, lambda key: None, lambda key: True, lambda key: True)
    views = Views(ZONE)
    at = 0
    for tick in range(seconds * TICKS_A_SECOND):
        now_ms = BASE_MS + (tick + 1) * 1000 // TICKS_A_SECOND
        slices: defaultdict[tuple[int, int], list[Planned]] = defaultdict(list)
        for record in islice(stream, RATE // TICKS_A_SECOND):
            slices[record.topic, record.partition].append(record)
        for place, some in slices.items():
            at = _slice(clock, blocks, place, some, now_ms, hasher, merge, at)
        if tick % TICKS_A_SECOND == TICKS_A_SECOND - 1:
            clock.of("show", _show, merge, views)
    clock.of("statement", _state, merge)
    return merge, views


def _slice(
    clock: Clock,
    blocks: dict[tuple[int, int], OpenBlock],
    place: tuple[int, int],
    some: list[Planned],
    now_ms: int,
    hasher: PersonHasher,
    merge: PartitionMerge,
    at: int,
) -> int:
    topic = topic_by_name(FIVE.topics[place[0]])
    values = [record.value(BASE_MS) for record in some]
    times = [now_ms] * len(values)
    block = blocks.get(place)
    if block is None or block.cut.ends_before(block.last + 1, now_ms):
        start = 0 if block is None else block.last + 1
        block = blocks[place] = OpenBlock(source_number(topic.code, place[1]), topic, Cut(start, now_ms), ZONE)
    batch: EventBatch = clock.of("decode", decode_batch, topic, values, times, MAX_EVENT_BYTES)
    resends = {index for index, record in enumerate(some) if record.resend}
    clock.of("fold", block.count, batch, resends, hasher)
    block.advance(len(values), block.last + len(values), now_ms)
    records: list[tuple[bytes, bytes]] = clock.of("summary", _summaries, block)
    for key, value in records:
        clock.of("merge", merge.read, at, now_ms, key, value)
        at += 1
    clock.of("limit_decode", _decode_plainly, topic.decoder.decode, values)
    clock.of("limit_fold", Counter, zip(batch.campaigns, batch.channels, strict=True))
    return at


def _summaries(block: OpenBlock) -> list[tuple[bytes, bytes]]:
    records = [
        (campaign.encode(), value)
        for campaign, summary in block.summaries()
        for value in encode_summary(CAMPAIGN, summary)
    ]
    return records + [(b"ledger", value) for value in encode_summary(LEDGER, block.ledger())]


def _show(merge: PartitionMerge, views: Views) -> None:
    for key, value in merge.news():
        views.put(key, value)


def _state(merge: PartitionMerge) -> None:
    current = merge.begin_round()
    merge.pack(current.keys)
    merge.pack_people(current.people)
    for _ in merge.end_round(current):
        pass


def _decode_plainly(decode: Callable[[bytes], Any], values: Iterable[bytes]) -> None:
    for value in values:
        decode(value)


def _fetch(values: list[bytes]) -> dict[str, float]:
    """What it costs to make records of the bytes of a fetch; beside it aiokafka's own way, and the checksum alone.

    Slice by slice, and none is kept, as in a worker: else Python's collector would be what is measured.
    """
    clock = Clock()
    for begin in range(0, len(values), SLICE):
        some = values[begin : begin + SLICE]
        data = _batches(some)
        clock.of("limit_fetch", crc32c_cython, data)
        assert clock.of("fetch", _read, data) == len(some)
        assert clock.of("stock_fetch", _read_stock, data) == len(some)
    return {step: seconds / len(values) * 1e6 for step, seconds in clock.seconds.items()}


def _read_stock(data: bytes) -> int:
    return len(list(_unread(fetcher.MemoryRecords(data))))


def _read(data: bytes) -> int:
    unread = _unread(LenientRecords(data))
    found: list[Any] = []
    while unread._records.has_next():
        found += read_batch(unread)
    return len(found)


def _unread(records: Any) -> Any:
    tp = TopicPartition("visit", 0)
    return fetcher.PartitionRecords(tp, records, [], 0, None, None, True, fetcher.READ_COMMITTED)


def _batches(values: list[bytes]) -> bytes:
    data = bytearray()
    offset = 0
    while offset < len(values):
        builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, BATCH_BYTES)
        number = 0
        while offset + number < len(values) and builder.append(number, BASE_MS, b"key", values[offset + number], []):
            number += 1
        batch = bytearray(builder.build())
        batch[:8] = offset.to_bytes(8, "big")
        data += batch
        offset += number
    return bytes(data)


def _bytes_an_event() -> float:
    return statistics.mean(len(record.value(BASE_MS)) for record in islice(planned(Shape()), 10_000))
