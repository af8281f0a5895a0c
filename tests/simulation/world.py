"""The simulated world: sources, a group of processes, faults at every step, and an end at which all is finished."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from agents.kafka.positions import CommitNote
from streams.counting.admissions import encode_admission
from streams.counting.partition import PartitionMerge
from streams.counting.sources import source_number
from streams.counting.summaries import PROGRESS, kind_of, summaries_partition
from streams.events.catalogue import topic_by_name
from streams.events.topic import Topic
from tests.simulation.ingest_actor import SEGMENT_MS, Ingest
from tests.simulation.kafka_model import Group, Log, Partition, Producer
from tests.simulation.merge_actor import Merge
from tests.simulation.process import Owner, Process
from tests.simulation.producers import CAMPAIGNS, HOUR_MS, MINUTE_MS, TOPICS, Senders
from tests.simulation.recount import block_starts
from tests.simulation.redis_model import Redis
from tests.simulation.rules import Rule

BEGIN_MS = 1_793_480_400_000
"""2026-10-31T21:00Z: a day and a month end soon, whatever the zone."""
ZONES = ("UTC", "Europe/Berlin", "America/St_Johns")
OUTAGES_MS = (20 * MINUTE_MS, 50 * MINUTE_MS, 3 * HOUR_MS, 22 * HOUR_MS, 33 * HOUR_MS, 45 * HOUR_MS, 80 * HOUR_MS)
SUMMARIES = "summaries"
STEPS = 1500


@dataclass(frozen=True)
class Source:
    """One partition of an event topic."""

    topic: Topic
    partition: int
    number: int
    log: Log


@dataclass
class World:
    """Everything that a run consists of. It is a function of the seed and of the rules that are left out."""

    rnd: random.Random
    without: frozenset[Rule] = frozenset()
    forgetful: bool = False
    now_ms: int = BEGIN_MS
    draining: bool = False
    expired_until_ms: int = 0
    group: Group = field(default_factory=Group)
    processes: list[Process] = field(default_factory=list)
    merges: list[PartitionMerge] = field(default_factory=list)

    def __post_init__(self) -> None:
        rnd = self.rnd
        self._broker_ahead_ms = self._redis_ahead_ms = 0
        self.redis = Redis(lambda: self.now_ms + self._redis_ahead_ms)
        self.zone = ZoneInfo(rnd.choice(ZONES))
        self.max_offsets = rnd.choice((3, 6, 50))
        self.retention_ms = rnd.choice((24, 72)) * HOUR_MS
        self.dead_letters = self._log()
        self.summaries = [self._log() for _ in range(rnd.randint(1, 2))]
        self.panes_changelogs = [self._log() for _ in self.summaries]
        self.people_changelogs = [self._log() for _ in self.summaries]
        self.partitions: dict[int, int] = {}
        self.sources: list[Source] = []
        # Redis can be wrong only about copies of an event that stand in different partitions.
        topics = {"click": 1} if self.forgetful else TOPICS
        for name in rnd.choices(tuple(topics), tuple(topics.values()), k=3 if self.forgetful else rnd.randint(1, 3)):
            topic = topic_by_name(name)
            number = self.partitions.get(topic.code, 0)
            self.partitions[topic.code] = number + 1
            self.sources.append(Source(topic, number, source_number(topic.code, number), self._log()))
        self.senders = Senders(rnd)
        self._tool = Producer(in_order=True)
        self._started = 0
        self._start_processes(rnd.randint(1, 3))
        self.rebalance()

    def _log(self) -> Log:
        return Log(lambda: self.now_ms + self._broker_ahead_ms)

    @property
    def owned(self) -> dict[Partition, Owner]:
        """The owners of the present generation."""
        return {
            tp: owner
            for process in self.processes
            if process.alive and process.generation == self.group.generation
            for tp, owner in process.owners.items()
        }

    def step(self) -> None:
        """Something happens."""
        rnd = self.rnd
        choice = rnd.random()
        if choice < 0.04:
            self._produce(rnd.choice(self.sources))
        elif choice < 0.055:
            self._membership_changes()
            self.rebalance()
        elif choice < 0.07:
            rnd.choice(self.panes_changelogs + self.people_changelogs).compact(rnd)
        elif choice < 0.073:
            self._broker_ahead_ms = rnd.choice((0, 0, 3000, -4000, 2 * MINUTE_MS, -2 * MINUTE_MS))
            self._redis_ahead_ms = rnd.choice((0, 10 * MINUTE_MS, -10 * MINUTE_MS))
        elif choice < 0.0745:
            self._outage()
        elif choice < 0.075:
            if not self.forgetful:  # a closed block that is read again needs claims that nobody has lost
                self._replay()
        elif choice < 0.076:
            campaign = rnd.choice(CAMPAIGNS)
            log = self.summaries[summaries_partition(campaign.encode(), len(self.summaries))]
            self._tool.send(log, campaign.encode(), encode_admission(campaign, rnd.choice((None, 3000))))
        elif choice < 0.08:
            self._tool.deliver(rnd)
        elif choice < 0.086 and self.forgetful:
            self._power_cut()
        else:
            self._work(rnd.choice(self.processes))

    def _work(self, process: Process) -> None:
        rnd = self.rnd
        if process.paused and rnd.random() < 0.99:
            return
        process.paused = False
        if process.alive and rnd.random() < 0.02:
            process.commit(self.group)
        if process.alive and process.owners and rnd.random() < 0.6:
            next(rnd.choice(list(process.owners.values())).steps)
        else:
            for _ in range(rnd.choice((1, 3, 20, 60))):
                process.producer.deliver(rnd)

    def _produce(self, source: Source) -> None:
        for _ in range(self.rnd.randint(1, 6)):
            self.now_ms += self.rnd.choice((0, 0, 1, 900, 3000))
            if self.rnd.random() < 0.03:
                source.log.skip()
            source.log.append(None, self.senders.value(source.topic.name, self.now_ms))

    def _start_processes(self, number: int) -> None:
        for _ in range(number):
            self._started += 1
            self.processes.append(Process(self._started, Producer(Rule.IN_ORDER not in self.without)))

    def _crash(self, process: Process) -> None:
        process.alive = False
        process.owners.clear()
        process.marks.clear()
        process.producer.crash(self.rnd)

    def _membership_changes(self) -> None:
        """Crash, freeze, thaw, join, leave: in any mixture."""
        rnd = self.rnd
        for process in self.processes:
            choice = rnd.random()
            if process.alive and choice < 0.12:
                self._crash(process)
            elif process.alive and choice < 0.5:
                process.frozen = not process.frozen
                process.paused = process.frozen and rnd.random() < 0.7
        self.processes = [process for process in self.processes if process.alive or process.producer.waiting]
        if rnd.random() < 0.3:
            self._start_processes(1)

    def rebalance(self) -> None:
        """A new generation: every partition to some member. Frozen processes go on believing in their old one."""
        members = [process for process in self.processes if process.alive and not process.frozen]
        if not members:
            self._start_processes(1)
            members = self.processes[-1:]
        self.group.generation += 1
        for process in members:
            owned, process.owners, process.generation = process.owners, {}, self.group.generation
            process.owners_before = owned
        for source in self.sources:
            tp = (source.topic.name, source.partition)
            process = self.rnd.choice(members)
            owner = process.owners[tp] = Owner(tp, iter(()))
            owner.steps = Ingest(self, process, source).steps(owner)
        for number in range(len(self.summaries)):
            tp = (SUMMARIES, number)
            process = self.rnd.choice(members)
            old = process.owners_before.get(tp)
            kept = old.tables if old is not None else None
            owner = process.owners[tp] = Owner(tp, iter(()))
            owner.steps = Merge(self, process, number, kept).steps(owner)

    def _power_cut(self) -> None:
        """Redis loses its latest claims, processes may die with it; whoever can claims again what it had won."""
        self.redis.forget(self.rnd.randint(1, 60))
        for process in self.processes:
            if process.alive and self.rnd.random() < 0.5:
                self._crash(process)
            elif process.alive and not process.paused:
                process.repair(self.redis)
        self.rebalance()

    def _outage(self) -> None:
        """All processes are gone for a while; producers are not. No longer than what is unread is retained."""
        rnd = self.rnd
        for process in self.processes:
            if process.alive:
                self._crash(process)
        for _ in range(rnd.randint(1, 2)):
            most_ms = self._endurable_ms()
            possible = [outage_ms for outage_ms in OUTAGES_MS if outage_ms < most_ms]
            if possible:
                self.now_ms += rnd.choice(possible)
                self._retain()
            self._produce(rnd.choice(self.sources))
        self._start_processes(rnd.randint(1, 2))
        self.rebalance()

    def _endurable_ms(self) -> int:
        """How long an outage may be before retention takes what nobody has counted yet."""
        oldest_ms = [self.now_ms + 1000 * HOUR_MS]
        for source in self.sources:
            _, metadata = self.group.committed.get((source.topic.name, source.partition), (0, ""))
            note = CommitNote.decode(metadata)
            waiting = source.log.read(0 if note is None else note.acknowledged + 1, 1)
            oldest_ms += [record.timestamp_ms for record in waiting]
        for number, log in enumerate(self.summaries):
            committed, _ = self.group.committed.get((SUMMARIES, number), (0, ""))
            unmerged = [
                record for record in log.read(committed, 1 << 30) if record.value and kind_of(record.value) != PROGRESS
            ]
            oldest_ms += [record.timestamp_ms for record in unmerged[:1]]
        return min(oldest_ms) + self.retention_ms - self.now_ms - 2 * HOUR_MS

    def _retain(self) -> None:
        """Retention takes effect at the latest a segment's length after its time."""
        for source in self.sources:
            late_ms = self.rnd.randint(0, SEGMENT_MS)
            source.log.retain(self.now_ms - self.retention_ms - late_ms)
        for log in self.summaries:
            log.retain(self.now_ms - self.retention_ms)

    def _replay(self) -> None:
        """Somebody stops everything and sets the group back: a source to a block's start, or the summaries."""
        rnd = self.rnd
        for process in self.processes:
            if process.alive:
                self._crash(process)
        source = rnd.choice(self.sources)
        starts = sorted({first for _, first in block_starts(source.log.all_records, self.max_offsets)})
        firsts = [source.log.all_records[index] for index in starts]
        committed, _ = self.group.committed.get((source.topic.name, source.partition), (0, ""))
        firsts = [record for record in firsts if source.log.start <= record.offset <= committed]
        if firsts:
            first = rnd.choice(firsts)
            note = CommitNote(0, first.timestamp_ms, first.offset - 1)
            self.group.committed[source.topic.name, source.partition] = (first.offset, note.encode())
        if rnd.random() < 0.5:
            self.group.committed.pop((SUMMARIES, rnd.randrange(len(self.summaries))), None)
        self._start_processes(rnd.randint(1, 2))
        self.rebalance()

    def drain(self, most: int = 4000) -> bool:
        """The faults end. False: something was never finished."""
        rnd = self.rnd
        for process in self.processes:
            if process.alive and process.frozen:
                self._crash(process)
        if not self._all_owned() or rnd.random() < 0.5:
            self.rebalance()
        self.draining = True
        # What zombies have sent may well arrive when all the others are done.
        zombies_last = rnd.random() < 0.5
        quiet = 0
        for _ in range(most):
            settled = all(owner.settled for owner in self.owned.values())
            for process in self.processes:
                process.commit(self.group)
                if zombies_last and not process.alive and not settled:
                    continue
                for owner in list(process.owners.values()):
                    next(owner.steps)
                for _ in range(8):
                    process.producer.deliver(rnd)
            self._tool.deliver(rnd)
            waiting = self._tool.waiting or any(process.producer.waiting for process in self.processes)
            # Twice over, because what an owner knows is older than what has been delivered since.
            quiet = quiet + 1 if not waiting and all(owner.settled for owner in self.owned.values()) else 0
            if quiet > 2:
                return True
        return False

    def _all_owned(self) -> bool:
        return len(self.owned) == len(self.sources) + len(self.summaries)


def simulate(
    seed: int, without: Collection[Rule] = (), steps: int = STEPS, forgetful: bool = False
) -> tuple[World, bool]:
    """A whole run. Returns the world at its end, and whether everything was finished. forgetful: Redis loses claims."""
    rnd = random.Random(seed)
    world = World(rnd, frozenset(without), forgetful)
    for _ in range(steps):
        world.step()
    return world, world.drain()
