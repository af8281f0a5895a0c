"""Continuity: what Faust delivers is checked by the agents, not believed.

The first slice of a generation starts where the assignment put the reader, each later one behind the last. The gate
of the consumer alone still let gaps and re-read records through.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from faust.types import TP
from mode import get_logger

from agents.kafka.positions import other_time
from agents.kafka.records import Record, Slice
from agents.kafka.slices import SliceConsumer

logger = get_logger(__name__)

AnyRecord = TypeVar("AnyRecord", bound=Record)


@dataclass(slots=True)
class _Expected:
    generation: int
    offset: int
    sought_back: int | None = None
    """The reading that the seek back of this gap has begun; None while there is none."""


@dataclass(slots=True)
class ContinuityCounts:
    """How often what was delivered was not contiguous, for the metrics.

    Attributes:
        reread_records: records that had been handed over before, and were trimmed.
        gaps: how often a partition was sought back because records were missing.
        dropped_records: records that came behind a gap, before it was read again.
        holes: such gaps that are in the log itself.
    """

    reread_records: int = 0
    gaps: int = 0
    dropped_records: int = 0
    holes: int = 0


class Continuity:
    """One for each agent; it must see every slice of the partitions that it checks."""

    def __init__(self, consumer: Callable[[], SliceConsumer]) -> None:
        self._consumer = consumer
        self._expected: dict[TP, _Expected] = {}
        self._furthest: dict[TP, tuple[int, int]] = {}
        self.counts = ContinuityCounts()

    async def contiguous(self, tp: TP, generation: int, records: Sequence[AnyRecord]) -> list[AnyRecord]:
        """The part of `records` that continues what was handed over before; empty where nothing does.

        Lower offsets are trimmed. What was read without a break has holes only where the log has (transactions,
        compaction). Where reading itself has left out something it is read again once; what is still not there then is
        a hole, too, and accepted, unless retention took it unread: then the partition is refused by name.
        """
        consumer = self._consumer()
        if not records or generation != consumer.generation or tp in consumer.refusals:
            return []
        if self._made_anew(tp, records[0]):
            return []
        expected = self._expected.get(tp)
        if expected is None or expected.generation != generation:
            start = consumer.start_of(tp)
            if start is None:
                return []
            expected = self._expected[tp] = _Expected(generation, start.offset)
        left = self._trimmed(expected, records)
        if not left or not self._same_log(tp, left[0]):
            return []
        begin, end = _read(records)
        if begin > expected.offset and not await self._accept_gap(tp, expected, records, left[0].offset):
            self.counts.dropped_records += len(left)
            return []
        if generation != consumer.generation:
            return []
        expected.offset, expected.sought_back = end, None
        self._furthest[tp] = max(self._furthest.get(tp, (-1, 0)), (left[-1].offset, left[-1].timestamp))
        return left

    def _made_anew(self, tp: TP, first: Record) -> bool:
        """Whether an earlier offset carries a later Kafka time than what has been read: only another log does that.

        Without this it would be trimmed as read before, silently. What was read is remembered over generations, since
        the broker forgets the commits of a topic that is deleted.
        """
        offset, timestamp_ms = self._furthest.get(tp, (-1, 0))
        if first.offset > offset or first.timestamp <= timestamp_ms:
            return False
        self._consumer().refuse(
            tp,
            f"offset {first.offset} has a later Kafka time than offset {offset}, which was read before: "
            "the topic was made anew",
        )
        return True

    def _trimmed(self, expected: _Expected, records: Sequence[AnyRecord]) -> list[AnyRecord]:
        if records[0].offset >= expected.offset:
            return list(records)
        left = [record for record in records if record.offset >= expected.offset]
        self.counts.reread_records += len(records) - len(left)
        return left

    def _same_log(self, tp: TP, first: Record) -> bool:
        start = self._consumer().start_of(tp)
        if (
            start is None
            or start.timestamp_ms is None
            or first.offset != start.offset
            or first.timestamp == start.timestamp_ms
        ):
            return True
        self._consumer().refuse(tp, other_time(first.offset, start.timestamp_ms, first.timestamp))
        return False

    async def _accept_gap(self, tp: TP, expected: _Expected, records: Sequence[Record], found: int) -> bool:
        """Whether the log has no records between the expected offset and `found`; else they are read again."""
        consumer = self._consumer()
        if expected.sought_back is None:
            self.counts.gaps += 1
            logger.warning("a gap in %s/%d: expected offset %d, got %d; reading again", *tp, expected.offset, found)
            await consumer.seek(tp, expected.offset)
            expected.sought_back = consumer.reading(tp)
            return False
        if not isinstance(records, Slice) or records.reading < expected.sought_back:
            return False
        log_start = await consumer.earliest(tp)
        if expected.generation != consumer.generation:
            return False
        start = consumer.start_of(tp)
        done = expected.offset - 1 if start is None else max(expected.offset - 1, start.acknowledged)
        if done + 1 < log_start:
            consumer.refuse(tp, f"retention overtook the reader: offsets {done + 1}..{log_start - 1} are gone unread")
            return False
        self.counts.holes += 1
        return True


def _read(records: Sequence[Record]) -> tuple[int, int]:
    """From where up to which offset (exclusive) the log was read for them."""
    if isinstance(records, Slice):
        return records.begin, records.end
    return records[0].offset, records[-1].offset + 1
