"""Summaries: what one block has put into each table key so far, as it travels through the summaries topic.

A summary of (source, block start, last offset, campaign) is a pure function of the records in [start, last]. Every
entry is complete for each of its table keys, so a summary may be split anywhere between two entries: merging is per
key.
People travel as what is new since the last summary of the block, since a union loses nothing by being repeated or
split; so do restated facts, of which the greatest stands.
"""

from collections.abc import Iterable, Iterator
from struct import Struct
from zlib import crc32

import msgspec
from msgspec.structs import replace

from streams.counting.packing import decoder, encode

FORMAT = 2
"""First byte of everything that is stored in the summaries topic or in a table. A reader refuses what it does not
know."""

MAX_SUMMARY_BYTES = 256_000

HASH_BYTES = 8
"""A person is known by so many bytes."""

CAMPAIGN = ord("c")
LEDGER = ord("l")
PROGRESS = ord("p")
ADMISSION = ord("a")


class Entry(msgspec.Struct, array_like=True, gc=False):
    """What the block has counted so far into each of these panes of one channel: complete, not a change.

    panes: see `pack_panes`; of a ledger, which has none, empty. Most often a channel has one entry, since a block's
    events are all in the same panes; where they are not, one for each different set of them.
    """

    channel: int
    panes: bytes
    counters: dict[int, int]


class PeopleEntry(msgspec.Struct, array_like=True, gc=False):
    """People of one kind who are new in one minute of one channel: hashes, eight bytes each, in any order."""

    channel: int
    minute: int
    kind: int
    hashes: bytes


class FactEntry(msgspec.Struct, array_like=True, gc=False):
    """What an event has stated of one line: in place of what was stated before it. See `facts`.

    day: since the epoch, 0 for a line that has none. line: `block_facts.line_hash`. time_ms, timestamp_ms, offset: of
    the event's record; with its source they are the statement's order. said: as its topic writes it.
    """

    channel: int
    day: int
    line: bytes
    time_ms: int
    timestamp_ms: int
    offset: int
    said: bytes


class Summary(msgspec.Struct, array_like=True, gc=False):
    """A block's contribution to one campaign (or, kind LEDGER, to the ledger of its source).

    source: see `sources`; start, last: offsets, inclusive; bucket_ms: the block's five-second bucket; newest_ms: the
    Kafka timestamp of the record at `last`. Facts travel as people do: those that no summary of the block has told.
    Later fields may be added behind these.
    """

    source: int
    start: int
    last: int
    bucket_ms: int
    entries: list[Entry]
    people: list[PeopleEntry] = []
    newest_ms: int = 0
    facts: list[FactEntry] = []


class UnknownFormat(ValueError):
    """A stored record begins with a format that this version does not read: the message names both versions."""


_decode_summary = decoder(Summary).decode
_PANE = Struct(">BI")


def pack_panes(panes: Iterable[tuple[int, int]]) -> bytes:
    """(tier, pane) pairs as an entry has them: five bytes each, since they are looked up as one, and rarely read."""
    return b"".join(_PANE.pack(tier, pane) for tier, pane in panes)


def panes_of(entry: Entry) -> list[tuple[int, int]]:
    """The (tier, pane) pairs of an entry. Raises msgspec.ValidationError where one is cut off."""
    if len(entry.panes) % _PANE.size:
        raise msgspec.ValidationError(f"{len(entry.panes)} bytes of panes, each of which has {_PANE.size}")
    return list(_PANE.iter_unpack(entry.panes))


def head(kind: int) -> bytes:
    """The two bytes with which a record of this kind begins."""
    return bytes((FORMAT, kind))


def kind_of(value: bytes) -> int:
    """The kind of a record of the summaries topic. Raises UnknownFormat where the version is another one."""
    if len(value) < 2 or value[0] != FORMAT:
        raise UnknownFormat(f"format {value[:1].hex() or 'empty'} of a stored record, this version reads {FORMAT:02x}")
    return value[1]


def summaries_partition(key: bytes, partitions: int) -> int:
    """The partition of the summaries topic to which a campaign (or a source's ledger) belongs. Part of the format."""
    return crc32(key) % partitions


def encode_summary(kind: int, summary: Summary) -> Iterator[bytes]:
    """The summary as one record, or as several where one would be larger than MAX_SUMMARY_BYTES."""
    encoded = head(kind) + encode(summary)
    if summary.facts and len(encoded) > MAX_SUMMARY_BYTES:
        yield from _split_facts(kind, summary)
        return
    halves = _halves(summary.entries, summary.people) if len(encoded) > MAX_SUMMARY_BYTES else None
    if halves is None:
        yield encoded
        return
    for entries, people in halves:
        yield from encode_summary(kind, replace(summary, entries=entries, people=people))


def _split_facts(kind: int, summary: Summary) -> Iterator[bytes]:
    """The facts in records of their own, then what is beside them."""
    facts = summary.facts
    if summary.entries or summary.people:
        yield from encode_summary(kind, replace(summary, entries=[], people=[]))
        yield from encode_summary(kind, replace(summary, facts=[]))
    elif len(facts) == 1:
        yield head(kind) + encode(summary)
    else:
        middle = len(facts) // 2
        yield from encode_summary(kind, replace(summary, facts=facts[:middle]))
        yield from encode_summary(kind, replace(summary, facts=facts[middle:]))


_Part = tuple[list[Entry], list[PeopleEntry]]


def _halves(entries: list[Entry], people: list[PeopleEntry]) -> tuple[_Part, _Part] | None:
    """Two parts that together say the same; None where there is nothing left to split."""
    if entries and people:
        return (entries, []), ([], people)
    if len(entries) > 1:
        return (entries[: len(entries) // 2], []), (entries[len(entries) // 2 :], [])
    if len(people) > 1:
        return ([], people[: len(people) // 2]), ([], people[len(people) // 2 :])
    if people and len(people[0].hashes) > HASH_BYTES:
        met = people[0]
        middle = len(met.hashes) // HASH_BYTES // 2 * HASH_BYTES
        first, second = (
            PeopleEntry(met.channel, met.minute, met.kind, hashes)
            for hashes in (met.hashes[:middle], met.hashes[middle:])
        )
        return ([], [first]), ([], [second])
    return None


def decode_summary(value: bytes) -> Summary:
    """The summary in a record of kind CAMPAIGN or LEDGER. Raises msgspec.DecodeError for anything else."""
    return _decode_summary(memoryview(value)[2:])
