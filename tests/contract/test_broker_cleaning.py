"""Retention and compaction: what leaves a log, and what never does."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from aiokafka import TopicPartition

from tests.contract.clients import Broker, consuming, eventually, new_topic, producing, read_to_end

# Small segments make Kafka clean soon; the embedded broker has none and takes the settings as they come.
COMPACTED: dict[str, Any] = {
    "cleanup_policy": "compact",
    "segment_ms": "200",
    "min_cleanable_dirty_ratio": "0.01",
    "delete_retention_ms": "100",
}


async def offsets(broker: Broker, topic: str) -> tuple[int, int]:
    """(start, end) of partition 0."""
    where = TopicPartition(topic, 0)
    async with consuming(broker) as consumer:
        start = (await consumer.beginning_offsets([where]))[where]
        return start, (await consumer.end_offsets([where]))[where]


async def roll(broker: Broker, topic: str) -> None:
    """A record that makes Kafka begin a new segment: only older ones are compacted."""
    await asyncio.sleep(0.25)
    async with producing(broker) as producer:
        await producer.send_and_wait(topic, b"", key=b"roll")


@pytest.mark.parametrize("codec", [None, "gzip"])
async def test_compaction_keeps_the_last_value_of_every_key_at_its_offset(broker: Broker, codec: str | None) -> None:
    topic = await new_topic(broker, **COMPACTED)
    async with producing(broker, linger_ms=20, compression_type=codec) as producer:
        for round_number in range(20):
            sent = [
                await producer.send(
                    topic, b"%d" % round_number, key=key, headers=[("round", b"%d" % round_number)], timestamp_ms=1000
                )
                for key in (b"a", b"b", b"c")
                if key != b"c" or round_number == 0
            ]
            last = [(await one).offset for one in sent]
    end = (await offsets(broker, topic))[1]

    async def compacted() -> bool:
        await roll(broker, topic)
        found = await read_to_end(broker, topic)
        assert {r.key for r in found} >= {b"a", b"b", b"c"}  # at no time is a key's last value gone
        assert [r.offset for r in found] == sorted({r.offset for r in found})
        return len([r for r in found if r.key != b"roll"]) == 3

    await eventually(compacted)
    kept = {r.key: r for r in await read_to_end(broker, topic) if r.key != b"roll"}
    assert {key: r.value for key, r in kept.items()} == {b"a": b"19", b"b": b"19", b"c": b"0"}
    assert [kept[b"a"].offset, kept[b"b"].offset, kept[b"c"].offset] == [*last, 2]
    assert kept[b"b"].headers == (("round", b"19"),)
    assert kept[b"a"].timestamp == 1000
    assert (await offsets(broker, topic))[1] > end  # the end is never moved back


async def test_a_tombstone_removes_its_key_and_goes_in_time_itself(broker: Broker) -> None:
    topic = await new_topic(broker, **COMPACTED)
    async with producing(broker) as producer:
        for key, value in ((b"gone", b"1"), (b"stays", b"2"), (b"gone", None), (b"back", None), (b"back", b"3")):
            await producer.send_and_wait(topic, value, key=key)

    async def cleaned() -> bool:
        await roll(broker, topic)
        found = [(r.key, r.value) for r in await read_to_end(broker, topic) if r.key != b"roll"]
        assert (b"gone", None) in found or (b"gone", b"1") not in found  # never a value without its tombstone
        return found == [(b"stays", b"2"), (b"back", b"3")]

    await eventually(cleaned)


async def test_compaction_lets_young_records_be(broker: Broker) -> None:
    topic = await new_topic(broker, **COMPACTED, min_compaction_lag_ms="3600000")
    async with producing(broker) as producer:
        for number in range(5):
            await producer.send_and_wait(topic, b"%d" % number, key=b"a")
    for _ in range(8):
        await roll(broker, topic)
    assert [r.value for r in await read_to_end(broker, topic) if r.key == b"a"] == [b"0", b"1", b"2", b"3", b"4"]


async def test_retention_by_time_moves_the_start_up_to_the_end(broker: Broker) -> None:
    topic = await new_topic(broker, retention_ms="1000", segment_ms="200")
    async with producing(broker) as producer:
        for number in range(5):
            await producer.send_and_wait(topic, b"%d" % number)

    async def empty() -> bool:
        return await offsets(broker, topic) == (5, 5)

    await eventually(empty)
    async with producing(broker) as producer:
        assert (await producer.send_and_wait(topic, b"next")).offset == 5


async def test_retention_by_time_goes_by_the_records_time(broker: Broker) -> None:
    topic = await new_topic(broker, retention_ms="3600000", segment_ms="200")
    now_ms = int(time.time() * 1000)
    async with producing(broker) as producer:
        await producer.send_and_wait(topic, b"old", timestamp_ms=now_ms - 2 * 3600 * 1000)
        await asyncio.sleep(0.3)
        await producer.send_and_wait(topic, b"new", timestamp_ms=now_ms)

    async def trimmed() -> bool:
        return await offsets(broker, topic) == (1, 2)

    await eventually(trimmed)


async def test_retention_by_size_drops_the_oldest_and_keeps_the_newest(broker: Broker) -> None:
    topic = await new_topic(broker, retention_bytes="2000000", segment_bytes="1048576")
    async with producing(broker) as producer:
        for _ in range(6):
            await producer.send_and_wait(topic, b"x" * 900_000)

    async def trimmed() -> bool:
        start, end = await offsets(broker, topic)
        assert end == 6
        return 0 < start <= 4

    await eventually(trimmed)
    assert (await read_to_end(broker, topic))[-1].offset == 5


async def test_retention_to_no_bytes_empties_the_log(broker: Broker) -> None:
    topic = await new_topic(broker, retention_bytes="0")
    async with producing(broker) as producer:
        await producer.send_and_wait(topic, b"x")

    async def empty() -> bool:
        return await offsets(broker, topic) == (1, 1)

    await eventually(empty)
