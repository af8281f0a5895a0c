"""Rows of spend: those of one line and day are summed, and the sum is stated once. Pure.

A platform's export has a row for each advertisement or hour, and a statement says what a whole line came to. So a line
is stated with all of its rows, or not at all: half of it would replace a right total with a wrong one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

import msgspec

from agents.operations.publishing.columns import Columns
from agents.operations.publishing.events import EventMaker, content_hash
from agents.operations.publishing.rows import BadRow, Row
from streams.events.decode import Accepted, decode, epoch_ms
from streams.events.errors import Invalid
from streams.events.measures import MICROS
from streams.events.money import parse_amount
from streams.events.spend import KINDS, TOPIC, Spend

_ENCODE = msgspec.json.Encoder().encode

# Which line a row belongs to is said by the first; with the others it is sound in all else.
_LINE_FIELDS = ("campaign", "channel", "platform", "account", "kind", "day", "test")
_SOUND = {"id": "sound", "amount": "0", "currency": "EUR"}

LineKey = tuple[bool, str, int, str, str, str, date]
"""Of a line and day: whether it is a test; campaign, channel's code, platform, account, kind, day."""


@dataclass(slots=True)
class _Line:
    """The rows of one line and day; `wrong` is why it isn't stated."""

    rows: list[Row] = field(default_factory=list)
    first: Spend | None = None
    value: bytes = b""
    micros: int = 0
    wrong: tuple[str, str] | None = None


class StatementMaker:
    """Makes statements of one file's rows of spend; they come with `rest`, behind the last row."""

    def __init__(self, columns: Columns, max_bytes: int) -> None:
        self._events = EventMaker(TOPIC, columns, max_bytes)
        self._max_bytes = max_bytes
        self._lines: dict[LineKey, _Line] = {}

    def make(self, row: Row, now_ms: int) -> Iterator[bytes | BadRow]:
        """Takes the row into its line; yields it only where it can't be counted."""
        made = self._events.event(row, now_ms)
        if isinstance(made, BadRow):
            self._withhold_line_of(row, now_ms)
            yield made
            return
        value, accepted = made
        event = cast(Spend, accepted.event)
        line = self._lines.setdefault(_key(accepted), _Line())
        line.rows.append(row)
        line.micros += parse_amount(bytes(event.amount)) or 0
        if line.first is None:
            line.first, line.value = event, value
        elif line.wrong is None:
            line.wrong = _differing(line.first, event)

    def rest(self, now_ms: int) -> Iterator[bytes | BadRow]:
        """A statement for each line, or all the rows of one that can't be stated."""
        for line in self._lines.values():
            if line.first is None:
                continue
            value = line.value if len(line.rows) == 1 else _statement(line.first, line.micros)
            wrong = line.wrong
            if wrong is None and isinstance(found := decode(TOPIC, value, now_ms, self._max_bytes), Invalid):
                wrong = found.reason.value, f"the sum of {len(line.rows)} rows: {found.detail}"
            if wrong is None:
                yield value
            else:
                yield from (BadRow(row.line, row.text, *wrong) for row in line.rows)

    @property
    def stated(self) -> dict[LineKey, Spend]:
        """The lines and days that are stated, without tests, each with one of its rows."""
        lines = self._lines.items()
        return {key: line.first for key, line in lines if line.first is not None and line.wrong is None and not key[0]}

    def taken_back(self, before: Mapping[LineKey, Spend]) -> Iterator[bytes]:
        """A statement of 0 for each line and day of an earlier file that this file no longer names, from this file's
        first day to its last. before: what was `stated`, with the times of this file."""
        days = [key[-1] for key in self._lines]
        if not days:
            return
        first, last = min(days), max(days)
        for key, row in before.items():
            if key not in self._lines and first <= row.day <= last:
                yield _statement(row, 0)

    def _withhold_line_of(self, bad: Row, now_ms: int) -> None:
        """Without this row its line would be stated too low; a row that doesn't say its line is no part of any."""
        fields = self._events.fields(bad) or {}
        said = {name: fields[name] for name in _LINE_FIELDS if name in fields}
        try:
            sound = _ENCODE({**said, **_SOUND, "time": now_ms})
        except UnicodeEncodeError:
            return
        found = decode(TOPIC, sound, now_ms, self._max_bytes)
        if not isinstance(found, Invalid):
            line = self._lines.setdefault(_key(found), _Line())
            line.wrong = "incomplete_line", f"line {bad.line} of the file belongs to the same sum and is refused"


def _key(accepted: Accepted) -> LineKey:
    """What a statement replaces: as the workers see it, so unknown channels are one."""
    event = cast(Spend, accepted.event)
    kind = event.kind or KINDS[0]
    return (
        bool(event.test),
        event.campaign,
        accepted.channel,
        event.platform or "",
        event.account or "",
        kind,
        event.day,
    )


def _differing(first: Spend, event: Spend) -> tuple[str, str] | None:
    if event.currency != first.currency:
        return "mixed_currencies", f"the rows of this line and day are in {first.currency} and {event.currency}"
    if epoch_ms(event.time) != epoch_ms(first.time):
        return "mixed_times", "the rows of this line and day differ in time: say with --as-of when their sum was true"
    return None


def _statement(first: Spend, micros: int) -> bytes:
    amount = f"{micros // MICROS}.{micros % MICROS:06d}".rstrip("0").rstrip(".")
    said: dict[str, Any] = {**msgspec.structs.asdict(first), "amount": amount}
    fields = {name: value for name, value in said.items() if name != "id" and value is not None and value is not False}
    return _ENCODE({"id": f"row-{content_hash(fields).hex()}-0", **fields})
