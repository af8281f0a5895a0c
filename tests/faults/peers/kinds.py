"""The faults that peers are put under: the same kinds, and the same times, as those of our own workers."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from tests.faults.peers.progress import Progress
from tests.faults.peers.supervised import Supervisor, Worker
from tests.support.kafka import KafkaBroker

SESSION_SECONDS = 6.0
STOP_SECONDS = 15.0
MAX_WORKERS = 3


class Victim(Protocol):
    """What a fault can reach of a running peer."""

    broker: KafkaBroker
    supervisor: Supervisor
    progress: Progress

    def start(self, *names: str) -> None:
        """Starts workers, new ones or such that have ended."""


def _anyone(victim: Victim, rng: random.Random) -> Worker:
    return rng.choice(sorted(victim.supervisor.running, key=lambda worker: worker.name))


def _kill(victim: Victim, workers: list[Worker]) -> None:
    with victim.supervisor.lock:
        for worker in workers:
            worker.kill()


def kill(victim: Victim, rng: random.Random) -> None:
    """A worker is killed, and started again after a while."""
    worker = _anyone(victim, rng)
    _kill(victim, [worker])
    time.sleep(rng.choice((0.0, 0.0, 2.0, SESSION_SECONDS + 1.0)))
    victim.start(worker.name)


def kill_all(victim: Victim, rng: random.Random) -> None:
    """All workers are killed at once."""
    workers = list(victim.supervisor.running)
    _kill(victim, workers)
    time.sleep(rng.uniform(0, 3))
    victim.start(*(worker.name for worker in workers))


def freeze(victim: Victim, rng: random.Random) -> None:
    """A worker is frozen beyond its session and resumed: a zombie."""
    worker = _anyone(victim, rng)
    worker.frozen = True
    worker.signal(signal.SIGSTOP)
    time.sleep(rng.uniform(SESSION_SECONDS + 1, SESSION_SECONDS + 6))
    worker.signal(signal.SIGCONT)
    worker.frozen = False


def join_or_leave(victim: Victim, rng: random.Random) -> None:
    """A worker joins; where there are enough, one is stopped, and killed if it has not ended within 15 s."""
    idle = sorted(name for name, worker in victim.supervisor.workers.items() if not worker.wanted)
    if len(victim.supervisor.running) < MAX_WORKERS:
        victim.start(idle[0] if idle else f"w{len(victim.supervisor.workers) + 1}")
        return
    _anyone(victim, rng).stop(STOP_SECONDS)


def broker(victim: Victim, rng: random.Random) -> None:
    """The broker is killed and comes back."""
    victim.progress.stop_clock(open_ends=True)
    victim.broker.kill()
    time.sleep(rng.uniform(0.5, 4))
    victim.broker.start()
    victim.progress.start_clock()


KINDS: Mapping[str, Callable[[Victim, random.Random], None]] = {
    "kill": kill,
    "kill all": kill_all,
    "freeze": freeze,
    "join or leave": join_or_leave,
    "broker": broker,
}


def dealt(kinds: list[str], faults: int, rng: random.Random) -> Iterator[str]:
    """So many faults, as cards are dealt: every kind once before one comes again."""
    hand: list[str] = []
    for _ in range(faults):
        if not hand:
            hand = sorted(kinds)
            rng.shuffle(hand)
        yield hand.pop()
