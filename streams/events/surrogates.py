"""Lone surrogates: what is left of an emoji at the end of a text that was cut inside it."""

import re
from typing import Final

_ESCAPE: Final = re.compile(
    rb"\\(?:u([dD][89abAB][0-9a-fA-F]{2})(\\u[dD][c-fC-F][0-9a-fA-F]{2})?|u([dD][c-fC-F][0-9a-fA-F]{2})|.)"
)


def without_lone_surrogates(value: bytes) -> bytes:
    """JSON in which the replacement character, U+FFFD, stands for every escaped surrogate that is no half of a pair."""
    return _ESCAPE.sub(_replaced, value)


def _replaced(escape: re.Match[bytes]) -> bytes:
    high, low_after_high, low = escape.groups()
    if low is not None or (high is not None and low_after_high is None):
        return b"\\ufffd"
    return escape[0]
