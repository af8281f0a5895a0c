"""FastStream on confluent-kafka: a batch subscriber a topic, at most 10,000 events a batch, a dict.

Its validation of arguments is off, as its documentation advises for speed; it decodes with orjson.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from faststream import FastStream
from faststream.confluent import KafkaBroker
from meter import Meter, Task

task = Task()
meter = Meter(task.records)
counts: dict[tuple[str, str, str, int], int] = {}
broker = KafkaBroker(task.address, apply_types=False, logger=None)


def subscribe(topic: str) -> None:
    """Count the events of a topic."""

    async def count(events: list[dict[str, Any]]) -> None:
        for event in events:
            key = (event["campaign"], event["channel"], topic, event["time"] // 60_000)
            counts[key] = counts.get(key, 0) + 1
        meter.add(len(events))
        if meter.done:
            meter.write(task, [(*key, number) for key, number in counts.items()])
            os._exit(0)

    broker.subscriber(
        task.prefix + topic,
        group_id=f"{task.group}-{topic}",
        auto_offset_reset="earliest",
        batch=True,
        max_records=10_000,
        max_partition_fetch_bytes=4 << 20,
    )(count)


for name in task.topics:
    subscribe(name)
asyncio.run(FastStream(broker).run())
