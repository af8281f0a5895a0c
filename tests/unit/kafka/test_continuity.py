"""Continuity against a log that is handed over in pieces, with gaps, repetitions and holes."""

from __future__ import annotations

from typing import Any, cast

import pytest
from aiokafka.structs import ConsumerRecord
from faust.types import TP

from agents.kafka.continuity import Continuity
from agents.kafka.positions import Start
from agents.kafka.records import Slice
from agents.kafka.slices import SliceConsumer

SOURCE = TP("click", 0)
GENERATION = 4


class LogReader:
    """What Continuity sees of a consumer: where the generation began, seeks, refusals, the log's first offset."""

    def __init__(self, start: Start) -> None:
        self.generation = GENERATION
        self.refusals: dict[TP, str] = {}
        self.seeks: list[int] = []
        self.log_start = 0
        self._start = start

    def start_of(self, tp: TP) -> Start:
        return self._start

    def reading(self, tp: TP) -> int:
        return len(self.seeks)

    async def seek(self, tp: TP, offset: int) -> None:
        self.seeks.append(offset)

    async def earliest(self, tp: TP) -> int:
        return self.log_start

    def refuse(self, tp: TP, reason: str) -> None:
        self.refusals[tp] = reason


def _slice(*offsets: int, reading: int = 0, later_ms: int = 0, begin: int | None = None, end: int = 0) -> Slice:
    def record(offset: int) -> ConsumerRecord[Any, Any]:
        return ConsumerRecord("click", 0, offset, 1_000 + offset + later_ms, 1, None, b"", None, 0, 0, ())

    begin = offsets[0] if begin is None else begin
    return Slice([record(offset) for offset in offsets], reading, begin, end or offsets[-1] + 1)


@pytest.fixture
def reader() -> LogReader:
    return LogReader(Start(10, 1_010, 9))


@pytest.fixture
def continuity(reader: LogReader) -> Continuity:
    return Continuity(lambda: cast(SliceConsumer, reader))


async def _offsets(continuity: Continuity, records: Slice, generation: int = GENERATION) -> list[int]:
    return [record.offset for record in await continuity.contiguous(SOURCE, generation, records)]


async def test_what_continues_passes_whole(continuity: Continuity) -> None:
    assert await _offsets(continuity, _slice(10, 11)) == [10, 11]
    assert await _offsets(continuity, _slice(12)) == [12]


async def test_what_was_handed_over_before_is_trimmed(continuity: Continuity) -> None:
    assert await _offsets(continuity, _slice(8, 9, 10, 11)) == [10, 11]
    assert await _offsets(continuity, _slice(10, 11)) == []
    assert await _offsets(continuity, _slice(11, 12)) == [12]
    assert continuity.counts.reread_records == 5


async def test_a_gap_is_sought_back_once_and_dropped_until_what_is_missing_arrives(
    continuity: Continuity, reader: LogReader
) -> None:
    assert await _offsets(continuity, _slice(12, 13)) == []
    assert await _offsets(continuity, _slice(14)) == []
    assert reader.seeks == [10]
    assert await _offsets(continuity, _slice(10, 11, 12, 13, 14, reading=1)) == [10, 11, 12, 13, 14]
    assert (continuity.counts.gaps, continuity.counts.dropped_records, continuity.counts.holes) == (1, 3, 0)


async def test_a_gap_that_is_still_there_on_the_second_reading_is_a_hole_in_the_log(
    continuity: Continuity, reader: LogReader
) -> None:
    assert await _offsets(continuity, _slice(12)) == []
    assert await _offsets(continuity, _slice(12, 13, reading=1)) == [12, 13]
    assert await _offsets(continuity, _slice(14, reading=1)) == [14]
    assert continuity.counts.holes == 1


async def test_what_the_log_does_not_have_between_two_slices_is_a_hole_without_reading_it_again(
    continuity: Continuity, reader: LogReader
) -> None:
    assert await _offsets(continuity, _slice(10, 11, end=13)) == [10, 11]
    assert await _offsets(continuity, _slice(14, begin=13)) == [14]
    assert await _offsets(continuity, _slice(17, begin=15)) == [17]
    assert await _offsets(continuity, _slice(20, begin=19)) == []
    assert (reader.seeks, continuity.counts.holes) == ([18], 0)


async def test_a_gap_that_retention_made_refuses_the_partition(continuity: Continuity, reader: LogReader) -> None:
    reader.log_start = 12
    assert await _offsets(continuity, _slice(12)) == []
    assert await _offsets(continuity, _slice(12, reading=1)) == []
    assert "offsets 10..11 are gone unread" in reader.refusals[SOURCE]
    assert await _offsets(continuity, _slice(10, reading=2)) == []


async def test_retention_of_what_was_acknowledged_is_no_loss() -> None:
    reader = LogReader(Start(10, None, 11))
    reader.log_start = 12
    continuity = Continuity(lambda: cast(SliceConsumer, reader))
    assert await _offsets(continuity, _slice(12)) == []
    assert await _offsets(continuity, _slice(12, reading=1)) == [12]
    assert reader.refusals == {}


async def test_a_record_with_another_kafka_time_at_the_committed_offset_refuses_the_partition() -> None:
    reader = LogReader(Start(10, 999, 9))
    continuity = Continuity(lambda: cast(SliceConsumer, reader))
    assert await _offsets(continuity, _slice(10, 11)) == []
    assert "Kafka time 1010 ms instead of 999 ms" in reader.refusals[SOURCE]


async def test_slices_of_another_generation_are_ignored_and_a_new_one_begins_at_its_start(
    continuity: Continuity, reader: LogReader
) -> None:
    assert await _offsets(continuity, _slice(10, 11, 12)) == [10, 11, 12]
    reader.generation = GENERATION + 1
    assert await _offsets(continuity, _slice(13)) == []
    assert await _offsets(continuity, _slice(10, 11), GENERATION + 1) == [10, 11]


async def test_earlier_offsets_with_later_times_are_another_log_and_refused_in_every_generation(
    continuity: Continuity, reader: LogReader
) -> None:
    assert await _offsets(continuity, _slice(10, 11, 12)) == [10, 11, 12]
    reader.generation, reader._start = GENERATION + 1, Start(0, None, -1)
    assert await _offsets(continuity, _slice(0, 1), GENERATION + 1) == [0, 1]
    assert await _offsets(continuity, _slice(2, 3, later_ms=5_000), GENERATION + 1) == []
    assert "made anew" in reader.refusals[SOURCE]
