"""A Faust table of statements: packed values whose changelog survives zombies and compaction.

A record's key in the changelog is a term (one ownership of one partition in one generation: 4 bytes of the generation,
2 random ones) followed by the table key. So nobody overwrites another's statement, and recovery takes the furthest of
all terms. A key's statements of older generations are deleted only after its own statement has been acknowledged; those
of later generations never: a frozen owner that recovers late would delete its successor's.
"""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, cast

import faust
from aiokafka.structs import ConsumerRecord
from faust.tables.recovery import Recovery
from faust.types import TP, EventT
from mode import get_logger

from agents.kafka.batches import Entry, acknowledged, send_batch
from agents.kafka.slices import SliceSchema
from streams.counting.statements import TERM_BYTES

GENERATION_BYTES = 4
RECOVERY_BUFFER_SLICES = 4

logger = get_logger(__name__)

Terms = tuple[bytes, ...]


def _ignore(partition: int) -> None:
    return None


class StatementTable(faust.Table[bytes, bytes]):
    """Values that the broker has acknowledged, of the partitions that this worker owns.

    Attributes:
        values: table key -> packed value. Read it; write only through `state` and `forget`.
        term: partition -> the term of the present generation; its keys are the partitions owned now.
        changed: partitions whose values the last recovery brought or altered.
        on_recovered: called with each partition owned, in every generation, once its values are complete.
        on_lost: called with a partition whose values have just been dropped, and before `on_recovered` with one that
            stayed but was altered by recovery (others owned it while this worker was frozen): what was built on its
            values holds no more.
        send_timeout_seconds: how long an acknowledgement may take before `NotAcknowledged`.
    """

    def __init__(self, app: faust.App, *, reconcile: Callable[[bytes, bytes], bytes], **kwargs: Any) -> None:
        """Args beside those of a Faust table:

        reconcile: of two statements of one key, of any terms, the value to keep; commutative, associative, idempotent.
        """
        kwargs.setdefault("schema", SliceSchema())
        kwargs.setdefault("recovery_buffer_size", RECOVERY_BUFFER_SLICES)
        super().__init__(app, **kwargs)
        self.reconcile = reconcile
        self.values: dict[bytes, bytes] = {}  # type: ignore[assignment]
        self.term: dict[int, bytes] = {}
        self.changed: set[int] = set()
        self._arrived: set[int] = set()
        self.on_recovered: Callable[[int], None] = _ignore
        self.on_lost: Callable[[int], None] = _ignore
        self.send_timeout_seconds = 30.0
        self._keys: defaultdict[int, set[bytes]] = defaultdict(set)
        self._unstated: defaultdict[int, dict[bytes, Terms]] = defaultdict(dict)
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    # -- reading

    def keys_of(self, partition: int) -> Collection[bytes]:
        """The table keys of a partition; do not hold it over an await."""
        return self._keys.get(partition, set())

    def unstated(self, partition: int, key: bytes) -> bool:
        """Whether `key` has no acknowledged statement of the present term: a record that concerns it must state it."""
        return key in self._unstated[partition] or key not in self._keys[partition]

    # -- writing

    async def state(  # type: ignore[override]  # of a service it is a word that only its repr shows
        self, partition: int, statements: Mapping[bytes, bytes]
    ) -> bool:
        """States keys under the present term; once acknowledged they are in `values`, and older terms' are deleted.

        False where the partition is not owned or the generation changed meanwhile: nothing may then be committed past
        what was stated.

        Raises:
            SendError: not acknowledged in time, or too large. Stop the worker.
        """
        if not statements:
            return partition in self.term
        async with self._locks[partition]:
            term = self.term.get(partition)
            if term is None:
                return False
            self._check_owner(partition, statements)
            older = self._expect(partition, term, statements)
            await self._send(partition, [(term + key, value) for key, value in statements.items()])
            if self.term.get(partition) != term:
                return False
            self.values.update(statements)
            self._keys[partition].update(statements)
            unstated = self._unstated[partition]
            for key in statements:
                unstated.pop(key, None)
            await self._send(partition, [(old + key, None) for old, key in older])
            return self.term.get(partition) == term

    async def forget(self, partition: int, keys: Iterable[bytes]) -> bool:
        """Deletes keys under every term that may have stated them, then from `values`; otherwise as `state`."""
        async with self._locks[partition]:
            term = self.term.get(partition)
            if term is None:
                return False
            gone = [key for key in keys if key in self._keys[partition] or key in self._unstated[partition]]
            unstated = self._unstated[partition]
            await self._send(partition, [(old + key, None) for key in gone for old in {*unstated.get(key, ()), term}])
            if self.term.get(partition) != term:
                return False
            for key in gone:
                self._drop(partition, key)
                unstated.pop(key, None)
            return True

    def _check_owner(self, partition: int, statements: Mapping[bytes, bytes]) -> None:
        mine = self._keys[partition]
        for key in statements:
            if key in self.values and key not in mine:
                raise ValueError(f"key {key!r} of table {self.name} belongs to another partition than {partition}")

    def _expect(self, partition: int, term: bytes, keys: Iterable[bytes]) -> list[tuple[bytes, bytes]]:
        """Notes that `keys` may stand under `term` from now on; returns (older term, key) of what that replaces."""
        unstated, known = self._unstated[partition], self._keys[partition]
        older: list[tuple[bytes, bytes]] = []
        for key in keys:
            terms = unstated.get(key)
            if terms is None:
                if key not in known:
                    unstated[key] = (term,)
                continue
            older += [(old, key) for old in terms if old[:GENERATION_BYTES] < term[:GENERATION_BYTES]]
            if term not in terms:
                unstated[key] = (*terms, term)
        return older

    async def _send(self, partition: int, entries: list[Entry]) -> None:
        if entries:
            timeout = self.send_timeout_seconds
            app = cast(faust.App, self.app)
            await acknowledged(
                await send_batch(app, self.changelog_topic_name, partition, entries, timeout_seconds=timeout)
            )

    def _drop(self, partition: int, key: bytes) -> None:
        self.values.pop(key, None)
        self._keys[partition].discard(key)

    # -- rebalance and recovery

    @property
    def _recovery(self) -> Recovery:
        return cast(Any, self.app.tables).recovery  # type: ignore[no-any-return]

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Evicts the partitions that leave or arrive, has recovery read them whole, and begins new terms."""
        topic = self.changelog_topic_name
        self.changed.clear()
        self._arrived = {tp.partition for tp in newly_assigned if tp.topic == topic}
        for tp in revoked | newly_assigned:
            if tp.topic == topic:
                self._evict(tp.partition)
                self._recovery.revoke(TP(topic, tp.partition))
        owned = {tp.partition for tp in assigned if tp.topic == topic}
        for partition in self.term.keys() - owned:
            self._evict(partition)
        for partition in owned:
            self._begin_term(partition, generation_id)
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)

    def _evict(self, partition: int) -> None:
        for key in self._keys.pop(partition, ()):
            self.values.pop(key, None)
        self._unstated.pop(partition, None)
        if self.term.pop(partition, None) is not None:
            self.on_lost(partition)

    def _begin_term(self, partition: int, generation: int) -> None:
        """Every key of the partition is now unstated, and stands under the last term or what else is known of it."""
        last = self.term.get(partition)
        if last is not None:
            older = self._unstated[partition]
            unstated: dict[bytes, Terms] = dict.fromkeys(self._keys[partition], (last,))
            unstated.update(older)
            self._unstated[partition] = unstated
        begun = max(0, generation).to_bytes(GENERATION_BYTES, "big")
        self.term[partition] = begun + os.urandom(TERM_BYTES - GENERATION_BYTES)

    def apply_changelog_batch(self, batch: Iterable[EventT[Any]]) -> None:
        """Takes slices of the changelog into `values`; those of partitions that it does not own are ignored."""
        try:
            for record in self._records(batch):
                self._apply(record.partition, cast(bytes, record.key), record.value)
        except Exception as error:
            # Recovery would only log it, and go on without these records.
            logger.exception("the changelog of table %s cannot be read", self.name)
            self.add_future(self.app.crash(error))

    def _records(self, batch: Iterable[EventT[Any]]) -> Iterator[ConsumerRecord]:
        for event in batch:
            message = event.message
            if message.topic == self.changelog_topic_name and message.partition in self.term:
                yield from cast("list[ConsumerRecord]", message.value)

    def _apply(self, partition: int, record_key: bytes, value: bytes | None) -> None:
        term, key = record_key[:TERM_BYTES], record_key[TERM_BYTES:]
        unstated = self._unstated[partition]
        terms = unstated.get(key, ())
        if value is None:
            left = tuple(other for other in terms if other != term)
            if left:
                unstated[key] = left
            elif terms:
                del unstated[key]
                self._drop(partition, key)
                self.changed.add(partition)
            return
        if term not in terms:
            unstated[key] = (*terms, term)
        have = self.values.get(key)
        value = value if have is None or have == value else self.reconcile(have, value)
        if value != have:
            self.values[key] = value
            self._keys[partition].add(key)
            self.changed.add(partition)

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Tells the application of every partition owned, once the values of all are complete."""
        await super().on_recovery_completed(active_tps, standby_tps)
        try:
            for tp in sorted(active_tps):
                if tp.partition in self.changed - self._arrived:
                    self.on_lost(tp.partition)
                if tp.partition in self.term:
                    self.on_recovered(tp.partition)
        except Exception as error:
            logger.exception("table %s was recovered, but not what is built on it", self.name)
            await self.app.crash(error)
