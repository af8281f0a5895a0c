"""What a broker does with records: stores them whole, gives them back, stamps and finds them by time."""

from __future__ import annotations

import asyncio
import time

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import (
    CorruptRecordException,
    InvalidTimestampError,
    KafkaError,
    MessageSizeTooLargeError,
    OffsetOutOfRangeError,
    for_code,
)
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.produce import ProduceRequest

from tests.contract.clients import Broker, batch_of, consuming, new_topic, producing, read, requesting

CREATE_TIME, LOG_APPEND_TIME = 0, 1


async def test_records_come_back_as_sent_in_order_with_headers_and_nulls(broker: Broker) -> None:
    topic = await new_topic(broker)
    sent = [
        (b"key", b"value", []),
        (None, b"no key", [("one", b"1"), ("one", b"again"), ("empty", b"")]),
        (b"tombstone", None, []),
        (b"", b"", [("null", None)]),
    ]
    async with producing(broker) as producer:
        for key, value, headers in sent:
            await producer.send_and_wait(topic, value, key=key, headers=headers)
    found = await read(broker, topic, len(sent))
    assert [(r.key, r.value, list(r.headers)) for r in found] == sent
    assert [r.offset for r in found] == [0, 1, 2, 3]


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_compressed_batches_pass_through(broker: Broker, codec: str) -> None:
    topic = await new_topic(broker)
    values = [f"{codec} {number} {'x' * 200}".encode() for number in range(50)]
    async with producing(broker, compression_type=codec, linger_ms=50) as producer:
        await asyncio.gather(*[await producer.send(topic, value) for value in values])
    assert [r.value for r in await read(broker, topic, 50)] == values


async def test_offsets_count_every_record_of_a_batch(broker: Broker) -> None:
    topic = await new_topic(broker)
    where = TopicPartition(topic, 0)
    async with producing(broker) as producer:
        for size in (3, 1, 250):
            batch = producer.create_batch()
            for number in range(size):
                assert batch.append(key=None, value=b"%d" % number, timestamp=None) is not None
            batch.close()
            await (await producer.send_batch(batch, topic, partition=0))
    async with consuming(broker) as consumer:
        assert await consumer.beginning_offsets([where]) == {where: 0}
        assert await consumer.end_offsets([where]) == {where: 254}
        consumer.assign([where])
        consumer.seek(where, 100)  # in the middle of the third batch
        assert (await consumer.getone()).offset == 100


async def test_a_produced_record_is_told_where_it_lies(broker: Broker) -> None:
    topic = await new_topic(broker, partitions=2, retention_ms="-1")
    async with producing(broker) as producer:
        first = await producer.send_and_wait(topic, b"a", partition=1, timestamp_ms=1_700_000_000_123)
        second = await producer.send_and_wait(topic, b"b", partition=1)
    assert (first.partition, first.offset, first.timestamp) == (1, 0, 1_700_000_000_123)
    assert (second.partition, second.offset) == (1, 1)


async def test_a_10_mb_record_passes_where_the_topic_allows_it(broker: Broker) -> None:
    topic = await new_topic(broker, max_message_bytes="12000000")
    value = bytes(range(256)) * 40_000
    async with producing(broker, max_request_size=12_000_000) as producer:
        await producer.send_and_wait(topic, value)
        await producer.send_and_wait(topic, b"after")
    # The reader's limit is far smaller: a record beyond it must not stop it.
    found = await read(broker, topic, 2, max_partition_fetch_bytes=100_000)
    assert found[0].value == value
    assert found[1].value == b"after"


async def test_a_record_above_the_topics_limit_is_refused_and_nothing_is_stored(broker: Broker) -> None:
    topic = await new_topic(broker, max_message_bytes="1000")
    where = TopicPartition(topic, 0)
    async with producing(broker) as producer:
        with pytest.raises(MessageSizeTooLargeError):
            await producer.send_and_wait(topic, b"x" * 2000)
        await producer.send_and_wait(topic, b"x" * 500)
    async with consuming(broker) as consumer:
        assert await consumer.end_offsets([where]) == {where: 1}


async def test_create_time_is_the_producers(broker: Broker) -> None:
    topic = await new_topic(broker, retention_ms="-1")
    async with producing(broker) as producer:
        await producer.send_and_wait(topic, b"old", timestamp_ms=1_600_000_000_000)
    (record,) = await read(broker, topic, 1)
    assert (record.timestamp, record.timestamp_type) == (1_600_000_000_000, CREATE_TIME)


async def test_create_time_more_than_an_hour_ahead_is_refused(broker: Broker) -> None:
    topic = await new_topic(broker)
    async with producing(broker) as producer:
        with pytest.raises(InvalidTimestampError):
            await producer.send_and_wait(topic, b"future", timestamp_ms=int(time.time() * 1000) + 2 * 3600 * 1000)


@pytest.mark.parametrize("codec", [None, "zstd"])
async def test_log_append_time_is_the_brokers_for_every_record(broker: Broker, codec: str | None) -> None:
    topic = await new_topic(broker, message_timestamp_type="LogAppendTime")
    before = int(time.time() * 1000)
    async with producing(broker, compression_type=codec, linger_ms=50) as producer:
        times = [1_600_000_000_000, 1_500_000_000_000, before + 10 * 3600 * 1000]
        told = await asyncio.gather(*[await producer.send(topic, b"x", timestamp_ms=when) for when in times])
    after = int(time.time() * 1000)
    found = await read(broker, topic, 3)
    assert {r.timestamp_type for r in found} == {LOG_APPEND_TIME}
    assert all(before <= r.timestamp <= after for r in found)
    assert [r.timestamp for r in told] == [r.timestamp for r in found]
    assert {r.timestamp_type for r in told} == {LOG_APPEND_TIME}


