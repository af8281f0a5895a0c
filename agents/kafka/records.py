"""Records as slices hold them, read batch by batch: half the time of aiokafka's own unpacking, which makes a
`ConsumerRecord` of eleven fields of each.

What comes out is what aiokafka's `PartitionRecords` and `FetchResult.getall` hand over, without topic and partition:
checksums, aborted transactions, control batches, records below the position and the holes of compaction are dealt with
as there.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Set
from typing import Any, Protocol

from aiokafka import TopicPartition
from aiokafka.consumer import fetcher as stock
from aiokafka.errors import CorruptRecordException

from agents.kafka.headers import LenientRecords


class Record(Protocol):
    """One record of a slice; its topic and partition are those of the slice's message."""

    @property
    def offset(self) -> int:
        """Its place in the partition."""

    @property
    def timestamp(self) -> int:
        """Epoch milliseconds: the broker's clock or the sender's, by the topic's setting."""

    @property
    def timestamp_type(self) -> int:
        """1 where the broker wrote the timestamp."""

    @property
    def key(self) -> bytes | None:
        """As it was sent."""

    @property
    def value(self) -> bytes | None:
        """As it was sent; None is a tombstone."""

    @property
    def headers(self) -> Any:
        """Pairs of a name and bytes or None."""


class Slice(list[Record]):
    """Records of one partition in offset order, as one fetch returned them.

    `reading` counts the seeks of the partition until its records were taken out of the fetches: a slice that carries
    the present number was read after the last seek. From `begin` up to `end` (exclusive) the log was read without a
    break: where no record stands, there is none. A record does not say its topic and partition: the message that brings
    the slice does.
    """

    __slots__ = ("begin", "end", "reading")

    def __init__(self, records: Iterable[Record], reading: int, begin: int, end: int) -> None:
        super().__init__(records)
        self.reading, self.begin, self.end = reading, begin, end


Place = tuple[str, int]
"""Topic and partition."""


class Places:
    """Where slices are read: how often each partition was sought, and what was read of it and held no record.

    Belongs to the consumer's thread, in which all of it happens between two awaits.
    """

    def __init__(self) -> None:
        self._readings: defaultdict[Place, int] = defaultdict(int)
        self._empty: dict[Place, tuple[int, int]] = {}

    def reading(self, place: Place) -> int:
        """How often it was sought: the number of the slices that are read from now on."""
        return self._readings[place]

    def sought(self, place: Place) -> None:
        """It is read elsewhere from now on."""
        self._readings[place] += 1

    def slice_of(self, place: Place, records: list[Any], begin: int, end: int) -> Slice:
        """What was read from the position `begin` to the position `end`. Where that is no record it is remembered, and
        the next slice begins there."""
        first, behind = self._empty.pop(place, (begin, begin))
        if behind == begin:
            begin = first
        if not records:
            self._empty[place] = begin, end
        return Slice(records, self._readings[place], begin, end)


def read_batch(unread: Any) -> list[Any]:
    """The records of the next batch of aiokafka's `PartitionRecords`; empty for one that nobody is to see.

    Raises:
        CorruptRecordException: the batch's checksum is wrong.
    """
    records = unread._records
    batch = records.next_strict() if isinstance(records, LenientRecords) else records.next_batch()
    if unread._check_crcs and not batch.validate_crc():
        raise CorruptRecordException(f"Invalid CRC - {unread._tp}")
    if _is_hidden(unread, batch):
        unread.next_fetch_offset = batch.next_offset
        return []
    try:
        found = list(batch)
    except UnicodeDecodeError:
        if not isinstance(records, LenientRecords):
            raise
        found = records.read_again()
    begin = unread.next_fetch_offset
    if found and found[0].offset < begin:
        # A fetch begins with the whole batch in which its offset lies.
        found = [record for record in found if record.offset >= begin]
    # Also where compaction has taken the last records of the batch.
    unread.next_fetch_offset = batch.next_offset
    return found


def _is_hidden(unread: Any, batch: Any) -> bool:
    control: bool = batch.is_control_batch
    if unread._isolation_level == stock.READ_COMMITTED and batch.producer_id is not None:
        if unread._aborted_transactions:
            unread._consume_aborted_up_to(batch.base_offset)
        if control and unread._contains_abort_marker(batch):
            unread._aborted_producers.discard(batch.producer_id)
        if unread._aborted_producers and batch.is_transactional and batch.producer_id in unread._aborted_producers:
            return True
    return control


def take(result: Any, places: Places, max_records: int) -> list[Any]:
    """What aiokafka's `FetchResult.getall` does, by whole batches: a slice of at most `max_records` records, which are
    at least 1."""
    if not result.check_assignment(result._topic_partition) or not result.has_more():
        return []
    unread = result._partition_records
    begin = unread.next_fetch_offset
    found, end = unread.__dict__.pop("left", ([], None))
    if end is not None:
        unread.next_fetch_offset = end
    try:
        while len(found) < max_records and unread._records.has_next():
            found += read_batch(unread)
    except BaseException:
        # The position has not moved: all of it is fetched again.
        result._partition_records = None
        raise
    if len(found) > max_records:
        unread.left = found[max_records:], unread.next_fetch_offset
        del found[max_records:]
        unread.next_fetch_offset = found[-1].offset + 1
    result._update_position()
    taken = places.slice_of(result._topic_partition, found, begin, unread.next_fetch_offset)
    if "left" not in unread.__dict__ and not unread._records.has_next():
        result._partition_records = None
    return taken


async def fetched_records(
    fetcher: stock.Fetcher,
    places: Places,
    takes_slices: Callable[[str], bool],
    partitions: Set[Any],
    timeout: float,
    max_records: int,
) -> dict[TopicPartition, list[Any]]:
    """aiokafka's `Fetcher.fetched_records`: what has been fetched of `partitions`, at most `max_records` in all.

    Of topics that take slices a `Slice`, of others aiokafka's own records. Waits at most `timeout` seconds for the
    first.
    """
    while True:
        if fetcher._subscriptions.reassignment_in_progress:
            await fetcher._subscriptions.wait_for_assignment()
        began = time.monotonic()
        drained: dict[TopicPartition, list[Any]] = {}
        room = max_records
        for tp in list(fetcher._records):
            if partitions and tp not in partitions:
                if not fetcher._subscriptions.is_assigned(tp):
                    del fetcher._records[tp]
                continue
            result = fetcher._records[tp]
            if type(result) is not stock.FetchResult:
                if drained:
                    return drained
                _done_with(fetcher, tp)
                result.check_raise()
                continue
            records = take(result, places, room) if takes_slices(tp.topic) else result.getall(room)
            if not result.has_more():
                _done_with(fetcher, tp)
            if records:
                drained[tp] = records
                room -= len(records)
                if not room:
                    break
        if drained or not timeout:
            return drained
        waiter = fetcher._create_fetch_waiter()
        done, pending = await asyncio.wait([waiter], timeout=timeout)
        if not done or fetcher._closed:
            for future in pending:
                future.cancel()
            return {}
        waiter.result()  # whether the broker has refused us
        timeout = max(0.0, timeout - (time.monotonic() - began))


def _done_with(fetcher: stock.Fetcher, tp: TopicPartition) -> None:
    """The partition is fetched again."""
    del fetcher._records[tp]
    fetcher._notify(fetcher._wait_consume_future)
