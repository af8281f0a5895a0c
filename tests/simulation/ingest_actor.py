"""The owner of one source partition, as agents/ingest/ingest.py and agents/ingest/emitter.py order it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agents.kafka.positions import CommitNote, Refused, find_start
from streams.counting.blocks import Cut
from streams.counting.open_block import OpenBlock
from streams.counting.people import PersonHasher
from streams.counting.progress import Progress, SourceProgress, encode_progress
from streams.counting.summaries import CAMPAIGN, LEDGER, encode_summary, summaries_partition
from streams.events.batch import decode_batch
from streams.events.topic import Event
from tests.simulation.kafka_model import Delivery, Record
from tests.simulation.process import Owner, Process, Steps, acknowledged
from tests.simulation.redis_model import HOUR_MS, Claim
from tests.simulation.rules import Rule

if TYPE_CHECKING:
    from tests.simulation.world import Source, World

MAX_BYTES = 400
SEGMENT_MS = HOUR_MS
person_hash = PersonHasher(b"simulated hash key")


_Claimant = tuple[int, Event, int]
"""(time as sent, event, offset)."""


class SourceRefused(Exception):
    """An owner refused its partition, which the model never gives it a reason for."""


class Ingest:
    """One ownership of one source."""

    def __init__(self, world: World, process: Process, source: Source) -> None:
        self._world = world
        self._process = process
        self._source = source
        self._generation = process.generation
        self._block: OpenBlock | None = None
        self._emissions: list[tuple[int, int, list[Delivery]]] = []
        self._pending: list[Delivery] = []
        self._next_offset = self._began = self._end = 0
        self._retells = True
        self._time_ms: int | None = None
        self._told = -1

    def steps(self, owner: Owner) -> Steps:
        """Read from the committed offset on, for ever."""
        world, log = self._world, self._source.log
        committed, metadata = world.group.committed.get(owner.partition, (None, ""))
        start = find_start(committed, metadata, log.start, log.end)
        if isinstance(start, Refused):
            raise SourceRefused(start.reason)
        position = self._next_offset = self._began = start.offset
        self._end = log.end
        while True:
            owner.settled = False
            records = log.read(position, world.rnd.randint(1, 7))
            if records:
                yield from self._slice(owner, records)
                position = records[-1].offset + 1
                owner.settled = False
            if self._block is not None and (not records or world.rnd.random() < 0.5):
                yield from self._emit(owner, self._block)
            self._look()
            self._note(owner)
            quiet = not records and not self._pending and position >= log.end
            self._tell(quiet)
            owner.settled = quiet
            yield

    def _slice(self, owner: Owner, records: Sequence[Record]) -> Steps:
        offsets = [record.offset for record in records]
        timestamps = [record.timestamp_ms for record in records]
        begin = 0
        while begin < len(records):
            if self._block is None:
                first = records[begin]
                cut = Cut(first.offset, first.timestamp_ms, self._world.max_offsets)
                self._block = OpenBlock(self._source.number, self._source.topic, cut, self._world.zone)
                self._note(owner)
            block = self._block
            end = block.cut.first_beyond(offsets, timestamps, begin)
            if Rule.CUT_BY_THE_LOG in self._world.without and end > 0:
                end = len(records)
            if end > begin:
                yield from self._count(block, records[begin:end])
            if end < len(records):
                yield from self._emit(owner, block, ended=True)
                if Rule.ACKNOWLEDGED_BEFORE_NEXT_BLOCK not in self._world.without:
                    yield from acknowledged(self._pending)
                    self._look()
                self._block = None
            begin = end

    def _count(self, block: OpenBlock, records: Sequence[Record]) -> Steps:
        values, timestamps = [record.value for record in records], [record.timestamp_ms for record in records]
        batch = decode_batch(self._source.topic, values, timestamps, MAX_BYTES)
        accepted = [
            (batch.sent_ms[index], batch.events[index], records[row].offset) for index, row in enumerate(batch.rows)
        ]
        duplicates: set[int] = set()
        half = self._world.rnd.randint(0, len(accepted))
        for first, some in ((0, accepted[:half]), (half, accepted[half:])):
            if some:
                yield
                duplicates |= {first + loser for loser in self._claim(some)}
        yield from self._first_purchases(accepted, duplicates)
        for row, _ in batch.refused:
            place = f"{self._source.number}/{records[row].offset}".encode()
            self._pending.append(self._process.producer.send(self._world.dead_letters, place, values[row]))
        block.count(batch, duplicates, person_hash)
        block.state(batch, [record.offset for record in records], timestamps)
        block.advance(len(records), records[-1].offset, records[-1].timestamp_ms)

    def _claim(self, some: Sequence[_Claimant]) -> set[int]:
        topic, number = self._source.topic, self._source.number
        if topic.horizon_ms is None:
            return set()
        keep_ms = topic.horizon_ms
        if Rule.CLAIMS_OUTLIVE_THE_LOG not in self._world.without:
            keep_ms += self._world.retention_ms + SEGMENT_MS + HOUR_MS
        claims = [
            Claim((topic.code, sent_ms // HOUR_MS, event.source or "", event.id), (number, offset), keep_ms)
            for sent_ms, event, offset in some
        ]
        return self._process.claim(self._world.redis, claims)

    def _first_purchases(self, accepted: Sequence[_Claimant], duplicates: set[int]) -> Steps:
        topic = self._source.topic
        if topic.needs_first_purchase is None:
            return
        asked = [
            (event, offset)
            for index, (_, event, offset) in enumerate(accepted)
            if index not in duplicates and topic.needs_first_purchase(event)
        ]
        if not asked:
            return
        yield
        first = self._world.redis.first_purchases(
            [(person_hash(event.person), (self._source.number, offset)) for event, offset in asked]
        )
        for index, (event, _) in enumerate(asked):
            event.new_customer = index in first

    def _emit(self, owner: Owner, block: OpenBlock, ended: bool = False) -> Steps:
        world = self._world
        whole = self._retells and (ended or block.last >= self._end - 1)
        if not (block.changed or whole):
            return
        self._retells = self._retells and not whole
        if Rule.COMMITTED_BEFORE_NEXT_BLOCK not in world.without:
            while block.cut.start > max(self._began, world.group.committed.get(owner.partition, (0, ""))[0]):
                yield
                self._process.commit(world.group)
        last, timestamp_ms = block.last, block.last_timestamp_ms
        deliveries = []
        for campaign, summary in block.summaries(whole):
            key = campaign.encode()
            log = world.summaries[summaries_partition(key, len(world.summaries))]
            deliveries += [self._process.producer.send(log, key, value) for value in encode_summary(CAMPAIGN, summary)]
        key = f"{self._source.topic.name}/{self._source.partition}".encode()
        log = world.summaries[summaries_partition(key, len(world.summaries))]
        deliveries += [self._process.producer.send(log, key, value) for value in encode_summary(LEDGER, block.ledger())]
        self._emissions.append((last, timestamp_ms, deliveries))
        self._pending += deliveries

    def _look(self) -> None:
        """What has been acknowledged in the meantime."""
        self._pending = [delivery for delivery in self._pending if not delivery.acknowledged]
        while self._emissions and all(delivery.acknowledged for delivery in self._emissions[0][2]):
            last, self._time_ms, _ = self._emissions.pop(0)
            self._next_offset = last + 1

    def _note(self, owner: Owner) -> None:
        block = self._block
        if block is not None:
            done = max(self._next_offset, block.cut.start) - 1
            note = CommitNote(0, block.cut.first_timestamp_ms, done)
            self._process.mark(self._generation, owner.partition, block.cut.start, note.encode())

    def _tell(self, quiet: bool) -> None:
        """Progress, behind the acknowledged summaries: now and then, and in the end once more."""
        world = self._world
        if self._next_offset == self._told or (world.rnd.random() < 0.7 and not (world.draining and quiet)):
            return
        self._told = self._next_offset
        at_end = self._next_offset >= self._source.log.end
        told = SourceProgress(self._source.number, self._next_offset, self._time_ms, at_end, world.rnd.randint(0, 2000))
        value = encode_progress(Progress(self._generation, [told], world.partitions))
        for log in world.summaries:
            self._process.producer.send(log, None, value)
