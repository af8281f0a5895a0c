"""The open block of one source: it folds accepted events into counters and says what has changed since it last
spoke."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from operator import attrgetter
from typing import Final
from zoneinfo import ZoneInfo

from streams.counting.blocks import Cut
from streams.counting.panes import MINUTE_MS, PANE_MS, counter_panes
from streams.counting.summaries import Entry, PeopleEntry, Summary
from streams.events.batch import EventBatch
from streams.events.channels import CHANNEL_CODES
from streams.events.decode import Accepted
from streams.events.errors import Invalid
from streams.events.measures import Counters, Measure, reason_measure
from streams.events.topic import Event, Topic

_campaign: Final = attrgetter("campaign")
_channel: Final = attrgetter("channel")
_person: Final = attrgetter("person")


class _Campaign:
    __slots__ = ("new_people", "panes", "people")

    def __init__(self) -> None:
        self.panes: dict[int, Counters] = {}
        self.people: dict[tuple[int, int, int], set[bytes]] = {}
        self.new_people: dict[tuple[int, int, int], list[bytes]] = {}

    def meet(self, place: tuple[int, int, int], persons: AbstractSet[bytes]) -> None:
        """`place`: (channel, minute, kind of people)."""
        met = self.people.setdefault(place, set())
        new = persons - met
        if new:
            met |= new
            self.new_people.setdefault(place, []).extend(new)


@dataclass(frozen=True, slots=True)
class _Alike:
    """What one event of those that count the same counts."""

    counters: Counters
    test: bool
    machine: bool


class OpenBlock:
    """What the records of one block have counted so far. Whoever folds calls `advance` with the last offset it has
    dealt with."""

    def __init__(self, source: int, topic: Topic, cut: Cut, zone: ZoneInfo) -> None:
        self.source = source
        self.cut = cut
        self.last = cut.start - 1
        self.last_timestamp_ms = 0
        self._topic = topic
        self._zone = zone
        self._campaigns: dict[str, _Campaign] = {}
        self._changed: set[str] = set()
        self._ledger: Counters = {}
        self._ledger_changed = False

    def count(self, batch: EventBatch, duplicates: AbstractSet[int], hash_person: Callable[[str], bytes]) -> None:
        """Count a run of records. `duplicates`: indices of the events whose identity other records own.

        hash_person: gives the eight bytes under which a person is known.
        """
        topic = self._topic
        for index, accepted in batch.apart.items():
            if index not in duplicates:
                event = accepted.event
                self.accept(accepted, hash_person(event.person or "") if topic.people(event) else None)
        for _ in duplicates:
            self.duplicate()
        for _, invalid in batch.refused:
            self.invalid(invalid)
        events, sent_ms = batch.events, batch.sent_ms
        others = duplicates | batch.apart.keys()
        if others:
            left = [index for index in range(len(events)) if index not in others]
            events, sent_ms = [events[index] for index in left], [sent_ms[index] for index in left]
        if events and topic.alike is not None:
            self._count_alike(events, sent_ms, list(map(topic.alike, events)), hash_person)

    def _count_alike(
        self,
        events: Sequence[Event],
        times_ms: Sequence[int],
        alike: list[Hashable],
        hash_person: Callable[[str], bytes],
    ) -> None:
        panes = [time_ms // PANE_MS for time_ms in times_ms]
        rows = list(zip(map(_campaign, events), map(_channel, events), panes, alike, strict=True))
        counts: dict[Hashable, _Alike] = {}
        ledger = self._ledger
        for (name, channel, pane, kind), number in Counter(rows).items():
            one = counts.get(kind)
            if one is None:
                one = counts[kind] = self._one(events[alike.index(kind)])
            counters = self._counters(name, pane << 8 | CHANNEL_CODES[channel])
            for measure, count in one.counters.items():
                counters[measure] = counters.get(measure, 0) + count * number
            ledger[Measure.COUNTED] = ledger.get(Measure.COUNTED, 0) + number
            if one.test:
                ledger[Measure.LEDGER_TEST] = ledger.get(Measure.LEDGER_TEST, 0) + number
            elif one.machine:
                ledger[Measure.LEDGER_MACHINE] = ledger.get(Measure.LEDGER_MACHINE, 0) + number
        if any(map(_person, events)):
            self._meet_alike(events, rows, hash_person)

    def _meet_alike(
        self,
        events: Sequence[Event],
        rows: Sequence[tuple[str, str, int, Hashable]],
        hash_person: Callable[[str], bytes],
    ) -> None:
        together: defaultdict[tuple[str, str, int, Hashable], set[str]] = defaultdict(set)
        kinds: dict[Hashable, tuple[int, ...]] = {}
        for event, row in zip(events, rows, strict=True):
            person = event.person
            if person:
                together[row].add(person)
                if row[3] not in kinds:
                    kinds[row[3]] = self._topic.people(event)
        for (name, channel, pane, alike), persons in together.items():
            if not kinds[alike]:
                continue
            hashes = set(map(hash_person, persons))
            campaign, minute = self._campaigns[name], pane * PANE_MS // MINUTE_MS
            for kind in kinds[alike]:
                campaign.meet((CHANNEL_CODES[channel], minute, kind), hashes)

    def _one(self, event: Event) -> _Alike:
        topic, counters = self._topic, Counters()
        if event.test:
            counters[topic.test_measure] = 1
        else:
            topic.count(event, counters)
        return _Alike(counters, bool(event.test), topic.machine(event))

    def _counters(self, name: str, place: int) -> Counters:
        campaign = self._campaigns.get(name)
        if campaign is None:
            campaign = self._campaigns[name] = _Campaign()
        self._changed.add(name)
        counters = campaign.panes.get(place)
        if counters is None:
            counters = campaign.panes[place] = {}
        return counters

    def accept(self, accepted: Accepted, person: bytes | None) -> None:
        """Count one event that owns its identity. `person`: eight-byte hash of whoever was reached, None where
        unknown."""
        event, topic = accepted.event, self._topic
        counters = self._counters(event.campaign, accepted.time_ms // PANE_MS << 8 | accepted.channel)
        ledger = self._ledger
        ledger[Measure.COUNTED] = ledger.get(Measure.COUNTED, 0) + 1
        if event.test:
            counters[topic.test_measure] = counters.get(topic.test_measure, 0) + 1
            ledger[Measure.LEDGER_TEST] = ledger.get(Measure.LEDGER_TEST, 0) + 1
            return
        topic.count(event, counters)
        if accepted.late:
            counters[Measure.LATE] = counters.get(Measure.LATE, 0) + 1
            ledger[Measure.LEDGER_LATE] = ledger.get(Measure.LEDGER_LATE, 0) + 1
        if accepted.unknown_channel:
            counters[Measure.UNKNOWN_CHANNEL] = counters.get(Measure.UNKNOWN_CHANNEL, 0) + 1
        if topic.machine(event):
            ledger[Measure.LEDGER_MACHINE] = ledger.get(Measure.LEDGER_MACHINE, 0) + 1
        elif person is not None:
            campaign, minute = self._campaigns[event.campaign], accepted.time_ms // MINUTE_MS
            for kind in topic.people(event):
                campaign.meet((accepted.channel, minute, kind), {person})

    def duplicate(self) -> None:
        """Note an event whose identity another record owns."""
        self._ledger[Measure.DUPLICATE] = self._ledger.get(Measure.DUPLICATE, 0) + 1

    def invalid(self, invalid: Invalid) -> None:
        """Note a record that goes to the dead-letter topic."""
        for measure in (Measure.INVALID, reason_measure(invalid.reason)):
            self._ledger[measure] = self._ledger.get(measure, 0) + 1

    def advance(self, records: int, last: int, timestamp_ms: int) -> None:
        """`records` more records have been dealt with, up to the offset `last`, whose Kafka timestamp is
        `timestamp_ms`."""
        self._ledger[Measure.READ] = self._ledger.get(Measure.READ, 0) + records
        self._ledger_changed = True
        self.last = last
        self.last_timestamp_ms = timestamp_ms

    @property
    def changed(self) -> bool:
        """Whether `summaries` would say something new."""
        return self._ledger_changed

    def summaries(self) -> Iterator[tuple[str, Summary]]:
        """(campaign, summary) of every campaign that has changed since the last call."""
        for name in sorted(self._changed):
            campaign = self._campaigns[name]
            yield name, self._summary(self._entries(campaign.panes), self._people(campaign.new_people))
            campaign.new_people = {}
        self._changed.clear()

    def ledger(self) -> Summary:
        """The summary of the ledger of this block's source, complete. To be sent whenever `changed`."""
        self._ledger_changed = False
        return self._summary([Entry(0, 0, 0, dict(self._ledger))], [])

    def _summary(self, entries: list[Entry], people: list[PeopleEntry]) -> Summary:
        cut = self.cut
        return Summary(self.source, cut.start, self.last, cut.bucket_ms, entries, people, self.last_timestamp_ms)

    def _entries(self, panes: dict[int, Counters]) -> list[Entry]:
        sums: dict[tuple[int, int, int], Counters] = {}
        for place, counters in panes.items():
            channel = place & 255
            for tier, index in counter_panes(place >> 8, self.cut.bucket_ms, self._zone):
                total = sums.get((channel, tier, index))
                if total is None:
                    sums[channel, tier, index] = dict(counters)
                    continue
                for measure, count in counters.items():
                    total[measure] = total.get(measure, 0) + count
        return [Entry(channel, tier, index, total) for (channel, tier, index), total in sums.items()]

    @staticmethod
    def _people(new: dict[tuple[int, int, int], list[bytes]]) -> list[PeopleEntry]:
        return [PeopleEntry(channel, minute, kind, b"".join(some)) for (channel, minute, kind), some in new.items()]
