"""Sales and refunds, with exact money in the currency in which they were made."""

from types import MappingProxyType
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from streams.events.currencies import CURRENCIES, CURRENCY_SCHEMA
from streams.events.errors import Invalid, Reason
from streams.events.measures import Counters, Measure, People, money_key
from streams.events.money import MONEY_SCHEMA, MONEY_TYPE, OPTIONAL_MONEY_SCHEMA, bad_amount, parse_amount
from streams.events.topic import HORIZON_FEW_MS, Event, Field, Topic

MAX_UNITS: Final = 1_000_000_000

_SALES: Final = int(Measure.SALES)
_REFUNDS: Final = int(Measure.REFUNDS)
_UNITS: Final = int(Measure.UNITS)
_REVENUE: Final = int(Measure.REVENUE)
_REFUNDED: Final = int(Measure.REFUNDED)
_MARGIN: Final = int(Measure.MARGIN)
_NEW: Final = int(Measure.NEW_CUSTOMERS)
_RETURNING: Final = int(Measure.RETURNING_CUSTOMERS)
_TESTS: Final = int(Measure.TESTS_SALE)
_BUYER: Final = (int(People.BUYERS),)
_NULL: Final = msgspec.Raw(b"null")


class Sale(Event, gc=False, kw_only=True):
    """A sale or a refund. Amounts stay JSON tokens until they are parsed exactly.

    `new_customer` is filled before `count` where `needs_first_purchase` says so.
    """

    amount: msgspec.Raw
    currency: str
    cost: msgspec.Raw = _NULL
    units: Annotated[int, Meta(ge=0, le=MAX_UNITS)] | None = None
    kind: Literal["sale", "refund"] | None = "sale"
    new_customer: bool | None = None


def check(event: Sale) -> Invalid | None:
    """Amount and cost are exact decimals from 0 up, the currency one of ISO 4217."""
    if event.amount == _NULL:
        return Invalid(Reason.MISSING_FIELD, "amount is null")
    if parse_amount(bytes(event.amount)) is None:
        return bad_amount("amount")
    if event.cost != _NULL and parse_amount(bytes(event.cost)) is None:
        return bad_amount("cost")
    if event.currency not in CURRENCIES:
        return Invalid(Reason.BAD_AMOUNT, "currency must be a code of ISO 4217")
    return None


def count(event: Sale, add: Counters) -> None:
    """A sale, its units, revenue, margin and customer; or a refund, what it gave back and the margin it took."""
    if event.test:
        add[_TESTS] = add.get(_TESTS, 0) + 1
        return
    amount = parse_amount(bytes(event.amount))
    if amount is None:
        raise ValueError("count takes only events that check has passed")
    refund = event.kind == "refund"
    if refund:
        _add(add, _REFUNDS, 1)
        _add(add, money_key(_REFUNDED, event.currency), amount)
    else:
        _add(add, _SALES, 1)
        _add(add, _UNITS, 1 if event.units is None else event.units)
        _add(add, money_key(_REVENUE, event.currency), amount)
        if event.new_customer is not None:
            _add(add, _NEW if event.new_customer else _RETURNING, 1)
    if event.cost != _NULL and (cost := parse_amount(bytes(event.cost))) is not None:
        _add(add, money_key(_MARGIN, event.currency), cost - amount if refund else amount - cost)


def people(event: Sale) -> tuple[int, ...]:
    """Whoever buys is a buyer; a refund makes none and takes none back."""
    return _BUYER if event.person and event.kind != "refund" and not event.test else ()


def needs_first_purchase(event: Sale) -> bool:
    """Whether only the claims can tell if this buyer is new: a sale by a person, without the sender's own word."""
    return event.new_customer is None and bool(event.person) and event.kind != "refund" and not event.test


def _add(add: Counters, key: int, number: int) -> None:
    add[key] = add.get(key, 0) + number


TOPIC: Final = Topic(
    name="sale",
    event=Sale,
    horizon_ms=HORIZON_FEW_MS,
    count=count,
    people=people,
    check=check,
    needs_first_purchase=needs_first_purchase,
    counted_in=(Measure.SALES, Measure.REFUNDS),
    test_measure=Measure.TESTS_SALE,
    title="Sales",
    description="Someone bought something, or got their money back.",
    fields=(
        Field("order", "string", "the order's number", read=False),
        Field("amount", MONEY_TYPE, "what was paid, or given back; never negative", required=True, schema=MONEY_SCHEMA),
        Field(
            "currency",
            "three capital letters",
            "the ISO 4217 code of amount and cost; no other",
            required=True,
            schema=CURRENCY_SCHEMA,
        ),
        Field(
            "cost",
            MONEY_TYPE,
            "what the goods cost the seller; with it the sale has a margin",
            schema=OPTIONAL_MONEY_SCHEMA,
        ),
        Field("units", f"integer, 0 to {MAX_UNITS}", "pieces sold, 1 unless given; not counted for refunds"),
        Field("kind", "`sale` or `refund`", "`sale` unless given"),
        Field("new_customer", "boolean", "the sender's own word; else the person's first sale decides"),
    ),
    counts=(
        "sales",
        "refunds",
        "units",
        "revenue, refunded money and margin, each by currency",
        "new and returning customers",
        "unique buyers",
    ),
    example=MappingProxyType(
        {
            "id": "s-5001",
            "time": "2026-11-24T09:01:00+01:00",
            "campaign": "aurora",
            "channel": "email",
            "source": "shop",
            "person": "p-17",
            "order": "A-1",
            "amount": "49.90",
            "currency": "EUR",
            "cost": 20,
            "units": 2,
        }
    ),
)
