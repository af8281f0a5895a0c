"""What was spent on a day. Platforms restate it for weeks, so an event states a total so far and adds nothing."""

from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from streams.events.currencies import CURRENCIES, CURRENCY_SCHEMA
from streams.events.decode import epoch_ms
from streams.events.errors import Invalid, Reason
from streams.events.measures import Counters, Measure
from streams.events.money import MONEY_SCHEMA, MONEY_TYPE, bad_amount, parse_amount
from streams.events.topic import HOUR_MS, Event, Fact, Field, Text, Topic

KINDS: Final = ("media", "fee", "production")
"""A kind's place is its number in a stated value, part of the format: new kinds are appended."""

EPOCH: Final = date(1970, 1, 1)
FIRST_DAY: Final = date(1970, 1, 2)
"""Day 0 is none at all, so a platform's zero for an unknown day is nobody's spend."""
MAX_DAYS_AHEAD: Final = 366

_DAY_MS: Final = 24 * HOUR_MS
_STATEMENTS: Final = int(Measure.SPEND_STATEMENTS)
_TESTS: Final = int(Measure.TESTS_SPEND)
_NULL: Final = msgspec.Raw(b"null")


class Spend(Event, gc=False, kw_only=True):
    """The total so far of one line: a campaign's channel, platform, account, kind and day."""

    day: date
    amount: msgspec.Raw
    currency: str
    platform: Text | None = None
    account: Text | None = None
    kind: Literal["media", "fee", "production"] | None = "media"


@dataclass(frozen=True, slots=True)
class Spent:
    """What a statement says of its line: its kind, the currency, and the amount in millionths, 0 or more."""

    kind: str
    currency: str
    micros: int


def check(event: Spend) -> Invalid | None:
    """The amount is an exact decimal from 0 up, the currency one of ISO 4217, the day at most a year ahead."""
    if event.amount == _NULL:
        return Invalid(Reason.MISSING_FIELD, "amount is null")
    if parse_amount(bytes(event.amount)) is None:
        return bad_amount("amount")
    if event.currency not in CURRENCIES:
        return Invalid(Reason.BAD_AMOUNT, "currency must be a code of ISO 4217")
    last = epoch_ms(event.time) // _DAY_MS + MAX_DAYS_AHEAD
    if not epoch_day(FIRST_DAY) <= epoch_day(event.day) <= last:
        return Invalid(
            Reason.BAD_VALUE, f"day must be from {FIRST_DAY.isoformat()} to {MAX_DAYS_AHEAD} days after time"
        )
    return None


def count(event: Spend, add: Counters) -> None:
    """One statement, whatever it says. It is not claimed, since it may be of any age: a resend is one more, and says
    nothing new of what was spent."""
    measure = _TESTS if event.test else _STATEMENTS
    add[measure] = add.get(measure, 0) + 1


def fact(event: Spend) -> Fact | None:
    """The line's total so far. Raises ValueError for an event that `check` has not passed."""
    if event.test:
        return None
    micros = parse_amount(bytes(event.amount))
    if micros is None:
        raise ValueError("only what check has passed states a fact")
    kind = event.kind or KINDS[0]
    line = (event.platform or "", event.account or "", kind)
    return Fact(line, epoch_day(event.day), spent_value(Spent(kind, event.currency, micros)))


def spent_value(spent: Spent) -> bytes:
    """The value of a statement: the kind's number, the currency's three letters, the amount in big-endian bytes."""
    size = (spent.micros.bit_length() + 7) // 8
    return bytes((KINDS.index(spent.kind),)) + spent.currency.encode("ascii") + spent.micros.to_bytes(size, "big")


def read_spent(value: bytes) -> Spent:
    """What `spent_value` has written."""
    return Spent(KINDS[value[0]], value[1:4].decode("ascii"), int.from_bytes(value[4:], "big"))


def epoch_day(day: date) -> int:
    """Days from 1970-01-01 to that day; below 0 before it."""
    return (day - EPOCH).days


def day_of(number: int) -> date:
    """The day that is so many days after 1970-01-01."""
    return EPOCH + timedelta(number)


TOPIC: Final = Topic(
    name="spend",
    event=Spend,
    horizon_ms=None,
    count=count,
    check=check,
    fact=fact,
    counted_in=(Measure.SPEND_STATEMENTS,),
    test_measure=Measure.TESTS_SPEND,
    title="Spend",
    description="What a channel's platform, account and kind of cost have come to on a day, so far; a statement with a "
    "later `time` replaces it.",
    fields=(
        Field("day", "date, `YYYY-MM-DD`", "the day on which it was spent, as the platform reports it", required=True),
        Field(
            "amount",
            MONEY_TYPE,
            "the line's total of that day so far; 0 takes it back, as where it moved to another channel or campaign",
            required=True,
            schema=MONEY_SCHEMA,
        ),
        Field(
            "currency", "three capital letters", "the ISO 4217 code of amount", required=True, schema=CURRENCY_SCHEMA
        ),
        Field("platform", "string, at most 256 characters", "where it was spent, such as `search-ads`"),
        Field("account", "string, at most 256 characters", "the account there"),
        Field("kind", "`media`, `fee` or `production`", "`media` unless given"),
    ),
    counts=(
        "statements, as often as they come, resends too",
        "the newest statement of each line, by day and currency",
    ),
    example=MappingProxyType(
        {
            "id": "e-1201",
            "time": "2026-11-24T06:00:00Z",
            "campaign": "aurora",
            "channel": "paid_search",
            "source": "ads-export",
            "day": "2026-11-23",
            "amount": "1250.40",
            "currency": "EUR",
            "platform": "search-ads",
            "account": "eu-1",
        }
    ),
)
