"""Whatever is delivered again, by whomever, and wherever an owner dies: the totals equal an offline recount.

event logs ──► readers (one owns a source, others are zombies) ──► summaries log ──► owner ──► changelog ──► next owner
               begin at any committed block start                                   dies with part of its statements
                                                                                    acknowledged, the rest may come late
"""

from collections import defaultdict

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, precondition, rule

from streams.counting.merge import Outcome, unpack
from streams.counting.people import People
from streams.counting.sources import source_number
from streams.counting.statements import KeyKind, counters_key, ledger_key
from streams.counting.summaries import LEDGER, decode_summary, kind_of, panes_of
from tests.property.counting_model import (
    CLICKS,
    READ,
    Changelog,
    Event,
    Owner,
    Reader,
    Record,
    Tables,
    recount,
    recount_people,
)

START_MS = 1_761_436_000_000
"""Shortly before the clocks go back in Berlin on 2025-10-26."""

SOURCES = (source_number(1, 0), source_number(1, 1))
HOUR_MS = 3_600_000
AGES_MS = (0, 9_000, 20 * 60_000, 3 * HOUR_MS, 30 * HOUR_MS)
COUNTERS = (KeyKind.COUNTERS, KeyKind.LEDGER)


class Counting(RuleBasedStateMachine):
    """The whole way from event logs to recovered tables."""

    zombies: Bundle[Reader] = Bundle("zombies")

    @initialize()
    def begin(self) -> None:
        self.logs: dict[int, list[Event]] = {source: [] for source in SOURCES}
        self.starts: dict[int, list[int]] = {source: [0] for source in SOURCES}
        self.readers = {source: Reader(source, self.logs[source]) for source in SOURCES}
        self.summaries: list[Record] = []
        self.reached: dict[bytes, list[tuple[int, int, int]]] = defaultdict(list)
        self.tables = Tables()
        self.owner = Owner(self.tables)
        self.old_owners: list[Owner] = []
        self.late: list[tuple[int, Changelog, bytes, bytes]] = []

    @rule(
        source=st.sampled_from(SOURCES),
        events=st.lists(
            st.tuples(
                st.sampled_from((1, 1, 1, 4, 13)),
                st.sampled_from((0, 0, 800, 2_600, 61_000)),
                st.sampled_from((b"aurora", b"boreal")),
                st.sampled_from((2, 3)),
                st.sampled_from(AGES_MS),
                st.integers(0, 5),
            ),
            min_size=1,
            max_size=6,
        ),
    )
    def produce(self, source: int, events: list[tuple[int, int, bytes, int, int, int]]) -> None:
        log = self.logs[source]
        for gap, later_ms, campaign, channel, age_ms, person in events:
            offset, timestamp_ms = (log[-1].offset, log[-1].timestamp_ms) if log else (-1, START_MS)
            timestamp_ms += later_ms
            log.append(Event(offset + gap, timestamp_ms, campaign, channel, timestamp_ms - age_ms, person))

    @rule(
        source=st.sampled_from(SOURCES),
        count=st.integers(0, 8),
        split=st.integers(0, 3),
        sent=st.sampled_from((0, 1, 2, 100, 100)),
    )
    def read(self, source: int, count: int, split: int, sent: int) -> None:
        """The reader goes on and says what its open block has counted; part of it may wait to be sent."""
        reader = self.readers[source]
        for _ in range(count):
            self.step(reader, split)
        reader.summarise(split)
        self.deliver(reader, sent)

    @rule(target=zombies, source=st.sampled_from(SOURCES), back=st.integers(0, 3))
    def take_over(self, source: int, back: int) -> Reader:
        """Another worker reads the source from one of its committed offsets on; whoever read it before may live on."""
        old = self.readers[source]
        starts = self.starts[source]
        self.readers[source] = Reader(source, self.logs[source], starts[-1 - min(back, len(starts) - 1)])
        return old

    @rule(zombie=zombies, count=st.integers(0, 4), split=st.integers(0, 3))
    def zombie_reads_on(self, zombie: Reader, count: int, split: int) -> None:
        for _ in range(count):
            self.step(zombie, split)
        zombie.summarise(split)
        self.deliver(zombie, len(zombie.outbox) - count)

    @rule(zombie=consumes(zombies))
    def zombie_dies(self, zombie: Reader) -> None:
        zombie.outbox.clear()

    @rule(count=st.integers(1, 40), commits=st.booleans())
    def merge(self, count: int, commits: bool) -> None:
        """The owner merges, states, and commits if it lives long enough."""
        self.owner.read(self.summaries, count)
        self.owner.state()
        if commits:
            self.commit()

    @rule(acknowledged=st.integers(0, 40), lives_on=st.booleans(), count=st.integers(0, 10))
    def crash(self, acknowledged: int, lives_on: bool, count: int) -> None:
        """The next owner recovers from what reached the broker; the old one may not know yet that it has lost."""
        self.owner.read(self.summaries, count)
        if lives_on:
            self.old_owners.append(self.owner)
        else:
            old = self.owner
            self.late.extend((old.term, *send) for send in old.crash(acknowledged))
        self.owner = Owner(self.tables)

    @precondition(lambda self: self.late)
    @rule(count=st.integers(1, 20))
    def sends_arrive_late(self, count: int) -> None:
        for term, changelog, key, packed in self.late[:count]:
            changelog.write(term, key, packed)
        del self.late[:count]

    @precondition(lambda self: self.old_owners)
    @rule(count=st.integers(0, 20))
    def old_owner_states(self, count: int) -> None:
        old = self.old_owners.pop(0)
        old.read(self.summaries, count)
        old.crash(acknowledged=1_000)

    @invariant()
    def totals_equal_a_recount(self) -> None:
        """What is shown is what the events say that had been summarised up to the offset that the value names."""
        if hasattr(self, "owner"):
            self.check_values(self.owner.values, 0)

    @invariant()
    def what_was_committed_is_recovered(self) -> None:
        """Nobody reads again what lies before the committed offset, so the changelog must hold all of it."""
        if not hasattr(self, "owner"):
            return
        recovered = self.tables.counters.recover()
        self.check_values(recovered, self.tables.committed)
        for key, reached in self.reached.items():
            assert key in recovered or reached[0][0] >= self.tables.committed

    def check_values(self, values: dict[bytes, bytes], committed: int) -> None:
        expected = recount(self.logs)
        for key, packed in values.items():
            if key[0] not in COUNTERS:
                continue
            value = unpack(packed)
            covered: dict[int, int] = {}
            for offset, source, last in self.reached[key]:
                if offset <= value.at or offset < committed:
                    covered[source] = max(last, covered.get(source, -1))
            count = sum(sum(1 for o in expected[key][source] if o <= last) for source, last in covered.items())
            assert sum(value.totals.values()) == count, (key, value, covered)

    @invariant()
    def no_log_is_cut_in_two_ways(self) -> None:
        if hasattr(self, "owner"):
            assert Outcome.CONFLICT not in self.owner.merge.outcomes

    def teardown(self) -> None:
        """Everything that was produced is read, merged and recovered once more."""
        if not hasattr(self, "owner"):
            return
        for reader in self.readers.values():
            while reader.next < len(reader.log):
                self.step(reader, 0)
            reader.summarise()
            self.deliver(reader, len(reader.outbox))
        self.owner.read(self.summaries, len(self.summaries))
        self.owner.state()
        self.totals_equal_a_recount()
        self.commit()
        last = Owner(self.tables)
        self.check_all(last)
        last.next = 0
        last.read(self.summaries, len(self.summaries))
        last.state()
        self.check_all(last)

    def check_all(self, owner: Owner) -> None:
        counted = {key: unpack(packed) for key, packed in owner.values.items() if key[0] in COUNTERS}
        totals = {key: value.totals for key, value in counted.items()}
        offsets = {key: sum(map(len, of.values())) for key, of in recount(self.logs).items()}
        assert totals == {key: {READ if key[0] == KeyKind.LEDGER else CLICKS: n} for key, n in offsets.items()}
        people = {key: round(People.unpack(packed)[0].estimate()) for key, packed in owner.people.items()}
        assert people == {key: len(persons) for key, persons in recount_people(self.logs).items()}

    def commit(self) -> None:
        self.tables.committed = max(self.tables.committed, self.owner.stated_to)

    def step(self, reader: Reader, split: int) -> None:
        """One record further; at a block's end all is sent before its end is committed."""
        if reader.read(split):
            self.deliver(reader, len(reader.outbox))
            if reader is self.readers[reader.source] and reader.start > self.starts[reader.source][-1]:
                self.starts[reader.source].append(reader.start)

    def deliver(self, reader: Reader, count: int) -> None:
        for record in reader.outbox[: max(0, count)]:
            summary = decode_summary(record.value)
            keys = [
                counters_key(record.key, entry.channel, tier, pane)
                for entry in summary.entries
                for tier, pane in panes_of(entry)
            ]
            for key in [ledger_key(summary.source)] if kind_of(record.value) == LEDGER else keys:
                self.reached[key].append((len(self.summaries), summary.source, summary.last))
            self.summaries.append(record)
        del reader.outbox[: max(0, count)]


TestCounting = Counting.TestCase
TestCounting.settings = settings(max_examples=80, stateful_step_count=50, deadline=None)
