"""What the consumer must be told, in one place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


def _first_incarnation(topic: str) -> int:
    return 0


async def _none_started() -> frozenset[tuple[str, int, int]]:
    return frozenset()


@dataclass(slots=True)
class SliceOptions:
    """How slices are read.

    Attributes:
        slice_topics: topics whose records are handed over as slices; the tables' changelogs belong to them by
            themselves.
        fetch_max_wait_ms: how long the broker may hold a fetch while nothing arrives.
        idle_seconds: pause of the fetch loop while there is nothing that it may fetch.
        watched_seconds: how long after a rebalance, and how often then, it is checked that every source partition has
            an owner.
        incarnation: a topic's present incarnation, 0 for the first.
        started: the (topic, partition, incarnation) of which an offset was ever committed; asked where none is now.
    """

    slice_topics: frozenset[str]
    fetch_max_wait_ms: int = 100
    idle_seconds: float = 0.02
    watched_seconds: float = 10.0
    incarnation: Callable[[str], int] = field(default=_first_incarnation)
    started: Callable[[], Awaitable[frozenset[tuple[str, int, int]]]] = field(default=_none_started)
