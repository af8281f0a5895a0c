"""Compaction that is known to be done: the changelogs of a deployment, from their start to their present end."""

from __future__ import annotations

import asyncio
import time

from aiokafka import AIOKafkaProducer

from tests.faults.deployment import Deployment
from tests.faults.logs import read_topics

SECONDS = 30.0
PAUSE_SECONDS = 0.7
_FILLER = b"filler: a tombstone of a key that nobody has stated"


def compact(deployment: Deployment) -> int:
    """Compacts the table of panes and waits until everything that stands in it now has been cleaned.

    Returns how many records that took away. Writes a few tombstones of a key of its own, since Kafka never cleans the
    newest segment.
    """
    topic = f"{deployment.application}-panes-changelog"
    deployment.compaction.open()
    try:
        first: dict[int, int] | None = None
        before = 0
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            ends = asyncio.run(_fill(deployment, topic))
            records = read_topics(deployment.broker.address, [topic])[topic]
            if first is None:
                first, before = ends, len(records)
            left = {record.partition for record in records if record.offset == first[record.partition]}
            if not left:
                return before - sum(record.offset < first[record.partition] for record in records)
            time.sleep(PAUSE_SECONDS)
        raise AssertionError(f"{topic} was not compacted within {SECONDS} s")
    finally:
        deployment.compaction.close()


async def _fill(deployment: Deployment, topic: str) -> dict[int, int]:
    """Writes the filler to each partition; returns the offsets that it got."""
    async with AIOKafkaProducer(bootstrap_servers=deployment.broker.address, acks="all") as producer:
        sent = [
            await producer.send_and_wait(topic, None, key=_FILLER, partition=partition)
            for partition in range(deployment.settings.summaries_partitions)
        ]
    return {record.partition: record.offset for record in sent}
