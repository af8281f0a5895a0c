"""A changelog as the service leaves it: one minute that a real worker stated, then the same minute moved through time.

Every record of the minutes before is one that the worker wrote, with its key's pane and its offset moved; so their
number, their order and their sizes are what ten minutes of that load leave behind.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from streams.counting.panes import Tier
from streams.counting.statements import TERM_BYTES, KeyKind

PANES_A_MINUTE = {Tier.TEN_SECONDS: 6, Tier.MINUTE: 1}
"""Of the tiers that are finer than the moving; a coarser pane stays the same, and is only stated further."""

BATCH_BYTES = 262_144
_PANE = struct.Struct(">I")
_PANE_AT = TERM_BYTES + 4
_encode = msgspec.msgpack.encode
_AT_BYTES = {0xCC: 2, 0xCD: 3, 0xCE: 5, 0xCF: 9}
_AT_BEGINS = 2  # behind the format's byte and the array's

Statement = tuple[int, bytes, bytes | None]
"""Partition, record key, value."""


@dataclass(slots=True)
class Minute:
    """What one minute has stated, in the order of each partition's log, and by how many offsets it went on."""

    statements: list[Statement]
    offsets: int

    def moved(self, minutes: int, rounds: int) -> Iterator[Statement]:
        """The same so many minutes later (or earlier), as if `rounds` such minutes of summaries had gone before."""
        by = self.offsets * rounds
        for partition, key, value in self.statements:
            yield partition, moved_key(key, minutes), None if value is None else moved_value(value, by)


def moved_key(key: bytes, minutes: int) -> bytes:
    """The record key of the pane that is so many minutes later."""
    kind, tier = key[TERM_BYTES], key[TERM_BYTES + 1]
    if kind not in (KeyKind.COUNTERS, KeyKind.PEOPLE) or tier not in PANES_A_MINUTE:
        return key
    return with_pane(key, pane_of(key) + minutes * PANES_A_MINUTE[Tier(tier)])


def pane_of(key: bytes) -> int:
    """The pane's index in a record key."""
    return int(_PANE.unpack_from(key, _PANE_AT)[0])


def with_pane(key: bytes, pane: int) -> bytes:
    """The record key of another pane of the same tier, campaign and channel."""
    return key[:_PANE_AT] + _PANE.pack(pane) + key[_PANE_AT + 4 :]


def moved_value(value: bytes, by: int) -> bytes:
    """The value as it would be `by` offsets later."""
    first = value[_AT_BEGINS]
    length = 1 if first < 0x80 else _AT_BYTES[first]
    at = msgspec.msgpack.decode(value[_AT_BEGINS : _AT_BEGINS + length])
    return value[:_AT_BEGINS] + _encode(at + by) + value[_AT_BEGINS + length :]


async def read_since(address: str, topic: str, since: dict[int, int]) -> list[Statement]:
    """The records of a changelog from these offsets to its present end."""
    found: list[Statement] = []
    async with AIOKafkaConsumer(
        bootstrap_servers=address, enable_auto_commit=False, max_partition_fetch_bytes=16 << 20
    ) as consumer:
        tps = [TopicPartition(topic, partition) for partition in since]
        consumer.assign(tps)
        ends = await consumer.end_offsets(tps)
        for tp in tps:
            consumer.seek(tp, since[tp.partition])
        waiting = {tp for tp in tps if since[tp.partition] < ends[tp]}
        while waiting:
            for tp, records in (await consumer.getmany(*waiting, timeout_ms=300)).items():
                found += [(tp.partition, record.key, record.value) for record in records if record.offset < ends[tp]]
            waiting = {tp for tp in waiting if await consumer.position(tp) < ends[tp]}
    return found


async def ends_of(address: str, topic: str, partitions: int) -> dict[int, int]:
    """The ends of a topic's partitions."""
    async with AIOKafkaConsumer(bootstrap_servers=address, enable_auto_commit=False) as consumer:
        tps = [TopicPartition(topic, partition) for partition in range(partitions)]
        consumer.assign(tps)
        return {tp.partition: end for tp, end in (await consumer.end_offsets(tps)).items()}


async def write(address: str, topic: str, statements: Iterable[Statement]) -> int:
    """Appends the statements, compressed as the worker does; returns how many they were."""
    written = 0
    open_batches: dict[int, object] = {}
    waiting: set[asyncio.Future[object]] = set()
    async with AIOKafkaProducer(
        bootstrap_servers=address,
        acks=1,
        max_batch_size=BATCH_BYTES,
        compression_type="lz4",
        request_timeout_ms=120_000,
    ) as producer:

        async def leave(partition: int) -> None:
            batch = open_batches.pop(partition)
            batch.close()  # type: ignore[attr-defined]
            waiting.add(await producer.send_batch(batch, topic, partition=partition))
            if len(waiting) >= 64:
                done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                waiting.difference_update(done)
                for future in done:
                    future.result()

        for partition, key, value in statements:
            batch = open_batches.get(partition)
            if batch is None:
                batch = open_batches[partition] = producer.create_batch()
            if batch.append(timestamp=None, key=key, value=value) is None:  # type: ignore[attr-defined]
                await leave(partition)
                batch = open_batches[partition] = producer.create_batch()
                batch.append(timestamp=None, key=key, value=value)
            written += 1
        for partition in list(open_batches):
            await leave(partition)
        await asyncio.gather(*waiting)
    return written
