"""Records that must not be counted, each with the reason that must be given for it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from streams.events.catalogue import topic_by_name
from streams.events.errors import Reason

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

Fields = dict[str, Any]
Spoil = Callable[[random.Random, Fields, int], tuple[bytes | None, Reason]]
"""Takes a sound event's fields and the time now (epoch milliseconds); gives the record's value and why it's invalid."""


def _with(reason: Reason, **changes: Any) -> Spoil:
    def spoil(rng: random.Random, fields: Fields, now_ms: int) -> tuple[bytes | None, Reason]:
        return orjson.dumps({**fields, **changes}), reason

    return spoil


def _without(name: str) -> Spoil:
    def spoil(rng: random.Random, fields: Fields, now_ms: int) -> tuple[bytes | None, Reason]:
        return orjson.dumps({key: value for key, value in fields.items() if key != name}), Reason.MISSING_FIELD

    return spoil


def _bytes(value: bytes | None, reason: Reason) -> Spoil:
    return lambda rng, fields, now_ms: (value, reason)


def _cut(rng: random.Random, fields: Fields, now_ms: int) -> tuple[bytes | None, Reason]:
    whole = orjson.dumps(fields)
    return whole[: rng.randrange(1, len(whole))], Reason.NOT_JSON


def _utf16(rng: random.Random, fields: Fields, now_ms: int) -> tuple[bytes | None, Reason]:
    return orjson.dumps(fields).decode().encode("utf-16"), Reason.NOT_JSON


def _seconds(rng: random.Random, fields: Fields, now_ms: int) -> tuple[bytes | None, Reason]:
    return orjson.dumps({**fields, "time": now_ms // 1000}), Reason.TOO_OLD


def _ancient(rng: random.Random, fields: Fields, now_ms: int) -> tuple[bytes | None, Reason]:
    return orjson.dumps({**fields, "time": now_ms - rng.randrange(45, 90) * DAY_MS}), Reason.TOO_OLD


def _future(rng: random.Random, fields: Fields, now_ms: int) -> tuple[bytes | None, Reason]:
    """Some say when they were sent, which shows that their clock is right and the time is not."""
    honest = {"sent_at": now_ms} if rng.random() < 0.3 else {}
    return orjson.dumps({**fields, "time": now_ms + rng.randrange(1, 72) * HOUR_MS, **honest}), Reason.FUTURE


_ANY: tuple[Spoil, ...] = (
    _bytes(None, Reason.TOMBSTONE),
    _bytes(None, Reason.TOMBSTONE),
    _bytes(b"", Reason.NOT_JSON),
    _bytes(b"id=17&channel=email", Reason.NOT_JSON),
    _bytes(b'["not", "an", "object"]', Reason.NOT_OBJECT),
    _bytes(b'{"a":' * 10_000 + b"1" + b"}" * 10_000, Reason.TOO_DEEP),
    _cut,
    _cut,
    _utf16,
    _without("id"),
    _without("time"),
    _without("campaign"),
    _with(Reason.MISSING_FIELD, channel=None),
    _with(Reason.BAD_ID, id=17),
    _with(Reason.BAD_ID, id=""),
    _with(Reason.BAD_ID, id="x" * 300),
    _with(Reason.BAD_TIME, time="yesterday"),
    _with(Reason.BAD_TIME, time="2026-11-24T09:00:00"),
    _with(Reason.BAD_LABEL, campaign="aurora\u0000"),
    _with(Reason.BAD_LABEL, campaign="aur\u202eora"),
    _with(Reason.BAD_LABEL, campaign="a" * 10_000),
    _with(Reason.WRONG_TYPE, test="no"),
    _future,
    _future,
)

_TOO_OLD: tuple[Spoil, ...] = (_seconds, _ancient)
"""For topics that have a horizon."""

_OWN: Mapping[str, tuple[Spoil, ...]] = {
    "click": (_with(Reason.WRONG_TYPE, machine="yes"), _with(Reason.WRONG_TYPE, unsubscribe=1)),
    "open": (_with(Reason.WRONG_TYPE, machine="yes"),),
    "visit": (_with(Reason.WRONG_TYPE, engaged="long"),),
    "mention": (_with(Reason.BAD_VALUE, sentiment=5), _with(Reason.WRONG_TYPE, sentiment="good")),
    "sale": (
        _with(Reason.BAD_AMOUNT, amount=-1),
        _with(Reason.BAD_AMOUNT, amount="12,50"),
        _with(Reason.BAD_AMOUNT, currency="euro"),
        _with(Reason.BAD_VALUE, kind="gift"),
        _without("amount"),
    ),
    "delivery": (_with(Reason.BAD_VALUE, status="read"), _without("status")),
    "impression": (_with(Reason.BAD_VALUE, count=0), _with(Reason.WRONG_TYPE, count="many")),
    "lead": (_with(Reason.BAD_VALUE, stage="cold"),),
    "spend": (
        _with(Reason.BAD_AMOUNT, amount=-1),
        _with(Reason.BAD_AMOUNT, currency="euro"),
        _with(Reason.BAD_VALUE, day="24.11.2026"),
        _with(Reason.BAD_VALUE, kind="bribe"),
        _without("day"),
    ),
    "survey": (_with(Reason.BAD_VALUE, score=11), _with(Reason.BAD_VALUE, kind="ces"), _without("score")),
    "customer": (_with(Reason.BAD_VALUE, status="paused"), _without("status")),
    "tactic": (_with(Reason.BAD_VALUE, title="x" * 200), _without("title")),
}


def spoil(rng: random.Random, topic: str, fields: Fields, now_ms: int) -> tuple[bytes | None, Reason]:
    """Spoil a sound event in one of many ways; returns the record's value and the reason it must be refused for."""
    ways = _OWN[topic] if rng.random() < 0.25 else _any(topic)
    return rng.choice(ways)(rng, fields, now_ms)


def every_way(topic: str) -> tuple[Spoil, ...]:
    """All the ways in which an event of that topic can be spoiled."""
    return (*_any(topic), *_OWN[topic])


def _any(topic: str) -> tuple[Spoil, ...]:
    return _ANY if topic_by_name(topic).horizon_ms is None else (*_ANY, *_TOO_OLD)
