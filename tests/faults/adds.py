"""What one event adds to each measure, once more by hand: over plain JSON, with the numbers that the format has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.faults.events import WITHOUT_FEELING

TOPIC_CODES = {
    "click": 1,
    "open": 2,
    "visit": 3,
    "mention": 4,
    "sale": 5,
    "delivery": 6,
    "impression": 7,
    "lead": 8,
    "spend": 9,
    "survey": 10,
    "customer": 11,
    "tactic": 12,
}
TESTS = {topic: 113 + code for topic, code in TOPIC_CODES.items()}
DELIVERIES = {"sent": 50, "delivered": 51, "bounced": 52, "complained": 53, "unsubscribed": 54}
STAGES = {"lead": 58, "qualified": 59, "opportunity": 60}
CANCELLED = {"price": 73, "service": 74, "technical": 75, "product": 76, "other": 77}
IMPRESSIONS, SATISFIED, CSAT_ANSWERS, ACTIVATIONS, STATEMENTS, TACTICS = 56, 67, 68, 72, 80, 81
NEW, RETURNING, LATE, UNKNOWN_CHANNEL = 46, 47, 112, 113
EVENT_MEASURES = frozenset(
    {1, 2, 3, 8, 9, 16, 24, 25, 26, 27, 40, 41, 64, 65, 66, CSAT_ANSWERS, ACTIVATIONS, STATEMENTS, TACTICS}
    | {*DELIVERIES.values(), *STAGES.values(), *CANCELLED.values(), *TESTS.values()}
)
"""Each counted event is in exactly one of these, but for impressions, which count as often as they were shown."""


def adds_of(topic: str, fields: Mapping[str, Any]) -> tuple[Counter[int], tuple[int, ...]]:
    """What one event adds to each measure, and the kinds of people that its person joins (1 reached, 2 openers, 3
    clickers, 4 buyers, 5 engaged). A sale by a person adds to NEW here; whose was the first only Redis knows."""
    if fields.get("test"):
        return Counter({TESTS[topic]: 1}), ()
    machine = bool(fields.get("machine"))
    if topic == "click":
        measure = 2 if machine else 3 if fields.get("unsubscribe") else 1
        return Counter({measure: 1}), (3, 5) if measure == 1 else ()
    if topic == "open":
        return Counter({9 if machine else 8: 1}), () if machine else (2,)
    if topic == "visit":
        return (Counter({16: 1, 17: 1}), (1, 5)) if fields.get("engaged") else (Counter({16: 1}), (1,))
    if topic == "mention":
        return _mention(fields), (5,)
    if topic == "sale":
        return _sale(fields)
    return _other(topic, fields), (1,) if topic == "impression" or fields.get("status") == "delivered" else ()


def _other(topic: str, fields: Mapping[str, Any]) -> Counter[int]:
    if topic == "delivery":
        return Counter({DELIVERIES[fields["status"]]: 1})
    if topic == "impression":
        return Counter({IMPRESSIONS: fields.get("count") or 1})
    if topic == "lead":
        return Counter({STAGES[fields.get("stage") or "lead"]: 1})
    if topic == "survey":
        return _answer(fields["kind"], fields["score"])
    if topic == "customer":
        cancelled = CANCELLED[fields.get("reason") or "other"]
        return Counter({ACTIVATIONS if fields["status"] == "active" else cancelled: 1})
    return Counter({{"spend": STATEMENTS, "tactic": TACTICS}[topic]: 1})


def _answer(kind: str, score: int) -> Counter[int]:
    if kind == "csat":
        return Counter({CSAT_ANSWERS: 1, SATISFIED: 1} if score >= 4 else {CSAT_ANSWERS: 1})
    return Counter({64 if score > 8 else 65 if score > 6 else 66: 1})


def _mention(fields: Mapping[str, Any]) -> Counter[int]:
    adds: Counter[int] = Counter()
    score = fields.get("sentiment")
    if score is None and fields.get("text") == WITHOUT_FEELING:
        score = Decimal(0)
    if score is None:
        adds[27] = 1
    else:
        adds[24 if score > Decimal("0.05") else 26 if score < Decimal("-0.05") else 25] = 1
        adds[28], adds[29] = int(score * 1_000_000), 1
    if fields.get("audience"):
        adds[30] = fields["audience"]
    return adds


def _sale(fields: Mapping[str, Any]) -> tuple[Counter[int], tuple[int, ...]]:
    micros = int(Decimal(fields["amount"]) * 1_000_000)
    first, second, third = (ord(letter) - 65 for letter in fields["currency"])
    money = 256 * (1 + (first * 26 + second) * 26 + third)
    refund = fields.get("kind") == "refund"
    adds: Counter[int] = Counter()
    if refund:
        adds[41], adds[44 + money] = 1, micros
    else:
        units = fields.get("units")
        adds[40], adds[42], adds[43 + money] = 1, 1 if units is None else units, micros
        if fields.get("person"):
            adds[NEW] = 1
    if fields.get("cost") is not None:
        cost = int(Decimal(fields["cost"]) * 1_000_000)
        adds[45 + money] = cost - micros if refund else micros - cost
    return adds, () if refund else (4,)
