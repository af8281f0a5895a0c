"""The fold: what a block's events have counted so far, by campaign and ten-second pane, and in the ledger.

Events that differ in nothing that is counted are counted together: most of a run is, and costs a few passes in C.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from streams.counting.panes import MINUTE_MS, PANE_MS
from streams.events.batch import EventBatch
from streams.events.channels import CHANNEL_CODES
from streams.events.decode import Accepted
from streams.events.errors import Invalid
from streams.events.measures import Counters, Measure, reason_measure
from streams.events.topic import Event, Topic, no_people

PersonHash = Callable[[str], bytes]
"""Gives the eight bytes under which a person is known."""

Place = tuple[int, int, int]
"""(channel, minute, kind of people)."""

_Row = tuple[Any, ...]

_person: Final = attrgetter("person")


class CampaignFold:
    """One campaign: `panes` is pane << 8 | channel -> counters, `new_people` whoever was met since it was emptied."""

    __slots__ = ("_met", "new_people", "panes")

    def __init__(self) -> None:
        self.panes: dict[int, Counters] = {}
        self.new_people: dict[Place, list[bytes]] = {}
        self._met: dict[Place, set[bytes]] = {}

    def meet(self, place: Place, persons: AbstractSet[bytes]) -> None:
        """Note these people; whoever was met in the place before is not new."""
        met = self._met.setdefault(place, set())
        new = persons - met
        if new:
            met |= new
            self.new_people.setdefault(place, []).extend(new)


@dataclass(frozen=True, slots=True)
class _One:
    """What one event of those that are counted together counts."""

    counters: Counters
    test: bool
    machine: bool


class Fold:
    """The counts of one block of a topic. `changed` are the campaigns that were counted into since it was emptied."""

    def __init__(self, topic: Topic) -> None:
        self._topic = topic
        self._flags = [attrgetter(name) for name in topic.flags or ()]
        self.campaigns: dict[str, CampaignFold] = {}
        self.changed: set[str] = set()
        self.ledger: Counters = {}

    def count(self, batch: EventBatch, duplicates: AbstractSet[int], hash_person: PersonHash) -> None:
        """Count a run of records. `duplicates`: indices of the events whose identity other records own."""
        for index, accepted in batch.apart.items():
            if index not in duplicates:
                event = accepted.event
                reaches = bool(self._topic.people(event))
                self.accept(accepted, hash_person(event.person or "") if reaches else None)
        for _ in duplicates:
            self.duplicate()
        for _, invalid in batch.refused:
            self.invalid(invalid)
        events, columns, sent_ms = batch.events, [batch.campaigns, batch.channels], batch.sent_ms
        others = duplicates | batch.apart.keys()
        if others:
            left = [index for index in range(len(events)) if index not in others]
            events, sent_ms = [events[index] for index in left], [sent_ms[index] for index in left]
            columns = [[column[index] for index in left] for column in columns]
        if events:
            self._count_together(events, columns, sent_ms, hash_person)

    def accept(self, accepted: Accepted, person: bytes | None) -> None:
        """Count one event that owns its identity. `person`: whoever was reached, None where unknown."""
        event, topic = accepted.event, self._topic
        counters = self._counters(event.campaign, accepted.time_ms // PANE_MS, accepted.channel)
        self._add(Measure.COUNTED, 1)
        if event.test:
            counters[topic.test_measure] = counters.get(topic.test_measure, 0) + 1
            self._add(Measure.LEDGER_TEST, 1)
            return
        topic.count(event, counters)
        if accepted.late:
            counters[Measure.LATE] = counters.get(Measure.LATE, 0) + 1
            self._add(Measure.LEDGER_LATE, 1)
        if accepted.unknown_channel:
            counters[Measure.UNKNOWN_CHANNEL] = counters.get(Measure.UNKNOWN_CHANNEL, 0) + 1
        if topic.machine(event):
            self._add(Measure.LEDGER_MACHINE, 1)
        elif person is not None:
            campaign, minute = self.campaigns[event.campaign], accepted.time_ms // MINUTE_MS
            for kind in topic.people(event):
                campaign.meet((accepted.channel, minute, kind), {person})

    def duplicate(self) -> None:
        """Note an event whose identity another record owns."""
        self._add(Measure.DUPLICATE, 1)

    def invalid(self, invalid: Invalid) -> None:
        """Note a record that goes to the dead-letter topic."""
        self._add(Measure.INVALID, 1)
        self._add(reason_measure(invalid.reason), 1)

    def read(self, records: int) -> None:
        """So many records of the log have been dealt with."""
        self._add(Measure.READ, records)

    def _count_together(
        self, events: Sequence[Event], columns: list[list[str]], sent_ms: Sequence[int], hash_person: PersonHash
    ) -> None:
        """Columns that are the same in all rows are left out of them: a flag that nobody has set, the only pane."""
        first, last = min(sent_ms) // PANE_MS, max(sent_ms) // PANE_MS
        flags = [column for column in (list(map(flag, events)) for flag in self._flags) if any(column)]
        panes = [] if first == last else [[time_ms // PANE_MS for time_ms in sent_ms]]
        rows: list[_Row] = list(zip(*columns, *flags, *panes, strict=True))
        ones: dict[_Row, _One] = {}
        for row, number in Counter(rows).items():
            kind = row[2 : 2 + len(flags)]
            one = ones.get(kind)
            if one is None:
                one = ones[kind] = self._one(events[rows.index(row)])
            counters = self._counters(row[0], first if first == last else row[-1], CHANNEL_CODES[row[1]])
            for measure, count in one.counters.items():
                counters[measure] = counters.get(measure, 0) + count * number
            self._add(Measure.COUNTED, number)
            if one.test:
                self._add(Measure.LEDGER_TEST, number)
            elif one.machine:
                self._add(Measure.LEDGER_MACHINE, number)
        if self._topic.people is not no_people and any(map(_person, events)):
            self._meet_together(events, rows, sent_ms, hash_person)

    def _meet_together(
        self, events: Sequence[Event], rows: Sequence[_Row], sent_ms: Sequence[int], hash_person: PersonHash
    ) -> None:
        persons: defaultdict[_Row, set[str]] = defaultdict(set)
        seen: dict[_Row, int] = {}
        for index, (event, row) in enumerate(zip(events, rows, strict=True)):
            if event.person:
                persons[row].add(event.person)
                seen[row] = index
        for row, some in persons.items():
            kinds = self._topic.people(events[seen[row]])
            if not kinds:
                continue
            hashes = set(map(hash_person, some))
            campaign, minute = self.campaigns[row[0]], sent_ms[seen[row]] // MINUTE_MS
            for kind in kinds:
                campaign.meet((CHANNEL_CODES[row[1]], minute, kind), hashes)

    def _one(self, event: Event) -> _One:
        topic, counters = self._topic, Counters()
        if event.test:
            counters[topic.test_measure] = 1
        else:
            topic.count(event, counters)
        return _One(counters, bool(event.test), topic.machine(event))

    def _counters(self, name: str, pane: int, channel: int) -> Counters:
        campaign = self.campaigns.get(name)
        if campaign is None:
            campaign = self.campaigns[name] = CampaignFold()
        self.changed.add(name)
        place = pane << 8 | channel
        counters = campaign.panes.get(place)
        if counters is None:
            counters = campaign.panes[place] = {}
        return counters

    def _add(self, measure: int, number: int) -> None:
        self.ledger[measure] = self.ledger.get(measure, 0) + number
