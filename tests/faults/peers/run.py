"""One peer under faults: control without faults, then faults under load, a drain, and the counts beside the log."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from tests.faults.peers.catalogue import Peer
from tests.faults.peers.changelogs import kept, read_committed
from tests.faults.peers.group import create_topic, lag, stable_members
from tests.faults.peers.kinds import KINDS, SESSION_SECONDS, STOP_SECONDS
from tests.faults.peers.load import TOPIC, Key, KeyedEvents, expected
from tests.faults.peers.progress import Progress
from tests.faults.peers.supervised import Supervisor, Worker
from tests.faults.sending import Sender
from tests.support.kafka import KafkaBroker

PARTITIONS = 6
WORKERS = ("w1", "w2", "w3")
START_SECONDS = 90.0
COUNTING_SECONDS = 20.0
"""After a fault the next one waits for every partition to count again, at most so long."""
STUCK_FAULTS = 3
"""After so many faults in a row after which it did not, there are no more: it is left in peace, to end its work."""
DRAIN_SECONDS = 60.0
QUIET_SECONDS = 3.0
SETTLED_SECONDS = 5.0
SCRIPTS = Path(__file__).parent / "workers"


@dataclass(slots=True)
class Comparison:
    """The peer's counters beside those of the log. `lost` and `doubled` are events beyond the records in the log."""

    events: int
    resent: int
    counters: int
    lost: int
    doubled: int
    wrong: list[str]

    @property
    def exact(self) -> bool:
        """Every counter is what the log says."""
        return not self.wrong


@dataclass(slots=True)
class Outcome:
    """What one run came to. `control`: before the first fault; `after`: at the end, after the drain.

    `unread`: records that the group has not committed then, 0 when it has drained. `stuck`: whether the faults were
    ended early, because it did not count any more. `crashes`: workers that ended by themselves, by reason.
    """

    control: Comparison
    after: Comparison
    unread: int
    stuck: bool
    standstill_seconds_max: float
    kinds: Counter[str] = field(default_factory=Counter)
    crashes: Counter[str] = field(default_factory=Counter)


class PeerRun:
    """A topic, a consumer group and workers of a peer. python: the interpreter of the peers' environment."""

    def __init__(
        self,
        peer: Peer,
        python: Path,
        broker: KafkaBroker,
        directory: Path,
        workers: Sequence[str] = WORKERS,
        session_seconds: float = SESSION_SECONDS,
    ) -> None:
        self.peer, self.broker, self.directory, self.first_workers = peer, broker, directory, workers
        self.group = f"{peer.name}-{secrets.token_hex(3)}"
        self.prefix = f"{self.group}."
        self.topic = self.prefix + TOPIC
        self.changelog = peer.changelog.format(group=self.group, topic=self.topic)
        self._command = [str(python), str(SCRIPTS / peer.script), *peer.arguments]
        self._environment = {
            **peer.environment,
            "PEER_BROKER": broker.address,
            "PEER_GROUP": self.group,
            "PEER_TOPIC": self.topic,
            "PEER_PARTITIONS": str(PARTITIONS),
            "PEER_SESSION_SECONDS": str(session_seconds),
        }
        self.supervisor = Supervisor()
        self.progress = Progress(broker.address, self.changelog, PARTITIONS)
        self._entered = ExitStack()

    def __enter__(self) -> PeerRun:
        asyncio.run(create_topic(self.broker.address, self.topic, PARTITIONS))
        self._entered.enter_context(self.supervisor)
        self._entered.enter_context(self.progress)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._entered.__exit__(kind, error, traceback)

    def start(self, *names: str) -> None:
        """Starts workers, new ones or such that have ended."""
        with self.supervisor.lock:
            for name in names:
                if name not in self.supervisor.workers:
                    self.supervisor.workers[name] = Worker(name, self._command, self.directory, self._environment)
                if not self.supervisor.workers[name].alive:
                    self.supervisor.workers[name].start()

    def sender(self, seed: int, rate: float) -> Sender:
        """A producer of this run's topic, to be entered."""
        return Sender(self.broker.address, self.prefix, KeyedEvents(seed, f"{self.group}-{seed}"), rate)

    def wait_settled(self, seconds: float) -> float | None:
        """Until the group has had all its workers for 5 s; how long that took, or None.

        Peers join one after the other, create their topics and join again: that too costs some of them events, but it
        belongs to the faults, not to the control.
        """
        since: list[float] = []

        def settled() -> bool:
            if asyncio.run(stable_members(self.broker.address, self.group)) < len(self.supervisor.running):
                since.clear()
            else:
                since.append(time.monotonic())
            return bool(since) and since[-1] - since[0] > SETTLED_SECONDS

        return _wait(settled, seconds)

    def wait_counting(self, seconds: float) -> float | None:
        """Until every partition has counted something; how long that took, or None."""
        before = self.progress.records()
        return _wait(lambda: all(now > before[tp] for tp, now in self.progress.records().items()), seconds)

    def unread(self) -> int | None:
        """Records that the group has not committed; None while the broker does not say."""
        return asyncio.run(lag(self.broker.address, self.group, self.topic, PARTITIONS))

    def drain(self) -> bool:
        """Until everything is committed and nothing more comes; False if it is not within a minute."""
        return (
            _wait(lambda: self.progress.quiet_seconds() > QUIET_SECONDS and self.unread() == 0, DRAIN_SECONDS)
            is not None
        )

    def compare(self) -> Comparison:
        """The peer's counters, as its changelog has them now, beside the log."""
        must = expected(read_committed(self.broker.address, self.topic, PARTITIONS))
        have = kept(read_committed(self.broker.address, self.changelog, PARTITIONS), self.peer.decode)
        return compare(must.counters, have, must.events, must.resent)

    def stop(self) -> None:
        """Ends all workers, as a supervisor would."""
        for worker in self.supervisor.workers.values():
            worker.stop(STOP_SECONDS)


