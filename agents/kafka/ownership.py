"""The watch on ownership: source partitions that nobody owns make the worker not ready, and the group assign again.

Every worker asks the group's coordinator, so that the watch does not depend on the leader whose assignment is in doubt.
"""

from __future__ import annotations

import time
from typing import Any

from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.protocol.admin import DescribeGroupsRequest
from faust.types import TP
from mode import get_logger

UNKNOWN_PARTITION = -1

logger = get_logger(__name__)


async def find_unowned(consumer: Any, group: str, topics: frozenset[str]) -> frozenset[TP] | None:
    """The partitions of `topics` that no member of `group` owns, asked inside the thread of an aiokafka consumer.

    A topic of which this worker knows no partitions stands as partition -1. None: the group is not stable, or gave no
    answer.
    """
    client, coordinator = consumer._client, consumer._coordinator
    if coordinator.coordinator_id is None:
        return None
    request = DescribeGroupsRequest(groups=[group], include_authorized_operations=False)
    response = await client.send(coordinator.coordinator_id, request)
    error_code, _, state, _, _, members, *_ = response.groups[0]
    if error_code or state != "Stable":
        return None
    owned = {TP(*tp) for member in members for tp in _assigned(member[4])}
    wanted: set[TP] = set()
    for topic in topics:
        partitions = client.cluster.partitions_for_topic(topic)
        wanted |= {TP(topic, partition) for partition in partitions or {UNKNOWN_PARTITION}}
    return frozenset(wanted - owned)


def _assigned(assignment: bytes) -> list[tuple[str, int]]:
    if not assignment:
        return []
    decoded = ConsumerProtocolMemberAssignment.decode(assignment)
    return [(topic, partition) for topic, partitions in decoded.assignment for partition in partitions]


async def rejoin(consumer: Any) -> None:
    """Asks for fresh metadata, then makes the group assign again; inside the thread of an aiokafka consumer."""
    await consumer._client.force_metadata_update()
    consumer._coordinator.request_rejoin()


class Ownership:
    """What the watch has found.

    Attributes:
        unowned: source partitions that nobody owned when the coordinator was last asked, `settle_seconds` after a
            rebalance or later.
    """

    def __init__(self, settle_seconds: float) -> None:
        self.unowned: frozenset[TP] = frozenset()
        self._settle_seconds = settle_seconds
        self._quiet_since: float | None = None

    def due(self, rebalancing: bool) -> bool:
        """Whether the group has been quiet for long enough to be asked; then the time begins anew."""
        now = time.monotonic()
        if rebalancing or self._quiet_since is None:
            self._quiet_since = None if rebalancing else now
            return False
        if now - self._quiet_since < self._settle_seconds:
            return False
        self._quiet_since = now
        return True

    def found(self, unowned: frozenset[TP] | None) -> bool:
        """Takes an answer; whether the group must assign again."""
        if unowned is None:
            return False
        if unowned and unowned != self.unowned:
            logger.error(
                "nobody owns %s: asking the group to assign again", ", ".join(f"{t}/{p}" for t, p in sorted(unowned))
            )
        self.unowned = unowned
        return bool(unowned)
