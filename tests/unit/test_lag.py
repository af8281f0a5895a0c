"""How far a source is behind: since when something waits, and not since when nothing had come."""

from __future__ import annotations

import time
from typing import cast

import pytest
from faust.types import TP

from agents.ingest.lag import Lag
from agents.ingest.source_state import SourceState
from agents.kafka.ends import LogEnd
from agents.kafka.slices import SliceConsumer
from streams.counting.sources import source_number
from tests.unit.commits import CLICK, SOURCE, Commits


class Assigned(Commits):
    """A consumer that has the source."""

    def assignment(self) -> set[TP]:
        return {SOURCE}


def source(last_seconds: float) -> tuple[Assigned, SourceState, Lag]:
    """A source whose ten records are summarised, the last of so many seconds ago."""
    consumer = Assigned()
    state = SourceState(CLICK, SOURCE, 1, source_number(CLICK.code, 0), 10)
    state.time_ms = round((time.time() - last_seconds) * 1000)
    return consumer, state, Lag(lambda: cast(SliceConsumer, consumer), {SOURCE.topic: CLICK}, {SOURCE: state})


def look(consumer: Assigned, end: int, seconds_ago: float, generation: int = 1) -> None:
    """The log as it was then: it ended there, and all of it had been handed over."""
    seen_ms = round((time.time() - seconds_ago) * 1000)
    consumer.ends[SOURCE] = LogEnd(generation, end, end, seen_ms, end - 1)


def test_a_record_that_comes_after_a_long_silence_is_as_late_as_it_waits_and_not_as_long_as_the_silence() -> None:
    consumer, _, lag = source(last_seconds=120)
    look(consumer, 10, seconds_ago=3)
    assert lag.records_and_seconds() == {("click", 0): (0, 0.0)}
    look(consumer, 11, seconds_ago=0)
    ((records, seconds),) = lag.records_and_seconds().values()
    assert (records, seconds) == (1, pytest.approx(3, abs=0.5))


def test_a_source_that_is_being_caught_up_with_is_as_late_as_its_last_summarised_record() -> None:
    consumer, state, lag = source(last_seconds=120)
    look(consumer, 50, seconds_ago=0)
    ((records, seconds),) = lag.records_and_seconds().values()
    assert (records, seconds) == (40, pytest.approx(120, abs=0.5))
    state.time_ms = round((time.time() - 60) * 1000)
    ((_, seconds),) = lag.records_and_seconds().values()
    assert seconds == pytest.approx(60, abs=0.5)


def test_what_was_seen_before_a_rebalance_excuses_nothing() -> None:
    consumer, state, lag = source(last_seconds=120)
    look(consumer, 10, seconds_ago=3)
    lag.records_and_seconds()
    consumer.generation = state.generation = 2
    look(consumer, 30, seconds_ago=0, generation=2)
    ((_, seconds),) = lag.records_and_seconds().values()
    assert seconds == pytest.approx(120, abs=0.5)
