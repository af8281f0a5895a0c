"""Switches of the guards around blocks, sends and tables; see `reading_switches` for the rules."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import faust
from faust.tables.recovery import Recovery
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from agents.campaign.campaigns import Campaigns
from agents.campaign.owned import OwnedPartition
from agents.ingest.ingest import Ingest
from agents.ingest.source_state import Emission, SourceState
from agents.kafka.batches import Entry, send_batch
from agents.kafka.table import StatementTable
from agents.kafka.transport import IdempotentProducer
from streams.counting.statements import TERM_BYTES
from streams.events.topic import Topic


def generations() -> None:
    """A block that is open at a rebalance stays open in the next generation, and nothing asks again after an await."""
    fresh_state, fresh_own = Ingest._state, Campaigns.own

    def state(self: Ingest, topic: Topic, tp: TP, generation: int, first: int) -> SourceState:
        known = self.states.get(tp)
        if known is None:
            return fresh_state(self, topic, tp, generation, first)
        known.generation = generation
        return known

    def own(self: Campaigns, partition: int, generation: int) -> OwnedPartition:
        known = self._merging.get(partition)
        if known is None:
            return fresh_own(self, partition, generation)
        known.generation = generation
        return known

    Ingest._state = state  # type: ignore[method-assign]
    Ingest._current = lambda self, state: True  # type: ignore[method-assign]
    Campaigns.own = own  # type: ignore[method-assign]
    Campaigns._current = lambda self, partition, owned: True  # type: ignore[method-assign]


def awaiting_acknowledgements() -> None:
    """What has been handed to the producer counts as said: nobody waits for the broker, in ingest or in the tables."""

    def expect(self: SourceState, emission: Emission, acknowledgements: list[asyncio.Future[object]]) -> None:
        self.next_offset, self.time_ms = emission.last + 1, emission.timestamp_ms

    async def send(self: StatementTable, partition: int, entries: list[Entry]) -> None:
        if entries:
            await send_batch(cast(faust.App, self.app), self.changelog_topic_name, partition, entries)

    SourceState.expect = expect  # type: ignore[method-assign]
    StatementTable._send = send  # type: ignore[method-assign]


def flushing_before_commits() -> None:
    """Commits do not wait for what the producer still holds, as Faust's do."""

    async def none(self: driver.Producer) -> None:
        return None

    driver.Producer.flush = none  # type: ignore[method-assign]


def idempotent_producer() -> None:
    """Faust's own producer: acks=all, but a repetition is a record of its own, whenever it arrives."""
    without_identity = driver.Producer._settings_extra

    def settings(self: IdempotentProducer) -> Mapping[str, Any]:
        return {**without_identity(self), "acks": "all"}

    IdempotentProducer._settings_extra = settings  # type: ignore[method-assign]


def terms() -> None:
    """Every owner states under the same record keys, as a stock table does; the last one in the log wins."""

    def begin(self: StatementTable, partition: int, generation: int) -> None:
        self.term[partition] = bytes(TERM_BYTES)

    StatementTable._begin_term = begin  # type: ignore[method-assign]


def order_of_tombstones() -> None:
    """Older terms' statements of a key are deleted before the own one is sent, not after it is acknowledged."""

    async def state(self: StatementTable, partition: int, statements: Mapping[bytes, bytes]) -> bool:
        term = self.term.get(partition)
        if term is None or not statements:
            return term is not None
        async with self._locks[partition]:
            older = self._expect(partition, term, statements)
            await self._send(partition, [(old + key, None) for old, key in older])
            await self._send(partition, [(term + key, value) for key, value in statements.items()])
            if self.term.get(partition) != term:
                return False
            self.values.update(statements)
            self._keys[partition].update(statements)
            for key in statements:
                self._unstated[partition].pop(key, None)
            return True

    StatementTable.state = state  # type: ignore[method-assign,assignment]


def reading_whole_changelogs() -> None:
    """Recovery of a partition that comes back goes on where it was left, though its values were dropped in between."""
    Recovery.revoke = lambda self, tp: None  # type: ignore[method-assign]


def evicting() -> None:
    """The values of a partition that leaves stay, as they do in Faust's memory store, and with them what is shown."""

    def kept(self: StatementTable, partition: int) -> None:
        self.term.pop(partition, None)

    StatementTable._evict = kept  # type: ignore[method-assign]
