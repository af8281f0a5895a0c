"""What the broker knows of the workers' consumer group: who is in it, and how far it has committed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError, NotCoordinatorForGroupError, for_code

from agents.operations.compacted import partitions_of

T = TypeVar("T")
COORDINATOR_SECONDS = 10.0


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
    answers = await _with_coordinator(lambda: admin.describe_consumer_groups([group]))
    code, _, state, _, _, members, *_ = answers[0].groups[0]
    if code:
        raise for_code(code)(f"the group {group} can't be described")
    return Group(state or "Dead", tuple(str(member[2]).lstrip("/") for member in members))


async def read_lag(
    admin: AIOKafkaAdminClient, kafka: Mapping[str, Any], group: str, topics: Iterable[str]
) -> dict[tuple[str, int], Lag]:
    """The lag of every partition of the topics that exist, by (topic, partition)."""
    partitions = [tp for some in (await partitions_of(topics, kafka)).values() for tp in some]
    consumer = AIOKafkaConsumer(enable_auto_commit=False, **kafka)
    await consumer.start()
    try:
        starts = await consumer.beginning_offsets(partitions)
        ends = await consumer.end_offsets(partitions)
    finally:
        await consumer.stop()
    committed = await _with_coordinator(lambda: admin.list_consumer_group_offsets(group))
    return {
        (tp.topic, tp.partition): Lag(
            committed[tp].offset if tp in committed and committed[tp].offset >= 0 else None, starts[tp], ends[tp]
        )
        for tp in partitions
    }


async def _with_coordinator(ask: Callable[[], Awaitable[T]]) -> T:
    """Asks until there is a coordinator: a broker that never had a group makes its topic at the first question."""
    deadline = asyncio.get_running_loop().time() + COORDINATOR_SECONDS
    while True:
        try:
            return await ask()
        except (GroupCoordinatorNotAvailableError, NotCoordinatorForGroupError):
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.3)
