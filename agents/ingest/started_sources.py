"""Which sources have ever been read: noted in the settings topic once an offset is committed.

Kafka deletes a topic's commits with the topic. Without this note a topic that is made anew while no worker runs would
look like one that was never read, and its first events would be taken for those that are counted already.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping

import structlog
from aiokafka.errors import KafkaError

from agents.claims.pins import SettingsTopic, Started
from agents.kafka.slices import SliceConsumer
from streams.events.topic import Topic

log = structlog.get_logger(__name__)

PERIOD_SECONDS = 2.0


class StartedSources:
    """topics: Kafka name -> event topic. known: the sources that are noted already."""

    def __init__(
        self,
        consumer: Callable[[], SliceConsumer],
        topics: Mapping[str, Topic],
        incarnation: Callable[[str], int],
        origin: SettingsTopic,
        known: Collection[Started],
    ) -> None:
        self._consumer = consumer
        self._topics = topics
        self._incarnation = incarnation
        self._origin = origin
        self._known = set(known)

    async def run(self) -> None:
        """Note them as they come, until cancelled. A broker that is away is tried again."""
        while True:
            await asyncio.sleep(PERIOD_SECONDS)
            new = self._new()
            if not new:
                continue
            try:
                await self._origin.mark_started(new)
            except KafkaError as error:
                log.warning("sources that are read cannot be noted yet", error=str(error))
            else:
                self._known.update(new)

    def _new(self) -> list[Started]:
        consumer = self._consumer()
        found = [
            (tp.topic, tp.partition, self._incarnation(tp.topic))
            for tp in sorted(consumer.assignment())
            if tp.topic in self._topics and consumer.committed(tp) is not None
        ]
        return [source for source in found if source not in self._known]
