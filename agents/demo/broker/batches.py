"""Record batches (Kafka's message format 2): checked, given their offsets, and otherwise passed through untouched.

Records are only decoded where a broker must look inside: a search by time, and compaction.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

from agents.demo.broker.errors import ErrorCode, Refused

HEADER = struct.Struct(">qiibIhiqqqhii")
LENGTH_FROM = 12  # the length field counts the bytes after itself
CRC_FROM = 21  # the checksum covers the attributes and everything after them
MAGIC = 2
CODEC_MASK = 0x07
LOG_APPEND_TIME = 0x08
TRANSACTIONAL_OR_CONTROL = 0x30


class Header(NamedTuple):
    """The fields in front of a batch's records. Times are epoch milliseconds; producer_id -1: not idempotent."""

    base_offset: int
    length: int
    leader_epoch: int
    magic: int
    crc: int
    attributes: int
    last_offset_delta: int
    base_time_ms: int
    max_time_ms: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    record_count: int


class Record(Protocol):
    """A decoded record, as aiokafka gives it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


class Batch:
    """A stored batch. `next_offset` is one past its last offset; `live` counts records no later one has replaced."""

    __slots__ = ("base_offset", "buffer", "live", "max_time_ms", "next_offset", "records")

    def __init__(self, buffer: bytes, header: Header) -> None:
        self.buffer = buffer
        self.base_offset = header.base_offset
        self.next_offset = header.base_offset + header.last_offset_delta + 1
        self.max_time_ms = header.max_time_ms
        self.records = header.record_count
        self.live = header.record_count


def check(buffer: bytes) -> Header:
    """The header of what one partition is sent: exactly one intact batch of message format 2; else `Refused`."""
    if len(buffer) < HEADER.size:
        raise Refused(ErrorCode.CORRUPT_MESSAGE, f"{len(buffer)} bytes are less than a batch header")
    header = Header(*HEADER.unpack_from(buffer))
    if header.magic != MAGIC:
        raise Refused(ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT, f"message format {header.magic} is not supported")
    if header.length + LENGTH_FROM < len(buffer):
        raise Refused(ErrorCode.INVALID_RECORD, "a partition takes exactly one batch a request")
    if header.length + LENGTH_FROM > len(buffer) or header.crc != calc_crc32c(memoryview(buffer)[CRC_FROM:]):
        raise Refused(ErrorCode.CORRUPT_MESSAGE, "the batch is cut short or its checksum is wrong")
    if header.attributes & TRANSACTIONAL_OR_CONTROL:
        raise Refused(ErrorCode.INVALID_TXN_STATE, "this broker has no transactions")
    if header.record_count < 1 or header.last_offset_delta != header.record_count - 1:
        raise Refused(ErrorCode.INVALID_RECORD, "the batch's record count and offsets contradict each other")
    return header


def place(buffer: bytes, header: Header, base_offset: int, append_time_ms: int | None) -> Batch:
    """The batch as it is stored: at `base_offset` and, when given, with the append time as every record's time."""
    placed = header._replace(base_offset=base_offset, leader_epoch=0)
    if append_time_ms is not None:
        placed = placed._replace(attributes=header.attributes | LOG_APPEND_TIME, max_time_ms=append_time_ms)
    return _stored(bytearray(buffer), placed)


def records(batch: Batch) -> Iterator[Record]:
    """The records of a batch, decompressed, in offset order."""
    return iter(DefaultRecordBatch(batch.buffer))


def keep(batch: Batch, offsets: set[int]) -> Batch:
    """The batch with only the records of these offsets (at least one), which keep their offsets, times and codec."""
    header = Header(*HEADER.unpack_from(batch.buffer))
    kept = [record for record in records(batch) if record.offset in offsets]
    builder = DefaultRecordBatchBuilder(
        magic=MAGIC,
        compression_type=header.attributes & CODEC_MASK,
        is_transactional=0,
        producer_id=header.producer_id,
        producer_epoch=header.producer_epoch,
        base_sequence=header.base_sequence,
        batch_size=len(batch.buffer) * 1024,  # never refuse: it held more before
    )
    for r in kept:
        builder.append(
            r.offset - header.base_offset, timestamp=r.timestamp, key=r.key, value=r.value, headers=r.headers
        )
    buffer = builder.build()
    built = Header(*HEADER.unpack_from(buffer))
    placed = built._replace(
        base_offset=header.base_offset,
        leader_epoch=header.leader_epoch,
        last_offset_delta=header.last_offset_delta,  # readers find the next batch by it, and producers their sequence
        attributes=header.attributes,
        max_time_ms=header.max_time_ms if header.attributes & LOG_APPEND_TIME else built.max_time_ms,
    )
    return _stored(buffer, placed)


def _stored(buffer: bytearray, header: Header) -> Batch:
    HEADER.pack_into(buffer, 0, *header)
    struct.pack_into(">I", buffer, CRC_FROM - 4, calc_crc32c(memoryview(buffer)[CRC_FROM:]))
    return Batch(bytes(buffer), header)
