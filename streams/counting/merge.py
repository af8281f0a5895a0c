"""The merge rule: a summary's contribution goes into a table value exactly once, however often and in whatever order
it comes.

A value is complete in itself: its counters and, per source, the newest block that touched it with what that block put
in. Once a later block of the source stands in the log, everything of the older one stands before it: then the block is
closed, and of its contribution only the last offset is kept, which is enough to know it again.
"""

from collections.abc import Mapping
from enum import IntEnum

import msgspec

from streams.counting.packing import decoder, encode
from streams.counting.summaries import FORMAT, UnknownFormat

Counters = dict[int, int]

Changes = list[tuple[int, int]]
"""By how much each measure grows."""


class Outcome(IntEnum):
    """What became of a contribution. Up to ADDED the value has changed."""

    NEW = 0
    REPLACED = 1
    ADDED = 2
    OLD = 3
    SAME = 4
    CONFLICT = 5


class Contribution(msgspec.Struct, array_like=True, gc=False):
    """What the newest block of one source has put into a value: offsets of its start and last record, and its
    counters."""

    start: int
    last: int
    counters: Counters


class Value(msgspec.Struct, array_like=True):
    """One table key's value.

    at: every summary of this partition of the summaries topic up to that offset is in here; -1: none yet.
    newest: per source what its newest block has put in, or the last offset of that block once it is closed.
    """

    at: int
    totals: Counters
    newest: dict[int, Contribution | int]


class _Totals(msgspec.Struct, array_like=True):
    at: int
    totals: Counters


_decode = decoder(Value).decode
_decode_totals = decoder(_Totals).decode
_HEAD = bytes((FORMAT,))


def new_value() -> Value:
    """A value into which nothing has been merged."""
    return Value(-1, {}, {})


def change(before: Contribution | int | None, now: Contribution) -> tuple[Outcome, Changes | None]:
    """What becomes of a contribution where the newest one of its source is `before`, and what it adds to the counters;
    None where it is not merged.

    Idempotent and independent of the order in which re-deliveries come, as long as they agree. Only a Redis that forgot
    makes two readers of one block differ; then the one that stands later in the log is right.

    CONFLICT: the block begins inside another one, so the log was cut by two rules; it is ignored, and the caller counts
    it. (Inside a closed one it is OLD.)
    """
    if before is None:
        return Outcome.NEW, list(now.counters.items())
    if isinstance(before, int):
        return (Outcome.OLD, None) if now.start <= before else (Outcome.ADDED, list(now.counters.items()))
    if now.start == before.start:
        if now.last < before.last or (now.last == before.last and now.counters == before.counters):
            return Outcome.SAME, None
        return Outcome.REPLACED, _difference(before.counters, now.counters)
    if now.start < before.start:
        return Outcome.OLD, None
    return (Outcome.CONFLICT, None) if now.start <= before.last else (Outcome.ADDED, list(now.counters.items()))


def merge(value: Value, source: int, contribution: Contribution, changes: Changes) -> None:
    """Merge a contribution that adds this (see `change`), in place. Many values may share it."""
    totals = value.totals
    for measure, count in changes:
        totals[measure] = totals.get(measure, 0) + count
    value.newest[source] = contribution


def _difference(before: Counters, now: Counters) -> Changes:
    # A measure that is counted as 0 is in the totals, too.
    changes = [
        (measure, count - before.get(measure, 0))
        for measure, count in now.items()
        if measure not in before or count != before[measure]
    ]
    if not before.keys() <= now.keys():
        changes += [(measure, -count) for measure, count in before.items() if measure not in now]
    return changes


def close_blocks(value: Value, begun: Mapping[int, int]) -> None:
    """Close the blocks that others have followed, in place. begun: source -> start of its newest block in the log."""
    newest = value.newest
    for source, contribution in newest.items():
        if not isinstance(contribution, int) and contribution.start < begun.get(source, 0):
            newest[source] = contribution.last


def pack(value: Value) -> bytes:
    """The value as it is stated in the changelog and kept in memory."""
    return _HEAD + encode(value)


def totals_of(packed: bytes) -> Counters:
    """The counters of a packed value. Raises UnknownFormat where another version wrote it."""
    _check_format(packed)
    return _decode_totals(memoryview(packed)[1:]).totals


def unpack(packed: bytes) -> Value:
    """The value in `packed`. Raises UnknownFormat where another version wrote it."""
    _check_format(packed)
    return _decode(memoryview(packed)[1:])


def _check_format(packed: bytes) -> None:
    if packed[:1] != _HEAD:
        raise UnknownFormat(f"format {packed[:1].hex() or 'empty'} of a table value, this version reads {FORMAT:02x}")
