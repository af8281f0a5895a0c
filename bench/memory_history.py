"""The tables of a campaign that has run for more than a year: every pane that any tier keeps, and 24 source partitions
in each.

Made by the service's own merge, fed with summaries along a line of time that steps by days, then hours, then tens of
seconds. Each step's blocks are followed by the next step's before its statements are made, as at a steady rate. One
campaign is merged; the others are copies under other names. The panes of now are left out: live events fill those.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from itertools import pairwise
from zoneinfo import ZoneInfo

from bench.recovery_changelog import Statement
from streams.counting.panes import (
    COUNTER_TIERS,
    DAY_MS,
    HOUR_MS,
    PEOPLE_TIERS,
    Tier,
    counter_panes,
    holds,
    pane_index,
)
from streams.counting.partition import PartitionMerge
from streams.counting.people import People
from streams.counting.sources import source_number
from streams.counting.statements import TERM_BYTES, KeyKind, kind_of_key, parse_key, people_key
from streams.counting.summaries import CAMPAIGN, Entry, Summary, encode_summary, pack_panes, summaries_partition
from streams.events.channels import CHANNEL_CODES
from streams.events.measures import Measure, money_key
from streams.events.measures import People as Kind

UTC = ZoneInfo("UTC")
CHANNELS = ("email", "direct", "paid_social", "organic_search")
PARTITIONS_OF_TOPIC = {1: 5, 2: 5, 3: 5, 4: 5, 5: 4}
"""Event topic's code -> its partitions: 24 sources."""
_SOURCES = [
    source_number(code, number) for code, partitions in PARTITIONS_OF_TOPIC.items() for number in range(partitions)
]
_COUNTERS = {
    1: {Measure.CLICKS: 812, Measure.MACHINE_CLICKS: 96, Measure.UNSUBSCRIBES: 3},
    2: {Measure.OPENS: 1460, Measure.MACHINE_OPENS: 371},
    3: {Measure.VISITS: 2140, Measure.ENGAGED_VISITS: 1077},
    4: {
        Measure.MENTIONS_POSITIVE: 120,
        Measure.MENTIONS_NEUTRAL: 41,
        Measure.MENTIONS_NEGATIVE: 12,
        Measure.MENTION_SCORE: 61_400_000,
        Measure.MENTION_SCORED: 173,
        Measure.AUDIENCE: 412_000,
    },
    5: {
        Measure.SALES: 49,
        Measure.UNITS: 98,
        Measure.NEW_CUSTOMERS: 31,
        money_key(Measure.REVENUE, "EUR"): 12_262_250_000,
        money_key(Measure.MARGIN, "EUR"): 3_105_000_000,
    },
}
FIRST_OFFSET = 40_000_000
"""An offset takes as many bytes as the number is long; that of a partition that has run for long."""
SATURATED_PEOPLE = 400_000
MONTHS = 14
HEAD_BYTES = 8
"""A table key's bytes before the campaign."""

_TERM = bytes(TERM_BYTES - 1) + b"\x01"


def _line_of_time(now_ms: int) -> list[int]:
    """The times of the steps, so that every pane that is kept has one."""
    days = range(now_ms - 401 * DAY_MS, now_ms - 33 * DAY_MS, DAY_MS)
    hours = range(now_ms - 33 * DAY_MS, now_ms - 3 * HOUR_MS, HOUR_MS)
    panes = range(now_ms - 3 * HOUR_MS, now_ms + 10_000, 10_000)
    return [*days, *hours, *panes]


def counters(now_ms: int) -> dict[bytes, bytes]:
    """Table key -> value of every counter pane of one campaign that is kept at `now_ms` and does not hold it."""
    values: dict[bytes, bytes] = {}
    merge = PartitionMerge(UTC, values.get, lambda key: None, lambda key: key not in values, lambda key: True)
    campaign = b"campaign"
    offset, start, before = 0, FIRST_OFFSET, 0
    for now, then in pairwise(_line_of_time(now_ms)):
        for block in range(2):
            for source in _SOURCES:
                added = {int(measure): number for measure, number in _COUNTERS[source & 63].items()}
                panes = pack_panes(counter_panes(now // 10_000, now, UTC))
                entries = [Entry(CHANNEL_CODES[channel], panes, added) for channel in CHANNELS]
                summary = Summary(source, start, start + 900, now, entries, [], now)
                for record in encode_summary(CAMPAIGN, summary):
                    merge.read(offset, now, campaign, record)
                    offset += 1
            start += 1000
            if block == 0:
                _state(merge, values)
        before = then
    _state(merge, values)
    return {
        key: value
        for key, value in values.items()
        if kind_of_key(key) == KeyKind.COUNTERS and _past(key, COUNTER_TIERS, before)
    }


def _state(merge: PartitionMerge, values: dict[bytes, bytes]) -> None:
    current = merge.begin_round()
    values.update(merge.pack(current.keys))
    for _ in merge.end_round(current):
        pass


def _past(key: bytes, tiers: dict[Tier, int | None], now_ms: int) -> bool:
    """Whether the pane is kept, and over."""
    parsed = parse_key(key)
    tier = Tier(parsed.tier)
    return (
        tier != Tier.LAUNCH
        and parsed.pane != pane_index(tier, now_ms, UTC)
        and (holds(tiers[tier], tier, parsed.pane, now_ms, UTC))
    )


def sketches(now_ms: int) -> dict[bytes, bytes]:
    """Table key -> sketch of every pane of people that is kept at `now_ms` and does not hold it, each saturated."""
    people = People()
    people.add(b"".join(blake2b(b"%d" % number, digest_size=8).digest() for number in range(SATURATED_PEOPLE)))
    packed = people.pack(0)
    found = {}
    for tier, kept_ms in PEOPLE_TIERS.items():
        if tier is Tier.LAUNCH:
            continue
        index = pane_index(tier, now_ms, UTC)
        fewest = index - MONTHS if tier is Tier.MONTH else 0
        while (index := index - 1) >= fewest and holds(kept_ms, tier, index, now_ms, UTC):
            for channel in CHANNELS:
                for kind in Kind:
                    found[people_key(b"campaign", CHANNEL_CODES[channel], int(tier), index, int(kind))] = packed
    return found


def copies(values: dict[bytes, bytes], campaigns: int, partitions: int) -> Iterator[Statement]:
    """The statements of so many campaigns, of which each has these values. partitions: of the summaries topic."""
    for number in range(campaigns):
        campaign = f"campaign-{number:04d}".encode()
        partition = summaries_partition(campaign, partitions)
        for key, value in values.items():
            yield partition, _TERM + key[:HEAD_BYTES] + campaign, value
