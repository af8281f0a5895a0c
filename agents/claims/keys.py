"""The packed form of claims: part of the format, so that every worker and every later version finds the same owners.

An identity is (topic, source, id, hour of its time). Some tens of them share a *bucket*, a small Redis hash:

    key    b"c{<shard>}" + topic code, 1 byte + hour since 1970, 4 bytes + bucket number, 4 bytes
    field  fingerprint: 8 bytes of keyed BLAKE2b of (topic code, source, id)
    value  owner: number of the source partition, 3 bytes + offset, 5 bytes

People who have bought are kept in the same way under b"p{<shard>}" + 1 zero byte, with hour 0 and no expiry; their
field is the 8-byte hash that the caller made. All numbers are big-endian. At 10^8 ids in one bucket space, two of
them share a fingerprint and a bucket by chance about once in 10^10 times.
"""

import hashlib
from collections.abc import Callable, Sequence
from struct import Struct
from typing import NamedTuple

RECORD_BYTES = 24
OFFSET_BITS = 40
BUCKETS_PER_HOUR = 1 << 16
"""Of one topic, unless a deployment's pins say otherwise."""
# The most distinct `source` fields whose half-finished hashes are remembered: producers are few, but the field is
# theirs.
_KNOWN_SOURCES = 1024

_pack = Struct(">II8sQ").pack
_digest_parts = Struct(">8sI").iter_unpack
_person_parts = Struct(">4xI").unpack


class Batch(NamedTuple):
    """What one call of the script claims."""

    shard: int
    prefix: bytes
    records: bytes  # RECORD_BYTES each, in the order of `places`
    places: Sequence[int]  # where each record stands in the caller's list


class Keyring:
    """Turns identities into packed records.

    Args:
        hash_key: the deployment's secret, 1 byte or more.
        buckets_per_hour: buckets of one topic in one hour, 1..2^32. With fewer than 16 ids in each an id takes more
            than 30 bytes, with more than 512 as well, and with more than 150 Redis takes longer to look through them.
        person_buckets: buckets for people who have bought, 1..2^32.
        shards: groups that Redis Cluster may keep on different nodes, 1..99.
        batch_size: records in one call of the script, 1..65536.
    """

    def __init__(
        self,
        hash_key: bytes,
        buckets_per_hour: int,
        person_buckets: int,
        shards: int = 1,
        batch_size: int = 500,
    ) -> None:
        if not hash_key:
            raise ValueError("hash_key must not be empty")
        for name, value, most in (
            ("buckets_per_hour", buckets_per_hour, 1 << 32),
            ("person_buckets", person_buckets, 1 << 32),
            ("shards", shards, 99),
            ("batch_size", batch_size, 1 << 16),
        ):
            if not 1 <= value <= most:
                raise ValueError(f"{name} must be 1..{most}, got {value}")
        # BLAKE2b takes 64 bytes of key at most, and a key of one use should not serve another.
        self._blake = hashlib.blake2b(
            digest_size=12,
            key=hashlib.blake2b(hash_key, digest_size=32, person=b"lp-claim").digest(),
        )
        self._begun: dict[tuple[int, str], Callable[[], hashlib.blake2b]] = {}
        self._buckets, self._person_buckets = buckets_per_hour, person_buckets
        self.shards, self._size = shards, batch_size

    def _of_source(self, topic: int, source: str) -> Callable[[], hashlib.blake2b]:
        """Makes copies of a hash that has read (topic, source) already."""
        if len(self._begun) >= _KNOWN_SOURCES:
            self._begun.clear()
        begun = self._blake.copy()
        text = source.encode("utf-8", "surrogatepass")
        # The length comes first, so no other (source, id) reads the same.
        begun.update(b"%d:%d:" % (topic, len(text)) + text)
        copy = self._begun[topic, source] = begun.copy
        return copy

    def identities(
        self,
        topic: int,
        owners: Sequence[int],
        ids: Sequence[tuple[int, str, str, int]],
    ) -> list[Batch]:
        """Packs `ids`, (hour since 1970, source, id, offset) each; `owners` are source numbers, one for each id.

        Raises struct.error for an hour outside 0..2^32-1.
        """
        buckets, pack = self._buckets, _pack
        records = [
            pack(hour, number % buckets, fingerprint, owner << OFFSET_BITS | offset)
            for owner, (hour, _, _, offset), (fingerprint, number) in zip(
                owners, ids, _digest_parts(self._digests(topic, ids)), strict=True
            )
        ]
        return self._batches(b"c{%d}", topic, records)

    def _digests(self, topic: int, ids: Sequence[tuple[int, str, str, int]]) -> bytes:
        """The hashes of all, one after the other: taken apart together, they cost a fifth less."""
        known, last, begun = self._begun, None, None
        digests = []
        for _, source, name, _ in ids:
            if begun is None or source != last:
                begun, last = known.get((topic, source)) or self._of_source(topic, source), source
            blake = begun()
            blake.update(name.encode("utf-8", "surrogatepass"))
            digests.append(blake.digest())
        return b"".join(digests)

    def people(self, owners: Sequence[int], buyers: Sequence[tuple[bytes, int]]) -> list[Batch]:
        """Packs `buyers`, (8-byte hash of the person, offset of the sale) each; `owners` are source numbers, one for
        each.

        Raises struct.error for a hash that is not 8 bytes long.
        """
        buckets, pack, parts = self._person_buckets, _pack, _person_parts
        records = [
            pack(0, parts(person)[0] % buckets, person, owner << OFFSET_BITS | offset)
            for owner, (person, offset) in zip(owners, buyers, strict=True)
        ]
        return self._batches(b"p{%d}", 0, records)

    def _batches(self, prefix: bytes, topic: int, records: list[bytes]) -> list[Batch]:
        size = self._size
        groups: list[tuple[int, Sequence[int]]]
        if self.shards == 1:
            groups = [(0, range(len(records)))]
        else:
            places: list[list[int]] = [[] for _ in range(self.shards)]
            for place, record in enumerate(records):
                places[record[8] % self.shards].append(place)
            groups = list(enumerate(places))
        return [
            Batch(
                shard,
                prefix % shard + bytes((topic,)),
                b"".join([records[place] for place in group[start : start + size]]),
                group[start : start + size],
            )
            for shard, group in groups
            for start in range(0, len(group), size)
        ]


def losers(batches: Sequence[Batch], replies: Sequence[bytes]) -> set[int]:
    """The places in the caller's list of those that the script's replies name: who did not get their identity."""
    lost: set[int] = set()
    for batch, reply in zip(batches, replies, strict=True):
        for at in range(0, len(reply), 2):
            lost.add(batch.places[reply[at] << 8 | reply[at + 1]])
    return lost
