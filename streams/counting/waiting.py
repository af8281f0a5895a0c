"""People who have been read and have yet to join their sketches: those of several summaries join at one go.

A person joins up to five sketches. Whose they are has to be looked up once a go then, not once a summary, and many are
made one sketch that is united with all five.
"""

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import msgspec

from streams.counting.panes import people_panes
from streams.counting.people import People, add_to_all
from streams.counting.statements import people_key
from streams.counting.summaries import HASH_BYTES, PeopleEntry

MOST_BYTES = 65_536 * HASH_BYTES
"""So many wait at most; how many more are told by one record does not matter."""

MOST_PLACES = 4_096
"""Of so many places it is known where their people belong."""

_Place = tuple[bytes, int, int, int, int]
"""(campaign, channel, minute, kind of people, five-second bucket of the block)."""


@dataclass(slots=True)
class Sketch:
    """The people of a table key. at: every record up to that offset is in them."""

    key: bytes
    people: People
    at: int


class _Some:
    """People of one place: eight bytes each, and the offset of the last record that told of any."""

    __slots__ = ("hashes", "offset")

    def __init__(self) -> None:
        self.hashes = bytearray()
        self.offset = -1


class WaitingPeople:
    """Those of one partition of the summaries topic."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._some: dict[_Place, _Some] = {}
        self._sketches: dict[_Place, list[Sketch]] = {}
        self._bytes = 0

    def __bool__(self) -> bool:
        return bool(self._some)

    @property
    def full(self) -> bool:
        """Whether they should join now, for the sake of memory."""
        return self._bytes >= MOST_BYTES

    def put(self, campaign: bytes, bucket_ms: int, met: PeopleEntry, offset: int) -> None:
        """The record at `offset` tells of these. Raises msgspec.ValidationError where a hash is cut off."""
        hashes = met.hashes
        if len(hashes) % HASH_BYTES:
            raise msgspec.ValidationError(f"{len(hashes)} bytes of people, each of whom has {HASH_BYTES}")
        place = (campaign, met.channel, met.minute, met.kind, bucket_ms)
        some = self._some.get(place)
        if some is None:
            some = self._some[place] = _Some()
        some.hashes += hashes
        some.offset = offset
        self._bytes += len(hashes)

    def join(self, sketch_of: Callable[[bytes], Sketch], unstated: Callable[[bytes], bool]) -> list[bytes]:
        """All of them join their sketches, and nobody waits any more. Returns the keys of these sketches.

        A sketch that has them is left alone, but where its key is yet to be stated. sketch_of: gives the sketch of a
        key, the same one until `forget`.
        """
        waiting, self._some, self._bytes = self._some, {}, 0
        keys = []
        for place, some in waiting.items():
            sketches = self._sketches.get(place)
            if sketches is None:
                sketches = self._find(place, sketch_of)
            growing = [one for one in sketches if some.offset > one.at or unstated(one.key)]
            add_to_all([one.people for one in growing], some.hashes)
            keys += [one.key for one in growing]
        return keys

    def forget(self) -> None:
        """Sketches may be others from here on."""
        self._sketches.clear()

    def _find(self, place: _Place, sketch_of: Callable[[bytes], Sketch]) -> list[Sketch]:
        campaign, channel, minute, kind, bucket_ms = place
        if len(self._sketches) >= MOST_PLACES:
            self._sketches.clear()
        sketches = self._sketches[place] = [
            sketch_of(people_key(campaign, channel, tier, index, kind))
            for tier, index in people_panes(minute, bucket_ms, self._zone)
        ]
        return sketches