async def test_offsets_are_found_by_time(broker: Broker) -> None:
    topic = await new_topic(broker, retention_ms="-1")
    where = TopicPartition(topic, 0)
    base = 1_700_000_000_000
    async with producing(broker) as producer:
        batch = producer.create_batch()
        for delta in (0, 10, 20):
            batch.append(key=None, value=b"x", timestamp=base + delta)
        batch.close()
        await (await producer.send_batch(batch, topic, partition=0))
        await producer.send_and_wait(topic, b"x", timestamp_ms=base + 30)
    async with consuming(broker) as consumer:

        async def first_at(time_ms: int) -> tuple[int, int] | None:
            found = (await consumer.offsets_for_times({where: time_ms}))[where]
            return None if found is None else (found.offset, found.timestamp)

        assert await first_at(base - 1) == (0, base)
        assert await first_at(base + 10) == (1, base + 10)
        assert await first_at(base + 11) == (2, base + 20)
        assert await first_at(base + 30) == (3, base + 30)
        assert await first_at(base + 31) is None


async def test_an_offset_beyond_the_end_is_out_of_range(broker: Broker) -> None:
    topic = await new_topic(broker)
    where = TopicPartition(topic, 0)
    async with producing(broker) as producer:
        await producer.send_and_wait(topic, b"only")
    async with consuming(broker, auto_offset_reset="none") as consumer:
        consumer.assign([where])
        consumer.seek(where, 1000)
        with pytest.raises(OffsetOutOfRangeError):
            await asyncio.wait_for(consumer.getone(), 10)


async def test_a_waiting_reader_gets_a_record_as_soon_as_it_is_there(broker: Broker) -> None:
    topic = await new_topic(broker)
    where = TopicPartition(topic, 0)
    async with consuming(broker, fetch_max_wait_ms=8000) as consumer, producing(broker) as producer:
        consumer.assign([where])
        waiting = asyncio.create_task(consumer.getone())
        await asyncio.sleep(0.5)
        assert not waiting.done()
        began = time.monotonic()
        await producer.send_and_wait(topic, b"now")
        assert (await waiting).value == b"now"
        assert time.monotonic() - began < 2


async def test_an_empty_fetch_waits_its_time_and_not_longer(broker: Broker) -> None:
    topic = await new_topic(broker)
    async with requesting(broker) as send:
        began = time.monotonic()
        answer = await send(FetchRequest(700, 1, 1 << 20, 0, [(topic, [(0, 0, 1 << 20)])]))
    assert 0.6 < time.monotonic() - began < 3
    ((_, (partition,)),) = answer.topics
    assert partition[1] == 0
    assert not partition[-1]


async def test_an_answer_keeps_to_its_size_after_the_first_batch(broker: Broker) -> None:
    topic = await new_topic(broker, partitions=2)
    async with producing(broker) as producer:
        for partition in (0, 0, 1):
            await producer.send_and_wait(topic, b"x" * 10_000, partition=partition)
    async with requesting(broker) as send:
        asked = [(topic, [(0, 0, 15_000), (1, 0, 15_000)])]
        answer = await send(FetchRequest(100, 1, 12_000, 0, asked))
    sizes = [len(partition[-1] or b"") for partition in answer.topics[0][1]]
    assert 10_000 < sizes[0] < 15_000
    assert sizes[1] < 10_000


async def test_unknown_partitions_are_named_in_the_answers(broker: Broker) -> None:
    topic = await new_topic(broker)
    async with requesting(broker) as send:
        fetched = await send(FetchRequest(5000, 1, 1 << 20, 0, [(topic, [(7, 0, 1 << 20)])]))
        produced = await send(ProduceRequest(None, -1, 5000, [(topic, [(7, batch_of(b"x"))])]))
    assert fetched.topics[0][1][0][1] == 3
    assert produced.topics[0][1][0][1] == 3


async def test_a_damaged_batch_is_refused(broker: Broker) -> None:
    topic = await new_topic(broker)
    damaged = bytearray(batch_of(b"hello"))
    damaged[-2] ^= 0xFF
    async with requesting(broker) as send:
        answer = await send(ProduceRequest(None, -1, 5000, [(topic, [(0, bytes(damaged))])]))
    assert for_code(answer.topics[0][1][0][1]) is CorruptRecordException


async def test_a_record_without_a_key_is_refused_by_a_compacted_topic(broker: Broker) -> None:
    topic = await new_topic(broker, cleanup_policy="compact")
    async with producing(broker) as producer:
        with pytest.raises(KafkaError):
            await producer.send_and_wait(topic, b"no key")
        await producer.send_and_wait(topic, b"a key", key=b"k")
    assert [r.value for r in await read(broker, topic, 1)] == [b"a key"]


async def test_unacknowledged_records_are_stored_too(broker: Broker) -> None:
    topic = await new_topic(broker)
    async with producing(broker, acks=0) as producer:
        for number in range(20):
            await producer.send_and_wait(topic, b"%d" % number)
    assert [r.value for r in await read(broker, topic, 20)] == [b"%d" % number for number in range(20)]