def compare(must: Mapping[Key, int], have: Mapping[Key, int], events: int, resent: int) -> Comparison:
    """Every counter of both."""
    keys = must.keys() | have.keys()
    off = {key: have.get(key, 0) - must.get(key, 0) for key in sorted(keys)}
    return Comparison(
        events,
        resent,
        len(keys),
        lost=-sum(difference for difference in off.values() if difference < 0),
        doubled=sum(difference for difference in off.values() if difference > 0),
        wrong=[f"{key}: must be {must.get(key, 0)}, is {have.get(key, 0)}" for key, value in off.items() if value],
    )


def control(run: PeerRun, seed: int, rate: float, seconds: float) -> Comparison:
    """Starts the workers and lets them count so long without any fault. AssertionError if they do not get that far."""
    run.start(*run.first_workers)
    assert run.wait_settled(START_SECONDS) is not None, f"{run.peer.title} does not settle: {_tails(run)}"
    with run.sender(seed, rate) as sender:
        assert run.wait_counting(START_SECONDS) is not None, f"{run.peer.title} counts nothing: {_tails(run)}"
        time.sleep(seconds)
        sender.finish()
    assert run.drain(), f"{run.peer.title} does not finish without faults: {_tails(run)}"
    return run.compare()


def under_faults(
    run: PeerRun, kinds: Sequence[str], seed: int, rate: float, say: Callable[[str], None]
) -> tuple[Counter[str], bool]:
    """These faults, one after the other, under load; which of them were done, and whether it was stuck."""
    rng, done, stuck = random.Random(seed), Counter[str](), 0
    with run.sender(seed + 1_000_000, rate) as sender:
        run.wait_counting(START_SECONDS)
        run.progress.start_clock()
        for number, kind in enumerate(kinds, 1):
            time.sleep(rng.uniform(0.3, 3))
            began = time.monotonic()
            KINDS[kind](run, rng)
            lasted = time.monotonic() - began
            counting = run.wait_counting(COUNTING_SECONDS)
            done[kind] += 1
            again = f"after {counting:.1f} s" if counting is not None else f"not within {COUNTING_SECONDS:.0f} s"
            say(f"{number:>3} {kind:<14} lasted {lasted:4.1f} s, counting again {again}")
            stuck = stuck + 1 if counting is None else 0
            if stuck == STUCK_FAULTS:
                break
        sender.finish()
    return done, stuck == STUCK_FAULTS


def run_peer(
    run: PeerRun, kinds: Sequence[str], seed: int, rate: float, control_seconds: float, say: Callable[[str], None]
) -> Outcome:
    """The whole course of it. AssertionError where the peer does not even count without faults."""
    before = control(run, seed, rate, control_seconds)
    say(f"without faults: {before.events} events, {before.lost} lost, {before.doubled} doubled")
    done, stuck = under_faults(run, kinds, seed, rate, say)
    drained = run.drain()
    run.progress.stop_clock(open_ends=not drained)
    crashes = Counter(run.supervisor.crashes)
    unread = 0 if drained else run.unread() or 0
    run.stop()
    return Outcome(before, run.compare(), unread, stuck, run.progress.longest_seconds, done, crashes)


def _wait(condition: Callable[[], bool], seconds: float) -> float | None:
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            return None
        time.sleep(0.2)
    return time.monotonic() - began


def _tails(run: PeerRun) -> str:
    logs = (worker.log_file.read_text(errors="replace")[-1_500:] for worker in run.supervisor.workers.values())
    return "\n---\n".join(logs)
