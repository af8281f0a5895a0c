"""Statements: table values that say up to where they are true, and the keys under which they stand.

A value is a function of the log alone, so of two values of one key the one with the greater `at` is the truth, whoever
wrote it. The changelog's record key is (term, table key), where a term is one ownership of one partition: nobody
overwrites another's statement. Recovery takes, per table key, the furthest statement of any term.
"""

import struct
from enum import IntEnum
from typing import NamedTuple

import msgspec

from streams.counting.summaries import FORMAT

TERM_BYTES = 6
LINE_BYTES = 8


class KeyKind(IntEnum):
    """What a table key is about; its first byte."""

    COUNTERS = ord("c")
    LEDGER = ord("l")
    ADMITTED = ord("a")
    LIMIT = ord("m")
    PEOPLE = ord("p")
    REFUSED = ord("r")
    FACT = ord("f")


class TableKey(NamedTuple):
    """kind; tier (`panes.Tier`; of a fact its topic's code); channel code; people kind (0 for counters); pane index (of
    a fact its day); campaign ("" where there is none)."""

    kind: int
    tier: int
    channel: int
    people: int
    pane: int
    campaign: str


_KEY = struct.Struct(">BBBBI")


class _Statement(msgspec.Struct, array_like=True):
    at: int


_decode_statement = msgspec.msgpack.Decoder(_Statement).decode


def counters_key(campaign: bytes, channel: int, tier: int, pane: int) -> bytes:
    """Key of the counters of one pane of one campaign and channel."""
    return _KEY.pack(KeyKind.COUNTERS, tier, channel, 0, pane) + campaign


def people_key(campaign: bytes, channel: int, tier: int, pane: int, kind: int) -> bytes:
    """Key of the sketch of one kind of people in one pane of one campaign and channel."""
    return _KEY.pack(KeyKind.PEOPLE, tier, channel, kind, pane) + campaign


def fact_key(campaign: bytes, topic: int, channel: int, day: int, line: bytes) -> bytes:
    """Key of what is stated of one line. line: `LINE_BYTES` that tell it from others of its topic, channel and day."""
    return _KEY.pack(KeyKind.FACT, topic, channel, 0, day) + line + campaign


def line_of(key: bytes) -> bytes:
    """The line of a fact's key."""
    return key[_KEY.size : _KEY.size + LINE_BYTES]


def ledger_key(source: int) -> bytes:
    """Key of the ledger of one source."""
    return _KEY.pack(KeyKind.LEDGER, 0, 0, 0, 0) + source.to_bytes(5, "big")


def admitted_key(campaign: bytes) -> bytes:
    """Key of a campaign's admission."""
    return _KEY.pack(KeyKind.ADMITTED, 0, 0, 0, 0) + campaign


LIMIT_KEY = _KEY.pack(KeyKind.LIMIT, 0, 0, 0, 0)
REFUSED_KEY = _KEY.pack(KeyKind.REFUSED, 0, 0, 0, 0)


def parse_key(key: bytes) -> TableKey:
    """The parts of a table key; of a ledger key the campaign is "" (its source: `ledger_source`)."""
    kind, tier, channel, people, pane = _KEY.unpack_from(key)
    begin = 8 + LINE_BYTES if kind == KeyKind.FACT else 8
    campaign = "" if kind == KeyKind.LEDGER else key[begin:].decode()
    return TableKey(kind, tier, channel, people, pane, campaign)


def ledger_source(key: bytes) -> int:
    """The source of a ledger key."""
    return int.from_bytes(key[8:], "big")


def kind_of_key(key: bytes) -> int:
    """The kind of a table key, cheaply."""
    return key[0]


def furthest(one: bytes, other: bytes) -> bytes:
    """Of two packed values of one key the one that says more. Where they say the same the first."""
    return other if _at(other) > _at(one) else one


def _at(packed: bytes) -> int:
    if packed[0] != FORMAT:
        raise ValueError(f"format {packed[0]} of a table value, this version reads {FORMAT}")
    return _decode_statement(memoryview(packed)[1:]).at
