"""Emission: while a block is open its summaries are sent again and again, further each time; when it ends, they are
settled.

All summaries of a block, the final ones too, are acknowledged by the broker before the offset behind it is committed,
and that is committed before the first summary of the next block is sent. Without the former a crash loses what was only
on its way; without the latter a block could be read again that others hold for closed, and where Redis has forgotten
meanwhile which of two copies was counted, neither would be.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack

from faust.types import TP

from agents.ingest.source_state import Emission, SourceState
from agents.ingest.summaries_log import Record, SummariesLog
from agents.kafka.ends import log_end
from agents.kafka.positions import CommitNote
from agents.kafka.slices import SliceConsumer
from agents.telemetry import Telemetry
from streams.counting.open_block import OpenBlock
from streams.counting.summaries import CAMPAIGN, LEDGER, encode_summary, summaries_partition

MIN_INTERVAL_SECONDS = 0.25
BEHIND_INTERVAL_SECONDS = 5.0
BEHIND_RECORDS = 10_000
"""A source that is so far behind its log's end speaks less often: windows wait for its end anyway, and every summary
costs whoever merges it."""

MAX_INTERVAL_SECONDS = 1.0
TICK_SECONDS = 0.05
RETRY_SECONDS = 0.01
COST_SHARE = 0.1
"""All sources together may take this share of the worker's time for emission; where that would be more, each is done
less often, down to once a second."""

QUIET_SECONDS = 2 * MAX_INTERVAL_SECONDS
"""What has not been emitted for so long takes no share."""


class Emitter:
    """Sends what open blocks have to say. consumer: gives the consumer of the moment, to which offsets are marked.
    states: what ingest knows of the sources.

    When a source speaks, all speak that have something new and have not spoken in this interval yet: what they say
    leaves as one batch for each partition. A batch costs everybody, the broker and whoever merges it too, more than
    what most sources have to say in it. Sources that are far behind have much to say: each speaks alone.
    """

    def __init__(
        self,
        log: SummariesLog,
        consumer: Callable[[], SliceConsumer],
        incarnation: Callable[[str], int],
        telemetry: Telemetry,
        states: Mapping[TP, SourceState],
    ) -> None:
        self._log = log
        self._consumer = consumer
        self._incarnation = incarnation
        self._telemetry = telemetry
        self._states = states
        self._interval = MIN_INTERVAL_SECONDS
        self._took: dict[TP, tuple[float, float]] = {}

    async def emit_if_due(self, state: SourceState) -> None:
        """Emit where the last emission of this source is long enough ago and something has changed."""
        block = state.block
        if block is not None and block.changed and time.monotonic() - state.sent_at >= self._pause(state, block):
            await self._emit(state, block)

    def _pause(self, state: SourceState, block: OpenBlock) -> float:
        return BEHIND_INTERVAL_SECONDS if self._is_behind(state, block) else self._interval

    def _is_behind(self, state: SourceState, block: OpenBlock) -> bool:
        end = log_end(self._consumer(), state.tp)
        return end is not None and end.highwater - block.last > BEHIND_RECORDS

    async def run(self) -> None:
        """Emit for the sources to which nothing comes that would make ingest do it. Raises what a send has raised."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self._stretch(time.monotonic())
            generation = self._consumer().generation
            for state in list(self._states.values()):
                if state.generation != generation:
                    continue
                state.check()
                await self.emit_if_due(state)
                self.note(state)

    async def finish(self, state: SourceState) -> None:
        """The open block has ended: send its last summaries and wait until the broker has all of them."""
        block = state.block
        if block is None:
            return
        await self._emit(state, block, ended=True)
        await state.settle()

    def note(self, state: SourceState) -> None:
        """Say what is to be committed: the start of the open block, and how much of it the broker has already."""
        block = state.block
        if block is None or state.broken:
            return
        cut = block.cut
        acknowledged = max(state.next_offset, cut.start) - 1
        note = CommitNote(self._incarnation(state.tp.topic), cut.first_timestamp_ms, acknowledged)
        self._consumer().mark(state.tp, state.generation, cut.start, note.encode())

    async def _emit(self, state: SourceState, block: OpenBlock, ended: bool = False) -> None:
        async with AsyncExitStack() as turns:
            await turns.enter_async_context(state.emitting)
            whole = state.retells and (ended or self._has_caught_up(state, block))
            if not (block.changed or whole) or not await self._begun(state, block):
                return
            records: dict[int, list[Record]] = {}
            emissions: list[tuple[SourceState, Emission]] = []
            try:
                emissions.append((state, self._tell(state, block, whole, records)))
                # Whoever ends a block waits for the broker: for its own part only.
                alone = ended or self._is_behind(state, block)
                for other, others_block in () if alone else self._company(state):
                    await turns.enter_async_context(other.emitting)
                    # Whoever had asked for it before may have had a turn.
                    if other.block is others_block and others_block.changed:
                        whole = other.retells and self._has_caught_up(other, others_block)
                        emissions.append((other, self._tell(other, others_block, whole, records)))
                    # Many sources of many campaigns take long together: the loop has other things to do between them.
                    await asyncio.sleep(0)
                acknowledgements = await self._log.send(records)
            except BaseException:
                # The blocks hold this for said, and the broker may have none of it.
                for one, _ in emissions:
                    one.broken = True
                raise
            sent_at = time.monotonic()
            for one, emission in emissions:
                emission.waiting = len(acknowledgements)
                one.expect(emission, acknowledgements)
                one.sent_at = sent_at
        self._telemetry.summaries_sent(sum(map(len, records.values())))

    def _company(self, state: SourceState) -> Iterator[tuple[SourceState, OpenBlock]]:
        """The other sources that may speak now, have not in this interval yet, and are not far behind."""
        now, consumer = time.monotonic(), self._consumer()
        for other in list(self._states.values()):
            block = other.block
            if (
                other is not state
                and other.generation == state.generation == consumer.generation
                and not other.broken
                and not other.emitting.locked()
                and block is not None
                and block.changed
                and int(other.sent_at / self._interval) < int(now / self._interval)
                and consumer.is_committed(other.tp, block.cut.start)
                and not self._is_behind(other, block)
            ):
                yield other, block

    def _tell(self, state: SourceState, block: OpenBlock, whole: bool, records: dict[int, list[Record]]) -> Emission:
        """Adds to the records, by partition, what the block has to say."""
        emission = Emission(block.last, block.last_timestamp_ms, 0)
        began = time.thread_time()
        self._add_records(state, block, whole, records)
        # Of the processor: while emission waits for the producer, the worker does other things.
        self._took[state.tp] = time.monotonic(), time.thread_time() - began
        state.retells = state.retells and not whole
        return emission

    async def _begun(self, state: SourceState, block: OpenBlock) -> bool:
        """Waits until nobody can read the block before this one again, so that it may be closed. False where this
        generation is over, or nothing of the partition may be committed any more."""
        consumer = self._consumer()
        while state.generation == consumer.generation:
            if consumer.is_committed(state.tp, block.cut.start):
                return True
            if state.broken or state.tp in consumer.refusals:
                return False
            self.note(state)
            if not await consumer.commit():
                await asyncio.sleep(RETRY_SECONDS)
        return False

    def _has_caught_up(self, state: SourceState, block: OpenBlock) -> bool:
        """Whether nobody can have said more of the block: what others said and this reader does not find, since Redis
        has forgotten, stands until it is said again from there on."""
        end, now = self._consumer().end_at_start(state.tp), log_end(self._consumer(), state.tp)
        if end is None:
            return False
        # Behind the last record there may be marks of transactions.
        read_to_end = now is not None and now.position >= end and now.handed_over <= block.last
        return read_to_end or block.last >= end - 1

    def _add_records(self, state: SourceState, block: OpenBlock, whole: bool, records: dict[int, list[Record]]) -> None:
        partitions = self._log.partitions
        for campaign, summary in block.summaries(whole):
            key = campaign.encode()
            to = records.setdefault(summaries_partition(key, partitions), [])
            to += [(key, value) for value in encode_summary(CAMPAIGN, summary)]
        ledger_key = f"{state.topic.name}/{state.tp.partition}".encode()
        ledger = records.setdefault(summaries_partition(ledger_key, partitions), [])
        ledger += [(ledger_key, value) for value in encode_summary(LEDGER, block.ledger())]

    def _stretch(self, now: float) -> None:
        self._took = {tp: (at, took) for tp, (at, took) in self._took.items() if now - at < QUIET_SECONDS}
        wanted = sum(took for _, took in self._took.values()) / COST_SHARE
        self._interval = min(MAX_INTERVAL_SECONDS, max(MIN_INTERVAL_SECONDS, wanted, self._interval * 0.9))
