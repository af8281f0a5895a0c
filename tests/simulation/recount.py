"""The offline recount: what every table key must say, straight from the source logs, with none of the project's merge.

Only the numbers of measures and channels are shared. Who owns an identity is asked of a Redis that never forgets.
"""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from streams.events.channels import CHANNELS
from streams.events.measures import Measure, People, money_key
from tests.simulation.ingest_actor import MAX_BYTES, person_hash
from tests.simulation.kafka_model import Record
from tests.simulation.redis_model import Identity, Owner, Redis

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
KEPT_COUNTERS_MS = {0: 15 * MINUTE_MS, 1: 2 * HOUR_MS, 2: 32 * DAY_MS, 3: 400 * DAY_MS, 4: None}
KEPT_PEOPLE_MS = {1: 2 * HOUR_MS, 2: 26 * HOUR_MS, 3: 32 * DAY_MS, 4: None, 5: None}
HORIZONS_MS = {"click": 30 * HOUR_MS, "visit": 30 * HOUR_MS, "delivery": 30 * HOUR_MS, "sale": 40 * DAY_MS}
"""Of the topics whose events are claimed; of the others each is a statement, and resent one statement more."""

Spent = tuple[str, str, int]
"""Kind, currency, millionths."""

Pane = tuple[str, int, int, int]
"""Campaign, channel code, tier, pane index."""


