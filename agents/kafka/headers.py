"""Record headers whose names are no UTF-8: Kafka takes them from any producer, aiokafka cannot read them.

Its error comes out of every fetch of that partition, whoever owns it, for ever. Here such a batch is read again, and
what is no UTF-8 in a name is written as backslash escapes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy

_Records = fetcher.MemoryRecords
_BEFORE_LENGTH_ENDS = 12


class _Text(bytes):
    def __getitem__(self, place: Any) -> Any:
        part = super().__getitem__(place)
        return _Text(part) if isinstance(part, bytes) else part

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return bytes.decode(self, encoding, "backslashreplace")


class _Batch:
    def __init__(self, batch: Any, raw: bytes) -> None:
        self._batch, self._raw = batch, raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __iter__(self) -> Iterator[Any]:
        try:
            return iter(list(self._batch))
        except UnicodeDecodeError:
            batch = _DefaultRecordBatchPy(self._raw)
            batch._maybe_uncompress()
            batch._buffer = _Text(bytes(batch._buffer))
            return iter(list(batch))


class LenientRecords:
    """aiokafka's MemoryRecords, batch by batch."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = bytes(data), 0
        self._records = _Records(self._data)

    def has_next(self) -> bool:
        """As there."""
        return bool(self._records.has_next())

    def size_in_bytes(self) -> int:
        """As there."""
        return int(self._records.size_in_bytes())

    def next_batch(self) -> _Batch:
        """As there."""
        begin = self._at
        self._at += _BEFORE_LENGTH_ENDS + int.from_bytes(self._data[begin + 8 : begin + _BEFORE_LENGTH_ENDS], "big")
        return _Batch(self._records.next_batch(), self._data[begin : self._at])


def read_any_header() -> None:
    """From now on every aiokafka consumer of this process reads such headers."""
    fetcher.MemoryRecords = LenientRecords
