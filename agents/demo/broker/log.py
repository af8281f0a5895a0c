"""The log of one partition: batches in offset order, in memory."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from operator import attrgetter

from agents.demo.broker.batches import Batch, Header, place, records
from agents.demo.broker.errors import ErrorCode, Refused
from agents.demo.broker.producers import ProducerStates

BATCH_OVERHEAD = 300  # bytes Python needs for a batch beside its buffer


class Memory:
    """Bytes that all logs of a broker hold together, and how many they may hold."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0


class Log:
    """Offsets [start_offset, end_offset). Every method returns at once; times are epoch milliseconds."""

    def __init__(self, memory: Memory) -> None:
        self.batches: list[Batch] = []
        self.start_offset = 0
        self.end_offset = 0
        self.size = 0  # bytes of all batches, without Python's overhead
        self.producers = ProducerStates()
        self._memory = memory
        self._waiters: set[asyncio.Event] = set()

    def append(self, buffer: bytes, header: Header, now_ms: int, append_time: bool) -> int:
        """Stores a checked batch and returns its first offset; that of the first time for a repeated batch.

        Raises `Refused` when an idempotent producer's sequence does not fit.
        """
        known = self.producers.duplicate_of(header)
        if known is not None:
            return known
        base_offset = self.end_offset
        batch = place(buffer, header, base_offset, now_ms if append_time else None)
        self.batches.append(batch)
        self.end_offset = batch.next_offset
        self._count(len(buffer), 1)
        self.producers.appended(header, base_offset, now_ms)
        self.wake()
        return base_offset

    def read(self, offset: int, limit: int, at_least_one: bool) -> bytes:
        """Whole batches from the one that holds `offset` on, up to `limit` bytes; the first beyond it if asked for.

        Raises `Refused` when the offset is outside [start_offset, end_offset].
        """
        if not self.start_offset <= offset <= self.end_offset:
            text = f"offset {offset} is outside [{self.start_offset}, {self.end_offset}]"
            raise Refused(ErrorCode.OFFSET_OUT_OF_RANGE, text)
        taken: list[bytes] = []
        size = 0
        for index in range(self._index(offset), len(self.batches)):
            buffer = self.batches[index].buffer
            if size + len(buffer) > limit and (taken or not at_least_one):
                break
            taken.append(buffer)
            size += len(buffer)
        return b"".join(taken)

    def find_time(self, time_ms: int) -> tuple[int, int] | None:
        """(time, offset) of the first record that is not older than `time_ms`, None when all are older."""
        for batch in self.batches:
            if batch.max_time_ms >= time_ms:
                for record in records(batch):
                    if record.timestamp >= time_ms and record.offset >= self.start_offset:
                        return record.timestamp, record.offset
        return None

    def delete_before(self, offset: int) -> None:
        """Moves the start to `offset` and frees the batches that end before it."""
        self.start_offset = max(self.start_offset, min(offset, self.end_offset))
        gone = 0
        while gone < len(self.batches) and self.batches[gone].next_offset <= self.start_offset:
            gone += 1
        if gone:
            self._count(-sum(len(batch.buffer) for batch in self.batches[:gone]), -gone)
            del self.batches[:gone]

    def retain(self, now_ms: int, retention_ms: int, retention_bytes: int) -> None:
        """Retention: batches whose newest record is older than `retention_ms`, and the oldest above `retention_bytes`.

        A negative number means no limit.
        """
        excess = self.size - retention_bytes if retention_bytes >= 0 else 0
        start = self.start_offset
        for batch in self.batches:
            too_old = retention_ms >= 0 and now_ms - batch.max_time_ms > retention_ms
            too_much = excess >= len(batch.buffer)
            if not too_old and not too_much:
                break
            excess -= len(batch.buffer)
            start = batch.next_offset
        if start > self.start_offset:
            self.delete_before(start)

    def holder(self, offset: int) -> Batch | None:
        """The batch whose offsets include `offset`, None if that is gone."""
        index = self._index(offset)
        if index < len(self.batches) and self.batches[index].base_offset <= offset:
            return self.batches[index]
        return None

    def replace(self, changed: dict[Batch, Batch | None]) -> None:
        """Puts other batches (compacted ones) in the place of some, or removes them (None)."""
        result: list[Batch] = []
        for batch in self.batches:
            kept = changed.get(batch, batch)
            if kept is not None:
                result.append(kept)
            if kept is not batch:
                self._count((len(kept.buffer) if kept else 0) - len(batch.buffer), 0 if kept else -1)
        self.batches = result

    def close(self) -> None:
        """The topic is deleted: frees the memory and wakes those who wait for records."""
        self._count(-self.size, -len(self.batches))
        self.batches = []
        self.wake()

    def watch(self, event: asyncio.Event) -> None:
        """Sets `event` at every append until `unwatch`."""
        self._waiters.add(event)

    def unwatch(self, event: asyncio.Event) -> None:
        """Ends `watch`."""
        self._waiters.discard(event)

    def wake(self) -> None:
        """Wakes whoever waits for records of this log."""
        for event in self._waiters:
            event.set()

    def _index(self, offset: int) -> int:
        """Index of the first batch that ends after `offset`."""
        return bisect_right(self.batches, offset, key=attrgetter("next_offset"))

    def _count(self, size: int, batches: int) -> None:
        self.size += size
        self._memory.used += size + batches * BATCH_OVERHEAD
