"""What one writes by hand with confluent-kafka: `consume`, a JSON decoder, a dict.

decoder "orjson": whole events and one dict. decoder "msgspec": a Struct of the four fields that are read, and a dict a
(campaign, channel). 5,000 messages a call; librdkafka's queue as large as its documentation suggests for throughput.
"""

from __future__ import annotations

import msgspec
import orjson
from confluent_kafka import Consumer, Message
from meter import Meter, Task

MESSAGES = 5_000


class Event(msgspec.Struct, gc=False):
    """What is read of an event."""

    campaign: str
    channel: str
    time: int


class Whole:
    """orjson and one dict."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str, str, int], int] = {}

    def add(self, topics: dict[str, str], messages: list[Message]) -> None:
        """Count these."""
        counts, loads = self.counts, orjson.loads
        for message in messages:
            event = loads(message.value())
            key = (event["campaign"], event["channel"], topics[message.topic()], event["time"] // 60_000)
            counts[key] = counts.get(key, 0) + 1

    def rows(self) -> list[tuple[str, str, str, int, int]]:
        """What was counted."""
        return [(*key, number) for key, number in self.counts.items()]


class Typed:
    """msgspec and dicts in a dict."""

    def __init__(self) -> None:
        self.counts: dict[str, dict[tuple[str, str, int], int]] = {}

    def add(self, topics: dict[str, str], messages: list[Message]) -> None:
        """Count these."""
        counts, decode = self.counts, msgspec.json.Decoder(Event).decode
        for message in messages:
            event = decode(message.value())
            of_campaign = counts.get(event.campaign)
            if of_campaign is None:
                of_campaign = counts[event.campaign] = {}
            key = (event.channel, topics[message.topic()], event.time // 60_000)
            of_campaign[key] = of_campaign.get(key, 0) + 1

    def rows(self) -> list[tuple[str, str, str, int, int]]:
        """What was counted."""
        return [(campaign, *key, number) for campaign, some in self.counts.items() for key, number in some.items()]


def main() -> None:
    """Count until everything is counted."""
    task = Task()
    meter = Meter(task.records)
    counting = Typed() if task.options["decoder"] == "msgspec" else Whole()
    topics = {task.prefix + topic: topic for topic in task.topics}
    consumer = Consumer(
        {
            "bootstrap.servers": task.address,
            "group.id": task.group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "queued.min.messages": 500_000,
            "queued.max.messages.kbytes": 65_536,
            "fetch.message.max.bytes": 4 << 20,
        }
    )
    consumer.subscribe(task.names)
    while not meter.done:
        messages = consumer.consume(MESSAGES, 0.5)
        counting.add(topics, messages)
        meter.add(len(messages))
    consumer.close()
    meter.write(task, counting.rows())


main()
