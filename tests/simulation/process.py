"""A worker process in the model: its producer, its generation, and the owners that run in it as generators."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.simulation.kafka_model import Delivery, Group, Partition, Producer
from tests.simulation.redis_model import Claim, Redis

REMEMBERED = 300
"""Claims that a process can make again: more than Redis ever forgets."""

if TYPE_CHECKING:
    from tests.simulation.merge_actor import Tables

Steps = Iterator[None]
"""An owner's work: between two of its steps anything may happen, a crash too."""


@dataclass
class Owner:
    """One ownership of one partition in one generation. settled: nothing is left to be done, as far as it knows."""

    partition: Partition
    steps: Steps
    settled: bool = False
    tables: Tables | None = None


@dataclass
class Process:
    """`generation` is the one that it knows of. A process that misses a rebalance (frozen) works on in it, a zombie.

    paused: for a while it does nothing at all, and nothing that it has sent arrives. marks: by partition the
    generation, offset and note to commit. won: its latest claims; losses: how often it knows Redis to have lost some.
    """

    number: int
    producer: Producer
    generation: int = 0
    alive: bool = True
    frozen: bool = False
    paused: bool = False
    owners: dict[Partition, Owner] = field(default_factory=dict)
    owners_before: dict[Partition, Owner] = field(default_factory=dict)
    marks: dict[Partition, tuple[int, int, str]] = field(default_factory=dict)
    won: deque[Claim] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    losses: int = 0

    def mark(self, generation: int, partition: Partition, offset: int, note: str) -> None:
        """Want this committed, soon."""
        self.marks[partition] = (generation, offset, note)

    def commit(self, group: Group) -> None:
        """Commit what is marked."""
        for partition, (generation, offset, note) in self.marks.items():
            group.commit(generation, partition, offset, note)
        self.marks.clear()

    def claim(self, redis: Redis, claims: Sequence[Claim]) -> set[int]:
        """Claim; the indices of those that another record owns. What Redis has lost is claimed again before."""
        self.repair(redis)
        losers = redis.claim(claims)
        self.won += [claim for index, claim in enumerate(claims) if index not in losers]
        return losers

    def repair(self, redis: Redis) -> None:
        """Claim again what was won of late, where Redis has lost something."""
        if self.losses != redis.losses:
            self.losses = redis.losses
            redis.claim(self.won)


def acknowledged(deliveries: list[Delivery]) -> Steps:
    """Wait until the broker has all of these."""
    while not all(delivery.acknowledged for delivery in deliveries):
        yield
