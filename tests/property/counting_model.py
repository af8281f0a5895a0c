"""A small model of what stands around `streams.counting`: event logs, their readers, the summaries log, tables, owners.

The parts under test are the real ones (Cut, summaries, PartitionMerge, reconcile, unite); what is around them is kept
so simple that it is plainly right. The offline recount knows nothing of blocks, summaries or merging.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from zoneinfo import ZoneInfo

from streams.counting.blocks import BUCKET_MS, Cut
from streams.counting.facts import reconcile
from streams.counting.panes import MINUTE_MS, PANE_MS, counter_panes, people_panes
from streams.counting.partition import PartitionMerge, Round
from streams.counting.people import unite
from streams.counting.statements import KeyKind, counters_key, ledger_key, people_key
from streams.counting.summaries import CAMPAIGN, LEDGER, Entry, PeopleEntry, Summary, encode_summary, pack_panes

ZONE = ZoneInfo("Europe/Berlin")
CLICKS, READ, REACHED = 1, 128, 1
MAX_OFFSETS = 12
"""Small blocks, so that few records end many of them."""


class Event(NamedTuple):
    """A record of a source's log that counts one click of one person."""

    offset: int
    timestamp_ms: int
    campaign: bytes
    channel: int
    time_ms: int
    person: int

    def counters_keys(self, bucket_ms: int) -> list[bytes]:
        """The table keys of counters that this event belongs to, in a block with this bucket."""
        panes = counter_panes(self.time_ms // PANE_MS, bucket_ms, ZONE)
        return [counters_key(self.campaign, self.channel, tier, pane) for tier, pane in panes]

    def people_keys(self, bucket_ms: int) -> list[bytes]:
        """The table keys of people that this event's person joins, in a block with this bucket."""
        panes = people_panes(self.time_ms // MINUTE_MS, bucket_ms, ZONE)
        return [people_key(self.campaign, self.channel, tier, pane, REACHED) for tier, pane in panes]


class Record(NamedTuple):
    """A record of the summaries topic; its offset is its place in the log."""

    key: bytes
    value: bytes


def block_starts(log: Sequence[Event], max_offsets: int = MAX_OFFSETS) -> list[int]:
    """Indices at which blocks of a whole log begin: the rule once more, from its wording."""
    starts: list[int] = []
    for index, event in enumerate(log):
        first = log[starts[-1]] if starts else None
        if (
            first is None
            or event.timestamp_ms // BUCKET_MS > first.timestamp_ms // BUCKET_MS
            or event.offset - first.offset >= max_offsets
        ):
            starts.append(index)
    return starts


@dataclass
class Reader:
    """One worker's reading of one source: an open block, and a committed place to which nothing before it is owed."""

    source: int
    log: list[Event]
    start: int = 0
    outbox: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.next = self.start
        self.told_people: set[tuple[bytes, int, int, int]] = set()

    @property
    def block(self) -> list[Event]:
        """The records of the open block that have been read."""
        return self.log[self.start : self.next]

    def read(self, split: int = 0) -> bool:
        """Read one record; at the end of a block queue all its summaries first. Returns whether a block ended."""
        if self.next == len(self.log):
            return False
        event = self.log[self.next]
        ended = False
        if self.block:
            first = self.log[self.start]
            if Cut(first.offset, first.timestamp_ms, MAX_OFFSETS).ends_before(event.offset, event.timestamp_ms):
                self.summarise(split)
                self.start = self.next
                self.told_people = set()
                ended = True
        self.next += 1
        return ended

    def summarise(self, split: int = 0) -> None:
        """Queue what the open block has counted so far, each campaign's summary cut in two after `split` entries."""
        events = self.block
        if not events:
            return
        bucket_ms = events[0].timestamp_ms - events[0].timestamp_ms % BUCKET_MS
        for campaign in sorted({event.campaign for event in events}):
            sums: dict[tuple[int, int, int], int] = defaultdict(int)
            people = []
            for event in (event for event in events if event.campaign == campaign):
                for tier, pane in counter_panes(event.time_ms // PANE_MS, bucket_ms, ZONE):
                    sums[event.channel, tier, pane] += 1
                met = (campaign, event.channel, event.time_ms // MINUTE_MS, event.person)
                if met not in self.told_people:
                    self.told_people.add(met)
                    people.append(PeopleEntry(event.channel, met[2], REACHED, event.person.to_bytes(8, "big")))
            together: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
            for (channel, tier, pane), count in sums.items():
                together[channel, count].append((tier, pane))
            entries = [
                Entry(channel, pack_panes(panes), {CLICKS: count}) for (channel, count), panes in together.items()
            ]
            parts = (
                [(entries[:split], people[:split]), (entries[split:], people[split:])] if split else [(entries, people)]
            )
            for some, some_people in parts:
                self._queue(CAMPAIGN, campaign, bucket_ms, some, some_people)
        self._queue(LEDGER, b"", bucket_ms, [Entry(0, b"", {READ: len(events)})], [])

    def _queue(self, kind: int, key: bytes, bucket_ms: int, entries: list[Entry], people: list[PeopleEntry]) -> None:
        summary = Summary(self.source, self.block[0].offset, self.block[-1].offset, bucket_ms, entries, people)
        self.outbox.extend(Record(key, value) for value in encode_summary(kind, summary))


@dataclass
class Changelog:
    """A compacted changelog: the latest statement of every (term, table key)."""

    reconcile: Callable[[bytes, bytes], bytes]
    statements: dict[tuple[int, bytes], bytes] = field(default_factory=dict)

    def recover(self) -> dict[bytes, bytes]:
        """What a new owner begins with: per table key the truth of all terms."""
        found: dict[bytes, bytes] = {}
        for (_, key), packed in self.statements.items():
            found[key] = self.reconcile(found[key], packed) if key in found else packed
        return found

    def write(self, term: int, key: bytes, packed: bytes) -> None:
        self.statements[term, key] = packed

    def delete_older(self, term: int, keys: Sequence[bytes]) -> None:
        """Rule 4: the older terms' statements of these keys go, after the present one's were acknowledged."""
        gone = set(keys)
        for older, key in list(self.statements):
            if older < term and key in gone:
                del self.statements[older, key]


class Tables:
    """The two changelogs of one partition of the summaries topic, and the offset that was committed."""

    def __init__(self) -> None:
        self.counters = Changelog(reconcile)
        self.people = Changelog(unite)
        self.committed = 0
        self.terms = 0


class Owner:
    """One ownership of the summaries partition, from its committed offset on."""

    def __init__(self, tables: Tables, limit: int = 100) -> None:
        tables.terms += 1
        self.term = tables.terms
        self.tables = tables
        self.next = tables.committed
        self.stated_to = tables.committed
        self.values, self.people = tables.counters.recover(), tables.people.recover()
        self.stated: set[bytes] = set()
        self.rounds: list[Round] = []
        self.merge = PartitionMerge(ZONE, self.values.get, self.people.get, self.unstated, self.unstated, limit)
        for key, packed in self.values.items():
            if key[0] in (KeyKind.ADMITTED, KeyKind.LIMIT):
                self.merge.admissions.recover(key, packed)

    def unstated(self, key: bytes) -> bool:
        """Whether this term has not stated the key yet."""
        return key not in self.stated

    def read(self, log: Sequence[Record], count: int) -> None:
        """Merge the next `count` records of the summaries log."""
        for record in log[self.next : self.next + count]:
            self.merge.read(self.next, 0, *record)
            self.next += 1

    def sends(self) -> list[tuple[Changelog, bytes, bytes]]:
        """What has to be stated now, in the order in which it is sent."""
        current = self.merge.begin_round()
        self.rounds.append(current)
        counters, people = self.merge.pack(sorted(current.keys)), self.merge.pack_people(sorted(current.people))
        return [(self.tables.counters, key, packed) for key, packed in counters.items()] + [
            (self.tables.people, key, packed) for key, packed in people.items()
        ]

    def state(self) -> None:
        """State everything, wait for the broker, show it, and delete what older terms said of it."""
        sends = self.sends()
        for changelog, key, packed in sends:
            changelog.write(self.term, key, packed)
            (self.values if changelog is self.tables.counters else self.people)[key] = packed
            self.stated.add(key)
        for changelog in (self.tables.counters, self.tables.people):
            changelog.delete_older(self.term, [key for sent_to, key, _ in sends if sent_to is changelog])
        list(self.merge.news())
        self.merge.end_round(self.rounds.pop())
        self.stated_to = self.next

    def crash(self, acknowledged: int) -> list[tuple[Changelog, bytes, bytes]]:
        """Die after so many of the statements have reached the broker. Returns those that may still come late."""
        sends = self.sends()
        for changelog, key, packed in sends[:acknowledged]:
            changelog.write(self.term, key, packed)
        return sends[acknowledged:]


def recount(logs: dict[int, list[Event]]) -> dict[bytes, dict[int, list[int]]]:
    """Per table key and source the offsets of the events that belong to it, from the logs alone."""
    found: dict[bytes, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for source, log in logs.items():
        for event, bucket_ms in with_buckets(log):
            for key in (*event.counters_keys(bucket_ms), ledger_key(source)):
                found[key][source].append(event.offset)
    return found


def recount_people(logs: dict[int, list[Event]]) -> dict[bytes, set[int]]:
    """Per table key of people who belongs to it, from the logs alone."""
    found: dict[bytes, set[int]] = defaultdict(set)
    for log in logs.values():
        for event, bucket_ms in with_buckets(log):
            for key in event.people_keys(bucket_ms):
                found[key].add(event.person)
    return found


def with_buckets(log: Sequence[Event]) -> Iterator[tuple[Event, int]]:
    """Each event of a log with the five-second bucket of its block."""
    starts = set(block_starts(log))
    bucket_ms = 0
    for index, event in enumerate(log):
        if index in starts:
            bucket_ms = event.timestamp_ms // BUCKET_MS * BUCKET_MS
        yield event, bucket_ms
