"""Seeded events of all topics, each with the truth about it: a header says why it must be refused, or "ok".

Of 100 records 15 are resends (some of them of long ago), 1 is malformed, 1 late, 1 from the future (half of those
explained by `sent_at`), 1 a test and 1 of an unknown channel; sales are in several currencies, and most events name a
person.
"""

from __future__ import annotations

import json
import random
from collections import deque
from dataclasses import dataclass
from typing import Any

from streams.events import catalogue

TRUTH = "truth"
OK = "ok"
MINUTE_MS = 60_000
RESENT = 0.15
REMEMBERED = 3_000
LONG_REMEMBERED = 20_000
CAMPAIGNS = ("aurora", "заря", "borealis", "nimbus 🚀")
TOPICS = tuple(topic.name for topic in catalogue.TOPICS)
_SHARES = {"click": 20, "open": 20, "visit": 40, "mention": 8, "sale": 12}
_OTHER_SHARE = 5
_CHANNELS = ("email", "direct", "paid_social", "organic_search", "offline", "other")
_CURRENCIES = ("EUR", "USD", "JPY")


@dataclass(frozen=True, slots=True)
class Record:
    """One record to send to an event topic; `truth` is "ok" or the reason that it must be refused for."""

    topic: str
    key: bytes | None
    value: bytes | None
    truth: str = OK
    extra: tuple[tuple[str, bytes], ...] = ()
    """Headers beside the truth."""

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        """What it is sent with: the truth about it, for the recount, and the rest."""
        return [(TRUTH, self.truth.encode()), *self.extra]


class Events:
    """An endless stream of records. run: part of the ids, so that two streams on the same topics don't collide.

    spread_ms: how long before its sending an event may have happened.
    """

    def __init__(self, seed: int, run: str = "run", spread_ms: int = 3_000, people: int = 900) -> None:
        self._rng = random.Random(seed)
        self._run = run
        self._spread_ms = spread_ms
        self._people = people
        self._number = 0
        self._past: deque[tuple[str, bytes]] = deque(maxlen=REMEMBERED)
        self._long_past: deque[tuple[str, bytes]] = deque(maxlen=LONG_REMEMBERED)

    def record(self, now_ms: int) -> Record:
        """The next record; `now_ms` (epoch milliseconds) is when it will be sent."""
        rng = self._rng
        if self._past and rng.random() < RESENT:
            topic, value = rng.choice(self._long_past if self._long_past and rng.random() < 0.1 else self._past)
            return Record(topic, rng.randbytes(3), value)
        topic = rng.choices(TOPICS, _TOPIC_SHARES)[0]
        self._number += 1
        fields: dict[str, Any] = {
            "id": f"{self._run}-{self._number}",
            "time": now_ms - rng.randrange(self._spread_ms),
            "campaign": rng.choices(CAMPAIGNS, (8, 4, 2, 1))[0],
            "channel": rng.choice(_CHANNELS),
            **_OWN[topic](rng),
        }
        if rng.random() < 0.8:
            fields["person"] = f"p{int(self._people * rng.random() ** 2)}"
        if rng.random() < 0.3:
            fields["source"] = rng.choice(("shop", "mailer"))
        return self._odd(topic, fields, now_ms)

    def _odd(self, topic: str, fields: dict[str, Any], now_ms: int) -> Record:
        rng, kind = self._rng, self._rng.randrange(170)  # of those that are no resends
        key = rng.choice((None, fields["campaign"].encode(), rng.randbytes(3)))
        if kind < 2:
            value, reason = rng.choice(_SPOILS)(fields)
            # A record needs a key or a value.
            return Record(topic, key or b"k", value, reason)
        if kind == 2:
            return Record(topic, key, _json({**fields, "time": now_ms + rng.randrange(60, 600) * MINUTE_MS}), "future")
        if kind == 3:
            # A clock that is ahead. Never resent: how far it is set back depends on when it arrives.
            ahead_ms = rng.randrange(20, 600) * MINUTE_MS
            fields |= {"time": fields["time"] + ahead_ms, "sent_at": now_ms + ahead_ms}
            return Record(topic, key, _json(fields))
        if kind < 6:
            fields["time"] = now_ms - rng.randrange(20, 90) * MINUTE_MS
        elif kind < 8:
            fields["channel"] = "carrier_pigeon"
        elif kind < 10:
            fields["test"] = True
        value = _json(fields)
        self._past.append((topic, value))
        if kind % 10 == 0:
            self._long_past.append((topic, value))
        return Record(topic, key, value)


def _json(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode()


def _click(rng: random.Random) -> dict[str, Any]:
    return rng.choices(({}, {"machine": True}, {"unsubscribe": True}), (8, 2, 1))[0]


def _open(rng: random.Random) -> dict[str, Any]:
    return {"machine": True} if rng.random() < 0.3 else {}


def _visit(rng: random.Random) -> dict[str, Any]:
    return {"engaged": rng.random() < 0.5}


def _mention(rng: random.Random) -> dict[str, Any]:
    scored = {"sentiment": rng.randrange(-100, 101) / 100} if rng.random() < 0.7 else {}
    return {"text": "Как красиво!", "audience": rng.randrange(5_000), **scored}


def _sale(rng: random.Random) -> dict[str, Any]:
    cents = rng.randrange(100, 500_000)
    amount: Any = f"{cents // 100}.{cents % 100:02}" if rng.random() < 0.5 else cents / 100
    own: dict[str, Any] = {"amount": amount, "currency": rng.choice(_CURRENCIES), "units": rng.randrange(1, 4)}
    if rng.random() < 0.6:
        own["cost"] = cents // 2 / 100
    if rng.random() < 0.1:
        own["kind"] = "refund"
    return own


_OWN = {"click": _click, "open": _open, "visit": _visit, "mention": _mention, "sale": _sale}
_TOPIC_SHARES = tuple(_SHARES.get(topic, _OTHER_SHARE) for topic in TOPICS)
if unknown := set(TOPICS) - _OWN.keys():
    raise LookupError(f"{sorted(unknown)}: say here what its events look like, and in recount.py what they add")

_SPOILS = (
    lambda fields: (None, "tombstone"),
    lambda fields: (_json(fields)[:-2], "not_json"),
    lambda fields: (b"[1, 2]", "not_object"),
    lambda fields: (_json({**fields, "id": 17}), "bad_id"),
    lambda fields: (_json({**fields, "campaign": "a\u202eb"}), "bad_label"),
    lambda fields: (_json({**fields, "time": "yesterday"}), "bad_time"),
    lambda fields: (_json({**fields, "time": 1_700_000_000}), "too_old"),
    lambda fields: (_json({name: fields[name] for name in fields if name != "channel"}), "missing_field"),
)
