"""A worker process in the model: its producer, its generation, and the owners that run in it as generators."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.simulation.kafka_model import Delivery, Partition, Producer

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

    paused: for a while it does nothing at all, and nothing that it has sent arrives.
    """

    number: int
    producer: Producer
    generation: int = 0
    alive: bool = True
    frozen: bool = False
    paused: bool = False
    owners: dict[Partition, Owner] = field(default_factory=dict)
    owners_before: dict[Partition, Owner] = field(default_factory=dict)


def acknowledged(deliveries: list[Delivery]) -> Steps:
    """Wait until the broker has all of these."""
    while not all(delivery.acknowledged for delivery in deliveries):
        yield
