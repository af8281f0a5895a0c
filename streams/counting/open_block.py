"""The open block of one source: what its records have counted so far, said again and again with a larger last
offset."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from zoneinfo import ZoneInfo

from streams.counting.block_facts import BlockFacts
from streams.counting.blocks import Cut
from streams.counting.fold import Fold, PersonHash, Place
from streams.counting.panes import counter_panes
from streams.counting.summaries import Entry, FactEntry, PeopleEntry, Summary, pack_panes
from streams.counting.windows import sum_counters
from streams.events.batch import EventBatch
from streams.events.measures import Counters
from streams.events.topic import Topic


class OpenBlock:
    """What the records of one block have counted so far. Whoever counts calls `advance` with the last offset it has
    dealt with."""

    def __init__(self, source: int, topic: Topic, cut: Cut, zone: ZoneInfo) -> None:
        self.source = source
        self.cut = cut
        self.last = cut.start - 1
        self.last_timestamp_ms = 0
        self.fold = Fold(topic)
        self.facts = BlockFacts(topic, cut.bucket_ms, zone)
        self._zone = zone
        self._changed = False

    def count(self, batch: EventBatch, duplicates: AbstractSet[int], hash_person: PersonHash) -> None:
        """Count a run of records. `duplicates`: indices of the events whose identity other records own."""
        self.fold.count(batch, duplicates, hash_person)

    def state(self, batch: EventBatch, offsets: Sequence[int], timestamps_ms: Sequence[int]) -> None:
        """Note the facts that a run of records states; see `BlockFacts.count`."""
        self.facts.count(batch, offsets, timestamps_ms)

    def advance(self, records: int, last: int, timestamp_ms: int) -> None:
        """`records` more records have been dealt with, up to the offset `last`, whose Kafka timestamp is
        `timestamp_ms`."""
        self.fold.read(records)
        self._changed = True
        self.last = last
        self.last_timestamp_ms = timestamp_ms

    @property
    def changed(self) -> bool:
        """Whether `summaries` would say something new."""
        return self._changed

    def summaries(self, whole: bool = False) -> Iterator[tuple[str, Summary]]:
        """(campaign, summary) of every campaign that has changed since the last call; whole: of all of the block."""
        self.fold.settle()
        counted = self.fold.campaigns.keys() if whole else self.fold.changed
        for name in sorted(counted | self.facts.changed):
            campaign, facts = self.fold.campaigns.get(name), self.facts.take(name)
            if campaign is None:
                yield name, self._summary([], [], facts)
                continue
            yield name, self._summary(self._entries(campaign.panes), self._people(campaign.new_people), facts)
            campaign.new_people = {}
        self.fold.changed.clear()

    def ledger(self) -> Summary:
        """The summary of the ledger of this block's source, complete. To be sent whenever `changed`."""
        self._changed = False
        self.fold.settle()
        return self._summary([Entry(0, b"", dict(self.fold.ledger))], [], [])

    def _summary(self, entries: list[Entry], people: list[PeopleEntry], facts: list[FactEntry]) -> Summary:
        cut = self.cut
        return Summary(self.source, cut.start, self.last, cut.bucket_ms, entries, people, self.last_timestamp_ms, facts)

    def _entries(self, panes: dict[int, Counters]) -> list[Entry]:
        by_channel: dict[int, list[int]] = {}
        for place in panes:
            by_channel.setdefault(place & 255, []).append(place >> 8)
        entries: list[Entry] = []
        for channel, some in by_channel.items():
            if len(some) == 1:
                # As most often: all tiers hold the same.
                packed, _ = _together((some[0],), self.cut.bucket_ms, self._zone)[0]
                entries.append(Entry(channel, packed, dict(panes[some[0] << 8 | channel])))
                continue
            for packed, held in _together(tuple(sorted(some)), self.cut.bucket_ms, self._zone):
                entries.append(Entry(channel, packed, sum_counters(panes[pane << 8 | channel] for pane in held)))
        return entries

    @staticmethod
    def _people(new: dict[Place, list[bytes]]) -> list[PeopleEntry]:
        return [PeopleEntry(channel, minute, kind, b"".join(some)) for (channel, minute, kind), some in new.items()]


@lru_cache(maxsize=4096)
def _together(panes: tuple[int, ...], bucket_ms: int, zone: ZoneInfo) -> tuple[tuple[bytes, tuple[int, ...]], ...]:
    """For ten-second panes that a channel has: (panes of all tiers that hold the same, which ten-second panes these
    hold), so that each pane of a tier is in one of them."""
    held: dict[tuple[int, int], list[int]] = {}
    for pane in panes:
        for tier_pane in counter_panes(pane, bucket_ms, zone):
            held.setdefault(tier_pane, []).append(pane)
    together: dict[tuple[int, ...], list[tuple[int, int]]] = {}
    for tier_pane, some in held.items():
        together.setdefault(tuple(some), []).append(tier_pane)
    return tuple((pack_panes(same), some) for some, same in together.items())
