"""What a table of statements holds, and how recovery gives it back: terms, rebalances, and the changelog read whole.

A recovery reads up to the end that the changelog had when it began. The owner of before may still write, and the broker
may compact: a statement that has not been read yet is then gone, because a newer one stands beyond that end. The
compaction lag forbids that for as long as it lasts; a recovery that takes longer reads on to the new end. See
docs/adr/0004.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from time import monotonic
from typing import Any, cast

import faust
from faust.tables.recovery import Recovery
from faust.types import TP, EventT
from mode import get_logger

from agents.kafka.records import Record
from agents.kafka.slices import SliceSchema
from streams.counting.statements import TERM_BYTES

GENERATION_BYTES = 4
RECOVERY_BUFFER_SLICES = 4
COMPACTION_LAG_SECONDS = 120.0
"""So long a statement stays in the changelog, whatever stands behind it."""

logger = get_logger(__name__)

Terms = tuple[bytes, ...]


def _ignore(partition: int) -> None:
    return None


class RecoveredTable(faust.Table[bytes, bytes]):
    """The part of a `StatementTable` that reads.

    Attributes:
        values: table key -> packed value. Read it; write only through `StatementTable`'s methods.
        term: partition -> the term of the present generation; its keys are the partitions owned now.
        changed: partitions whose values the last recovery brought or altered.
        on_recovered: called with each partition owned, in every generation, once its values are complete.
        on_lost: called with a partition whose values have just been dropped, and before `on_recovered` with one that
            stayed but was altered by recovery (others owned it while this worker was frozen): what was built on its
            values holds no more.
        compaction_lag_seconds: the changelog's `min.compaction.lag.ms`, or less.
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
        self.compaction_lag_seconds = COMPACTION_LAG_SECONDS
        self.on_recovered: Callable[[int], None] = _ignore
        self.on_lost: Callable[[int], None] = _ignore
        self._keys: defaultdict[int, set[bytes]] = defaultdict(set)
        self._unstated: defaultdict[int, dict[bytes, Terms]] = defaultdict(dict)
        self._read: defaultdict[int, dict[bytes, bytes | None]] = defaultdict(dict)
        self._arrived: set[int] = set()
        self._began = monotonic()

    def keys_of(self, partition: int) -> Collection[bytes]:
        """The table keys of a partition; do not hold it over an await."""
        return self._keys.get(partition, set())

    def unstated(self, partition: int, key: bytes) -> bool:
        """Whether `key` has no acknowledged statement of the present term: a record that concerns it must state it."""
        return key in self._unstated[partition] or key not in self._keys[partition]

    @property
    def _recovery(self) -> Recovery:
        return cast(Any, self.app.tables).recovery  # type: ignore[no-any-return]

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Evicts the partitions that leave or arrive, has recovery read them whole, and begins new terms."""
        topic = self.changelog_topic_name
        self._began = monotonic()
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
        self._read.pop(partition, None)
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
        """Notes what slices of the changelog say of each record key; it gets into `values` when recovery completes.

        Slices of partitions that it does not own are ignored.
        """
        try:
            for event in batch:
                message = event.message
                if message.topic == self.changelog_topic_name and message.partition in self.term:
                    records = cast("list[Record]", message.value)
                    keys = [cast(bytes, record.key) for record in records]
                    self._read[message.partition].update(zip(keys, [record.value for record in records], strict=True))
        except Exception as error:
            # Recovery would only log it, and go on without these records.
            logger.exception("the changelog of table %s cannot be read", self.name)
            self.add_future(self.app.crash(error))

    async def _read_on(self) -> None:
        """Has recovery begin anew at the end that it has reached; returns when it has, not to be told complete."""
        logger.warning(
            "reading the changelog of table %s took %.0f s: reading on", self.name, monotonic() - self._began
        )
        self._began = monotonic()
        again = self._recovery.signal_recovery_start
        again.set()
        while again.is_set() and not self._recovery.should_stop:
            await self._recovery.sleep(0.01)

    def _take_over(self, partition: int) -> None:
        """Takes what recovery has read of a partition into `values`.

        Of each record key only what the log says last: that is all that is left after a compaction, whenever it comes.
        Statements of one key by different terms are reconciled.
        """
        read = self._read.pop(partition, None)
        if not read:
            return
        unstated = self._unstated[partition]
        if unstated:
            # First, so that a key that was forgotten and stated again does not get its former value back.
            for record_key, value in read.items():
                if value is None and record_key[TERM_BYTES:] in unstated:
                    self._untell(partition, record_key[:TERM_BYTES], record_key[TERM_BYTES:])
        values, keys, changed = self.values, self._keys[partition], False
        alone: dict[bytes, Terms] = {}
        for record_key, value in read.items():
            if value is None:
                continue
            term, key = record_key[:TERM_BYTES], record_key[TERM_BYTES:]
            terms = unstated.get(key)
            if terms is None:
                unstated[key] = alone.get(term) or alone.setdefault(term, (term,))
            elif term not in terms:
                unstated[key] = (*terms, term)
            have = values.get(key)
            if have is not None:
                value = have if have == value else self.reconcile(have, value)
            if value != have:
                values[key] = value
                keys.add(key)
                changed = True
        if changed:
            self.changed.add(partition)

    def _untell(self, partition: int, term: bytes, key: bytes) -> None:
        """`term` states `key` no more; without a term the key is gone."""
        unstated = self._unstated[partition]
        left = tuple(other for other in unstated[key] if other != term)
        if left:
            unstated[key] = left
        else:
            del unstated[key]
            self._drop(partition, key)
            self.changed.add(partition)

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Tells the application of every partition owned, once the values of all are complete.

        Where reading has taken so long that compaction may have taken statements unread, recovery reads on first: what
        superseded them stands behind the end that it went for.
        """
        await super().on_recovery_completed(active_tps, standby_tps)
        if monotonic() - self._began > self.compaction_lag_seconds / 2:
            await self._read_on()
            return
        try:
            for tp in sorted(active_tps):
                self._take_over(tp.partition)
                if tp.partition in self.changed - self._arrived:
                    self.on_lost(tp.partition)
                if tp.partition in self.term:
                    self.on_recovered(tp.partition)
        except Exception as error:
            logger.exception("table %s was recovered, but not what is built on it", self.name)
            await self.app.crash(error)

    def _drop(self, partition: int, key: bytes) -> None:
        self.values.pop(key, None)
        self._keys[partition].discard(key)
