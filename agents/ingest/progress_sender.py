"""Progress: each worker tells every partition of the summaries topic how far its sources are, behind the summaries
themselves."""

import asyncio
import time
from collections.abc import Callable, Mapping

from faust.types import TP

from agents.ingest.source_state import SourceState
from agents.ingest.standing import standing
from agents.ingest.summaries_log import SummariesLog
from agents.kafka.ends import partitions_of
from agents.kafka.slices import SliceConsumer
from streams.counting.progress import Progress, SourceProgress, encode_progress
from streams.counting.sources import source_number
from streams.events.topic import Topic

BUSY_SECONDS = 0.25
IDLE_SECONDS = 1.0


class ProgressSender:
    """topics: Kafka topic name -> its event topic. states: what ingest knows of the sources."""

    def __init__(
        self,
        log: SummariesLog,
        consumer: Callable[[], SliceConsumer],
        topics: Mapping[str, Topic],
        incarnation: Callable[[str], int],
        states: Mapping[TP, SourceState],
    ) -> None:
        self._log = log
        self._consumer = consumer
        self._topics = topics
        self._incarnation = incarnation
        self._states = states
        self._told: tuple[int, ...] = ()
        self._told_at = 0.0

    async def run(self) -> None:
        """Tell, until cancelled: every quarter of a second while events arrive, else every second."""
        while True:
            await asyncio.sleep(BUSY_SECONDS)
            progress = self.progress()
            offsets = tuple(source.offset for source in progress.sources)
            moved = offsets != self._told
            if progress.sources and (moved or time.monotonic() - self._told_at >= IDLE_SECONDS):
                self._told, self._told_at = offsets, time.monotonic()
                record = (None, encode_progress(progress))
                await self._log.send({partition: [record] for partition in range(self._log.partitions)})

    def progress(self) -> Progress:
        """What this worker can say now. Sources whose end nobody has seen yet are not in it."""
        consumer = self._consumer()
        generation, now_ms = consumer.generation, time.time() * 1000
        sources, partitions = [], {}
        for tp in consumer.assignment():
            topic = self._topics.get(tp.topic)
            if topic is None:
                continue
            partitions[topic.code] = partitions_of(consumer, tp.topic)
            told = standing(consumer, tp, self._states)
            if told is None:
                continue
            source = source_number(topic.code, tp.partition, self._incarnation(tp.topic))
            age_ms = max(0, int(now_ms - told.end.fetched_at_ms))
            sources.append(SourceProgress(source, told.offset, told.time_ms, told.at_end, age_ms))
        return Progress(generation, sources, partitions)
