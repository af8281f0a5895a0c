"""What may stand in Latin letters where a board speaks Russian."""

import re

ABBREVIATIONS = {"API", "CAC", "CPC", "CPL", "CPM", "CSAT", "CTOR", "GA4", "LTV", "MROI", "NPS", "ROAS"}
"""Russian marketers write them so, too."""


def foreign(text: str) -> set[str]:
    """The words in Latin letters that have no place in a Russian sentence."""
    return set(re.findall(r"[A-Za-z_][A-Za-z_0-9]*", text)) - ABBREVIATIONS
