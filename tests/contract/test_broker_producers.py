"""Idempotent producers: a repeated batch is stored once; and no transactions in the embedded broker."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.protocol.transaction import InitProducerIdRequest

from agents.demo.broker import EmbeddedBroker
from tests.contract.clients import Broker, Send, batch_of, consuming, new_topic, producing, requesting

OUT_OF_ORDER, OLD_EPOCH, STILL_LOADING = 45, 47, 14


async def new_producer(send: Send) -> int:
    """The id of a new idempotent producer (epoch 0)."""
    while (answer := await send(InitProducerIdRequest(None, 60_000))).error_code == STILL_LOADING:
        await asyncio.sleep(0.1)  # a Kafka that has only just started
    assert (answer.error_code, answer.producer_epoch) == (0, 0)
    number: int = answer.producer_id
    return number


async def produce(send: Send, topic: str, batch: bytes) -> tuple[int, int]:
    """(error code, base offset)."""
    answer = await send(ProduceRequest(None, -1, 5000, [(topic, [(0, batch)])]))
    partition = answer.topics[0][1][0]
    return partition[1], partition[2]


async def end_of(broker: Broker, topic: str) -> int:
    where = TopicPartition(topic, 0)
    async with consuming(broker) as consumer:
        end: int = (await consumer.end_offsets([where]))[where]
        return end


async def test_every_producer_gets_an_id_of_its_own(broker: Broker) -> None:
    async with requesting(broker) as send:
        assert await new_producer(send) != await new_producer(send)


async def test_a_repeated_batch_is_answered_as_the_first_time_and_stored_once(broker: Broker) -> None:
    topic = await new_topic(broker)
    async with requesting(broker) as send:
        producer = await new_producer(send)
        batches = [batch_of(b"a", b"b", producer=(producer, 0, 2 * number)) for number in range(5)]
        for number, batch in enumerate(batches):
            assert await produce(send, topic, batch) == (0, 2 * number)
        for number, batch in enumerate(batches):  # Kafka remembers the last five
            assert await produce(send, topic, batch) == (0, 2 * number)
    assert await end_of(broker, topic) == 10


async def test_a_gap_in_the_sequence_is_refused(broker: Broker) -> None:
    topic = await new_topic(broker)
    async with requesting(broker) as send:
        producer = await new_producer(send)
        assert await produce(send, topic, batch_of(b"a", producer=(producer, 0, 0))) == (0, 0)
        assert (await produce(send, topic, batch_of(b"c", producer=(producer, 0, 2))))[0] == OUT_OF_ORDER
        assert await produce(send, topic, batch_of(b"b", producer=(producer, 0, 1))) == (0, 1)
    assert await end_of(broker, topic) == 2


async def test_a_repeat_older_than_five_batches_is_refused_and_not_stored(broker: Broker) -> None:
    topic = await new_topic(broker)
    async with requesting(broker) as send:
        producer = await new_producer(send)
        for number in range(6):
            assert (await produce(send, topic, batch_of(b"x", producer=(producer, 0, number))))[0] == 0
        assert (await produce(send, topic, batch_of(b"x", producer=(producer, 0, 0))))[0] == OUT_OF_ORDER
    assert await end_of(broker, topic) == 6


async def test_a_new_epoch_starts_at_sequence_0_and_fences_the_old_one(broker: Broker) -> None:
    topic = await new_topic(broker)
    async with requesting(broker) as send:
        producer = await new_producer(send)
        assert (await produce(send, topic, batch_of(b"a", producer=(producer, 0, 0))))[0] == 0
        assert (await produce(send, topic, batch_of(b"b", producer=(producer, 1, 1))))[0] == OUT_OF_ORDER
        assert (await produce(send, topic, batch_of(b"b", producer=(producer, 1, 0))))[0] == 0
        assert (await produce(send, topic, batch_of(b"c", producer=(producer, 0, 1))))[0] == OLD_EPOCH
    assert await end_of(broker, topic) == 2


async def test_an_idempotent_client_stores_every_record_once_and_in_order(broker: Broker) -> None:
    topic = await new_topic(broker)
    async with producing(broker, enable_idempotence=True) as producer:
        results = await asyncio.gather(*[await producer.send(topic, b"%d" % number) for number in range(500)])
    assert [result.offset for result in results] == list(range(500))
    assert await end_of(broker, topic) == 500


async def test_the_embedded_broker_refuses_transactions_at_once() -> None:
    async with EmbeddedBroker() as embedded:
        producer = AIOKafkaProducer(bootstrap_servers=embedded.address, transactional_id="none")
        with pytest.raises(KafkaError, match="UnsupportedVersionError"):
            await asyncio.wait_for(producer.start(), 5)
        await producer.stop()
        broker = Broker("embedded", embedded.address)
        async with requesting(broker) as send:
            assert (await send(InitProducerIdRequest("none", 60_000))).error_code == 35
