"""Scripts for the rules whose need is rare: a few owners, each of whose steps is taken by hand.

Each returns the clicks that are found in the end, with the rules in force but for those that it is given.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from streams.counting.merge import unpack
from streams.counting.panes import Tier
from streams.counting.partition import PartitionMerge
from streams.counting.statements import counters_key, furthest
from streams.counting.summaries import CAMPAIGN, Entry, Summary, encode_summary, pack_panes
from streams.events.measures import Measure
from tests.simulation.kafka_model import Log, Producer
from tests.simulation.merge_actor import Table
from tests.simulation.process import Steps
from tests.simulation.rules import Rule

KEY = counters_key(b"aurora", 2, Tier.LAUNCH, 0)


class _OneByOne(random.Random):
    """Recovery reads a single record at a time."""

    def randint(self, a: int, b: int) -> int:
        return a


@dataclass
class _World:
    without: frozenset[Rule]
    rnd: random.Random = field(default_factory=_OneByOne)


class _Script:
    """One key, in one partition: three blocks of the same source, each with one click."""

    def __init__(self, *without: Rule) -> None:
        self.world = _World(frozenset(without))
        self.summaries = Log(lambda: 0)
        self.changelog = Log(lambda: 0)
        for offset in (0, 1, 2):
            entry = Entry(2, pack_panes([(Tier.LAUNCH, 0)]), {Measure.CLICKS: 1})
            for value in encode_summary(CAMPAIGN, Summary(65, offset, offset, 0, [entry])):
                self.summaries.append(b"aurora", value)

    def clicks_recovered(self) -> int:
        """What a new owner recovers from the compacted changelog, when nothing is left to be read behind the commit."""
        self.changelog.compact(self.world.rnd, cut=len(self.changelog.records))
        last = _Owner(self, b"0009-x")
        last.recover()
        return last.clicks()


class _Owner:
    """An owner whose every step the script takes: nothing arrives before `deliver`."""

    def __init__(self, script: _Script, term: bytes) -> None:
        self._script = script
        self.producer = Producer(in_order=True)
        self.table = Table(script.world, script.changelog, furthest)
        self.table.term = term
        table = self.table
        self.merge = PartitionMerge(
            ZoneInfo("UTC"), table.values.get, lambda key: None, table.unstated, lambda key: False
        )

    def recover(self) -> None:
        for _ in self.table.recover():
            pass

    def read(self, begin: int, end: int) -> None:
        for record in self._script.summaries.read(begin, end - begin):
            self.merge.read(record.offset, 0, record.key or b"", record.value or b"")

    def state(self) -> Steps:
        """Begin to state the key: what `advance` is called with until the broker has it."""
        values = {key: value for key, value in self._taken().items() if key == KEY}
        steps = self.table.state(self.producer, values)
        next(steps, None)
        return steps

    def _taken(self) -> dict[bytes, bytes]:
        current = self.merge.begin_round()
        return self.merge.pack(current.keys)

    def deliver(self) -> None:
        while self.producer.waiting:
            self.producer.deliver(self._script.world.rnd)

    def stated(self) -> None:
        """State, and wait for the broker."""
        steps = self.state()
        self.deliver()
        for _ in steps:
            pass
        self.deliver()

    def clicks(self) -> int:
        value = self.table.values.get(KEY)
        unstated = self._taken().get(KEY, value)
        return 0 if unstated is None else unpack(unstated).totals[Measure.CLICKS]


def zombie_overwrites(*without: Rule) -> int:
    """A zombie's statement arrives behind a further one of its successor."""
    script = _Script(*without)
    term = b"000000" if Rule.KEY_WITH_TERM in without else b""
    # A zombie's statement of the first record is still on its way ...
    zombie = _Owner(script, term or b"0001-x")
    zombie.read(0, 1)
    zombie.state()
    # ... while the next owner counts both records, states and commits.
    owner = _Owner(script, term or b"0002-x")
    owner.recover()
    owner.read(0, 2)
    owner.stated()
    zombie.deliver()
    return script.clicks_recovered()


