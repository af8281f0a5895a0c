"""One partition of the summaries topic, merged: which table keys each record concerns, and what is to be stated of
them.

This is the whole decision part of the campaign agent, without its I/O: the agent feeds it records in the order of the
log, states what `statements` gives, and calls `acknowledged` when the broker has it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from zoneinfo import ZoneInfo

from streams.counting.admissions import DEFAULT_LIMIT, Admissions, decode_admission
from streams.counting.merge import Counters, Outcome, Value, merge, new_value, pack, unpack
from streams.counting.panes import people_panes
from streams.counting.people import People
from streams.counting.progress import ProgressBook, decode_progress
from streams.counting.statements import (
    REFUSED_KEY,
    KeyKind,
    admitted_key,
    counters_key,
    ledger_key,
    people_key,
)
from streams.counting.summaries import (
    ADMISSION,
    CAMPAIGN,
    HASH_BYTES,
    LEDGER,
    PROGRESS,
    Summary,
    UnknownFormat,
    decode_summary,
    kind_of,
)

HOT_VALUES = 50_000
"""Decoded values that are kept beside the packed ones; more are dropped as soon as they are acknowledged."""


@dataclass(frozen=True, slots=True)
class Statements:
    """What is to be stated: every record up to offset `at` is in these values. totals: the counters in `values`,
    decoded."""

    at: int
    values: dict[bytes, bytes]
    totals: dict[bytes, Counters]


@dataclass(slots=True)
class _People:
    people: People
    at: int


@dataclass(slots=True)
class PartitionMerge:
    """The state of one ownership of one partition.

    value_of: the acknowledged value of a key, None where there is none. unstated: whether the present term has yet to
    state a key. Everything is dropped with the generation; the next begins at the committed offset.
    """

    zone: ZoneInfo
    value_of: Callable[[bytes], bytes | None]
    people_of: Callable[[bytes], bytes | None]
    unstated: Callable[[bytes], bool]
    unstated_people: Callable[[bytes], bool]
    default_limit: int = DEFAULT_LIMIT
    at: int = -1
    newest_ms: int = 0
    refused: int = 0
    outcomes: dict[Outcome, int] = field(default_factory=dict)
    progress: ProgressBook = field(default_factory=ProgressBook)
    admissions: Admissions = field(init=False)
    _values: dict[bytes, Value] = field(default_factory=dict)
    _touched: set[bytes] = field(default_factory=set)
    _people: dict[bytes, _People] = field(default_factory=dict)
    _touched_people: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.admissions = Admissions(self.default_limit)

    def read(self, offset: int, timestamp_ms: int, key: bytes, value: bytes) -> None:
        """Merge the record at `offset`. Raises UnknownFormat or msgspec.DecodeError for one that no worker has
        written."""
        kind = kind_of(value)
        if kind == CAMPAIGN:
            self._campaign(offset, key, decode_summary(value))
        elif kind == LEDGER:
            summary = decode_summary(value)
            self.newest_ms = max(self.newest_ms, summary.newest_ms)
            self._merge(ledger_key(summary.source), offset, summary, summary.entries[0].counters)
        elif kind == PROGRESS:
            self.progress.read(decode_progress(value), timestamp_ms)
        elif kind == ADMISSION:
            self._touched.update(self.admissions.apply(decode_admission(value), offset))
        else:
            raise UnknownFormat(f"a record of kind {kind:02x} in the summaries topic, which this version does not know")
        self.at = offset

    @property
    def changed(self) -> bool:
        """Whether there are counters to be stated."""
        return bool(self._touched)

    @property
    def people_changed(self) -> bool:
        """Whether there are sketches to be stated."""
        return bool(self._touched_people)

    def statements(self) -> Statements:
        """The counters that are to be stated now; they count as stated from here on."""
        values, totals = {}, {}
        for key in self._touched:
            if key[0] in (KeyKind.ADMITTED, KeyKind.LIMIT):
                values[key] = self.admissions.pack(key, self.at)
                continue
            value = self._values[key]
            value.at = max(value.at, self.at)
            values[key] = pack(value)
            totals[key] = dict(value.totals)
        self._touched.clear()
        return Statements(self.at, values, totals)

    def people_statements(self) -> Statements:
        """The sketches that are to be stated now; they count as stated from here on."""
        values = {}
        for key in self._touched_people:
            known = self._people[key]
            known.at = max(known.at, self.at)
            values[key] = known.people.pack(known.at)
        self._touched_people.clear()
        return Statements(self.at, values, {})

    def acknowledged(self) -> None:
        """The broker has all statements that were taken: what is not touched need not stay decoded.

        To be called while none is on its way.
        """
        if len(self._values) > HOT_VALUES:
            self._values = {key: value for key, value in self._values.items() if key in self._touched}
        if len(self._people) > HOT_VALUES // 10:
            self._people = {key: known for key, known in self._people.items() if key in self._touched_people}

    def drop(self, keys: set[bytes]) -> None:
        """These keys have expired."""
        for key in keys:
            self._values.pop(key, None)
            self._people.pop(key, None)
        self._touched -= keys
        self._touched_people -= keys

    def _campaign(self, offset: int, campaign: bytes, summary: Summary) -> None:
        if not self.admissions.admit(campaign, offset):
            self.refused += 1
            self._meet(REFUSED_KEY, offset, blake2b(campaign, digest_size=HASH_BYTES).digest())
            return
        admitted = admitted_key(campaign)
        if self.value_of(admitted) is None or self.unstated(admitted):
            self._touched.add(admitted)
        for entry in summary.entries:
            key = counters_key(campaign, entry.channel, entry.tier, entry.pane)
            self._merge(key, offset, summary, entry.counters)
        for met in summary.people:
            for tier, index in people_panes(met.minute, summary.bucket_ms, self.zone):
                self._meet(people_key(campaign, met.channel, tier, index, met.kind), offset, met.hashes)

    def _merge(self, key: bytes, offset: int, summary: Summary, counters: Counters) -> None:
        value = self._values.get(key)
        if value is None:
            packed = self.value_of(key)
            value = self._values[key] = new_value() if packed is None else unpack(packed)
        if offset > value.at:
            outcome = merge(value, summary.source, summary.start, summary.last, counters)
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
            if outcome <= Outcome.ADDED:
                self._touched.add(key)
                return
        if self.unstated(key):
            self._touched.add(key)

    def _meet(self, key: bytes, offset: int, hashes: bytes) -> None:
        known = self._people.get(key)
        if known is None:
            packed = self.people_of(key)
            known = self._people[key] = _People(People(), -1) if packed is None else _People(*People.unpack(packed))
        if offset > known.at or self.unstated_people(key):
            known.people.add(hashes)
            self._touched_people.add(key)
