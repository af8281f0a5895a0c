"""What producers send in the model: events of five topics, resent, late, from wrong clocks, or broken."""

import json
import random
from collections.abc import Sequence

MINUTE_MS, HOUR_MS = 60_000, 3_600_000

TOPICS = {"click": 4, "visit": 2, "sale": 3, "delivery": 1, "spend": 2}
"""The topics of the model, each with its share: of many events, of first purchases, of a closed set, without claims."""

CHANNELS = ("email", "sms", "carrier pigeon")
CAMPAIGNS = ("aurora", "borealis", "corona", "dawn")
DAYS = ("2026-03-27", "2026-03-28")
PEOPLE = ("ann", "ben", "cem", "dan", "eva")
DELAYS_MS = (0, 0, 0, 0, 700, 4000, 20 * MINUTE_MS, 3 * HOUR_MS, 29 * HOUR_MS, 31 * HOUR_MS, -10 * MINUTE_MS)
BROKEN = (b"{", None, b'{"time":1,"campaign":"aurora","channel":"email","amount":"1","currency":"EUR"}', b" " * 500)


class Senders:
    """`sent` are all events of a topic so far: what may be sent again."""

    def __init__(self, rnd: random.Random) -> None:
        self._rnd = rnd
        self._sent: dict[str, list[bytes]] = {}
        self._names = 0

    def value(self, topic: str, now_ms: int) -> bytes | None:
        """The next record's value."""
        rnd, sent = self._rnd, self._sent.setdefault(topic, [])
        choice = rnd.random()
        if choice < 0.04:
            return rnd.choice(BROKEN)
        if choice < 0.3 and sent:
            return _one_of_the_latest(rnd, sent)
        value = json.dumps(self._event(topic, now_ms)).encode()
        sent.append(value)
        return value

    def _event(self, topic: str, now_ms: int) -> dict[str, object]:
        rnd = self._rnd
        self._names += 1
        event: dict[str, object] = {
            "id": str(self._names),
            "time": now_ms - rnd.choice(DELAYS_MS),
            "campaign": rnd.choice(CAMPAIGNS),
            "channel": rnd.choice(CHANNELS),
        }
        if rnd.random() < 0.1:
            ahead_ms = rnd.choice((40 * MINUTE_MS, 5 * HOUR_MS))
            event["time"] = now_ms + ahead_ms
            event["sent_at"] = now_ms + ahead_ms + 200
        if rnd.random() < 0.2:
            event["source"] = "shop"
        if rnd.random() < 0.7:
            event["person"] = rnd.choice(PEOPLE)
        if rnd.random() < 0.05:
            event["test"] = True
        if topic in ("sale", "spend"):
            event["amount"] = rnd.choice(("9.90", "0.000001", "120", "-1"))
            event["currency"] = rnd.choice(("EUR", "USD"))
        if topic == "spend":
            event["day"] = rnd.choice(DAYS)
        elif topic == "delivery":
            event["status"] = rnd.choice(("sent", "delivered", "bounced"))
        elif topic == "click" and rnd.random() < 0.2:
            event["machine"] = True
        return event


def _one_of_the_latest(rnd: random.Random, sent: Sequence[bytes]) -> bytes:
    return sent[max(0, len(sent) - 1 - int(rnd.expovariate(0.1)))]
