"""Record headers whose names are no UTF-8: Kafka takes them from any producer, aiokafka cannot read them.

Its error comes out of every fetch of that partition, whoever owns it, for ever. Here such a batch is read again, and
what is no UTF-8 in a name is written as backslash escapes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecord, _DefaultRecordBatchPy

_Records = fetcher.MemoryRecords
_BEFORE_LENGTH_ENDS = 12


class _Text(bytes):
    def __getitem__(self, place: Any) -> Any:
        part = super().__getitem__(place)
        return _Text(part) if isinstance(part, bytes) else part

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return bytes.decode(self, encoding, "backslashreplace")


def _plain(data: bytes | None) -> bytes | None:
    return None if data is None else bytes(data)


def _read_leniently(data: bytes, begin: int, end: int) -> list[Any]:
    batch = _DefaultRecordBatchPy(data[begin:end])
    batch._maybe_uncompress()
    batch._buffer = _Text(bytes(batch._buffer))
    return [
        DefaultRecord(
            record.offset,
            record.timestamp,
            record.timestamp_type,
            _plain(record.key),
            _plain(record.value),
            [(name, _plain(text)) for name, text in record.headers],
        )
        for record in batch
    ]


class _Batch:
    def __init__(self, batch: Any, read_again: Callable[[], list[Any]]) -> None:
        self._batch, self._read_again = batch, read_again

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        try:
            return iter(list(self._batch))
        except UnicodeDecodeError:
            return iter(self._read_again())


class LenientRecords:
    """aiokafka's MemoryRecords, batch by batch."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = bytes(data), 0
        self._records = _Records(self._data)
        self._begin = 0
        self.has_next = self._records.has_next
        self.size_in_bytes = self._records.size_in_bytes

    def next_batch(self) -> _Batch:
        """As there."""
        batch = self.next_strict()
        return _Batch(batch, partial(_read_leniently, self._data, self._begin, self._at))

    def next_strict(self) -> Any:
        """aiokafka's own batch, without the detour; where its records cannot be read, `read_again` can."""
        begin = self._begin = self._at
        self._at += _BEFORE_LENGTH_ENDS + int.from_bytes(self._data[begin + 8 : begin + _BEFORE_LENGTH_ENDS], "big")
        return self._records.next_batch()

    def read_again(self) -> list[Any]:
        """The records of the batch that came last."""
        return _read_leniently(self._data, self._begin, self._at)


def read_any_header() -> None:
    """From now on every aiokafka consumer of this process reads such headers."""
    fetcher.MemoryRecords = LenientRecords
