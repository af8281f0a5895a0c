"""The recount: what the logs of the event topics must add up to. It shares no code with the service.

Whether a record counts is the producer's word (its truth header). What a counted one adds (adds.py) and states
(facts.py) follows docs/topics: written there once more, over plain JSON, with the numbers of the measures, tiers and
channels as the format has them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiokafka.structs import ConsumerRecord

from tests.faults.adds import LATE, NEW, TOPIC_CODES, UNKNOWN_CHANNEL, adds_of
from tests.faults.event_forms import plain
from tests.faults.events import OK, TRUTH
from tests.faults.facts import Stated, fact_of, held, key_of
from tests.faults.sending import IN_TRANSACTION

NOT_CLAIMED = "spend"
"""The topic whose events have no identity: each is a statement, and a resent one is a statement more."""

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
    late, machine, test; `facts`: by their table keys, of each the statement that stands. `events`: the counted ones,
    each (topic, campaign, channel, time, Kafka time, fields), and `places`: where those stand, (partition, offset);
    `resent`: of each other copy its event's number in both, then its own partition, offset and Kafka time.
    `in_transactions`: records that were sent in such."""

    counters: dict[Key, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    people: dict[tuple[Key, int], set[str]] = field(default_factory=lambda: defaultdict(set))
    read: Counter[tuple[str, int]] = field(default_factory=Counter)
    invalid: dict[tuple[str, int], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    topics: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    buyers: set[str] = field(default_factory=set)
    facts: dict[bytes, Stated] = field(default_factory=dict)
    events: list[tuple[str, str, int, int, int, Mapping[str, Any]]] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)
    resent: list[tuple[int, int, int, int]] = field(default_factory=list)
    in_transactions: int = 0

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
    found.in_transactions += any(name == IN_TRANSACTION for name, _ in record.headers)
    truth = next((value.decode() for name, value in record.headers if name == TRUTH), "no truth")
    if truth != OK:
        found.invalid[place][truth] += 1
        return
    fields = plain(record.value, dict(record.headers))
    time_ms = instant(fields["time"])
    identity = (fields.get("source") or "", fields["id"], time_ms // HOUR)
    late = record.timestamp - time_ms > 15 * MINUTE
    if time_ms - record.timestamp > 5 * MINUTE:
        time_ms -= instant(fields["sent_at"]) - record.timestamp
    channel = CHANNELS.index(fields["channel"]) + 1 if fields["channel"] in CHANNELS else len(CHANNELS)
    _state(found, topic, channel, time_ms, record, fields)
    if identity in seen and topic != NOT_CLAIMED:
        found.resent.append((seen[identity], record.partition, record.offset, record.timestamp))
        return
    seen[identity] = len(found.events)
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


def _state(
    found: Recount, topic: str, channel: int, time_ms: int, record: ConsumerRecord, fields: Mapping[str, Any]
) -> None:
    """Note what an event states. One that was sent before states it again, which is the same but for a correction."""
    fact = fact_of(topic, fields)
    if fact is None or not held(fact[0], record.timestamp - record.timestamp % (5 * SECOND)):
        return
    day, line, said = fact
    code = TOPIC_CODES[topic]
    key = key_of(fields["campaign"], code, channel, day, line)
    statement = ((time_ms, record.timestamp, record.partition << 6 | code, record.offset), said)
    found.facts[key] = max(found.facts.get(key, statement), statement)


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
