"""What the changelogs say: of each table key the furthest statement of any term. It shares no code with the service.

A record's key is a term (6 bytes), then kind (one letter), tier, channel, people kind (a byte each), pane (4 bytes)
and the campaign (or, kind `l`, the source's number); without a value it takes back what that term has stated. A value
is the format's version, 2, and the MessagePack of [at, {measure: sum}, newest blocks], or of [at, sketch].
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiokafka.structs import ConsumerRecord
from datasketches import cpc_sketch, cpc_union

from tests.faults.facts import Stated, standing
from tests.faults.recount import Key

TERM = 6
LG_K = 12


@dataclass(slots=True)
class Tables:
    """`counters` and `ledger` (by the source's number): measure -> sum; `sketches`: those of every term; `facts`: of
    each table key the statement that stands; `homes`: the partitions in which each table key stands, which must be
    one."""

    counters: dict[Key, dict[int, int]] = field(default_factory=dict)
    ledger: dict[int, dict[int, int]] = field(default_factory=dict)
    sketches: dict[tuple[Key, int], list[bytes]] = field(default_factory=lambda: defaultdict(list))
    facts: dict[bytes, Stated] = field(default_factory=dict)
    admitted: set[str] = field(default_factory=set)
    homes: dict[bytes, set[int]] = field(default_factory=lambda: defaultdict(set))


def read_tables(panes: Iterable[ConsumerRecord], people: Iterable[ConsumerRecord]) -> Tables:
    """The tables that a new owner of every partition would recover."""
    tables = Tables()
    for key, stated in _statements(panes, tables).items():
        at, *rest = max(stated, key=lambda statement: int(statement[0]))
        if key[:1] == b"c":
            tables.counters[_key(key)] = _whole(rest[0])
        elif key[:1] == b"l":
            tables.ledger[int.from_bytes(key[8:], "big")] = _whole(rest[0])
        elif key[:1] == b"f":
            tables.facts[key] = standing(stated, key[1])
        elif key[:1] == b"a":
            tables.admitted.add(key[8:].decode())
        assert int(at) >= 0, key
    for key, stated in _statements(people, tables).items():
        if key[:1] == b"p":
            tables.sketches[_key(key), key[3]] += [sketch for _, sketch in stated]
    return tables


def _statements(records: Iterable[ConsumerRecord], tables: Tables) -> dict[bytes, list[list[Any]]]:
    """Of each table key what each term has stated last."""
    last: dict[tuple[int, bytes], bytes | None] = {}
    for record in records:
        last[record.partition, record.key] = record.value
    stated: dict[bytes, list[list[Any]]] = defaultdict(list)
    for (partition, record_key), value in last.items():
        if value is not None:
            assert value[:1] == b"\x02", f"format {value[:1]!r}"
            key = record_key[TERM:]
            tables.homes[key].add(partition)
            stated[key].append(msgspec.msgpack.decode(value[1:]))
    return stated


def _key(key: bytes) -> Key:
    return key[8:].decode(), key[2], key[1], int.from_bytes(key[4:8], "big")


def _whole(counters: dict[Any, Any]) -> dict[int, int]:
    return {int(measure): int(number) for measure, number in counters.items()}


def united(sketches: Iterable[bytes]) -> cpc_union:
    """The union of stored sketches."""
    union = cpc_union(LG_K)
    for sketch in sketches:
        union.update(cpc_sketch.deserialize(sketch))
    return union
