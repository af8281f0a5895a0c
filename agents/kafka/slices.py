"""Slices: one Faust event for all records that one fetch returned for one partition, behind a gate.

Faust hands records over one by one; a slice is one event, which is some 60 times faster. Between the assignment and the
seek to the committed offsets Faust's flow is active already, and clears its queues once more after it: so a gate lets
nothing but changelogs through until the seek of this generation has run.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, cast

import faust
from aiokafka.errors import KafkaError
from faust.types import TP, ConsumerMessage
from mode import Service, get_logger

from agents.kafka.marks import MarkingConsumer
from agents.kafka.ownership import Ownership, find_unowned, rejoin
from agents.kafka.seeking import RETRY_SECONDS

logger = get_logger(__name__)

MAX_FETCH_SECONDS = 0.25
"""A fetch waits no longer: partitions that may be read again meanwhile are not in it."""


class SliceSchema(faust.Schema):  # type: ignore[type-arg]
    """Leaves the slice untouched."""

    def loads_key(self, app: Any, message: Any, **kwargs: Any) -> None:
        return None

    def loads_value(self, app: Any, message: Any, **kwargs: Any) -> Any:
        return message.value


class SliceConsumer(MarkingConsumer):
    """Faust's consumer with slices, gate and marks; one for the life of the worker.

    Attributes:
        ownership: its `unowned` names source partitions that nobody in the group owns; for readiness.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ownership = Ownership(self.options.watched_seconds)

    async def _wait_next_records(self, timeout: float) -> tuple[Any, set[TP]]:
        if not self.flow_active:
            await self.wait(self.can_resume_flow)  # type: ignore[arg-type]
        if not self._gate_open():
            await self._seek_again()
        active = self._get_active_partitions() - self.refusals.keys()
        if not self._gate_open():
            active = {tp for tp in active if self._is_changelog_tp(tp)}
        if not active:
            await self.sleep(self.options.idle_seconds)
            return {}, active
        return await self._getmany(active_partitions=active, timeout=min(timeout, MAX_FETCH_SECONDS)), active

    async def _seek_again(self) -> None:
        """The rebalance is over and the gate still shut: recovery's own seek got no answer."""
        if not self.app.rebalancing and self.flow_active and self.assignment():
            await self.perform_seek()
            if not self._gate_open():
                await self.sleep(RETRY_SECONDS)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        """Yields one message a slice (value: `Slice`, offset: the last record's); other topics record by record."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow)  # type: ignore[arg-type]
        # Only now: the wait may have been for a whole rebalance, at whose end recovery has sought the changelogs.
        generation = self.app.consumer_generation_id
        records, active = await self._wait_next_records(timeout)
        if records is None or self.should_stop:
            return
        if generation != self.app.consumer_generation_id:
            # Recovery may have sought its changelogs before these came, and would wait for them for ever.
            await self._rewind({tp: found for tp, found in records.items() if self._is_changelog_tp(tp)})
            return
        if not self.flow_active:
            await self.perform_seek()
            return
        waiting = {
            tp: found for tp, found in records.items() if found and (tp in active or tp in self._buffered_partitions)
        }
        for tp in list(waiting):
            if self._may_pass(tp, generation):
                found = waiting.pop(tp)
                self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
                for message in self._messages(tp, found, generation):
                    yield tp, message
        if waiting and generation == self.app.consumer_generation_id:
            await self._give_back(waiting)

    def _may_pass(self, tp: TP, generation: int) -> bool:
        """Asked again after the fetch, which takes a while, and before each slice."""
        return (
            self._present(generation) and tp not in self.refusals and (self._gate_open() or self._is_changelog_tp(tp))
        )

    def _present(self, generation: int) -> bool:
        return self.flow_active and self.app.consumer_generation_id == generation

    def _messages(self, tp: TP, found: list[Any], generation: int) -> Iterator[ConsumerMessage]:
        if not self.takes_slices(tp.topic):
            for record in found:
                if not self._present(generation):
                    return
                yield self._to_message(tp, record)
            return
        last = found[-1]
        yield ConsumerMessage(
            tp.topic,
            tp.partition,
            last.offset,
            last.timestamp / 1000.0,
            last.timestamp_type,
            [],
            None,
            cast(Any, found),
            None,
            0,
            0,
            tp,
            generation_id=generation,
        )

    async def _give_back(self, waiting: Mapping[TP, list[Any]]) -> None:
        """What may not be handed over is fetched again: the position must not run ahead of what was delivered."""
        await self._rewind({tp: found for tp, found in waiting.items() if tp not in self.refusals})

    async def _rewind(self, dropped: Mapping[TP, list[Any]]) -> None:
        bounds = {tp: (found[0].offset, found[-1].offset) for tp, found in dropped.items() if found}
        if bounds:
            await self._thread.rewind(bounds)

    @Service.task
    async def _watch_ownership(self) -> None:
        while not self.should_stop:
            await self.sleep(min(1.0, self.options.watched_seconds))
            if not self.ownership.due(self.app.rebalancing):
                continue
            try:
                answer = await self._thread.run_inside(find_unowned, self.app.conf.id, self.options.slice_topics)
                if self.ownership.found(answer) and not self.app.rebalancing:
                    await self._thread.run_inside(rejoin)
            except KafkaError as error:
                logger.info("the group's coordinator gave no answer about ownership: %r", error)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's look at slow partitions. Those of slices have a lag that says more, and where a position is just
        being reset Faust's look would end the worker."""
        if not self.takes_slices(tp.topic):
            super().verify_event_path(now, tp)
