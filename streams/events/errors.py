"""Why a record cannot be counted, and what is wrong with a catalogue entry.

Invalid                    a value, never raised: the record becomes a dead letter with its reason
  reason: Reason           closed set; the only part that becomes a metric label
  detail: str              names the field and what was expected of it, never what it held
CatalogueError(ValueError) raised to whoever applies a catalogue; `path` names the field
"""

from enum import StrEnum
from typing import Final

import msgspec

MAX_DEPTH: Final = 256
"""Deepest nesting of arrays and objects. A limit of our own, because Python's depends on how deep the caller is."""

MAX_DETAIL: Final = 200
"""Longest detail of an Invalid, in characters."""


class Reason(StrEnum):
    """Why a record became a dead letter, and what that means. Closed: each has a ledger measure of its own."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> "Reason":
        """A reason is its value, with its meaning beside it."""
        reason = str.__new__(cls, value)
        reason._value_ = value
        reason.meaning = meaning
        return reason

    TOMBSTONE = "tombstone", "the value is null"
    TOO_LARGE = "too_large", "more bytes than the limit, after unpacking"
    NOT_JSON = "not_json", "not one JSON text in UTF-8"
    NOT_OBJECT = "not_object", "JSON, but not an object"
    TOO_DEEP = "too_deep", f"arrays and objects nest deeper than {MAX_DEPTH}"
    MISSING_FIELD = "missing_field", "a required field is absent or null"
    WRONG_TYPE = "wrong_type", "a field has another JSON type than documented"
    BAD_ID = "bad_id", "the id is empty, too long, not a string, or not valid text"
    BAD_TIME = "bad_time", "a time is neither RFC 3339 with an offset nor an integer of epoch milliseconds"
    BAD_LABEL = "bad_label", "the campaign is empty, too long, not a string, or holds characters no label may hold"
    BAD_AMOUNT = "bad_amount", "money that is no plain decimal, negative, too large, too fine, or of no currency code"
    BAD_VALUE = "bad_value", "a field's value is out of its range, or not one of the allowed ones"
    FUTURE = "future", "the time lies too far after the record's Kafka timestamp, and `sent_at` does not explain it"
    TOO_OLD = "too_old", "the time lies further before the record's Kafka timestamp than the topic's horizon"


class Invalid(msgspec.Struct, frozen=True, gc=False):
    """A record that is not counted: its reason, and a detail of at most MAX_DETAIL characters.

    The detail names fields and limits only: it goes to logs and headers, so it never quotes what the record held.
    """

    reason: Reason
    detail: str


TOO_DEEP: Final = Invalid(Reason.TOO_DEEP, f"nested deeper than {MAX_DEPTH}")


class CatalogueError(ValueError):
    """A catalogue entry is wrong. `path` names the field, such as `targets[0].kpi`; empty for the entry as a whole."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}" if path else problem)
        self.path = path
        self.problem = problem
