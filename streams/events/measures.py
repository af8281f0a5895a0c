"""The additive counters, by number. The numbers are part of the summaries' format: none is changed or used again.

Counters are a `dict[int, int]`. A plain measure is its own key. Money is counted in integer millionths with one counter
a currency, whose key is `measure + 256 * (1 + n)`, n being the currency's three letters read as a base-26 number.
"""

from enum import IntEnum
from functools import lru_cache
from typing import Final

from streams.events.errors import Reason

Counters = dict[int, int]
"""Measure or money key to its sum. An absent key is 0; MARGIN and MENTION_SCORE may be negative."""

MONEY_STEP: Final = 256
"""Keys from here on are money; below are plain measures."""

MICROS: Final = 1_000_000
"""Millionths in one unit of a currency, and in a sentiment score of 1."""


class Measure(IntEnum):
    """Every additive counter. 1..127 belong to a campaign, 128..255 to the ledger of a source partition."""

    CLICKS = 1
    MACHINE_CLICKS = 2
    UNSUBSCRIBES = 3
    OPENS = 8
    MACHINE_OPENS = 9
    VISITS = 16
    ENGAGED_VISITS = 17
    MENTIONS_POSITIVE = 24
    MENTIONS_NEUTRAL = 25
    MENTIONS_NEGATIVE = 26
    MENTIONS_UNKNOWN = 27
    MENTION_SCORE = 28
    """Sum of the scores, in millionths, of the mentions that have one; may be negative."""
    MENTION_SCORED = 29
    AUDIENCE = 30
    SALES = 40
    REFUNDS = 41
    UNITS = 42
    REVENUE = 43
    """Money: what sales brought in, before refunds."""
    REFUNDED = 44
    """Money: what refunds gave back."""
    MARGIN = 45
    """Money: amount less cost, of those sales (less those refunds) that say their cost; may be negative."""
    NEW_CUSTOMERS = 46
    RETURNING_CUSTOMERS = 47
    SENT = 50
    DELIVERED = 51
    BOUNCED = 52
    COMPLAINED = 53
    UNSUBSCRIBED = 54
    """As the mail provider says; UNSUBSCRIBES are those of the link in the message."""
    IMPRESSIONS = 56
    LEADS = 58
    QUALIFIED_LEADS = 59
    OPPORTUNITIES = 60
    PROMOTERS = 64
    PASSIVES = 65
    DETRACTORS = 66
    SATISFIED = 67
    CSAT_ANSWERS = 68
    ACTIVATIONS = 72
    CANCELLED_PRICE = 73
    CANCELLED_SERVICE = 74
    CANCELLED_TECHNICAL = 75
    CANCELLED_PRODUCT = 76
    CANCELLED_OTHER = 77
    SPEND_STATEMENTS = 80
    """Statements of what was spent, not money: a later one of the same line replaces the amount."""
    TACTICS = 81
    LATE = 112
    """Events of any topic that were late."""
    UNKNOWN_CHANNEL = 113
    """Events of any topic that named a channel outside the list and were counted under `other`."""
    TESTS_CLICK = 114
    TESTS_OPEN = 115
    TESTS_VISIT = 116
    TESTS_MENTION = 117
    TESTS_SALE = 118
    TESTS_DELIVERY = 119
    TESTS_IMPRESSION = 120
    TESTS_LEAD = 121
    TESTS_SPEND = 122
    TESTS_SURVEY = 123
    TESTS_CUSTOMER = 124
    TESTS_TACTIC = 125

    READ = 128
    COUNTED = 129
    DUPLICATE = 130
    INVALID = 131
    LEDGER_LATE = 132
    LEDGER_MACHINE = 133
    LEDGER_TEST = 134
    INVALID_TOMBSTONE = 160
    INVALID_TOO_LARGE = 161
    INVALID_NOT_JSON = 162
    INVALID_NOT_OBJECT = 163
    INVALID_TOO_DEEP = 164
    INVALID_MISSING_FIELD = 165
    INVALID_WRONG_TYPE = 166
    INVALID_BAD_ID = 167
    INVALID_BAD_TIME = 168
    INVALID_BAD_LABEL = 169
    INVALID_BAD_AMOUNT = 170
    INVALID_BAD_VALUE = 171
    INVALID_FUTURE = 172
    INVALID_TOO_OLD = 173


class People(IntEnum):
    """The kinds of unique people, each a sketch of its own."""

    REACHED = 1
    OPENERS = 2
    CLICKERS = 3
    BUYERS = 4
    ENGAGED = 5


MONEY_MEASURES: Final = frozenset({Measure.REVENUE, Measure.REFUNDED, Measure.MARGIN})

_REASON_MEASURES: Final = {reason: Measure[f"INVALID_{reason.name}"] for reason in Reason}

_REASONS: Final[dict[int, Reason]] = {measure: reason for reason, measure in _REASON_MEASURES.items()}

_LETTERS: Final = 26


def is_currency(text: str) -> bool:
    """Whether the text is three capital letters A to Z, the form of an ISO 4217 code."""
    return len(text) == 3 and text.isascii() and text.isalpha() and text.isupper()


def money_key(measure: int, currency: str) -> int:
    """The key of a money measure in one currency. Raises ValueError unless it is three capital letters."""
    return int(measure) + _currency_step(currency)


@lru_cache(maxsize=512)
def _currency_step(currency: str) -> int:
    if not is_currency(currency):
        raise ValueError("a currency is three capital letters")
    first, second, third = (ord(letter) - 65 for letter in currency)
    return MONEY_STEP * (1 + (first * _LETTERS + second) * _LETTERS + third)


def is_money(key: int) -> bool:
    """Whether a counter's key is that of money in some currency."""
    return key >= MONEY_STEP


@lru_cache(maxsize=1024)
def money_parts(key: int) -> tuple[Measure, str]:
    """The measure and the currency of a money key. Raises ValueError for any other number."""
    number, measure = divmod(key, MONEY_STEP)
    rest, third = divmod(number - 1, _LETTERS)
    first, second = divmod(rest, _LETTERS)
    if not 0 <= first < _LETTERS:
        raise ValueError(f"{key} is not a money key")
    return Measure(measure), "".join(chr(65 + letter) for letter in (first, second, third))


def reason_measure(reason: Reason) -> Measure:
    """The ledger's measure that counts the dead letters of one reason."""
    return _REASON_MEASURES[reason]


def measure_reason(measure: int) -> Reason | None:
    """The reason that a ledger measure counts, or None when it counts something else."""
    return _REASONS.get(measure)
