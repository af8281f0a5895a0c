"""What the broker knows of the workers' consumer group: who is in it, and how far it has committed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code


@dataclass(frozen=True, slots=True)
class Group:
    """A consumer group: its state in Kafka's words, and the hosts of its members, one entry a member."""

    state: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lag:
    """One partition: the committed offset (None: none yet), the log's start and end."""

    committed: int | None
    start: int
    end: int

    @property
    def records(self) -> int:
        """Records behind the commit, in an open block or not read yet."""
        return max(0, self.end - max(self.start, self.committed or 0))


async def read_group(admin: AIOKafkaAdminClient, group: str) -> Group:
    """The group as its coordinator sees it; a group that never was is `Dead` and has no members."""
    answers = await admin.describe_consumer_groups([group])
    code, _, state, _, _, members, *_ = answers[0].groups[0]
    if code:
        raise for_code(code)(f"the group {group} can't be described")
    return Group(state or "Dead", tuple(str(member[2]).lstrip("/") for member in members))


async def read_lag(
    admin: AIOKafkaAdminClient, kafka: Mapping[str, Any], group: str, topics: Iterable[str]
) -> dict[tuple[str, int], Lag]:
    """The lag of every partition of the topics that exist, by (topic, partition)."""
    consumer = AIOKafkaConsumer(enable_auto_commit=False, **kafka)
    await consumer.start()
    try:
        existing = await consumer.topics()
        partitions = [
            TopicPartition(topic, partition)
            for topic in topics
            if topic in existing
            for partition in sorted(consumer.partitions_for_topic(topic) or ())
        ]
        starts = await consumer.beginning_offsets(partitions)
        ends = await consumer.end_offsets(partitions)
    finally:
        await consumer.stop()
    committed = await admin.list_consumer_group_offsets(group)
    return {
        (tp.topic, tp.partition): Lag(
            committed[tp].offset if tp in committed and committed[tp].offset >= 0 else None, starts[tp], ends[tp]
        )
        for tp in partitions
    }
