"""The owner of one summaries partition, as agents/campaign/campaigns.py and agents/kafka/table.py order it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from streams.counting.expiry import expired
from streams.counting.facts import reconcile
from streams.counting.partition import PartitionMerge
from streams.counting.people import unite
from streams.counting.statements import TERM_BYTES, KeyKind
from tests.simulation.kafka_model import Log, Producer
from tests.simulation.process import Owner, Process, Steps, acknowledged
from tests.simulation.rules import Rule

if TYPE_CHECKING:
    from tests.simulation.world import World

GENERATION_BYTES = 4
"""A term begins with the generation that it belongs to."""


class Table:
    """The acknowledged values of one partition, and the terms that are known to have stated each key."""

    def __init__(self, world: World, log: Log, reconcile: Callable[[bytes, bytes], bytes]) -> None:
        self._world = world
        self._log = log
        self._reconcile = reconcile
        self._position = 0
        self.values: dict[bytes, bytes] = {}
        self.terms: dict[bytes, set[bytes]] = {}
        self.term = b""

    def recover(self) -> Steps:
        """Read the changelog, from where it was left: per key the furthest of what each term has said last."""
        world, end = self._world, self._log.end
        read: dict[bytes, bytes | None] = {}
        while True:
            some = self._log.read(self._position, world.rnd.randint(1, 40))
            some = [record for record in some if record.offset < end]
            for record in some:
                assert record.key is not None
                read.pop(record.key, None)  # so that they stand in the order of the log
                read[record.key] = record.value
                self._position = record.offset + 1
            if some:
                yield
            elif Rule.RECOVERY_TO_THE_END in world.without or self._log.end == end:
                return self._take_over(read)
            else:
                end = self._log.end

    def _take_over(self, read: dict[bytes, bytes | None]) -> None:
        for record_key, value in read.items():
            if value is None:
                self._untell(record_key[:TERM_BYTES], record_key[TERM_BYTES:])
        for record_key, value in read.items():
            if value is None:
                continue
            term, key = record_key[:TERM_BYTES], record_key[TERM_BYTES:]
            self.terms.setdefault(key, set()).add(term)
            before = self.values.get(key)
            if before is None or Rule.FURTHEST_WINS in self._world.without:
                self.values[key] = value
            else:
                self.values[key] = self._reconcile(before, value)

    def _untell(self, term: bytes, key: bytes) -> None:
        """A kept value of which its only term says no more is gone."""
        terms = self.terms.get(key, set())
        terms.discard(term)
        if not terms:
            self.terms.pop(key, None)
            self.values.pop(key, None)

    def unstated(self, key: bytes) -> bool:
        """Whether the key has a value that the present term has yet to state."""
        if Rule.OWN_STATEMENT_BEFORE_COMMIT in self._world.without:
            return False
        return self.term not in self.terms.get(key, ())

    def state(self, producer: Producer, statements: dict[bytes, bytes]) -> Steps:
        """State these under the present term, wait for the broker, then delete what older terms have said of them."""
        # Sets of bytes have another order in every process, and a run has to be a function of its seed.
        statements = dict(sorted(statements.items()))
        first = Rule.TOMBSTONES_LAST in self._world.without
        if first:
            self._forget_older(producer, statements)
        deliveries = [producer.send(self._log, self.term + key, value) for key, value in statements.items()]
        if Rule.ACKNOWLEDGED_BEFORE_COMMIT not in self._world.without:
            yield from acknowledged(deliveries)
        self.values.update(statements)
        if not first:
            self._forget_older(producer, statements)
        for key in statements:
            self.terms[key] = {self.term}

    def _forget_older(self, producer: Producer, keys: Collection[bytes]) -> None:
        for key in keys:
            for term in sorted(self.terms.get(key, ())):
                if term != self.term and self._may_forget(term):
                    producer.send(self._log, term + key, None)

    def _may_forget(self, term: bytes) -> bool:
        if self._world.without & {Rule.ONLY_OLDER_GENERATIONS, Rule.ONE_TERM_A_GENERATION}:
            return True
        return term[:GENERATION_BYTES] < self.term[:GENERATION_BYTES]

    def forget(self, producer: Producer, keys: Collection[bytes]) -> Steps:
        """Expiry: delete under every known term, then drop."""
        deliveries = [
            producer.send(self._log, term + key, None) for key in keys for term in sorted(self.terms.get(key, ()))
        ]
        yield from acknowledged(deliveries)
        for key in keys:
            self.values.pop(key, None)
            self.terms.pop(key, None)


class Tables:
    """Panes and people of one partition, as one process knows them."""

    def __init__(self, world: World, partition: int) -> None:
        self.panes = Table(world, world.panes_changelogs[partition], reconcile)
        self.people = Table(world, world.people_changelogs[partition], unite)

    def recover(self) -> Steps:
        """Recover both."""
        yield from self.panes.recover()
        yield from self.people.recover()


class Merge:
    """One ownership of one summaries partition."""

    def __init__(self, world: World, process: Process, partition: int, kept: Tables | None) -> None:
        self._world = world
        self._process = process
        self._generation = process.generation
        self._log = world.summaries[partition]
        self.tables = Tables(world, partition) if kept is None else kept
        self._as_kept = kept is not None and Rule.KEPT_VALUES_CATCH_UP in world.without
        self._position = 0

    def steps(self, owner: Owner) -> Steps:
        """Recover, then merge from the committed offset on, for ever."""
        world, tables = self._world, self.tables
        self._position, _ = world.group.committed.get(owner.partition, (self._log.start, ""))
        if not self._as_kept:
            yield from tables.recover()
        owner.tables = tables
        tables.panes.term, tables.people.term = self._term(), self._term()
        merge = PartitionMerge(
            world.zone,
            tables.panes.values.get,
            tables.people.values.get,
            tables.panes.unstated,
            tables.people.unstated,
        )
        for key, value in tables.panes.values.items():
            if key[0] in (KeyKind.ADMITTED, KeyKind.LIMIT):
                merge.admissions.recover(key, value)
        world.merges.append(merge)
        while True:
            more = self._read(merge)
            yield
            if not more or world.rnd.random() < 0.2:
                yield from self._state(owner, merge)
            if world.rnd.random() < 0.03:
                yield from self._expire(merge)
            committed, _ = world.group.committed.get(owner.partition, (0, ""))
            owner.settled = not more and committed >= self._log.end and self._position >= self._log.end

    def _term(self) -> bytes:
        without = self._world.without
        if Rule.KEY_WITH_TERM in without:
            return bytes(TERM_BYTES)
        if Rule.ONE_TERM_A_GENERATION in without:
            return self._process.number.to_bytes(TERM_BYTES, "big")
        return self._generation.to_bytes(GENERATION_BYTES, "big") + self._world.rnd.randbytes(
            TERM_BYTES - GENERATION_BYTES
        )

    def _read(self, merge: PartitionMerge) -> bool:
        records = self._log.read(self._position, self._world.rnd.randint(1, 6))
        for record in records:
            assert record.value is not None
            merge.read(record.offset, record.timestamp_ms, record.key or b"", record.value)
            self._position = record.offset + 1
        return bool(records)

    def _state(self, owner: Owner, merge: PartitionMerge) -> Steps:
        """State what has been touched, in parts; slices go on being read meanwhile."""
        if merge.at < 0:
            return
        rnd, producer = self._world.rnd, self._process.producer
        current = merge.begin_round()
        for table, pack, keys in (
            (self.tables.panes, merge.pack, sorted(current.keys)),
            (self.tables.people, merge.pack_people, sorted(current.people)),
        ):
            size = rnd.randint(1, 12)
            for begin in range(0, len(keys), size):
                yield from self._reading_on(merge, table.state(producer, pack(keys[begin : begin + size])))
        if rnd.random() < 0.7:
            list(merge.news())
        merge.end_round(current)
        self._world.group.commit(self._generation, owner.partition, current.at + 1)

    def _reading_on(self, merge: PartitionMerge, waiting: Steps) -> Steps:
        for _ in waiting:
            if self._world.rnd.random() < 0.1:
                self._read(merge)
            yield

    def _expire(self, merge: PartitionMerge) -> Steps:
        now_ms = merge.progress.least_good_until_ms()
        if now_ms is None:
            return
        for table in (self.tables.panes, self.tables.people):
            keys = {key for key in table.values if expired(key, now_ms, self._world.zone, table.values[key])}
            merge.drop(keys)
            self._world.expired_until_ms = max(self._world.expired_until_ms, now_ms)
            yield from table.forget(self._process.producer, sorted(keys))
