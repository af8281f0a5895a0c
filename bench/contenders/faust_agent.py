"""Stock Faust: an agent a topic, events as Records, a dict of one's own. Kept in memory only.

Fetches as large as Faust lets them be and no web server; what else its documentation names for speed changed nothing.
"""

from __future__ import annotations

import os
import sys

import faust
from meter import Meter, Task


class Event(faust.Record, serializer="json", validation=False):
    """What is read of an event."""

    campaign: str
    channel: str
    time: int


task = Task()
meter = Meter(task.records)
counts: dict[tuple[str, str, str, int], int] = {}
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
)


def agent_of(topic: str) -> None:
    """An agent that counts the events of one topic."""

    async def count(events: faust.StreamT[Event]) -> None:
        async for event in events:
            key = (event.campaign, event.channel, topic, event.time // 60_000)
            counts[key] = counts.get(key, 0) + 1
            meter.add(1)
            if meter.done:
                meter.write(task, [(*key, number) for key, number in counts.items()])
                os._exit(0)

    app.agent(app.topic(task.prefix + topic, value_type=Event), name=f"count-{topic}")(count)


for name in task.topics:
    agent_of(name)
sys.argv = ["faust", "worker", "--loglevel", "warn", "--without-web"]
app.main()
