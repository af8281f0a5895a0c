"""The consumer's thread: its aiokafka consumer, commits with metadata, and what must run inside the thread."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, ConsumerStoppedError, IllegalStateError, KafkaConnectionError
from aiokafka.structs import OffsetAndMetadata
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode import get_logger

from agents.kafka.calm import backoff_seconds
from agents.kafka.ends import LogEnd
from agents.kafka.options import SliceOptions
from agents.kafka.records import Places, fetched_records

if TYPE_CHECKING:
    from agents.kafka.slices import SliceConsumer

logger = get_logger(__name__)

FETCH_MIN_BYTES = 262_144
"""With a quarter of it slices are half as long at 5,000 events a second: figures are 40 ms younger, and the worker
takes 0.66 of a core instead of 0.47."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the broker says of a partition: the group's committed offset (None: none), its note, the log's bounds."""

    committed: int | None
    metadata: str | None
    log_start: int
    log_end: int


class SliceThread(driver.AIOKafkaConsumerThread):
    """Runs aiokafka in a thread and loop of its own; call its coroutines only through the methods below."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._places = Places()

    @property
    def _options(self) -> SliceOptions:
        return cast("SliceConsumer", self.consumer).options

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = self._options.fetch_max_wait_ms  # the driver hard-codes 1500
        # Or that much waits: at low rates aiokafka spends more on a fetch than on its few records.
        consumer._fetch_min_bytes = FETCH_MIN_BYTES
        # The driver reads so only in its exactly-once mode; what a producer has aborted must not be counted.
        consumer._isolation_level = "read_committed"
        return consumer

    async def on_start(self) -> None:
        """Starts the consumer, waiting with backoff for a broker that is away, instead of dying."""
        attempt = 0
        while not self.should_stop:
            try:
                await super().on_start()
            except KafkaConnectionError as error:
                delay = backoff_seconds(attempt := attempt + 1)
                logger.warning("no broker for the consumer yet (%s); next attempt in %.1f s", error, delay)
                if self._consumer is not None:
                    await self._consumer.stop()
                await self.sleep(delay)
            else:
                return

    async def _fetch_records(
        self,
        consumer: AIOKafkaConsumer,
        active_partitions: set[TP],
        timeout: float | None = None,
        max_records: int | None = None,
    ) -> Any:
        """Faust's fetch, but slices batch by batch; then, before anything else runs in this thread, how far it has
        come: see `LogEnd`."""
        owner, fetcher = cast("SliceConsumer", self.consumer), consumer._fetcher
        if not owner.flow_active:
            return {}
        if consumer._closed or fetcher._closed:
            raise ConsumerStoppedError
        generation = self.app.consumer_generation_id
        with fetcher._subscriptions.fetch_context():
            records = await fetched_records(
                fetcher,
                self._places,
                owner.takes_slices,
                active_partitions,
                timeout or 0.0,
                max_records or consumer._max_poll_records,
            )
        if generation == self.app.consumer_generation_id:
            self._look(consumer, generation, active_partitions, records)
        return records

    def _look(
        self, consumer: AIOKafkaConsumer, generation: int, tps: Iterable[TP], records: Mapping[Any, Sequence[Any]]
    ) -> None:
        ends = cast("SliceConsumer", self.consumer).ends
        subscription = consumer._subscription.subscription
        assignment = None if subscription is None else subscription.assignment
        if assignment is None:
            return
        for tp in tps:  # some forty, as often as anything arrives
            key = cast(TopicPartition, tp)  # of equal hash
            state = assignment.state_value(key)
            if state is None or not state.has_valid_position or state.highwater is None or state.timestamp is None:
                continue
            before, found = ends.get(tp), records.get(key)
            handed_over = before.handed_over if before is not None and before.generation == generation else -1
            if found:
                handed_over = found[-1].offset
            # What lies behind an open transaction cannot be read yet: the end is where it begins.
            end = state.highwater if state.lso is None or state.lso < 0 else min(state.lso, state.highwater)
            ends[tp] = LogEnd(generation, state.position, end, state.timestamp, handed_over)

    async def commit_notes(self, generation: int, notes: Mapping[TP, OffsetAndMetadata]) -> bool:
        """Commits for `generation`; False where the group has moved on. Other errors crash the worker, as in Faust."""
        return cast(bool, await self.call_thread(self._commit_notes, generation, notes))

    async def _commit_notes(self, generation: int, notes: Mapping[TP, OffsetAndMetadata]) -> bool:
        consumer = self._ensure_consumer()
        if consumer._coordinator.generation != generation:
            return False
        owned = consumer.assignment()
        wanted = {TopicPartition(*tp): note for tp, note in notes.items()}
        if not wanted or not wanted.keys() <= owned:
            return False
        try:
            await consumer.commit(wanted)
        except (CommitFailedError, IllegalStateError) as error:
            logger.info("a commit came too late for its generation: %s", error)
            return False
        except Exception as error:
            self.log.exception("committing raised %r", error)
            await self.crash(error)
            return False
        return True

    async def find(self, tps: Iterable[TP]) -> dict[TP, Found]:
        """Asks the broker for the committed offsets and the logs' bounds of `tps`."""
        return cast("dict[TP, Found]", await self.call_thread(self._find, set(tps)))

    async def _find(self, tps: set[TP]) -> dict[TP, Found]:
        if not tps:
            return {}
        consumer = self._ensure_consumer()
        wanted = [TopicPartition(*tp) for tp in tps]
        committed, starts, ends = await asyncio.gather(
            consumer._coordinator.fetch_committed_offsets(wanted),
            consumer.beginning_offsets(wanted),
            consumer.end_offsets(wanted),
        )
        found = {}
        for key in wanted:
            note = committed.get(key)
            offset = None if note is None or note.offset < 0 else note.offset
            found[TP(*key)] = Found(offset, None if note is None else note.metadata, starts[key], ends[key])
        return found

    async def seek_all(self, positions: Mapping[TP, int]) -> None:
        """Seeks every partition that is still assigned, and drops what was fetched of it."""
        await self.call_thread(self._seek_all, dict(positions))

    async def _seek_all(self, positions: Mapping[TP, int]) -> None:
        consumer = self._ensure_consumer()
        for tp, offset in positions.items():
            if TopicPartition(*tp) in consumer.assignment():
                consumer.seek(TopicPartition(*tp), offset)
                self._places.sought(tp)

    def reading(self, tp: TP) -> int:
        """How often `tp` was sought: the number of slices that are taken out of the fetches from now on."""
        return self._places.reading(tp)

    async def rewind(self, dropped: Mapping[TP, tuple[int, int]]) -> None:
        """Seeks back before records (first and last offset) that were fetched and dropped, unless somebody has sought
        meanwhile: it belongs to the reading in which they were fetched."""
        await self.call_thread(self._rewind, dict(dropped))

    async def _rewind(self, dropped: Mapping[TP, tuple[int, int]]) -> None:
        consumer = self._ensure_consumer()
        assignment = consumer._subscription.subscription.assignment
        for tp, (first, last) in dropped.items():
            key = TopicPartition(*tp)
            state = assignment.state_value(key) if key in assignment.tps else None
            if state is not None and state.has_valid_position and state.position > last:
                consumer.seek(key, first)

    async def run_inside(self, function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        """Awaits `function(aiokafka consumer, *args)` inside the thread's loop."""
        return await self.call_thread(function, self._ensure_consumer(), *args)
