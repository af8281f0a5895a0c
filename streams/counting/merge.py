"""The merge rule: a summary's contribution goes into a table value exactly once, however often and in whatever order
it comes.

A value is complete in itself: its counters and, per source, the newest block that touched it with what that block put
in.
"""

from enum import IntEnum

import msgspec

from streams.counting.packing import decoder, encode
from streams.counting.summaries import FORMAT, UnknownFormat

Counters = dict[int, int]


class Outcome(IntEnum):
    """What became of a contribution. Up to ADDED the value has changed."""

    NEW = 0
    REPLACED = 1
    ADDED = 2
    OLD = 3
    SAME = 4
    CONFLICT = 5


class Contribution(msgspec.Struct, array_like=True):
    """What the newest block of one source has put into a value: offsets of its start and last record, and its
    counters."""

    start: int
    last: int
    counters: Counters


class Value(msgspec.Struct, array_like=True):
    """One table key's value.

    at: every summary of this partition of the summaries topic up to that offset is in here; -1: none yet.
    """

    at: int
    totals: Counters
    newest: dict[int, Contribution]


_decode = decoder(Value).decode
_HEAD = bytes((FORMAT,))


def new_value() -> Value:
    """A value into which nothing has been merged."""
    return Value(-1, {}, {})


def merge(value: Value, source: int, start: int, last: int, counters: Counters) -> Outcome:
    """Merge what the block of `source` that begins at `start` has counted up to `last` into `value`, in place.

    Idempotent and independent of the order in which re-deliveries come. CONFLICT: the block begins inside another one,
    so the log was cut by two rules; it is ignored, and the caller counts it.
    """
    totals = value.totals
    before = value.newest.get(source)
    if before is None:
        outcome = Outcome.NEW
    elif start == before.start:
        if last <= before.last:
            return Outcome.SAME
        for measure, count in before.counters.items():
            totals[measure] -= count
        outcome = Outcome.REPLACED
    elif start < before.start:
        return Outcome.OLD
    elif start <= before.last:
        return Outcome.CONFLICT
    else:
        outcome = Outcome.ADDED
    for measure, count in counters.items():
        totals[measure] = totals.get(measure, 0) + count
    value.newest[source] = Contribution(start, last, counters)
    return outcome


def pack(value: Value) -> bytes:
    """The value as it is stated in the changelog and kept in memory."""
    return _HEAD + encode(value)


def unpack(packed: bytes) -> Value:
    """The value in `packed`. Raises UnknownFormat where another version wrote it."""
    if packed[:1] != _HEAD:
        raise UnknownFormat(f"format {packed[:1].hex() or 'empty'} of a table value, this version reads {FORMAT:02x}")
    return _decode(memoryview(packed)[1:])
