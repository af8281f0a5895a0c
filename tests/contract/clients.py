"""Clients for the contract tests: aiokafka's own, and bare requests where a test needs one that no client sends."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.conn import create_conn
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

Send = Callable[[Any], Awaitable[Any]]


@dataclass(frozen=True)
class Broker:
    """The broker under test."""

    kind: str
    address: str


def unique(prefix: str) -> str:
    """A name no other test uses: Kafka is shared by the session."""
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


@asynccontextmanager
async def admin_client(broker: Broker) -> AsyncIterator[AIOKafkaAdminClient]:
    """A started admin client."""
    client = AIOKafkaAdminClient(bootstrap_servers=broker.address)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def producing(broker: Broker, **options: Any) -> AsyncIterator[AIOKafkaProducer]:
    """A started producer."""
    producer = AIOKafkaProducer(bootstrap_servers=broker.address, **options)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


@asynccontextmanager
async def consuming(broker: Broker, *topics: str, **options: Any) -> AsyncIterator[AIOKafkaConsumer]:
    """A started consumer; subscribed when topics are named."""
    options.setdefault("auto_offset_reset", "earliest")
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=broker.address, metadata_max_age_ms=1000, **options)
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


@asynccontextmanager
async def requesting(broker: Broker) -> AsyncIterator[Send]:
    """A connection that sends single requests of aiokafka's protocol and gives the answers."""
    host, port = broker.address.split(":")
    connection = await create_conn(host, int(port))
    try:
        yield connection.send
    finally:
        connection.close()


async def new_topic(broker: Broker, *, partitions: int = 1, **settings: Any) -> str:
    """Creates a topic (dots in setting names written as underscores) and waits until it is served."""
    name = unique("contract")
    configs = {key.replace("_", "."): value for key, value in settings.items()}
    async with admin_client(broker) as admin:
        answer = await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=configs)])
        assert [error[1] for error in answer.topic_errors] == [0], answer

    async with requesting(broker) as send:

        async def served() -> bool:
            # Kafka names the leaders a moment before they serve.
            answer = await send(OffsetRequest(-1, 0, [(name, [(index, -1) for index in range(partitions)])]))
            return all(partition[1] == 0 for partition in answer.topics[0][1])

        await eventually(served)
    return name


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = 20.0) -> None:
    """Waits until the condition holds; fails when it doesn't within the time."""
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, f"did not happen within {seconds} s: {condition.__qualname__}"
        await asyncio.sleep(0.1)


async def read(broker: Broker, topic: str, count: int, partition: int = 0, **options: Any) -> list[Any]:
    """The first `count` records of a partition."""
    async with consuming(broker, **options) as consumer:
        where = TopicPartition(topic, partition)
        consumer.assign([where])
        await consumer.seek_to_beginning(where)
        return [await asyncio.wait_for(consumer.getone(), 10) for _ in range(count)]


async def read_to_end(broker: Broker, topic: str) -> list[Any]:
    """All records of partition 0, up to the end the broker names."""
    async with consuming(broker) as consumer:
        where = TopicPartition(topic, 0)
        consumer.assign([where])
        await consumer.seek_to_beginning(where)
        end = (await consumer.end_offsets([where]))[where]
        found: list[Any] = []
        while await consumer.position(where) < end:
            for records in (await consumer.getmany(where, timeout_ms=500)).values():
                found += records
        return found


def batch_of(*values: bytes, producer: tuple[int, int, int] = (-1, -1, -1)) -> bytes:
    """A record batch of these values, stamped now; `producer` is (id, epoch, first sequence)."""
    return batch_of_pairs([(None, value) for value in values], time.time_ns() // 1_000_000, producer)


def batch_of_pairs(
    pairs: Sequence[tuple[bytes | None, bytes | None]],
    time_ms: int,
    producer: tuple[int, int, int] = (-1, -1, -1),
) -> bytes:
    """A record batch of (key, value) pairs, all of one time."""
    number, epoch, sequence = producer
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=0,
        producer_id=number,
        producer_epoch=epoch,
        base_sequence=sequence,
        batch_size=1 << 24,
    )
    for index, (key, value) in enumerate(pairs):
        builder.append(index, timestamp=time_ms, key=key, value=value, headers=[])
    return bytes(builder.build())