@dataclass
class Expected:
    """counters: by pane. people: by kind and pane. ledger: by source. invalid: (source, offset) of dead letters.
    spent: campaign, channel code, day -> the newest statement's time, Kafka time, source, offset, and what it says."""

    counters: dict[Pane, dict[int, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    people: dict[tuple[int, Pane], set[str]] = field(default_factory=lambda: defaultdict(set))
    ledger: dict[int, dict[int, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    invalid: set[tuple[int, int]] = field(default_factory=set)
    spent: dict[tuple[str, int, str], tuple[int, int, int, int, Spent]] = field(default_factory=dict)
    identities: dict[Identity, set[Owner]] = field(default_factory=lambda: defaultdict(set))


def block_starts(records: list[Record], max_offsets: int) -> list[tuple[Record, int]]:
    """Every record with the index of the first record of its block, cut from the log's very beginning."""
    cut: list[tuple[Record, int]] = []
    first = 0
    for index, record in enumerate(records):
        begin = records[first]
        bucket_ends_ms = begin.timestamp_ms // 5000 * 5000 + 5000
        if record.timestamp_ms >= bucket_ends_ms or record.offset >= begin.offset + max_offsets:
            first = index
        cut.append((record, first))
    return cut


def recount(
    expected: Expected,
    topic: str,
    code: int,
    number: int,
    records: list[Record],
    max_offsets: int,
    redis: Redis,
    zone: ZoneInfo,
) -> None:
    """Count one source's whole log."""
    ledger = expected.ledger[number]
    for record, first in block_starts(records, max_offsets):
        bucket_ms = records[first].timestamp_ms // 5000 * 5000
        ledger[Measure.READ] += 1
        event, reason = _classify(topic, record)
        if event is None:
            ledger[Measure.INVALID] += 1
            ledger[Measure[f"INVALID_{reason}"]] += 1
            expected.invalid.add((number, record.offset))
            continue
        owner = (number, record.offset)
        if topic in HORIZONS_MS:
            identity = (code, event["time"] // HOUR_MS, event.get("source", ""), event["id"])
            expected.identities[identity].add(owner)
            if redis.owners.get(identity) != owner:
                ledger[Measure.DUPLICATE] += 1
                continue
        ledger[Measure.COUNTED] += 1
        _count(expected, topic, event, record, bucket_ms, owner, redis, zone)


def _classify(topic: str, record: Record) -> tuple[dict | None, str]:
    value = record.value
    if value is None:
        return None, "TOMBSTONE"
    if len(value) > MAX_BYTES:
        return None, "TOO_LARGE"
    try:
        event = json.loads(value)
    except ValueError:
        return None, "NOT_JSON"
    if "id" not in event:
        return None, "MISSING_FIELD"
    if topic in ("sale", "spend") and event["amount"].startswith("-"):
        return None, "BAD_AMOUNT"
    age_ms = record.timestamp_ms - event["time"]
    if age_ms < -5 * MINUTE_MS:
        ahead_ms = event.get("sent_at", 0) - record.timestamp_ms
        if not 0 < ahead_ms <= DAY_MS or event["time"] - ahead_ms > record.timestamp_ms + 5 * MINUTE_MS:
            return None, "FUTURE"
        event["mended"] = event["time"] - ahead_ms
    if topic in HORIZONS_MS and age_ms > HORIZONS_MS[topic]:
        return None, "TOO_OLD"
    return event, ""


def _count(
    expected: Expected,
    topic: str,
    event: dict,
    record: Record,
    bucket_ms: int,
    owner: Owner,
    redis: Redis,
    zone: ZoneInfo,
) -> None:
    time_ms = event.get("mended", event["time"])
    late = record.timestamp_ms - event["time"] > 15 * MINUTE_MS
    channel = CHANNELS.index(event["channel"]) + 1 if event["channel"] in CHANNELS else CHANNELS.index("other") + 1
    ledger = expected.ledger[owner[0]]
    counts: dict[int, int] = {}
    kinds: list[int] = []
    if event.get("test"):
        counts[Measure[f"TESTS_{topic.upper()}"]] = 1
        ledger[Measure.LEDGER_TEST] += 1
    else:
        if late:
            counts[Measure.LATE] = 1
            ledger[Measure.LEDGER_LATE] += 1
        if event["channel"] not in CHANNELS:
            counts[Measure.UNKNOWN_CHANNEL] = 1
        if event.get("machine"):
            counts[Measure.MACHINE_CLICKS] = 1
            ledger[Measure.LEDGER_MACHINE] += 1
        elif topic == "click":
            counts[Measure.CLICKS] = 1
            kinds = [People.CLICKERS, People.ENGAGED]
        elif topic == "visit":
            counts[Measure.VISITS] = 1
            kinds = [People.REACHED]
        elif topic == "delivery":
            counts[Measure[event["status"].upper()]] = 1
            kinds = [People.REACHED] if event["status"] == "delivered" else []
        elif topic == "spend":
            counts[Measure.SPEND_STATEMENTS] = 1
            line = event["campaign"], channel, event["day"]
            said = ("media", event["currency"], int(Decimal(event["amount"]) * 1_000_000))
            stated = (time_ms, record.timestamp_ms, *owner, said)
            expected.spent[line] = max(expected.spent.get(line, stated), stated)
        else:
            kinds = [People.BUYERS]
            counts |= _sale(event, owner, redis)
    for tier, pane in _panes(KEPT_COUNTERS_MS, time_ms // 10_000 * 10_000, bucket_ms, zone):
        total = expected.counters[event["campaign"], channel, tier, pane]
        for measure, count in counts.items():
            total[measure] += count
    if "person" not in event:
        return
    for tier, pane in _panes(KEPT_PEOPLE_MS, time_ms // MINUTE_MS * MINUTE_MS, bucket_ms, zone):
        for kind in kinds:
            expected.people[int(kind), (event["campaign"], channel, tier, pane)].add(event["person"])


def _sale(event: dict, owner: Owner, redis: Redis) -> dict[int, int]:
    counts = {
        int(Measure.SALES): 1,
        int(Measure.UNITS): 1,
        money_key(Measure.REVENUE, event["currency"]): int(Decimal(event["amount"]) * 1_000_000),
    }
    if "person" in event:
        first = redis.first_buyers.get(person_hash(event["person"])) == owner
        counts[Measure.NEW_CUSTOMERS if first else Measure.RETURNING_CUSTOMERS] = 1
    return counts


def _panes(kept_ms: dict[int, int | None], time_ms: int, bucket_ms: int, zone: ZoneInfo) -> list[tuple[int, int]]:
    held = []
    for tier, kept in kept_ms.items():
        pane, end_ms = pane_and_end(tier, time_ms, zone)
        if kept is None or end_ms + kept > bucket_ms:
            held.append((tier, pane))
    return held


def pane_and_end(tier: int, time_ms: int, zone: ZoneInfo) -> tuple[int, int]:
    """The index of the pane of a tier that holds a time, and where it ends (for the launch: never)."""
    size = {0: 10_000, 1: MINUTE_MS, 2: HOUR_MS}.get(tier)
    if size is not None:
        return time_ms // size, time_ms // size * size + size
    if tier == 4:
        return 0, 1 << 62
    local = datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(zone)
    day = local.date()
    if tier == 3:
        after = day + timedelta(days=1)
        return (day - datetime(1970, 1, 1).date()).days, _midnight_ms(after.year, after.month, after.day, zone)
    month = local.year * 12 + local.month - 1
    return month, _midnight_ms((month + 1) // 12, (month + 1) % 12 + 1, 1, zone)


def _midnight_ms(year: int, month: int, day: int, zone: ZoneInfo) -> int:
    return int(datetime(year, month, day, tzinfo=zone).timestamp()) * 1000
