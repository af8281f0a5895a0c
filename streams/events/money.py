"""Amounts as exact integers: no float ever holds money."""

import re
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from streams.events.errors import Invalid, Reason
from streams.events.measures import MICROS

MAX_WHOLE_DIGITS: Final = 18
FRACTION_DIGITS: Final = 6

MONEY_TYPE: Final = (
    f"number or decimal string, {MAX_WHOLE_DIGITS} digits before the point and {FRACTION_DIGITS} after it"
)
"""The type of a field that holds money, as the documents have it."""

_FORMS: Final = (
    {"type": "number", "minimum": 0, "exclusiveMaximum": 10**MAX_WHOLE_DIGITS},
    {"type": "string", "pattern": r"^[0-9]{1,64}(\.[0-9]{1,64})?([eE][+-]?[0-9]{1,3})?$"},
)
MONEY_SCHEMA: Final = MappingProxyType({"anyOf": [*_FORMS]})
"""What JSON Schema can say of such a field; `parse_amount` says all."""

OPTIONAL_MONEY_SCHEMA: Final = MappingProxyType({"anyOf": [*_FORMS, {"type": "null"}]})

_AMOUNT: Final = re.compile(rb"(-?)([0-9]{1,64})(?:\.([0-9]{1,64}))?(?:[eE]([+-]?[0-9]{1,3}))?")
_LONGEST: Final = 140
_LIMIT: Final = 10**MAX_WHOLE_DIGITS * MICROS


def parse_amount(token: bytes) -> int | None:
    """Millionths, exactly, of a JSON number or of a JSON string that holds one; 0 ≤ result < 10**24.

    None for anything else: a negative amount, 10**18 or more, more than six significant digits after the point, NaN.
    """
    return _parse(token) if len(token) <= _LONGEST else None


def bad_amount(field: str) -> Invalid:
    """Why a record is refused whose field `parse_amount` cannot read."""
    return Invalid(
        Reason.BAD_AMOUNT,
        f"{field} must be a decimal from 0 up, at most {MAX_WHOLE_DIGITS} digits before the point "
        f"and {FRACTION_DIGITS} after it",
    )


@lru_cache(maxsize=4096)
def _parse(token: bytes) -> int | None:
    if token.startswith(b'"'):
        token = token[1:-1]
    match = _AMOUNT.fullmatch(token)
    if match is None:
        return None
    sign, whole, fraction, exponent = match.groups(b"")
    digits = int(whole + fraction)
    if digits == 0:
        return 0
    shift = FRACTION_DIGITS - len(fraction) + int(exponent or b"0")
    if shift < 0:
        micros, rest = divmod(digits, 10**-shift)
    else:
        micros, rest = digits * 10**shift, 0
    return None if sign or rest or micros >= _LIMIT else micros
