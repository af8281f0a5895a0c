"""The open block of one source: it folds accepted events into counters and says what has changed since it last
spoke."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from streams.counting.blocks import Cut
from streams.counting.panes import MINUTE_MS, PANE_MS, counter_panes
from streams.counting.summaries import Entry, PeopleEntry, Summary
from streams.events.decode import Accepted
from streams.events.errors import Invalid
from streams.events.measures import Measure, reason_measure
from streams.events.topic import Topic

Counters = dict[int, int]


class _Campaign:
    __slots__ = ("new_people", "panes", "people")

    def __init__(self) -> None:
        self.panes: dict[int, Counters] = {}
        self.people: dict[tuple[int, int, int], set[bytes]] = {}
        self.new_people: dict[tuple[int, int, int], list[bytes]] = {}


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

    def accept(self, accepted: Accepted, person: bytes | None) -> None:
        """Count an event that owns its identity. `person`: eight-byte hash of whoever was reached, None where
        unknown."""
        event, topic = accepted.event, self._topic
        name = event.campaign
        campaign = self._campaigns.get(name)
        if campaign is None:
            campaign = self._campaigns[name] = _Campaign()
        self._changed.add(name)
        place = accepted.time_ms // PANE_MS << 8 | accepted.channel
        counters = campaign.panes.get(place)
        if counters is None:
            counters = campaign.panes[place] = {}
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
            self._meet(campaign, accepted, person)

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

    def _meet(self, campaign: _Campaign, accepted: Accepted, person: bytes) -> None:
        minute = accepted.time_ms // MINUTE_MS
        for kind in self._topic.people(accepted.event):
            place = (accepted.channel, minute, kind)
            met = campaign.people.setdefault(place, set())
            if person not in met:
                met.add(person)
                campaign.new_people.setdefault(place, []).append(person)

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
