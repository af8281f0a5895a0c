"""Ingest: from the records of an event topic to summaries. It keeps nothing that a crash could lose.

One `Ingest` serves the agents of all event topics of a worker. A slice (all records that one fetch returned for one
source partition) goes: continuity, cut into blocks, decode, claim, fold, and from time to time emit.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, cast
from zoneinfo import ZoneInfo

from faust.types import TP

from agents.claims.client import Claims
from agents.ingest.dead_letter_log import DeadLetterLog
from agents.ingest.emitter import Emitter
from agents.ingest.source_state import SourceState
from agents.kafka.continuity import Continuity
from agents.kafka.records import Record
from agents.kafka.slices import SliceConsumer
from agents.sentiment.plugin import leave_to_lexicon
from agents.telemetry import Telemetry
from streams.counting.blocks import MAX_OFFSETS, Cut
from streams.counting.open_block import OpenBlock
from streams.counting.people import PersonHasher
from streams.counting.sources import source_number
from streams.events.batch import EventBatch, decode_batch
from streams.events.forms import joined
from streams.events.sale import Sale
from streams.events.topic import HOUR_MS, Event, Topic, no_first_purchase

_offset: Final = attrgetter("offset")
_timestamp: Final = attrgetter("timestamp")


@dataclass(frozen=True, slots=True)
class Limits:
    """How long identities of a topic are remembered, and how large an event may be; all in milliseconds and bytes."""

    retention_ms: int
    segment_ms: int
    max_event_bytes: int


@dataclass(frozen=True, slots=True)
class Ingest:
    """What ingest needs of its surroundings; `states` is what it knows of each source in the present generation."""

    consumer: Callable[[], SliceConsumer]
    continuity: Continuity
    claims: Claims
    dead_letters: DeadLetterLog
    emitter: Emitter
    telemetry: Telemetry
    states: dict[TP, SourceState]
    limits: Mapping[str, Limits]
    incarnation: Callable[[str], int]
    zone: ZoneInfo
    person_hash: PersonHasher
    max_offsets: int = MAX_OFFSETS
    score_texts: Callable[[Topic, Sequence[Event], AbstractSet[int]], Awaitable[None]] = leave_to_lexicon

    async def take(self, topic: Topic, tp: TP, generation: int, records: Sequence[Record]) -> None:
        """Deal with one slice. Raises what must stop the worker; a changed generation just ends it."""
        records = await self.continuity.contiguous(tp, generation, records)
        if not records:
            return
        state = self._state(topic, tp, generation, records[0].offset)
        if not self._current(state):
            return
        try:
            await self._blocks(state, records)
        except BaseException:
            # Continuity has handed these records over: what follows them must not be counted and marked without them.
            state.broken = True
            raise

    async def _blocks(self, state: SourceState, records: Sequence[Record]) -> None:
        offsets, timestamps = list(map(_offset, records)), list(map(_timestamp, records))
        begin = 0
        while begin < len(records):
            block = state.block or self._open(state, records[begin])
            end = block.cut.first_beyond(offsets, timestamps, begin)
            run: tuple[Sequence[Record], Sequence[int], Sequence[int]] = records, offsets, timestamps
            if end - begin < len(records):
                run = records[begin:end], offsets[begin:end], timestamps[begin:end]
            if end > begin and not await self._count(state, block, *run):
                return
            if end < len(records):
                await self.emitter.finish(state)
                if not self._current(state):
                    return
                state.block = None
            begin = end
        await self.emitter.emit_if_due(state)

    def _state(self, topic: Topic, tp: TP, generation: int, first: int) -> SourceState:
        state = self.states.get(tp)
        if state is None or state.generation != generation:
            source = source_number(topic.code, tp.partition, self.incarnation(tp.topic))
            state = self.states[tp] = SourceState(topic, tp, generation, source, first)
        return state

    def _current(self, state: SourceState) -> bool:
        return not state.broken and state.generation == self.consumer().generation

    def _open(self, state: SourceState, record: Record) -> OpenBlock:
        cut = Cut(record.offset, record.timestamp, self.max_offsets)
        block = state.block = OpenBlock(state.source, state.topic, cut, self.zone)
        self.emitter.note(state)
        return block

    async def _count(
        self,
        state: SourceState,
        block: OpenBlock,
        records: Sequence[Record],
        offsets: Sequence[int],
        timestamps: Sequence[int],
    ) -> bool:
        """Count these records of one block, whose offsets and Kafka timestamps stand beside them. False: the generation
        has changed meanwhile, and nothing was counted."""
        topic, limits = state.topic, self.limits[state.tp.topic]
        values = [joined(record.value, record.headers) if record.headers else record.value for record in records]
        batch = decode_batch(topic, values, timestamps, limits.max_event_bytes)
        duplicates = await self._claim(state, batch, offsets, limits)
        await self.score_texts(topic, batch.events, duplicates)
        if not self._current(state):
            return False
        for row, invalid in batch.refused:
            state.pending.add(await self.dead_letters.send(state.tp, records[row], invalid))
        if not self._current(state):
            return False
        block.count(batch, duplicates, self.person_hash)
        block.state(batch, offsets, timestamps)
        block.advance(len(records), offsets[-1], timestamps[-1])
        self.telemetry.counted(topic.name, len(batch.events) - len(duplicates), len(duplicates), len(batch.refused))
        return True

    async def _claim(self, state: SourceState, batch: EventBatch, run: Sequence[int], limits: Limits) -> set[int]:
        """Claim the identities; returns the indices of the events that other records own. Waits while Redis is away.

        run: the offsets of all records of the run, also of those that were refused.
        """
        topic = state.topic
        if not batch.events or topic.horizon_ms is None:
            return set()
        began = time.monotonic()
        offsets = [run[row] for row in batch.rows]
        duplicates = await self.claims.claim(
            state.source,
            limits.retention_ms,
            limits.segment_ms,
            topic.horizon_ms,
            [
                (sent_ms // HOUR_MS, event.source or "", event.id, offset)
                for sent_ms, event, offset in zip(batch.sent_ms, batch.events, offsets, strict=True)
            ],
        )
        if topic.needs_first_purchase is not no_first_purchase:
            await self._first_purchases(state, topic, batch.events, offsets, duplicates)
        self.telemetry.claimed(time.monotonic() - began)
        return duplicates

    async def _first_purchases(
        self,
        state: SourceState,
        topic: Topic,
        events: Sequence[Event],
        offsets: Sequence[int],
        duplicates: set[int],
    ) -> None:
        """Where a sale does not say whether its customer is new, the first sale ever claimed for that person does."""
        asked = [
            (cast(Sale, event), offset)
            for index, (event, offset) in enumerate(zip(events, offsets, strict=True))
            if index not in duplicates and topic.needs_first_purchase(event)
        ]
        if not asked:
            return
        buyers = [(self.person_hash(sale.person or ""), offset) for sale, offset in asked]
        first = await self.claims.first_purchases(state.source, buyers)
        for index, (sale, _) in enumerate(asked):
            sale.new_customer = index in first
