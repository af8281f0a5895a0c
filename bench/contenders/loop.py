"""The baseline, 1.0: what one writes by hand with aiokafka: `getmany`, orjson, a dict.

No limit to the records that one call returns, fetches of 1 MB a partition as by default (of 4 MB they cost a fifth
more CPU); offsets are not committed and resends not noticed: the least that a counter can do.
"""

from __future__ import annotations

import asyncio

import orjson
from aiokafka import AIOKafkaConsumer
from meter import Meter, Task


async def main() -> None:
    task = Task()
    meter = Meter(task.records)
    counts: dict[tuple[str, str, str, int], int] = {}
    loads = orjson.loads
    consumer = AIOKafkaConsumer(
        *task.names,
        bootstrap_servers=task.address,
        group_id=task.group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=100,
    )
    await consumer.start()
    topics = {task.prefix + topic: topic for topic in task.topics}
    while not meter.done:
        for tp, records in (await consumer.getmany(timeout_ms=500)).items():
            topic = topics[tp.topic]
            for record in records:
                event = loads(record.value)
                key = (event["campaign"], event["channel"], topic, event["time"] // 60_000)
                counts[key] = counts.get(key, 0) + 1
            meter.add(len(records))
    await consumer.stop()
    meter.write(task, [(*key, number) for key, number in counts.items()])


asyncio.run(main())
