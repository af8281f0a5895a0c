"""Partitions that nobody in a group owns are found, whoever leads it, and a leader without metadata mends itself."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from faust.types import TP

from agents.kafka.assignor import complete_metadata
from agents.kafka.ownership import UNKNOWN_PARTITION, Ownership, find_unowned
from tests.kafka.cluster import create_topics
from tests.support.kafka import KafkaBroker


class ForgetfulAssignor(RoundRobinPartitionAssignor):  # type: ignore[misc]
    """Gives partition 1 to nobody."""

    @classmethod
    def assign(cls, cluster: Any, members: Any) -> Any:
        """The round robin's assignment without partition 1."""
        assigned = super().assign(cluster, members)
        for member in assigned.values():
            member.assignment[:] = [(topic, [p for p in parts if p != 1]) for topic, parts in member.assignment]
        return assigned


@pytest.mark.kafka
async def test_what_no_member_owns_is_found_by_asking_the_coordinator(kafka_broker: KafkaBroker) -> None:
    group = f"owner-{uuid.uuid4().hex[:8]}"
    topic = f"{group}-src"
    await create_topics(kafka_broker.address, group, 3)
    async with AIOKafkaConsumer(
        topic,
        bootstrap_servers=kafka_broker.address,
        group_id=group,
        partition_assignment_strategy=(ForgetfulAssignor,),
    ) as consumer:
        while not consumer.assignment():
            await asyncio.sleep(0.05)
        found = await find_unowned(consumer, group, frozenset({topic, "unheard-of"}))
    assert found == frozenset({TP(topic, 1), TP("unheard-of", UNKNOWN_PARTITION)})


def test_the_group_is_asked_only_when_it_has_been_quiet_for_long_enough() -> None:
    watch = Ownership(settle_seconds=0.0)
    assert not watch.due(rebalancing=True)
    assert not watch.due(rebalancing=False)
    assert watch.due(rebalancing=False)
    assert not watch.due(rebalancing=True)


def test_an_answer_names_what_is_unowned_until_a_better_one_comes() -> None:
    watch = Ownership(settle_seconds=10.0)
    assert watch.found(frozenset({TP("click", 1)}))
    assert not watch.found(None)
    assert watch.unowned == {TP("click", 1)}
    assert not watch.found(frozenset())
    assert watch.unowned == frozenset()


class _Leader:
    """A consumer whose metadata are whole only after some updates."""

    def __init__(self, updates_needed: int) -> None:
        self.updates = self.rejoined = 0
        self._needed = updates_needed
        self._closed = False
        self._client = self._coordinator = self.cluster = self

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return {0, 1} if self.updates >= self._needed else None

    async def force_metadata_update(self) -> bool:
        self.updates += 1
        return True

    def request_rejoin(self) -> None:
        self.rejoined += 1


async def test_a_leader_asks_for_metadata_until_they_are_whole_and_then_rejoins_once() -> None:
    leader = _Leader(updates_needed=2)
    await complete_metadata(leader, lambda: frozenset({"click"}))
    assert (leader.updates, leader.rejoined) == (2, 1)


async def test_a_closed_leader_stops_asking() -> None:
    leader = _Leader(updates_needed=100)
    leader._closed = True
    await complete_metadata(leader, lambda: frozenset({"click"}))
    assert (leader.updates, leader.rejoined) == (0, 0)
