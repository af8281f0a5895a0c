"""A plain consumer: every record of a topic that nobody has aborted, from its start to its present end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import ConsumerRecord


def read_topics(address: str, topics: Iterable[str]) -> dict[str, list[ConsumerRecord]]:
    """The records of these topics, each partition's in the order of its log. Topics that don't exist are empty."""
    return asyncio.run(_read(address, list(topics)))


async def _read(address: str, topics: list[str]) -> dict[str, list[ConsumerRecord]]:
    found: dict[str, list[ConsumerRecord]] = {topic: [] for topic in topics}
    async with AIOKafkaConsumer(
        bootstrap_servers=address,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=16 << 20,
        fetch_max_wait_ms=100,
    ) as consumer:
        tps = await _partitions(address, topics)
        if not tps:
            return found
        consumer.assign(tps)
        ends = await _ends(address, tps)
        await consumer.seek_to_beginning(*tps)
        waiting = set(tps)
        while waiting:
            # By position, not by record: the last offsets may have been compacted away.
            waiting = {tp for tp in waiting if await consumer.position(tp) < ends[tp]}
            if not waiting:
                break
            for tp, records in (await consumer.getmany(*waiting, timeout_ms=300)).items():
                found[tp.topic] += [record for record in records if record.offset < ends[tp]]
    return found


async def _ends(address: str, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
    """Also behind transactions whose end the broker has not marked yet: it will be waited for."""
    async with AIOKafkaConsumer(bootstrap_servers=address) as consumer:
        ends: dict[TopicPartition, int] = await consumer.end_offsets(tps)
        return ends


async def _partitions(address: str, topics: list[str]) -> list[TopicPartition]:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        described = {topic["topic"]: topic["partitions"] for topic in await admin.describe_topics()}
    finally:
        await admin.close()
    return sorted(
        TopicPartition(topic, partition["partition"]) for topic in topics for partition in described.get(topic, ())
    )
