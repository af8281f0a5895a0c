"""The counts that a peer has kept: the last value of each key in its changelog topic, as a new owner would find them.

Read with `read_committed`, so what a transaction has not committed does not count.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from tests.faults.peers.load import MINUTE_SECONDS, Key

Decode = Callable[[ConsumerRecord], tuple[Key, int] | None]
"""(key, count) of a changelog record; None for one that is no counter."""

READ_SECONDS = 90.0


def faust_count(record: ConsumerRecord) -> tuple[Key, int]:
    """Key `["campaign|channel|event", [start, end]]` in seconds, the value a number; a tombstone counts nothing."""
    key, (start, _) = json.loads(record.key)
    return (key, int(start // MINUTE_SECONDS)), json.loads(record.value) if record.value else 0


def quix_count(record: ConsumerRecord) -> tuple[Key, int] | None:
    """Key `message key|start|end`, both 8 bytes in milliseconds, in the default column family."""
    if dict(record.headers).get("__column_family__") != b"default" or len(record.key) < 19:
        return None
    start_ms = int.from_bytes(record.key[-17:-9], "big")
    return (record.key[:-18].decode(), start_ms // (MINUTE_SECONDS * 1000)), quix_value(record.value)


def quix_value(value: bytes | None) -> int:
    """The count of a window's value; a window that was deleted counts nothing."""
    return int(json.loads(value)) if value else 0


def kept(log: list[ConsumerRecord], decode: Decode) -> Mapping[Key, int]:
    """The last count of each key. A key stands in one partition, so the order of the partitions does not matter."""
    counts: dict[Key, int] = {}
    for record in log:
        found = decode(record)
        if found is not None:
            counts[found[0]] = found[1]
    return counts


def read_committed(address: str, topic: str, partitions: int) -> list[ConsumerRecord]:
    """Every committed record of a topic up to its present end; AssertionError if that takes over 90 s."""
    return asyncio.run(_read(address, topic, partitions))


async def _read(address: str, topic: str, partitions: int) -> list[ConsumerRecord]:
    records: list[ConsumerRecord] = []
    async with AIOKafkaConsumer(
        bootstrap_servers=address,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        fetch_max_wait_ms=100,
    ) as consumer:
        tps = [TopicPartition(topic, number) for number in range(partitions)]
        consumer.assign(tps)
        ends = await consumer.end_offsets(tps)
        await consumer.seek_to_beginning(*tps)
        deadline = time.monotonic() + READ_SECONDS
        while waiting := [tp for tp in tps if await consumer.position(tp) < ends[tp]]:
            assert time.monotonic() < deadline, f"{topic} could not be read to its end: {waiting}"
            for found in (await consumer.getmany(*waiting, timeout_ms=300)).values():
                records += found
    return records
