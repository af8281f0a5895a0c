"""Slices of a broker's own batches: what our fetch hands over is what aiokafka's hands over."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.kafka.records import Places, fetched_records
from tests.contract.clients import Broker, consuming, new_topic, producing, unique
from tests.support.kafka import KafkaBroker

LEVELS = ["read_committed", "read_uncommitted"]


def _seen(records: list[Any]) -> list[tuple[Any, ...]]:
    return [(r.offset, r.timestamp, r.timestamp_type, r.key, r.value, list(r.headers)) for r in records]


async def _read(consumer: AIOKafkaConsumer, where: TopicPartition, own: bool, room: int) -> list[tuple[Any, ...]]:
    """Everything up to the end, `room` records at a time."""
    consumer.assign([where])
    consumer.seek(where, 0)
    end = (await consumer.end_offsets([where]))[where]
    found: list[tuple[Any, ...]] = []
    places = Places()
    read_to = 0
    while await consumer.position(where) < end:
        if own:
            records = await fetched_records(consumer._fetcher, places, lambda topic: True, {where}, 0.5, room)
        else:
            records = await consumer.getmany(where, timeout_ms=500, max_records=room)
        assert len(records.get(where, [])) <= room
        found += _seen(records.get(where, []))
        if own and where in records:
            assert records[where].begin == read_to
            read_to = records[where].end
    return found


async def _assert_equal(broker: Broker, where: TopicPartition, level: str) -> int:
    async with consuming(broker, isolation_level=level) as consumer:
        expected = await _read(consumer, where, False, 10_000)
        for room in (1, 7, 10_000):
            assert await _read(consumer, where, True, room) == expected
    return len(expected)


@pytest.mark.parametrize("codec", [None, "gzip", "snappy", "lz4", "zstd"])
async def test_batches_of_every_codec(broker: Broker, codec: str | None) -> None:
    where = TopicPartition(await new_topic(broker), 0)
    async with producing(broker, compression_type=codec, linger_ms=20) as producer:
        sent = [
            await producer.send(
                where.topic,
                None if number % 5 == 0 else b"value %d" % number,
                key=b"key %d" % number,
                headers=[("number", b"%d" % number)] * (number % 3),
            )
            for number in range(40)
        ]
        await asyncio.gather(*sent)
    assert await _assert_equal(broker, where, "read_committed") == 40


@pytest.mark.kafka
@pytest.mark.parametrize("level", LEVELS)
async def test_transactions_committed_and_aborted(kafka_broker: KafkaBroker, level: str) -> None:
    broker = Broker("kafka", kafka_broker.address)  # the embedded one has no transactions
    where = TopicPartition(await new_topic(broker), 0)
    async with producing(broker, transactional_id=unique("slices")) as producer:
        for number in range(6):
            await producer.begin_transaction()
            for record in range(5):
                await producer.send_and_wait(where.topic, b"%d %d" % (number, record))
            if number % 3 == 1:
                await producer.abort_transaction()
            else:
                await producer.commit_transaction()
    assert await _assert_equal(broker, where, level) == (20 if level == "read_committed" else 30)


async def test_a_partition_that_takes_no_slices_keeps_aiokafkas_records(broker: Broker) -> None:
    where = TopicPartition(await new_topic(broker), 0)
    async with producing(broker) as producer:
        await producer.send_and_wait(where.topic, b"v")
    async with consuming(broker) as consumer:
        consumer.assign([where])
        consumer.seek(where, 0)
        found: dict[TopicPartition, list[Any]] = {}
        while not found:
            found = await fetched_records(consumer._fetcher, Places(), lambda topic: False, {where}, 0.5, 10)
    assert [(r.topic, r.partition, r.value) for r in found[where]] == [(where.topic, 0, b"v")]
