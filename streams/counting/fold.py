"""The fold: what a block's events have counted so far, by campaign and ten-second pane, and in the ledger.

Events that differ in nothing that is counted are counted together: most of a run is, and costs a few passes in C. Their
numbers wait until somebody asks, since a run is short and the same rows come again in the next.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import compress
from operator import attrgetter
from typing import Any, Final

from streams.counting.alike import Alike, AlikeByFlags
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

_PANES_A_MINUTE: Final = MINUTE_MS // PANE_MS

_COUNTED: Final = int(Measure.COUNTED)
_NOBODY: Final = b""
"""Stands in a row for an event by nobody, or by whom the topic does not reach."""

_MAX_HELD: Final = 8192
"""So many hashes may wait, with their repetitions, until they are brought into sets."""

_Row = tuple[Any, ...]
_Names = tuple[str, ...]
_Met = tuple[list[bytes], PersonHash]


_person: Final = attrgetter("person")


def _hash_nobody(person: str) -> bytes:
    return _NOBODY


class CampaignFold:
    """One campaign: `panes` is pane << 8 | channel -> counters, `new_people` whoever was met since it was emptied."""

    __slots__ = ("_met", "new_people", "panes")

    def __init__(self) -> None:
        self.panes: dict[int, Counters] = {}
        self.new_people: dict[Place, list[bytes]] = {}
        self._met: dict[Place, set[bytes]] = {}

    def meet(self, place: Place, persons: AbstractSet[bytes]) -> None:
        """Note these people; whoever was met in the place before is not new."""
        met = self._met.get(place)
        if met is None:
            self._met[place], new = set(persons), persons
        else:
            new = persons - met
            met |= new
        if new:
            self.new_people.setdefault(place, []).extend(new)


@dataclass(slots=True)
class _Waiting:
    """Rows that are not in the counters yet.

    A row is campaign, channel, then the flags that anybody has set, then the pane where it is not the same in all.
    numbers: how many there are of each, in a topic that reaches nobody. met: in others each one's person, b"" for none,
    and what gives a person's hash.
    """

    numbers: Counter[_Row] = field(default_factory=Counter)
    met: dict[_Row, _Met] = field(default_factory=dict)


class Fold:
    """The counts of one block of a topic.

    After `settle`, `campaigns` and `ledger` hold everything; `changed` are the campaigns that were counted into since
    it was emptied.
    """

    def __init__(self, topic: Topic) -> None:
        self._topic = topic
        self._flags = {name: attrgetter(name) for name in topic.flags or ()}
        self._held = 0
        self._alike: dict[_Names, AlikeByFlags] = {}
        self._waiting: dict[tuple[_Names, int | None], _Waiting] = {}
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
        if duplicates:
            self._add(Measure.DUPLICATE, len(duplicates))
        for _, invalid in batch.refused:
            self.invalid(invalid)
        events, columns, sent_ms = batch.events, [batch.campaigns, batch.channels], batch.sent_ms
        others = duplicates | batch.apart.keys()
        if len(others) == len(events):
            return
        if others:
            left = bytearray(b"\1") * len(events)
            for index in others:
                left[index] = 0
            events, sent_ms = list(compress(events, left)), list(compress(sent_ms, left))
            columns = [list(compress(column, left)) for column in columns]
        self._count_together(events, columns, sent_ms, hash_person)

    def accept(self, accepted: Accepted, person: bytes | None) -> None:
        """Count one event that owns its identity. `person`: whoever was reached, None where unknown."""
        event, topic = accepted.event, self._topic
        campaign, counters = self._counters(event.campaign, accepted.time_ms // PANE_MS, accepted.channel)
        self._add(_COUNTED, 1)
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
            minute = accepted.time_ms // MINUTE_MS
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

    def settle(self) -> None:
        """Bring into `campaigns`, `changed` and `ledger` what waits to be counted together."""
        for (flags, only_pane), waiting in self._waiting.items():
            by_flags, end = self._alike[flags], 2 + len(flags)
            for row, number in waiting.numbers.items():
                pane = row[-1] if only_pane is None else only_pane
                self._bring(row[0], pane, CHANNEL_CODES[row[1]], by_flags[row[2:end]], number)
            for row, (met, _) in waiting.met.items():
                pane, channel = row[-1] if only_pane is None else only_pane, CHANNEL_CODES[row[1]]
                alike = by_flags[row[2:end]]
                campaign = self._bring(row[0], pane, channel, alike, len(met))
                persons = set(met) if alike.people else set()
                persons.discard(_NOBODY)
                if persons:
                    minute = pane // _PANES_A_MINUTE
                    for kind in alike.people:
                        campaign.meet((channel, minute, kind), persons)
        self._waiting.clear()
        self._held = 0

    def _bring(self, name: str, pane: int, channel: int, alike: Alike, number: int) -> CampaignFold:
        campaign, counters = self._counters(name, pane, channel)
        for measure, count in alike.counters:
            counters[measure] = counters.get(measure, 0) + count * number
        ledger = self.ledger
        ledger[_COUNTED] = ledger.get(_COUNTED, 0) + number
        if alike.ledger is not None:
            ledger[alike.ledger] = ledger.get(alike.ledger, 0) + number
        return campaign

    def _count_together(
        self, events: Sequence[Event], columns: list[list[str]], sent_ms: Sequence[int], hash_person: PersonHash
    ) -> None:
        """Columns that are the same in all rows are left out of them: a flag that nobody has set, the only pane."""
        first, last = min(sent_ms) // PANE_MS, max(sent_ms) // PANE_MS
        set_by = {name: list(map(flag, events)) for name, flag in self._flags.items()}
        set_by = {name: column for name, column in set_by.items() if any(column)}
        panes = [] if first == last else [[time_ms // PANE_MS for time_ms in sent_ms]]
        flags = tuple(set_by)
        waiting = self._waiting.setdefault((flags, None if panes else first), _Waiting())
        rows: list[_Row] = list(zip(*columns, *set_by.values(), *panes, strict=True))
        alike = self._alike.get(flags)
        if alike is None:
            alike = self._alike[flags] = AlikeByFlags(self._topic, flags, events[0])
        if self._topic.people is no_people:
            waiting.numbers.update(rows)
            return
        places = waiting.met
        for row, person in zip(rows, map(_person, events), strict=True):
            try:
                met, known = places[row]
            except KeyError:
                reaches = alike[row[2 : 2 + len(flags)]].people
                met, known = places[row] = [], hash_person if reaches else _hash_nobody
            met.append(known(person) if person else _NOBODY)
        self._held += len(events)
        if self._held > _MAX_HELD:
            self.settle()

    def _counters(self, name: str, pane: int, channel: int) -> tuple[CampaignFold, Counters]:
        campaign = self.campaigns.get(name)
        if campaign is None:
            campaign = self.campaigns[name] = CampaignFold()
        self.changed.add(name)
        place = pane << 8 | channel
        counters = campaign.panes.get(place)
        if counters is None:
            counters = campaign.panes[place] = {}
        return campaign, counters

    def _add(self, measure: int, number: int) -> None:
        self.ledger[measure] = self.ledger.get(measure, 0) + number
