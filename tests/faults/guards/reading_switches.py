"""Switches of the guards around reading: each puts back what stock Faust does, and nothing else.

The first paragraph of a switch's docstring says how the guard is switched off; the table quotes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka.structs import OffsetAndMetadata
from faust.assignor.partition_assignor import PartitionAssignor
from faust.transport.consumer import Consumer
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

import agents.kafka.app
import agents.worker
from agents.kafka.continuity import Continuity
from agents.kafka.marks import MarkingConsumer
from agents.kafka.ownership import Ownership
from agents.kafka.positions import CommitNote
from agents.kafka.records import Record
from agents.kafka.seeking import SeekingConsumer
from agents.kafka.slices import SliceConsumer
from agents.kafka.thread import SliceThread
from agents.kafka.transport import IdempotentProducer


def gate() -> None:
    """Sources are fetched and handed over as soon as Faust's flow is active, also before the seek of the generation."""
    SeekingConsumer._gate_open = lambda self: True  # type: ignore[method-assign]


def continuity() -> None:
    """Agents take every slice of the present generation as it comes: nothing trimmed, no gap read again."""

    async def believed(self: Continuity, tp: TP, generation: int, records: Sequence[Record]) -> list[Record]:
        return list(records) if generation == self._consumer().generation else []

    Continuity.contiguous = believed  # type: ignore[method-assign]


def giving_back() -> None:
    """What is fetched and then not handed over is dropped without seeking back to it, as Faust's flow control does."""

    async def dropped(self: SliceConsumer, waiting: Mapping[TP, list[Record]]) -> None:
        return None

    SliceConsumer._give_back = dropped  # type: ignore[method-assign]


def marks() -> None:
    """What is committed is the offset behind the last slice that Faust holds for acknowledged, not what was marked."""

    def new_offset(self: MarkingConsumer, tp: TP) -> int | None:
        acked = self._acked[tp]
        offset = max(acked) + 1 if acked else None
        acked.clear()
        self._acked_index[tp].clear()
        return offset

    async def commit(self: MarkingConsumer, offsets: Mapping[TP, int]) -> bool:
        def note(tp: TP, offset: int) -> OffsetAndMetadata:
            return OffsetAndMetadata(offset, CommitNote(self.options.incarnation(tp.topic), None, offset - 1).encode())

        notes = {tp: note(tp, offset) for tp, offset in offsets.items()}
        return await self._thread.commit_notes(self.generation, notes)

    patched: Any = MarkingConsumer
    patched._filter_tps_with_pending_acks = Consumer._filter_tps_with_pending_acks
    patched._should_commit = Consumer._should_commit
    patched._new_offset = new_offset
    patched._commit = commit


def assignor() -> None:
    """Faust's own assignor: a leader that knows no partitions of a topic assigns none, and leaves it at that."""
    agents.kafka.app.CompleteAssignor = PartitionAssignor  # type: ignore[misc,assignment]


def watch() -> None:
    """Nobody asks the group's coordinator whether every source partition has an owner."""
    Ownership.due = lambda self, rebalancing: False  # type: ignore[method-assign]


def retry_at_start() -> None:
    """A worker whose broker is away as it starts ends with the client's error, as Faust's own does."""

    def no_pause(attempt: int) -> float:
        raise ConnectionError("no broker, and no second attempt")

    agents.worker.backoff_seconds = no_pause
    SliceThread.on_start = driver.AIOKafkaConsumerThread.on_start  # type: ignore[method-assign]
    IdempotentProducer.on_start = driver.Producer.on_start  # type: ignore[method-assign]


def reading_committed() -> None:
    """Sources are read uncommitted, as Faust reads outside its exactly-once mode: aborted transactions are counted."""
    original = SliceThread._create_worker_consumer

    def create(self: SliceThread, transport: driver.Transport) -> Any:
        consumer = original(self, transport)
        consumer._isolation_level = "read_uncommitted"
        return consumer

    SliceThread._create_worker_consumer = create  # type: ignore[method-assign]