def term_comes_back(*without: Rule) -> int:
    """The tombstone of an old term is late, until its partition has come back to the owner of then."""
    script = _Script(*without)
    first = _Owner(script, b"0001-x")
    first.read(0, 1)
    first.stated()
    # The next owner states the key anew; that it deletes the statement of the first term stays on its way for long.
    second = _Owner(script, b"0002-x")
    second.recover()
    second.read(0, 1)
    waiting = second.state()
    second.deliver()
    for _ in waiting:
        pass
    # Then the partition comes back to the first one, which counts on, states and commits.
    third = _Owner(script, b"0001-x" if Rule.ONE_TERM_A_GENERATION in without else b"0003-x")
    third.recover()
    third.read(1, 2)
    third.stated()
    second.deliver()
    return script.clicks_recovered()


def zombie_deletes_what_another_relied_on(*without: Rule) -> int:
    """A zombie deletes a statement that a later owner has relied on."""
    script = _Script(*without)
    first = _Owner(script, b"0001-x")
    first.read(0, 1)
    first.stated()
    # The next owner recovers that and counts the second record, but is frozen with its statement on the way.
    frozen = _Owner(script, b"0002-x")
    frozen.recover()
    frozen.read(1, 2)
    waiting = frozen.state()
    # The first, a zombie by now, goes on and states more than anybody else has: all three records.
    first.read(1, 3)
    first.stated()
    # The third owner finds them all in that statement: what it reads changes nothing, and it commits behind it.
    third = _Owner(script, b"0003-x")
    third.recover()
    third.read(1, 3)
    third.stated()
    # The frozen one wakes: its statement arrives, and it deletes the one that it knew, of the first term.
    frozen.deliver()
    for _ in waiting:
        pass
    frozen.deliver()
    return script.clicks_recovered()


def zombie_recovers_late(*without: Rule) -> int:
    """A zombie recovers late and gets to know its successor's term."""
    script = _Script(*without)
    first = _Owner(script, b"0001-x")
    first.read(0, 1)
    first.stated()
    # The second generation's owner is frozen before it has recovered; the third's counts, states, ...
    frozen = _Owner(script, b"0002-x")
    third = _Owner(script, b"0003-x")
    third.recover()
    third.read(0, 2)
    third.stated()
    # ... the zombie recovers and gets to know its successor's term, the successor counts on and commits, ...
    frozen.recover()
    third.read(2, 3)
    third.stated()
    # ... and the zombie states what it knows, and deletes what the other terms that it knows have said.
    frozen.read(0, 2)
    frozen.stated()
    return script.clicks_recovered()


def compaction_overtakes_recovery(*without: Rule) -> int:
    """Compaction takes a statement that recovery has yet to read."""
    script = _Script(*without)
    script.changelog.append(b"0000-x" + b"other", b"another key, so that recovery takes two readings")
    first = _Owner(script, b"0001-x")
    first.read(0, 1)
    first.stated()
    # Offset 1 of the summaries is committed. A new owner has read a part of the changelog, ...
    second = _Owner(script, b"0002-x")
    recovery = second.table.recover()
    next(recovery)
    # ... when the first, a zombie by now, states the key again and compaction takes the statement that is not read yet.
    first.read(1, 2)
    first.stated()
    script.changelog.compact(script.world.rnd, cut=len(script.changelog.records))
    for _ in recovery:
        pass
    second.read(1, 2)
    return second.clicks()


SCRIPTS: Mapping[Rule, Callable[..., int]] = {
    Rule.KEY_WITH_TERM: zombie_overwrites,
    Rule.ONE_TERM_A_GENERATION: term_comes_back,
    Rule.OWN_STATEMENT_BEFORE_COMMIT: zombie_deletes_what_another_relied_on,
    Rule.ONLY_OLDER_GENERATIONS: zombie_recovers_late,
    Rule.RECOVERY_TO_THE_END: compaction_overtakes_recovery,
}
"""By the rule that each of them shows to be needed."""
