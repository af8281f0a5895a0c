"""An assignor that never leaves a group owning nothing.

A worker that becomes the group's leader while it knows no partitions of a topic (it started as the broker went down)
assigns none of it to anyone, and the group is stable: nothing is counted, silently. Here the leader asks for the
metadata until they are whole, then makes the group rejoin.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from faust.assignor.partition_assignor import PartitionAssignor
from faust.types import AppT
from mode import get_logger

logger = get_logger(__name__)

RETRY_SECONDS = 0.5
MAX_RETRY_SECONDS = 5.0


class CompleteAssignor(PartitionAssignor):
    """Faust's assignor; `assign` is called in the consumer's thread, on the group's leader only.

    Attributes:
        missing: subscribed topics of which this leader knew no partitions when it last assigned.
    """

    def __init__(self, app: AppT, replicas: int = 0) -> None:
        super().__init__(app, replicas)
        self.missing: frozenset[str] = frozenset()
        self._asking: asyncio.Task[None] | None = None

    def assign(self, cluster: Any, member_metadata: Any) -> Any:
        """Faust's assignment, and where topics are missing the beginning of a mend."""
        wanted = {topic for member in member_metadata.values() for topic in member.subscription}
        self.missing = frozenset(topic for topic in wanted if not cluster.partitions_for_topic(topic))
        if self.missing and (self._asking is None or self._asking.done()):
            logger.warning("no partitions known of %s: asking for the metadata again", ", ".join(sorted(self.missing)))
            consumer = self.app.consumer._thread._ensure_consumer()  # type: ignore[attr-defined]
            self._asking = asyncio.ensure_future(complete_metadata(consumer, lambda: self.missing))
        return super().assign(cluster, member_metadata)


async def complete_metadata(consumer: Any, missing: Callable[[], frozenset[str]]) -> None:
    """Updates the metadata of an aiokafka consumer until `missing` topics have partitions, then rejoins its group."""
    client, pause = consumer._client, RETRY_SECONDS
    while any(not client.cluster.partitions_for_topic(topic) for topic in missing()):
        if consumer._closed:
            return
        await client.force_metadata_update()
        await asyncio.sleep(pause)
        pause = min(MAX_RETRY_SECONDS, pause * 1.5)
    consumer._coordinator.request_rejoin()
