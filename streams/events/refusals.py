"""The slow path of decode: why msgspec refused a record, and the two defects that are mended instead."""

import codecs
import re
from typing import Final

import msgspec

from streams.events.errors import MAX_DEPTH, TOO_DEEP, Invalid, Reason
from streams.events.forms import MARK, unframed, unwrapped
from streams.events.surrogates import without_lone_surrogates
from streams.events.topic import MAX_ID, Event

_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKET: Final = re.compile(rb"[\[\]{}]")
_PATH: Final = re.compile(r" - at `\$\.?([a-z_]*)")
_MISSING: Final = re.compile(r"missing required field `([a-z_]+)`")
_REPLACEMENT: Final = "\ufffd"

_FIELD_REASONS: Final = {
    "id": (Reason.BAD_ID, f"id must be a string of 1 to {MAX_ID} characters"),
    "campaign": (Reason.BAD_LABEL, "campaign must be a string"),
    "amount": (Reason.BAD_AMOUNT, "amount is out of range"),
    "cost": (Reason.BAD_AMOUNT, "cost is out of range"),
    "currency": (Reason.BAD_AMOUNT, "currency must be three capital letters"),
    "day": (Reason.BAD_VALUE, "day must be a date, YYYY-MM-DD"),
}
_TIMES: Final = frozenset({"time", "sent_at"})


def too_deep(value: bytes) -> bool:
    """Whether arrays and objects nest deeper than MAX_DEPTH, brackets inside strings not counted."""
    if value.count(b"[") + value.count(b"{") <= MAX_DEPTH:
        return False
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub(b"", value)):
        depth += 1 if bracket.group() in b"[{" else -1
        if depth > MAX_DEPTH:
            return True
    return False


def decode_mended(decoder: msgspec.json.Decoder[Event], value: bytes, error: Exception) -> Event | Invalid:
    """The event of a record that the decoder has refused with `error` though it is sound: in a frame, a CloudEvent, or
    with a byte order mark or lone surrogates. Else why it is refused.

    A text that was cut inside an emoji ends in a lone surrogate: that costs no event unless an identity is concerned.
    """
    bare = unframed(value).removeprefix(codecs.BOM_UTF8)
    if bare != value:
        try:
            return decoder.decode(bare)
        except (ValueError, RecursionError) as second:
            error = second
    mended, plain = bare, unwrapped(bare, mend=False)
    lone = plain is None and (MARK in bare or (b"\\u" in bare and type(error) is msgspec.DecodeError))
    if lone:
        mended = without_lone_surrogates(bare)
        plain = unwrapped(mended, mend=True)
    if isinstance(plain, Invalid):
        return plain
    if plain is None:
        if mended == bare:
            return refusal(bare, error)
        plain = mended
    elif too_deep(plain):
        return TOO_DEEP
    try:
        event = decoder.decode(plain)
    except (ValueError, RecursionError) as second:
        return refusal(plain, second)
    return event if not lone else _surrogate_in_identity(event) or event


def refusal(value: bytes, error: Exception) -> Invalid:
    """Why the decoder refused a record, told without quoting what the record holds."""
    if isinstance(error, RecursionError):
        return TOO_DEEP
    if isinstance(error, UnicodeDecodeError):
        return Invalid(Reason.NOT_JSON, "a field that is read is not UTF-8")
    if not isinstance(error, msgspec.ValidationError):
        return Invalid(Reason.NOT_JSON, _not_json(value))
    message = str(error)
    missing = _MISSING.search(message)
    if missing:
        return Invalid(Reason.MISSING_FIELD, f"{missing[1]} is missing")
    path = _PATH.search(message)
    if path is None:
        return Invalid(Reason.NOT_OBJECT, "the value is JSON, but not an object")
    return _field_refusal(path[1], message)


def _field_refusal(field: str, message: str) -> Invalid:
    if message.startswith("Expected") and "got `null`" in message:
        return Invalid(Reason.MISSING_FIELD, f"{field} is null")
    if field in _TIMES:
        return Invalid(Reason.BAD_TIME, f"{field} must be RFC 3339 with an offset, or integer epoch milliseconds")
    if field in _FIELD_REASONS:
        return Invalid(*_FIELD_REASONS[field])
    expected, _, got = message.partition(" - at ")[0].partition(", got ")
    if got:
        return Invalid(Reason.WRONG_TYPE, f"{field}: {expected[0].lower()}{expected[1:]}, got {got}".replace("`", ""))
    if expected.startswith("Expected"):
        return Invalid(Reason.BAD_VALUE, f"{field}: {expected[0].lower()}{expected[1:]}".replace("`", ""))
    return Invalid(Reason.BAD_VALUE, f"{field} is not one of the allowed values or out of range")


def _not_json(value: bytes) -> str:
    if not value:
        return "the value is empty"
    if value.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\x00" in value[:2]:
        return "not JSON in UTF-8; it looks like UTF-16 or a binary form"
    return "not JSON in UTF-8"


def _surrogate_in_identity(event: Event) -> Invalid | None:
    if _REPLACEMENT in event.id:
        return Invalid(Reason.BAD_ID, "id holds a lone surrogate")
    if _REPLACEMENT in event.campaign:
        return Invalid(Reason.BAD_LABEL, "campaign holds a lone surrogate")
    for name, text in (("source", event.source), ("person", event.person)):
        if text is not None and _REPLACEMENT in text:
            return Invalid(Reason.BAD_VALUE, f"{name} holds a lone surrogate")
    return None
