"""Amounts as exact integers: no float ever holds money."""

import re
from functools import lru_cache
from typing import Final

from streams.events.measures import MICROS

MAX_WHOLE_DIGITS: Final = 18
FRACTION_DIGITS: Final = 6

_AMOUNT: Final = re.compile(rb"(-?)([0-9]{1,64})(?:\.([0-9]{1,64}))?(?:[eE]([+-]?[0-9]{1,3}))?")
_LONGEST: Final = 140
_LIMIT: Final = 10**MAX_WHOLE_DIGITS * MICROS


def parse_amount(token: bytes) -> int | None:
    """Millionths, exactly, of a JSON number or of a JSON string that holds one; 0 ≤ result < 10**24.

    None for anything else: a negative amount, 10**18 or more, more than six significant digits after the point, NaN.
    """
    return _parse(token) if len(token) <= _LONGEST else None


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
