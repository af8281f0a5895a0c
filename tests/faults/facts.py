"""Facts, once more by hand: what spend and tactics state, which statement of a line stands, and how the tables say it.

A fact's table key is `f`, the topic's code, the channel, a zero, the day (4 bytes), the hash of the line (8 bytes) and
the campaign; its value is the MessagePack of [at, time, Kafka time, source, offset, what was said].
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec

DAY_MS = 86_400_000
KEPT_MS = 400 * DAY_MS
KINDS = ("media", "fee", "production")

Order = tuple[int, int, int, int]
"""Of a statement: time, Kafka time, source, offset."""

Stated = tuple[Order, tuple[Any, ...]]
"""Kind, currency and millionths; or title, detail and owner."""


def fact_of(topic: str, fields: Mapping[str, Any]) -> tuple[int, tuple[str, ...], tuple[Any, ...]] | None:
    """The day, the line and what is said of it."""
    if fields.get("test"):
        return None
    if topic == "spend":
        kind = fields.get("kind") or "media"
        line = (fields.get("platform") or "", fields.get("account") or "", kind)
        day = (date.fromisoformat(fields["day"]) - date(1970, 1, 1)).days
        return day, line, (kind, fields["currency"], int(Decimal(fields["amount"]) * 1_000_000))
    if topic == "tactic":
        said = tuple(fields.get(name) or "" for name in ("title", "detail", "owner"))
        return 0, (fields.get("source") or "", fields["id"]), said
    return None


def held(day: int, bucket_ms: int) -> bool:
    """Whether the tables still take a statement of that day; days are those of UTC."""
    return day == 0 or (day + 1) * DAY_MS + KEPT_MS > bucket_ms


def key_of(campaign: str, code: int, channel: int, day: int, line: tuple[str, ...]) -> bytes:
    """The table key."""
    told = blake2b(msgspec.msgpack.encode(list(line)), digest_size=8).digest()
    return b"f" + bytes((code, channel, 0)) + day.to_bytes(4, "big") + told + campaign.encode()


def campaign_of(key: bytes) -> str:
    """The campaign of a fact's table key."""
    return key[16:].decode()


def standing(stated: Iterable[list[Any]], code: int) -> Stated:
    """Of the statements of all terms the one that stands."""
    _, *order, said = max(stated, key=lambda statement: statement[1:5])
    return tuple(order), _said(said, code)  # type: ignore[return-value]


def _said(said: bytes, code: int) -> tuple[Any, ...]:
    if code == 9:
        return KINDS[said[0]], said[1:4].decode(), int.from_bytes(said[4:], "big")
    told = json.loads(said)
    return tuple(told[name] for name in ("title", "detail", "owner"))
