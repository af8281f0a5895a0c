"""The recount: what the logs of the event topics must add up to. It shares no code with the service.

Whether a record counts is the producer's word (its truth header). What a counted one adds follows docs/topics: written
here once more, over plain JSON, with the numbers of the measures, tiers and channels as the format has them.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from aiokafka.structs import ConsumerRecord

from tests.faults.events import OK, TRUTH

TOPIC_CODES = {"click": 1, "open": 2, "visit": 3, "mention": 4, "sale": 5}
CHANNELS = [
    "direct",
    "email",
    "sms",
    "push",
    "organic_search",
    "paid_search",
    "organic_social",
    "paid_social",
    "organic_video",
    "paid_video",
    "display",
    "audio",
    "affiliate",
    "referral",
    "organic_shopping",
    "paid_shopping",
    "paid_other",
    "offline",
    "other",
]
TESTS = {"click": 114, "open": 115, "visit": 116, "mention": 117, "sale": 118}
NEW, RETURNING, LATE, UNKNOWN_CHANNEL = 46, 47, 112, 113
EVENT_MEASURES = frozenset({1, 2, 3, 8, 9, 16, 24, 25, 26, 27, 40, 41, *TESTS.values()})
"""Each counted event is in exactly one of these."""

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
LAUNCH, MONTH = 4, 5
_COUNTERS = {0: (10 * SECOND, 15 * MINUTE), 1: (MINUTE, 2 * HOUR), 2: (HOUR, 32 * DAY), 3: (DAY, 400 * DAY)}
_PEOPLE = {1: (MINUTE, 2 * HOUR), 2: (HOUR, 26 * HOUR), 3: (DAY, 32 * DAY)}

Key = tuple[str, int, int, int]
"""Campaign, channel code, tier, pane."""


@dataclass(slots=True)
class Recount:
    """What the tables must say. `counters`: measure (or money key) -> sum, of each key; `people`: who, of each key and
    kind; `read`: (topic, partition) -> records; `invalid`: the same -> reason -> records; `topics`: topic -> counted,
    late, machine, test. `events`: the counted ones, each (topic, campaign, channel, time, Kafka time, fields), and
    `places`: where those stand, (partition, offset); `resent`: of each other copy its event's number in both, then its
    own partition, offset and Kafka time."""

    counters: dict[Key, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    people: dict[tuple[Key, int], set[str]] = field(default_factory=lambda: defaultdict(set))
    read: Counter[tuple[str, int]] = field(default_factory=Counter)
    invalid: dict[tuple[str, int], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    topics: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    buyers: set[str] = field(default_factory=set)
    events: list[tuple[str, str, int, int, int, Mapping[str, Any]]] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)
    resent: list[tuple[int, int, int, int]] = field(default_factory=list)

    @property
    def records(self) -> int:
        """Records in the logs."""
        return self.read.total()


def recount(logs: Mapping[str, Iterable[ConsumerRecord]], prefix: str) -> Recount:
    """Count the logs of the event topics, by their names in Kafka, offline."""
    found = Recount()
    for name, records in logs.items():
        topic = name.removeprefix(prefix)
        seen: dict[tuple[str, str, int], int] = {}
        for record in records:
            _count(found, topic, record, seen)
    return found


def _count(found: Recount, topic: str, record: ConsumerRecord, seen: dict[tuple[str, str, int], int]) -> None:
    place = (topic, record.partition)
    found.read[place] += 1
    truth = next((value.decode() for name, value in record.headers if name == TRUTH), "no truth")
    if truth != OK:
        found.invalid[place][truth] += 1
        return
    fields = json.loads(record.value.decode("utf-8-sig", "replace"), parse_float=Decimal)
    time_ms = instant(fields["time"])
    identity = (fields.get("source") or "", fields["id"], time_ms // HOUR)
    if identity in seen:
        found.resent.append((seen[identity], record.partition, record.offset, record.timestamp))
        return
    seen[identity] = len(found.events)
    late = record.timestamp - time_ms > 15 * MINUTE
    if time_ms - record.timestamp > 5 * MINUTE:
        time_ms -= instant(fields["sent_at"]) - record.timestamp
    channel = CHANNELS.index(fields["channel"]) + 1 if fields["channel"] in CHANNELS else len(CHANNELS)
    found.places.append((record.partition, record.offset))
    found.events.append((topic, fields["campaign"], channel, time_ms, record.timestamp, fields))
    adds, kinds = adds_of(topic, fields)
    totals = found.topics[topic]
    totals["counted"] += 1
    totals["test"] += bool(fields.get("test"))
    if not fields.get("test"):
        totals["late"] += late
        totals["machine"] += bool(fields.get("machine"))
        if late:
            adds[LATE] += 1
        if fields["channel"] not in CHANNELS:
            adds[UNKNOWN_CHANNEL] += 1
    if NEW in adds:
        found.buyers.add(fields["person"])
    bucket = record.timestamp - record.timestamp % (5 * SECOND)
    for tier, pane in panes(_COUNTERS, time_ms, bucket):
        # Not +=, which leaves out what is not positive.
        found.counters[fields["campaign"], channel, tier, pane].update(adds)
    for kind in kinds if fields.get("person") else ():
        for tier, pane in [*panes(_PEOPLE, time_ms, bucket), (MONTH, month(time_ms))]:
            found.people[(fields["campaign"], channel, tier, pane), kind].add(fields["person"])


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
    return (_mention(fields), (5,)) if topic == "mention" else _sale(fields)


def _mention(fields: Mapping[str, Any]) -> Counter[int]:
    adds: Counter[int] = Counter()
    score = fields.get("sentiment")
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


def panes(tiers: Mapping[int, tuple[int, int]], time_ms: int, bucket_ms: int) -> list[tuple[int, int]]:
    """The (tier, pane) pairs that still hold that time at the bucket; days are those of UTC."""
    held = [
        (tier, time_ms // size)
        for tier, (size, kept) in tiers.items()
        if (time_ms // size + 1) * size + kept > bucket_ms
    ]
    return [*held, (LAUNCH, 0)]


def month(time_ms: int) -> int:
    """Months since year 0, in UTC."""
    moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    return moment.year * 12 + moment.month - 1


def instant(time: int | str) -> int:
    """Epoch milliseconds of a time as it was sent."""
    return time if isinstance(time, int) else int(datetime.fromisoformat(time).timestamp() * 1000)
