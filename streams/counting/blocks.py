"""Blocks: runs of records of one source that everyone who reads the log cuts at the same places.

A block ends before the first record whose Kafka timestamp falls in a later five-second bucket than the block's first
record, or after `MAX_OFFSETS` offsets. The rule looks only at the log from the block's first record on: it is part of
the format, not a setting, because two rules mixed lose events.
"""

from collections.abc import Sequence

BUCKET_MS = 5000
MAX_OFFSETS = 50_000


class Cut:
    """Where one block begins and where it has to end."""

    __slots__ = ("bucket_ms", "end_ms", "end_offset", "first_timestamp_ms", "start")

    def __init__(self, start: int, timestamp_ms: int, max_offsets: int = MAX_OFFSETS) -> None:
        """`start` and `timestamp_ms`: offset and Kafka timestamp of the block's first record."""
        self.start = start
        self.first_timestamp_ms = timestamp_ms
        self.end_offset = start + max_offsets
        self.bucket_ms = timestamp_ms - timestamp_ms % BUCKET_MS
        self.end_ms = self.bucket_ms + BUCKET_MS

    def ends_before(self, offset: int, timestamp_ms: int) -> bool:
        """Whether the record with this offset and Kafka timestamp belongs to a later block."""
        return offset >= self.end_offset or timestamp_ms >= self.end_ms

    def first_beyond(self, offsets: Sequence[int], timestamps_ms: Sequence[int], begin: int = 0) -> int:
        """Index of the first record at or after `begin` that belongs to a later block; len(offsets) where none does."""
        end_offset, end_ms = self.end_offset, self.end_ms
        if begin < len(offsets) and offsets[-1] < end_offset and max(timestamps_ms[begin:]) < end_ms:
            return len(offsets)
        for index in range(begin, len(offsets)):
            if timestamps_ms[index] >= end_ms or offsets[index] >= end_offset:
                return index
        return len(offsets)
