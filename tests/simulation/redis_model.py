"""A model of the claims in Redis: packed buckets with an expiry that the first claim sets, by a clock of Redis' own."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple
from zlib import crc32

HOUR_MS = 3_600_000
BUCKETS = 2

Identity = tuple[int, int, str, str]
"""Topic code, UTC hour of the time as sent, source field, id."""
Owner = tuple[int, int]
"""Source number, offset."""


class Claim(NamedTuple):
    """A record's claim of an identity. keep_ms: how long its bucket outlives its hour."""

    identity: Identity
    owner: Owner
    keep_ms: int


class Redis:
    """`owners` and `first_buyers` are what a Redis that never forgets would hold: only the recount looks there."""

    def __init__(self, clock_ms: Callable[[], int]) -> None:
        self._clock_ms = clock_ms
        self._buckets: dict[tuple[int, int, int], tuple[int, dict[Identity, Owner]]] = {}
        self._buyers: dict[bytes, Owner] = {}
        self._log: list[tuple[tuple[int, int, int], Identity]] = []
        self.owners: dict[Identity, Owner] = {}
        self.losses = 0

    def claim(self, claims: Iterable[Claim]) -> set[int]:
        """One call of the script: the indices of those whose identity another record owns."""
        now_ms = self._clock_ms()
        losers = set()
        for index, (identity, owner, keep_ms) in enumerate(claims):
            topic, hour, source, name = identity
            place = (topic, hour, crc32(f"{source}/{name}".encode()) % BUCKETS)
            expiry_ms, bucket = self._buckets.get(place, (0, {}))
            if expiry_ms <= now_ms:
                bucket = {}
                expiry_ms = max(now_ms, (hour + 1) * HOUR_MS) + keep_ms
                self._buckets[place] = (expiry_ms, bucket)
            if identity not in bucket:
                self._log.append((place, identity))
            if bucket.setdefault(identity, owner) != owner:
                losers.add(index)
            self.owners.setdefault(identity, owner)
        return losers

    def forget(self, most: int) -> None:
        """A power cut: the last `most` claims are lost."""
        for place, identity in self._log[-most:]:
            self._buckets[place][1].pop(identity, None)
        del self._log[-most:]
        self.losses += 1

    def first_purchases(self, buyers: Sequence[tuple[bytes, Owner]]) -> set[int]:
        """The indices of the sales that are the first ever of their person."""
        return {
            index for index, (person, owner) in enumerate(buyers) if self._buyers.setdefault(person, owner) == owner
        }

    @property
    def first_buyers(self) -> dict[bytes, Owner]:
        """By the hash of the person: the sale that was the first."""
        return self._buyers
