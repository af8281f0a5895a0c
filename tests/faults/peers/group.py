"""What the broker says of a peer's consumer group: its state, its members, and what it has not committed yet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError


@asynccontextmanager
async def _admin(address: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def create_topic(address: str, topic: str, partitions: int) -> None:
    """A new topic."""
    async with _admin(address) as admin:
        await admin.create_topics([NewTopic(topic, partitions, 1)])


async def stable_members(address: str, group: str) -> int:
    """Members of the group; 0 while it rebalances or is not known."""
    try:
        async with _admin(address) as admin:
            (answer,) = await admin.describe_consumer_groups([group])
    except KafkaError:
        return 0
    (_, _, state, _, _, members, *_), *_ = answer.groups
    return len(members) if state == "Stable" else 0


async def lag(address: str, group: str, topic: str, partitions: int) -> int | None:
    """Records of the topic that the group has not committed; None while the broker does not say."""
    tps = [TopicPartition(topic, number) for number in range(partitions)]
    try:
        async with _admin(address) as admin:
            committed = await admin.list_consumer_group_offsets(group)
        async with AIOKafkaConsumer(bootstrap_servers=address, enable_auto_commit=False) as consumer:
            ends = await consumer.end_offsets(tps)
    except KafkaError:
        return None
    unread: int = sum(ends[tp] - (max(0, committed[tp].offset) if tp in committed else 0) for tp in tps)
    return unread
