"""Lag from the processed position, not the committed one: that stands at the start of the open block by design."""

import time
from collections.abc import Callable, Mapping

from faust.types import TP

from agents.ingest.source_state import SourceState
from agents.ingest.standing import Standing, standing
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
        self._nothing_waited: dict[TP, tuple[int, int]] = {}
        """Source -> the group generation and the time (epoch milliseconds) of the last look at which nothing waited."""

    def records_and_seconds(self) -> dict[tuple[str, int], tuple[int, float]]:
        """(topic, partition) -> (records not yet summarised, seconds since the last summarised one, or since nothing
        waited; 0 at the end)."""
        consumer, now_ms = self._consumer(), time.time() * 1000
        found = {}
        for tp in consumer.assignment():
            topic = self._topics.get(tp.topic)
            stands = None if topic is None else standing(consumer, tp, self._states)
            if topic is None or stands is None:
                continue
            if not stands.waiting:
                self._nothing_waited[tp] = stands.end.generation, stands.end.fetched_at_ms
            found[topic.name, tp.partition] = (stands.waiting, self._seconds(tp, stands, now_ms))
        return found

    def _seconds(self, tp: TP, stands: Standing, now_ms: float) -> float:
        state = self._states.get(tp)
        if not stands.waiting or state is None or not state.time_ms:
            return 0.0
        # A topic with a record every other minute is not two minutes behind as soon as the next one has come.
        generation, at_ms = self._nothing_waited.get(tp, (0, 0))
        since_ms = max(state.time_ms, at_ms) if generation == stands.end.generation else state.time_ms
        return max(0.0, (now_ms - since_ms) / 1000)
