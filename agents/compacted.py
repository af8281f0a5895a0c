"""Reading a topic of ours from its start to its present end, once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition


class TopicMissing(Exception):
    """The topic does not exist; the text says what to do."""


async def read_whole(topic: str, kafka: Mapping[str, Any]) -> AsyncIterator[ConsumerRecord]:
    """Every record that the topic holds now, in order within a partition.

    `kafka` are aiokafka's connection arguments. Raises TopicMissing, and KafkaError where the broker does not answer.
    """
    consumer = AIOKafkaConsumer(enable_auto_commit=False, auto_offset_reset="none", **kafka)
    await consumer.start()
    try:
        if topic not in await consumer.topics():
            raise TopicMissing(f"topic {topic} does not exist: run `launchpulse topics create`")
        partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
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
