"""Lag from the processed position, not the committed one: that stands at the start of the open block by design."""

import time
from collections.abc import Callable, Mapping

from faust.types import TP

from agents.ingest.source_state import SourceState
from agents.ingest.standing import standing
from agents.kafka.slices import SliceConsumer
from streams.events.topic import Topic


class Lag:
    """topics: Kafka name -> event topic. states: what ingest knows of the sources."""

    def __init__(
        self, consumer: Callable[[], SliceConsumer], topics: Mapping[str, Topic], states: Mapping[TP, SourceState]
    ) -> None:
        self._consumer = consumer
        self._topics = topics
        self._states = states

    def records_and_seconds(self) -> dict[tuple[str, int], tuple[int, float]]:
        """(topic, partition) -> (records not yet summarised, seconds since the last summarised one; 0 at the end)."""
        consumer, now_ms = self._consumer(), time.time() * 1000
        found = {}
        for tp in consumer.assignment():
            topic = self._topics.get(tp.topic)
            stands = None if topic is None else standing(consumer, tp, self._states)
            if topic is None or stands is None:
                continue
            state, records = self._states.get(tp), stands.waiting
            last_ms = state.time_ms if state is not None else None
            seconds = max(0.0, (now_ms - last_ms) / 1000) if records and last_ms else 0.0
            found[topic.name, tp.partition] = (records, seconds)
        return found
