"""Which column holds which field, what is the same for all rows, and cells as JSON wants them. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, tzinfo
from typing import Any

import msgspec

from agents.operations.publishing.rows import PublishError
from streams.events import spend
from streams.events.decode import FUTURE_MS, epoch_ms
from streams.events.topic import COMMON_FIELDS, Topic

_TRUE = frozenset({"true", "yes", "1", "t", "y"})
_FALSE = frozenset({"false", "no", "0", "f", "n"})
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_INTEGER = re.compile(r"-?(0|[1-9]\d*)")
_TIMES = frozenset({"time", "sent_at"})


@dataclass(frozen=True, slots=True)
class Columns:
    """`mapping` of columns to fields, and the fields that every row has alike, as text (`constants`)."""

    mapping: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)

    @property
    def as_they_are(self) -> bool:
        """Whether a row's columns are its event's fields already."""
        return not self.mapping and not self.constants

    def named(self, row: Mapping[str, Any]) -> list[tuple[str, Any]]:
        """The row's fields under their names; a column that is mapped away from hides one that has the name itself."""
        taken = set(self.mapping.values())
        return [
            (self.mapping.get(column, column), value)
            for column, value in row.items()
            if column in self.mapping or column not in taken
        ]


def parse_columns(topic: Topic, maps: Sequence[str], sets: Sequence[str], as_of_ms: int | None = None) -> Columns:
    """From `COLUMN=FIELD` and `FIELD=VALUE` pairs; `as_of_ms` is the time of every row. Raises PublishError."""
    mapping: dict[str, str] = {}
    for pair in maps:
        column, _, name = pair.rpartition("=")
        if not column or not name:
            raise PublishError(f"--map must be COLUMN=FIELD, got {pair!r}")
        _known(topic, name, f"--map {pair}")
        if name in mapping.values():
            raise PublishError(f"--map {pair}: the field {name} is already mapped")
        if column in mapping:
            raise PublishError(f"--map {pair}: the column {column} is already mapped to {mapping[column]}")
        mapping[column] = name
    constants: dict[str, str] = {}
    for pair in sets:
        name, _, text = pair.partition("=")
        if not name or not text.strip():
            raise PublishError(f"--set must be FIELD=VALUE, got {pair!r}")
        _known(topic, name, f"--set {pair}")
        if name == "id":
            raise PublishError(f"--set {pair}: all rows would be the same event; without an id each row gets its own")
        if name in mapping.values() or name in constants:
            raise PublishError(f"--set {pair}: the field {name} is already given")
        constants[name] = text.strip()
    if as_of_ms is not None:
        if "time" in constants:
            raise PublishError("--as-of and --set time say the same; give one of them")
        constants["time"] = str(as_of_ms)
    return Columns(mapping, constants)


def parse_as_of(text: str, zone: tzinfo, now_ms: int) -> int:
    """UTC epoch milliseconds of a time with an offset, or of a day's beginning in `zone`. Raises PublishError."""
    moment: datetime | None
    try:
        if len(text) == len("2026-11-24"):
            moment = datetime.combine(date.fromisoformat(text), time(), zone)
        else:
            moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise PublishError(
            f"--as-of must be a day (2026-11-24) or a time with an offset (2026-11-24T06:00:00Z), got {text!r}"
        )
    as_of_ms = epoch_ms(moment)
    if as_of_ms > now_ms + FUTURE_MS:
        raise PublishError(f"--as-of {text} lies in the future: say when the file was exported")
    return as_of_ms


def check_columns(topic: Topic, names: Sequence[str], columns: Columns) -> None:
    """Refuse a CSV whose columns cannot make an event, before any row. Raises PublishError."""
    known = ", ".join(names)
    unknown = [column for column in columns.mapping if column not in names]
    if unknown:
        raise PublishError(f"--map names the column {unknown[0]!r}, but the columns are {known}")
    found = {name for name, _ in columns.named(dict.fromkeys(names))} | set(columns.constants)
    required = [each.name for each in (*COMMON_FIELDS, *topic.fields) if each.required and each.name != "id"]
    missing = [name for name in required if name not in found]
    if missing:
        first = missing[0]
        same = "--as-of TIME" if topic is spend.TOPIC and first == "time" else f"--set {first}=VALUE"
        raise PublishError(
            f"no column for {', '.join(missing)}: name one with --map COLUMN={first}, or say what holds for every row "
            f"with {same}; the columns are {known}"
        )


def cell(name: str, text: str, kind: type | None) -> object:
    """A cell as JSON wants it. What does not fit stays a string, and is then refused by its field's name."""
    if kind is bool:
        return True if text.lower() in _TRUE else False if text.lower() in _FALSE else text
    if (kind is int or name in _TIMES) and _INTEGER.fullmatch(text):
        return msgspec.Raw(text.encode())
    if kind is float and _NUMBER.fullmatch(text):
        return msgspec.Raw(text.encode())
    return text


def _known(topic: Topic, name: str, option: str) -> None:
    fields = [each.name for each in (*COMMON_FIELDS, *topic.fields)]
    if name in fields:
        return
    near = difflib.get_close_matches(name, fields, n=1)
    hint = f", did you mean {near[0]}?" if near else f"; they are {', '.join(fields)}"
    raise PublishError(f"{option}: {topic.name} has no field {name!r}{hint}")
