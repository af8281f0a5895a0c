"""Stock Faust: an agent a topic and a windowed Table, one-minute windows of the event's own time, changelog in Kafka.

The store is Faust's in memory, which is faster than its RocksDB; the changelog makes it durable.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta

import faust
from meter import Meter, Task


class Event(faust.Record, serializer="json", validation=False):
    """What is read of an event."""

    campaign: str
    channel: str
    time: int


task = Task()
meter = Meter(task.records)
app = faust.App(
    task.group,
    broker=f"kafka://{task.address}",
    datadir=str(task.directory),
    store="memory://",
    web_enabled=False,
    topic_partitions=task.partitions,
    topic_disable_leader=True,
    consumer_auto_offset_reset="earliest",
    broker_max_poll_records=10_000,
    stream_buffer_maxsize=16_384,
    stream_wait_empty=False,
    producer_linger=0.05,
    producer_max_batch_size=262_144,
)
table = (
    app.Table("counts", default=int, partitions=task.partitions)
    .tumbling(timedelta(minutes=1), expires=timedelta(hours=2))
    .relative_to(lambda event: event.value.time / 1000)
)


def agent_of(topic: str) -> None:
    """An agent that counts the events of one topic."""

    async def count(events: faust.StreamT[Event]) -> None:
        async for event in events:
            table[f"{event.campaign}|{event.channel}|{topic}"] += 1
            meter.add(1)
            if meter.done:
                meter.write(task, rows())
                os._exit(0)

    app.agent(app.topic(task.prefix + topic, value_type=Event), name=f"count-{topic}")(count)


def rows() -> list[tuple[str, str, str, int, int]]:
    """What the table says."""
    return [(*key.split("|"), int(start) // 60, number) for (key, (start, _)), number in table.table.data.items()]


for name in task.topics:
    agent_of(name)
sys.argv = ["faust", "worker", "--loglevel", "warn", "--without-web"]
app.main()
