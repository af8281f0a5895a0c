"""A model of Kafka: logs with retention and compaction, producers that may die, one group's offsets."""

import random
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

Partition = tuple[str, int]


class Record(NamedTuple):
    """timestamp_ms: LogAppendTime, the broker's clock."""

    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None


class Log:
    """One partition. `all_records` also holds what retention or compaction took: for the recount alone."""

    def __init__(self, clock_ms: Callable[[], int]) -> None:
        self._clock_ms = clock_ms
        self.records: list[Record] = []
        self.all_records: list[Record] = []
        self.end = 0
        self.start = 0

    def append(self, key: bytes | None, value: bytes | None) -> int:
        """Returns the record's offset."""
        record = Record(self.end, self._clock_ms(), key, value)
        self.records.append(record)
        self.all_records.append(record)
        self.end += 1
        return record.offset

    def skip(self) -> None:
        """An offset that holds no record for readers, as a transaction's marker does."""
        self.end += 1

    def read(self, offset: int, most: int) -> list[Record]:
        """Up to `most` records from `offset` on."""
        begin = bisect_left(self.records, offset, key=lambda record: record.offset)
        return self.records[begin : begin + most]

    def retain(self, from_ms: int) -> None:
        """Retention: drop the oldest records while they are older than `from_ms`."""
        keep = 0
        while keep < len(self.records) and self.records[keep].timestamp_ms < from_ms:
            keep += 1
        if keep:
            self.start = self.records[keep - 1].offset + 1
            del self.records[:keep]

    def compact(self, rnd: random.Random, cut: int | None = None) -> None:
        """Compaction of the first `cut` records (of a random head): the last of each key stays, a tombstone perhaps."""
        if cut is None:
            cut = rnd.randint(0, len(self.records))
        last = {record.key: record.offset for record in self.records[:cut]}
        kept = [
            record
            for record in self.records[:cut]
            if last[record.key] == record.offset and (record.value is not None or rnd.random() < 0.5)
        ]
        self.records[:cut] = kept


class Delivery:
    """A send on its way; `acknowledged` once the broker has it."""

    __slots__ = ("acknowledged", "key", "value")

    def __init__(self, key: bytes | None, value: bytes | None) -> None:
        self.key = key
        self.value = value
        self.acknowledged = False


class Producer:
    """One process' producer: in order within a partition, not between them; late, and after a crash never.

    Not in order: a request that was given up may still arrive, long after its repetition.
    """

    def __init__(self, in_order: bool) -> None:
        self._in_order = in_order
        self._queues: dict[Log, deque[Delivery]] = {}
        self._late: list[tuple[Log, bytes | None, bytes | None]] = []

    def send(self, log: Log, key: bytes | None, value: bytes | None) -> Delivery:
        """Hand over; nothing arrives before `deliver`."""
        delivery = Delivery(key, value)
        self._queues.setdefault(log, deque()).append(delivery)
        return delivery

    @property
    def waiting(self) -> bool:
        """Whether anything is on its way."""
        return bool(self._queues)

    def deliver(self, rnd: random.Random) -> None:
        """One record arrives."""
        if self._late and rnd.random() < 0.02:
            log, key, value = self._late.pop(0)
            log.append(key, value)
        if not self._queues:
            return
        log = rnd.choice(list(self._queues))
        queue = self._queues[log]
        delivery = queue.popleft()
        if not queue:
            del self._queues[log]
        log.append(delivery.key, delivery.value)
        delivery.acknowledged = True
        if not self._in_order and rnd.random() < 0.1:
            self._late.append((log, delivery.key, delivery.value))

    def crash(self, rnd: random.Random) -> None:
        """The process is gone: in every partition, from some point on, nothing arrives any more."""
        for log, queue in list(self._queues.items()):
            for _ in range(rnd.randint(0, len(queue))):
                queue.pop()
            if not queue:
                del self._queues[log]


class Group:
    """The consumer group: its generation and its committed offsets. A commit of an older generation is refused."""

    def __init__(self) -> None:
        self.generation = 0
        self.committed: dict[Partition, tuple[int, str]] = {}

    def commit(self, generation: int, partition: Partition, offset: int, metadata: str = "") -> None:
        """Commit, unless the committer belongs to an older generation."""
        if generation == self.generation:
            self.committed[partition] = (offset, metadata)
