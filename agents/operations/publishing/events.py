"""From a row to the event that is sent: names mapped, cells typed, an id where there is none. Pure."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_type_hints

import msgspec

from agents.operations.publishing.rows import BadRow, PublishError, Row
from streams.events.decode import decode
from streams.events.errors import Invalid
from streams.events.topic import COMMON_FIELDS, Topic

_TRUE = frozenset({"true", "yes", "1", "t", "y"})
_FALSE = frozenset({"false", "no", "0", "f", "n"})
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_INTEGER = re.compile(r"-?(0|[1-9]\d*)")
_TIMES = frozenset({"time", "sent_at"})
_ENCODE = msgspec.json.Encoder().encode
_CANONICAL = msgspec.json.Encoder(order="sorted").encode
ID_BYTES = 16


def parse_mapping(topic: Topic, given: Sequence[str]) -> dict[str, str]:
    """`column=field` pairs as a mapping of columns to fields. Raises PublishError for what is none."""
    fields = _fields(topic)
    mapping: dict[str, str] = {}
    for pair in given:
        column, equals, field = pair.rpartition("=")
        if not equals or not column or not field:
            raise PublishError(f"--map must be COLUMN=FIELD, got {pair!r}")
        if field not in fields:
            near = difflib.get_close_matches(field, fields, n=1)
            hint = f", did you mean {near[0]}?" if near else f"; they are {', '.join(fields)}"
            raise PublishError(f"--map {pair}: {topic.name} has no field {field!r}{hint}")
        if field in mapping.values():
            raise PublishError(f"--map {pair}: the field {field} is already mapped")
        mapping[column] = field
    return mapping


def check_columns(topic: Topic, columns: Sequence[str], mapping: Mapping[str, str]) -> None:
    """Refuse a CSV whose columns cannot make an event, before any row. Raises PublishError."""
    known = ", ".join(columns)
    unknown = [column for column in mapping if column not in columns]
    if unknown:
        raise PublishError(f"--map names the column {unknown[0]!r}, but the columns are {known}")
    named = [mapping.get(column, column) for column in columns if column in mapping or column not in mapping.values()]
    required = [each.name for each in (*COMMON_FIELDS, *topic.fields) if each.required and each.name != "id"]
    missing = [name for name in required if name not in named]
    if missing:
        raise PublishError(
            f"no column for {', '.join(missing)}: name one with --map COLUMN={missing[0]}; the columns are {known}"
        )


class EventMaker:
    """Makes events of one file's rows. Use one a file: ids count how often the same content came before."""

    def __init__(self, topic: Topic, mapping: Mapping[str, str], max_bytes: int) -> None:
        self._topic = topic
        self._mapping = mapping
        self._max_bytes = max_bytes
        self._kinds = _kinds(topic)
        self._seen: Counter[bytes] = Counter()

    def make(self, row: Row, now_ms: int) -> bytes | BadRow:
        """The value to send, or why it can't be counted; `now_ms` is about the Kafka timestamp that it will get."""
        try:
            value = self._value(row)
        except UnicodeEncodeError:
            return BadRow(row.line, row.text, "not_utf8", "a cell is not UTF-8")
        found = decode(self._topic, value, now_ms, self._max_bytes)
        return BadRow(row.line, row.text, found.reason.value, found.detail) if isinstance(found, Invalid) else value

    def _value(self, row: Row) -> bytes:
        if row.cells is not None:
            # Unlike in JSON, where null may be meant, an empty cell is a field that isn't there.
            fields: dict[str, Any] = {
                name: self._typed(name, text.strip()) for name, text in self._named(row.cells) if text.strip()
            }
            has_id = "id" in {name for name, _ in self._named(row.cells)}
        elif row.tokens is not None:
            fields = dict(self._named(row.tokens))
            has_id = "id" in fields
            if has_id and not self._mapping:
                return row.text
        else:
            return row.text
        if has_id:
            return _ENCODE(fields)
        return _ENCODE({"id": self._id(fields), **fields})

    def _named(self, row: Mapping[str, Any]) -> list[tuple[str, Any]]:
        """The row's fields under their names; a column that is mapped away from hides one that has the name itself."""
        taken = set(self._mapping.values())
        return [
            (self._mapping.get(column, column), value)
            for column, value in row.items()
            if column in self._mapping or column not in taken
        ]

    def _id(self, fields: Mapping[str, Any]) -> str:
        """The same for the same content at the same turn: so a file that is sent again changes nothing."""
        content = hashlib.blake2b(_CANONICAL(fields), digest_size=ID_BYTES, person=b"launchpulse-row").digest()
        turn = self._seen[content]
        self._seen[content] += 1
        return f"row-{content.hex()}-{turn}"

    def _typed(self, name: str, text: str) -> object:
        """A cell as JSON wants it. What does not fit stays a string, and is then refused by its field's name."""
        kind = self._kinds.get(name)
        if kind is bool:
            return True if text.lower() in _TRUE else False if text.lower() in _FALSE else text
        if (kind is int or name in _TIMES) and _INTEGER.fullmatch(text):
            return msgspec.Raw(text.encode())
        if kind is float and _NUMBER.fullmatch(text):
            return msgspec.Raw(text.encode())
        return text


def _fields(topic: Topic) -> list[str]:
    return [each.name for each in (*COMMON_FIELDS, *topic.fields)]


def _kinds(topic: Topic) -> dict[str, type]:
    """The simple type of each field that is read: bool, int, float or str."""
    kinds: dict[str, type] = {}
    for name, hint in get_type_hints(topic.event).items():
        options = get_args(hint) or (hint,)
        kinds[name] = next((kind for kind in (bool, int, float) if kind in options), str)
    return kinds
