"""Quix Streams, by one sdf a topic.

way "stateless": decode and count in a dict of one's own. way "window": one-minute tumbling windows of the event's own
time in RocksDB, by the record's key, which is campaign|channel; changelog topics as by default; the current value is
asked for after each event, so that what is counted can be compared without waiting for the windows to close.
"""

from __future__ import annotations

import os
from typing import Any

from meter import Meter, Task
from quixstreams import Application, message_context

task = Task()
meter = Meter(task.records)
counts: dict[tuple[str, ...] | tuple[Any, ...], int] = {}
app = Application(
    broker_address=task.address,
    consumer_group=task.group,
    auto_offset_reset="earliest",
    loglevel="WARNING",
    state_dir=task.directory,
    use_changelog_topics=task.options["way"] == "window" and task.options.get("changelog", True),
    consumer_extra_config={"queued.min.messages": 500_000, "fetch.message.max.bytes": 4 << 20},
)


def time_of(value: Any, headers: Any, timestamp: float, timestamp_type: Any) -> int:
    """When an event happened."""
    return int(value["time"])


def stateless(topic: str) -> None:
    """Count the events of a topic in a dict."""

    def count(event: dict[str, Any]) -> None:
        key = (event["campaign"], event["channel"], topic, event["time"] // 60_000)
        counts[key] = counts.get(key, 0) + 1
        one_more()

    app.dataframe(app.topic(task.prefix + topic, value_deserializer="json")).update(count)


def windowed(topic: str) -> None:
    """Count the events of a topic in windows."""

    def keep(window: dict[str, Any], key: str, timestamp: int, headers: Any) -> None:
        campaign, _, channel = key.partition("|")
        place = (campaign, channel, topic, window["start"] // 60_000, message_context().partition)
        counts[place] = window["value"]
        one_more()

    name = app.topic(
        task.prefix + topic, key_deserializer="str", value_deserializer="json", timestamp_extractor=time_of
    )
    window = app.dataframe(name).tumbling_window(duration_ms=60_000, grace_ms=600_000)
    window.count().current().update(keep, metadata=True)


def one_more() -> None:
    """Another event is counted; after the last the process ends."""
    meter.add(1)
    if meter.done:
        meter.write(task, [(*key[:4], number) for key, number in counts.items()])
        os._exit(0)


for name in task.topics:
    (windowed if task.options["way"] == "window" else stateless)(name)
app.run()
