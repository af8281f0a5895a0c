"""Labels: names that end up in metrics, boards and files. One bad label breaks a whole scrape.

A label that is not clean is refused, never mended: two campaigns must not become one silently.
"""

import unicodedata
from typing import Final

from streams.events.topic import MAX_LABEL

_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Controls, lone surrogates, line and paragraph separators: the same in every version of Unicode."""

_REFUSED: Final = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # bidi marks, embeddings, overrides
    "\u200b\u2060\ufeff\u00ad"  # invisible: they make two campaigns look like one
)

_CACHE_LIMIT: Final = 4096
_clean: dict[str, str] = {}


def label_problem(text: str) -> str | None:
    """What is wrong with a label, without quoting it; None for a clean one."""
    if not text or text.isspace():
        return "is empty"
    if len(text) > MAX_LABEL:
        return f"is longer than {MAX_LABEL} characters"
    if text.isascii() and text.isprintable():
        return None
    for character in text:
        if character in _REFUSED or unicodedata.category(character) in _REFUSED_CATEGORIES:
            return f"holds the character U+{ord(character):04X}, which no label may hold"
    return None


def clean_label(text: str) -> str | None:
    """The label itself (always the same object for the same text, while cached) or None when it is not clean."""
    known = _clean.get(text)
    if known is not None:
        return known
    if label_problem(text) is not None:
        return None
    if len(_clean) >= _CACHE_LIMIT:
        _clean.clear()
    _clean[text] = text
    return text
