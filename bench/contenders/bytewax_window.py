"""Bytewax: KafkaSource, orjson, `count_window` of one minute of the event's own time, by campaign, channel and topic.

Batches of 10,000 messages; windows wait for a day, since partitions are not read in step, and close at the log's end.
Neither recovery nor commits are on.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import bytewax.operators as op
import orjson
from bytewax.connectors.kafka import KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.operators import windowing as win
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import cluster_main
from meter import Meter, Task

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
task = Task()
meter = Meter(task.records)
topics = {task.prefix + topic: topic for topic in task.topics}
read = 0
rows: list[tuple[str, str, str, int, int]] = []


def decoded(message: KafkaSourceMessage[Any, Any]) -> tuple[str, datetime]:
    """The key of an event and its time."""
    global read
    read += 1
    meter.warm(read)
    event = orjson.loads(message.value)
    when = datetime.fromtimestamp(event["time"] / 1000, UTC)
    return f"{event['campaign']}|{event['channel']}|{topics[message.topic]}", when


class Counts(StatelessSinkPartition[Any]):
    """Takes closed windows: (key, (window, count))."""

    def write_batch(self, items: list[Any]) -> None:
        """Take some."""
        for key, (window, count) in items:
            campaign, channel, topic = key.split("|")
            rows.append((campaign, channel, topic, window, count))
            meter.at(meter.counted + count)
        if meter.done:
            meter.write(task, rows)
            os._exit(0)


class Sink(DynamicSink[Any]):
    """The sink of the only worker."""

    def build(self, step_id: str, worker_index: int, worker_count: int) -> Counts:
        """Its part."""
        return Counts()


config = {"fetch.message.max.bytes": str(4 << 20), "queued.min.messages": "500000"}
flow = Dataflow("count")
source = KafkaSource([task.address], task.names, tail=False, batch_size=10_000, add_config=config)
events = op.map("decode", op.input("log", flow, source), decoded)
clock = win.EventClock(lambda event: event[1], wait_for_system_duration=timedelta(days=1))
windows = win.count_window(
    "count", events, clock, win.TumblingWindower(timedelta(minutes=1), EPOCH), key=lambda event: event[0]
)
op.output("counts", windows.down, Sink())
cluster_main(flow, [], 0)
