"""From a row to the event that is sent: names mapped, cells typed, an id where there is none. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_type_hints

import msgspec

from agents.operations.publishing.columns import Columns, cell
from agents.operations.publishing.rows import BadRow, Row
from streams.events.decode import Accepted, decode
from streams.events.errors import Invalid
from streams.events.topic import Topic

_ENCODE = msgspec.json.Encoder().encode
_CANONICAL = msgspec.json.Encoder(order="sorted").encode
ID_BYTES = 16


class EventMaker:
    """Makes events of one file's rows. Use one a file: ids count how often the same content came before."""

    def __init__(self, topic: Topic, columns: Columns, max_bytes: int) -> None:
        self._topic = topic
        self._columns = columns
        self._max_bytes = max_bytes
        self._kinds = _kinds(topic)
        self._constants = {name: cell(name, text, self._kinds.get(name)) for name, text in columns.constants.items()}
        self._seen: Counter[bytes] = Counter()

    def make(self, row: Row, now_ms: int) -> Iterator[bytes | BadRow]:
        """The value to send, or why it can't be counted; `now_ms` is about the Kafka timestamp that it will get."""
        made = self.event(row, now_ms)
        yield made if isinstance(made, BadRow) else made[0]

    def rest(self, now_ms: int) -> Iterator[bytes | BadRow]:
        """What is still to be sent behind the last row: nothing, each row is an event of its own."""
        return iter(())

    def event(self, row: Row, now_ms: int) -> tuple[bytes, Accepted] | BadRow:
        """The row's event, as it is sent and as a worker reads it, or why it can't be counted."""
        try:
            value = self._value(row)
        except UnicodeEncodeError:
            return BadRow(row.line, row.text, "not_utf8", "a cell is not UTF-8")
        found = decode(self._topic, value, now_ms, self._max_bytes)
        if isinstance(found, Invalid):
            return BadRow(row.line, row.text, found.reason.value, found.detail)
        return value, found

    def _value(self, row: Row) -> bytes:
        fields = self.fields(row)
        if fields is None:
            return row.text
        if "id" in fields:
            return row.text if row.tokens is not None and self._columns.as_they_are else _ENCODE(_present(fields))
        turn = self._seen[content := content_hash(fields)]
        self._seen[content] += 1
        return _ENCODE({"id": f"row-{content.hex()}-{turn}", **fields})

    def fields(self, row: Row) -> dict[str, Any] | None:
        """The row's fields by name, typed; None for a line that is no JSON object."""
        if row.cells is not None:
            # Unlike in JSON, where null may be meant, an empty cell is a field that isn't there; but an empty id is
            # a fault of the row, not a wish for one that is made.
            fields: dict[str, Any] = {
                name: cell(name, text.strip(), self._kinds.get(name))
                for name, text in self._columns.named(row.cells)
                if text.strip() or name == "id"
            }
        elif row.tokens is not None:
            fields = dict(self._columns.named(row.tokens))
        else:
            return None
        return {**fields, **self._constants}


def content_hash(fields: Mapping[str, Any]) -> bytes:
    """The same for the same content, whatever the order of its fields."""
    return hashlib.blake2b(_CANONICAL(fields), digest_size=ID_BYTES, person=b"launchpulse-row").digest()


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name != "id" or value != ""}


def _kinds(topic: Topic) -> dict[str, type]:
    """The simple type of each field that is read: bool, int, float or str."""
    kinds: dict[str, type] = {}
    for name, hint in get_type_hints(topic.event).items():
        options = get_args(hint) or (hint,)
        kinds[name] = next((kind for kind in (bool, int, float) if kind in options), str)
    return kinds
