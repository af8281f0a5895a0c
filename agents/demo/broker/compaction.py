"""Compaction of one log: of every key the last record stays.

It costs one look at each new batch: the offset of every key's last record is remembered, a batch knows how many of
its records are still the last of their key, is dropped at none and rewritten below half. The newest batch is never
compacted, as Kafka never compacts the active segment.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from agents.demo.broker.batches import Batch, keep, records
from agents.demo.broker.log import Log


class Compactor:
    """What is known of a compacted log's keys. `steps` does the work."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._last: dict[bytes, int] = {}  # key -> offset of its last record among the compacted ones
        self._tombstones: dict[bytes, int] = {}  # key -> time from which its tombstone may go
        self._clean_to = 0

    def steps(self, now_ms: int, min_dirty_ratio: float, min_lag_ms: int, tombstones_ms: int) -> Iterator[None]:
        """Compacts if the share of new bytes reached `min_dirty_ratio`, one batch a step: the caller may pause.

        Records younger than `min_lag_ms` stay as they are; a tombstone stays `tombstones_ms` after its compaction.
        """
        log = self._log
        expired = any(True for _ in self._expired(now_ms))
        dirty = [batch for batch in log.batches[:-1] if batch.base_offset >= self._clean_to]
        dirty = list(takewhile(lambda batch: batch.max_time_ms + min_lag_ms <= now_ms, dirty))
        enough = sum(len(batch.buffer) for batch in dirty) >= max(1, log.size * min_dirty_ratio)
        if not enough and not expired:
            return
        touched: set[Batch] = set()
        for batch in dirty if enough else ():
            self._look_at(batch, now_ms + tombstones_ms, touched)
            yield
        if expired:
            # An older value must never outlive its tombstone: rewrite every batch that still holds replaced records.
            touched.update(batch for batch in log.batches if batch.live < batch.records)
            self._drop_tombstones(now_ms, touched)
        changed: dict[Batch, Batch | None] = {}
        for batch in touched:
            if batch.live * 2 < batch.records or (expired and batch.live < batch.records):
                changed[batch] = self._rewritten(batch)
                yield
        log.replace(changed)

    def _look_at(self, batch: Batch, tombstone_until_ms: int, touched: set[Batch]) -> None:
        for record in records(batch):
            if record.key is None:  # written before the topic was compacted
                self._replaced(record.offset, touched)
                continue
            before = self._last.get(record.key)
            if before is not None:
                self._replaced(before, touched)
            self._last[record.key] = record.offset
            self._tombstones.pop(record.key, None)
            if record.value is None:
                self._tombstones[record.key] = tombstone_until_ms
        self._clean_to = batch.next_offset

    def _replaced(self, offset: int, touched: set[Batch]) -> None:
        holder = self._log.holder(offset)
        if holder is not None:
            holder.live -= 1
            touched.add(holder)

    def _expired(self, now_ms: int) -> Iterator[bytes]:
        # In order of their time: a dict keeps the order of insertion.
        return (key for key, _ in takewhile(lambda item: item[1] <= now_ms, self._tombstones.items()))

    def _drop_tombstones(self, now_ms: int, touched: set[Batch]) -> None:
        for key in list(self._expired(now_ms)):
            del self._tombstones[key]
            self._replaced(self._last.pop(key), touched)

    def _rewritten(self, batch: Batch) -> Batch | None:
        last = self._last
        offsets = {r.offset for r in records(batch) if r.key is not None and last.get(r.key) == r.offset}
        return keep(batch, offsets) if offsets else None
