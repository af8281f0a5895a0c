"""Where the consumer reads from: the seek after an assignment, refusals, and the gate that waits for that seek."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, cast

from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode import get_logger

from agents.kafka.ends import LogEnd
from agents.kafka.options import SliceOptions
from agents.kafka.positions import Refused, Start, find_start
from agents.kafka.thread import Found, SliceThread

logger = get_logger(__name__)

RETRY_SECONDS = 0.5


class _ReadOffsets(defaultdict[TP, "int | None"]):
    """Faust's `_read_offset`, for the partitions of slice topics always unknown.

    Faust drops what lies below it and books gaps above it; both go wrong while a slice is in flight and its partition
    is being sought back.
    """

    def __init__(self, consumer: SeekingConsumer) -> None:
        super().__init__(lambda: None)
        self._consumer = consumer

    def __getitem__(self, tp: TP) -> int | None:
        return None if self._consumer.takes_slices(tp.topic) else super().__getitem__(tp)


class SeekingConsumer(driver.Consumer):
    """Faust's consumer, which knows where each partition starts in this generation and refuses what it cannot explain.

    Attributes:
        options: see `SliceOptions`.
        refusals: partitions that are assigned but not read, each with the reason; for readiness and a metric.
        ends: how far the fetches have come; read it through `ends.log_end`.
    """

    _thread: SliceThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.options: SliceOptions = cast(Any, self.transport).options
        self.refusals: dict[TP, str] = {}
        self.ends: dict[TP, LogEnd] = {}
        self._read_offset = _ReadOffsets(self)
        self._found: dict[TP, Found] = {}
        self._starts: dict[TP, Start] = {}
        self._sought: int | None = None

    def _new_consumer_thread(self) -> SliceThread:
        return SliceThread(self, loop=self.loop, beacon=self.beacon)

    async def create_topic(self, *args: Any, **kwargs: Any) -> None:
        """Makes nothing: topics are made by `launchpulse topics`, with their settings, never by Faust in passing."""

    def takes_slices(self, topic: str) -> bool:
        """Whether `topic` is handed over in slices: event topics, summaries, and the changelogs of tables."""
        return topic in self.options.slice_topics or topic in self.app.tables.changelog_topics

    @property
    def generation(self) -> int:
        """The group generation of the present assignment; changes with every rebalance."""
        return self.app.consumer_generation_id

    def start_of(self, tp: TP) -> Start | None:
        """Where this generation began to read `tp`; None before that is known, and for a refused partition."""
        return self._starts.get(tp)

    def end_at_start(self, tp: TP) -> int | None:
        """Where the log of `tp` ended when this generation began to read it; None before that is known."""
        found = self._found.get(tp)
        return None if found is None else found.log_end

    async def earliest(self, tp: TP) -> int:
        """The first offset that the broker still has of `tp`."""
        return (await self._thread.find({tp}))[tp].log_start

    def refuse(self, tp: TP, reason: str) -> None:
        """From now on `tp` is not read, until an assignment finds it in order."""
        if self.refusals.get(tp) != reason:
            logger.error("refusing %s/%d: %s", tp.topic, tp.partition, reason)
        self.refusals[tp] = reason
        self._starts.pop(tp, None)

    # -- seeks

    async def seek(self, partition: TP, offset: int) -> None:
        """Seeks inside the consumer's thread; slices read from now on carry a new `reading`."""
        await self._thread.seek_all({partition: offset})
        if not self.takes_slices(partition.topic):
            self._read_offset[partition] = offset if offset else None

    def reading(self, tp: TP) -> int:
        """The number that slices carry which are read after the last seek of `tp`."""
        return self._thread.reading(tp)

    def _gate_open(self) -> bool:
        """Whether what is read of sources stands where the present generation must read."""
        return not self.app.rebalancing and self._sought == self.app.consumer_generation_id

    async def perform_seek(self) -> None:
        """Seeks every partition but the changelogs' to where it starts, or refuses it.

        Opens the gate when it has run with the flow active and no rebalance came between. Where the broker gives no
        answer the gate stays shut, and the fetch loop tries again.
        """
        generation, flow = self.app.consumer_generation_id, self.flow_active
        tps = {tp for tp in self.assignment() if not self._is_changelog_tp(tp)}
        try:
            async with asyncio.timeout(self.app.conf.broker_request_timeout * 0.8):
                found = await self._find(tps)
                started = await self._ever_started(found)
        except (KafkaError, TimeoutError) as error:
            logger.warning("where to read from is not known yet: %r", error)
            return
        if generation != self.app.consumer_generation_id:
            return
        positions = {tp: offset for tp, one in found.items() if (offset := self._start(tp, one, started)) is not None}
        await self._thread.seek_all(positions)
        if flow and generation == self.app.consumer_generation_id:
            self._sought = generation

    async def _find(self, tps: set[TP]) -> dict[TP, Found]:
        found = await self._thread.find(tps)
        if any(one.committed is not None and one.committed > one.log_end for one in found.values()):
            await self.sleep(1.0)  # a leader that has just changed may not know its high watermark yet
            found = await self._thread.find(tps)
        return found

    async def _ever_started(self, found: Mapping[TP, Found]) -> frozenset[tuple[str, int, int]]:
        """Asked only where no offset is committed: a new source, or one whose topic was made anew."""
        missing = any(one.committed is None and self.takes_slices(tp.topic) for tp, one in found.items())
        return await self.options.started() if missing else frozenset()

    def _start(self, tp: TP, found: Found, started: frozenset[tuple[str, int, int]]) -> int | None:
        self._committed_offset[tp] = found.committed
        self._found[tp] = found
        if not self.takes_slices(tp.topic):
            self._read_offset[tp] = found.committed
            return found.log_start if found.committed is None else found.committed
        incarnation = self.options.incarnation(tp.topic)
        start = find_start(
            found.committed,
            found.metadata,
            found.log_start,
            found.log_end,
            incarnation,
            started=(*tp, incarnation) in started,
        )
        if isinstance(start, Refused):
            self.refuse(tp, start.reason)
            return None
        self.refusals.pop(tp, None)
        self._starts[tp] = start
        return start.offset

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """What is known of positions belongs to a generation and goes with it; the gate is shut."""
        self._sought = None
        for known in (self._found, self._starts, self.refusals):
            known.clear()
        await super().on_partitions_revoked(revoked)
