"""Reading a topic of ours from its start to its present end, once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from agents.kafka.login import start_client


class TopicMissing(Exception):
    """The topic does not exist; the text says what to do."""


async def partitions_of(topics: Iterable[str], kafka: Mapping[str, Any]) -> dict[str, list[TopicPartition]]:
    """The partitions of each of the topics; none for one that does not exist.

    Raises KafkaConnectionError where no broker answers, KafkaLoginRefused where one does not let us in.
    """
    admin = AIOKafkaAdminClient(**kafka)
    try:
        await start_client(admin, kafka)
        # All topics, not ours by name: a broker may create a topic that it is asked about.
        described = {topic["topic"]: topic["partitions"] for topic in await admin.describe_topics()}
    finally:
        await admin.close()
    return {
        topic: sorted(TopicPartition(topic, partition["partition"]) for partition in described.get(topic, ()))
        for topic in topics
    }


async def read_whole(topic: str, kafka: Mapping[str, Any]) -> AsyncIterator[ConsumerRecord]:
    """Every record that the topic holds now, in order within a partition.

    `kafka` are aiokafka's connection arguments. Raises TopicMissing, and KafkaError where the broker does not answer.
    """
    partitions = (await partitions_of([topic], kafka))[topic]
    if not partitions:
        raise TopicMissing(f"topic {topic} does not exist: run `launchpulse topics create`")
    consumer = AIOKafkaConsumer(enable_auto_commit=False, auto_offset_reset="none", **kafka)
    await consumer.start()
    try:
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        # By position, not by record: the last offsets may have been compacted away.
        while behind := [tp for tp in partitions if await consumer.position(tp) < ends[tp]]:
            fetched = await consumer.getmany(*behind, timeout_ms=200)
            for tp, records in fetched.items():
                for record in records:
                    if record.offset < ends[tp]:
                        yield record
    finally:
        await consumer.stop()
