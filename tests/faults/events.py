"""Seeded events of all topics, each with the truth about it: a header says why it must be refused, or "ok".

Of 100 records 15 are resends (some of them of long ago), 1 is malformed, 1 late, 1 from the future (half of those
explained by `sent_at`), 1 a test and 1 of an unknown channel, and of the sound ones 10 in another form; sales are in
several currencies, and most events name a person.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from streams.events import catalogue
from tests.faults.event_forms import Headers, in_another_form, written

TRUTH = "truth"
OK = "ok"
MINUTE_MS = 60_000
RESENT = 0.15
REMEMBERED = 3_000
LONG_REMEMBERED = 20_000
CAMPAIGNS = ("aurora", "заря", "borealis", "nimbus 🚀")
TOPICS = tuple(topic.name for topic in catalogue.TOPICS)
_SHARES = {"click": 15, "open": 15, "visit": 25, "mention": 8, "sale": 12, "delivery": 12, "impression": 6}
_OTHER_SHARE = 2
WITHOUT_FEELING = "Сегодня начинается продажа в девять"
"""A text that is scored 0, whatever reads it; how others are scored is no matter of counting."""
WITHOUT_WORDS = "12:30"
"""A text that cannot be scored."""
_CHANNELS = ("email", "direct", "paid_social", "organic_search", "offline", "other")
_CURRENCIES = ("EUR", "USD", "JPY")


@dataclass(frozen=True, slots=True)
class Record:
    """One record to send to an event topic; `truth` is "ok" or the reason that it must be refused for."""

    topic: str
    key: bytes | None
    value: bytes | None
    truth: str = OK
    extra: Headers = ()
    """Headers beside the truth."""

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        """What it is sent with: the truth about it, for the recount, and the rest."""
        return [(TRUTH, self.truth.encode()), *self.extra]


class Events:
    """An endless stream of records. run: part of the ids, so that two streams on the same topics don't collide.

    spread_ms: how long before its sending an event may have happened. other_forms: the share of sound events that are
    not plain JSON.
    """

    other_forms = 0.1

    def __init__(self, seed: int, run: str = "run", spread_ms: int = 3_000, people: int = 900) -> None:
        self._rng = random.Random(seed)
        self._run = run
        self._spread_ms = spread_ms
        self._people = people
        self._number = 0
        self._past: deque[tuple[str, bytes, Headers]] = deque(maxlen=REMEMBERED)
        self._long_past: deque[tuple[str, bytes, Headers]] = deque(maxlen=LONG_REMEMBERED)

    def record(self, now_ms: int) -> Record:
        """The next record; `now_ms` (epoch milliseconds) is when it will be sent."""
        rng = self._rng
        if self._past and rng.random() < RESENT:
            topic, value, extra = rng.choice(self._long_past if self._long_past and rng.random() < 0.1 else self._past)
            return Record(topic, rng.randbytes(3), value, extra=extra)
        topic = rng.choices(TOPICS, _TOPIC_SHARES)[0]
        self._number += 1
        fields: dict[str, Any] = {
            "id": f"{self._run}-{self._number}",
            "time": now_ms - rng.randrange(self._spread_ms),
            "campaign": rng.choices(CAMPAIGNS, (8, 4, 2, 1))[0],
            "channel": rng.choice(_CHANNELS),
            **_OWN[topic](rng),
        }
        if topic == "spend":
            fields["day"] = datetime.fromtimestamp(now_ms / 1000 - rng.randrange(28) * 86_400, UTC).date().isoformat()
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
            return Record(
                topic, key, written({**fields, "time": now_ms + rng.randrange(60, 600) * MINUTE_MS}), "future"
            )
        if kind == 3:
            # A clock that is ahead. Never resent: how far it is set back depends on when it arrives.
            ahead_ms = rng.randrange(20, 600) * MINUTE_MS
            fields |= {"time": fields["time"] + ahead_ms, "sent_at": now_ms + ahead_ms}
            return Record(topic, key, written(fields))
        if kind < 6:
            fields["time"] = now_ms - rng.randrange(20, 90) * MINUTE_MS
        elif kind < 8:
            fields["channel"] = "carrier_pigeon"
        elif kind < 10:
            fields["test"] = True
        value, extra = in_another_form(rng, fields) if rng.random() < self.other_forms else (written(fields), ())
        self._past.append((topic, value, extra))
        if kind % 10 == 0:
            self._long_past.append((topic, value, extra))
        return Record(topic, key, value, extra=extra)


def _click(rng: random.Random) -> dict[str, Any]:
    return rng.choices(({}, {"machine": True}, {"unsubscribe": True}), (8, 2, 1))[0]


def _open(rng: random.Random) -> dict[str, Any]:
    return {"machine": True} if rng.random() < 0.3 else {}


def _visit(rng: random.Random) -> dict[str, Any]:
    return {"engaged": rng.random() < 0.5}


def _mention(rng: random.Random) -> dict[str, Any]:
    scored = {"sentiment": rng.randrange(-100, 101) / 100} if rng.random() < 0.7 else {}
    return {"text": rng.choice((WITHOUT_FEELING, WITHOUT_WORDS)), "audience": rng.randrange(5_000), **scored}


def _sale(rng: random.Random) -> dict[str, Any]:
    cents = rng.randrange(100, 500_000)
    amount: Any = f"{cents // 100}.{cents % 100:02}" if rng.random() < 0.5 else cents / 100
    own: dict[str, Any] = {"amount": amount, "currency": rng.choice(_CURRENCIES), "units": rng.randrange(1, 4)}
    if rng.random() < 0.6:
        own["cost"] = cents // 2 / 100
    if rng.random() < 0.1:
        own["kind"] = "refund"
    return own


def _delivery(rng: random.Random) -> dict[str, Any]:
    statuses = ("sent", "delivered", "bounced", "complained", "unsubscribed")
    return {"status": rng.choices(statuses, (10, 9, 2, 1, 1))[0], "message": "launch"}


def _impression(rng: random.Random) -> dict[str, Any]:
    return {"count": rng.choice((None, 1, 25, rng.randrange(1, 100_000)))} if rng.random() < 0.7 else {}


def _lead(rng: random.Random) -> dict[str, Any]:
    return {"stage": rng.choice(("lead", "qualified", "opportunity"))} if rng.random() < 0.8 else {}


def _spend(rng: random.Random) -> dict[str, Any]:
    """Few lines, so that most are stated again and again, with other amounts; their day is said by who sends them."""
    cents = rng.choice((0, rng.randrange(1, 1_000_000)))
    own: dict[str, Any] = {
        "amount": f"{cents // 100}.{cents % 100:02}" if rng.random() < 0.5 else cents / 100,
        "currency": rng.choice(_CURRENCIES),
        "platform": rng.choice(("search-ads", "видео")),
    }
    if rng.random() < 0.5:
        own["kind"] = rng.choice(("media", "fee", "production"))
    if rng.random() < 0.5:
        own["account"] = rng.choice(("", "eu-1", "eu-2"))
    return own


def _survey(rng: random.Random) -> dict[str, Any]:
    if rng.random() < 0.5:
        return {"kind": "nps", "score": rng.randrange(11)}
    return {"kind": "csat", "score": rng.randrange(1, 6)}


def _customer(rng: random.Random) -> dict[str, Any]:
    if rng.random() < 0.4:
        return {"status": "active"}
    reason = rng.choice((None, "price", "service", "technical", "product", "other"))
    return {"status": "cancelled", "reason": reason}


def _tactic(rng: random.Random) -> dict[str, Any]:
    return {"title": rng.choice(("Price down", "Второе письмо")), "owner": rng.choice(("Maria", "Олег", None))}


_OWN = {
    "click": _click,
    "open": _open,
    "visit": _visit,
    "mention": _mention,
    "sale": _sale,
    "delivery": _delivery,
    "impression": _impression,
    "lead": _lead,
    "spend": _spend,
    "survey": _survey,
    "customer": _customer,
    "tactic": _tactic,
}
_TOPIC_SHARES = tuple(_SHARES.get(topic, _OTHER_SHARE) for topic in TOPICS)
if unknown := set(TOPICS) - _OWN.keys():
    raise LookupError(f"{sorted(unknown)}: say here what its events look like, and in adds.py what they add")

_SPOILS = (
    lambda fields: (None, "tombstone"),
    lambda fields: (written(fields)[:-2], "not_json"),
    lambda fields: (b"[1, 2]", "not_object"),
    lambda fields: (written({**fields, "id": 17}), "bad_id"),
    lambda fields: (written({**fields, "campaign": "a\u202eb"}), "bad_label"),
    lambda fields: (written({**fields, "time": "yesterday"}), "bad_time"),
    # Spend has no horizon; but then its day lies far ahead of its time.
    lambda fields: (written({**fields, "time": 1_700_000_000}), "bad_value" if "day" in fields else "too_old"),
    lambda fields: (written({name: fields[name] for name in fields if name != "channel"}), "missing_field"),
)
