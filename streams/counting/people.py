"""Unique people: sketches of keyed hashes, united over panes, channels and terms.

Union is idempotent, so replays are harmless.

The sketch is Apache DataSketches' CPC with lg K = 12 (K. Lang, "Back to the Future: an Even More Nearly Optimal
Cardinality Estimation Algorithm", 2017): relative standard error about 1.1 %, 20 bytes for one
person, 2.5 kB when full.

A sketch that was filled has two estimators. One remembers in which order the people came and is a little better; of a
union only the other one is left, which looks at nothing but the people. Every sketch here has that one alone, from the
first person on: so what is shown does not depend on the order, and a sketch by itself need not be united to be shown.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from struct import unpack

import msgspec
from datasketches import cpc_sketch, cpc_union

from streams.counting.summaries import FORMAT, HASH_BYTES, UnknownFormat

LG_K = 12

MANY = 400
"""To add so many to several sketches one by one costs more than to unite those with a sketch of them."""

_HEAD = bytes((FORMAT,))

_FLAGS, _ORDERED = 5, 0b100
"""The byte of a serialized sketch that holds its flags, and the flag of those which remember the order."""


def _of_nobody() -> bytes:
    sketch = bytearray(cpc_sketch(LG_K).serialize())
    sketch[_FLAGS] &= ~_ORDERED
    return bytes(sketch)


_NOBODY = _of_nobody()


class PersonHasher:
    """Turns a person into the eight bytes under which they are known.

    Keyed BLAKE2b, so that nobody without the key can guess who it was.
    """

    def __init__(self, key: bytes) -> None:
        """key: 16 to 64 bytes, secret."""
        self._keyed = blake2b(digest_size=HASH_BYTES, key=key, person=b"people")

    def __call__(self, person: str) -> bytes:
        # A copy of the keyed state is twice as fast as keying anew.
        state = self._keyed.copy()
        state.update(person.encode("utf-8", "surrogatepass"))
        return state.digest()


class _Stated(msgspec.Struct, array_like=True):
    at: int
    sketch: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Stated).decode


class People:
    """A growing set of people, of which only an estimate of the size can be asked."""

    __slots__ = ("_sketch",)

    def __init__(self) -> None:
        self._sketch = cpc_sketch.deserialize(_NOBODY)

    def add(self, hashes: bytes | bytearray) -> None:
        """Add the people whose eight-byte hashes stand one after the other in `hashes`."""
        _add(self._sketch, _numbers(hashes))

    def pack(self, at: int) -> bytes:
        """As stated in the changelog; `at` as in `merge.Value`."""
        return _HEAD + _encode(_Stated(at, self._sketch.serialize()))

    @staticmethod
    def unpack(packed: bytes) -> tuple["People", int]:
        """The people in a packed value, and its `at`. Raises UnknownFormat where another version wrote it."""
        stated = _stated(packed)
        people = People()
        ordered = stated.sketch[_FLAGS] & _ORDERED
        people._sketch = _union((stated.sketch,)) if ordered else cpc_sketch.deserialize(stated.sketch)
        return people, stated.at

    def estimate(self) -> float:
        """How many there are, about: at least 0, exact to a few parts in a thousand while they are few."""
        return float(self._sketch.get_estimate())


def add_to_all(sets: Sequence[People], hashes: bytes | bytearray) -> None:
    """Add these people to all of these sets: see `People.add`."""
    numbers = _numbers(hashes)
    if len(numbers) < MANY or len(sets) < 2:
        for people in sets:
            _add(people._sketch, numbers)
        return
    added = cpc_sketch(LG_K)
    _add(added, numbers)
    for people in sets:
        people._sketch = _union((people._sketch, added))


def union(sets: Iterable[bytes | People]) -> People:
    """All people of these sets together, packed ones and growing ones as they are now; they stay as they are.

    Its estimate is a function of the people alone: uniting parts first, or one of them twice, changes nothing.
    """
    united = People()
    united._sketch = _union(one._sketch if isinstance(one, People) else _stated(one).sketch for one in sets)
    return united


def unite(one: bytes, other: bytes) -> bytes:
    """The union of two packed values of one key, with the further `at`: what recovery keeps of all terms.

    `one` itself where `other` adds nothing to it.
    """
    first, second = _stated(one), _stated(other)
    sketch = _union((first.sketch, second.sketch)).serialize()
    if second.at <= first.at and sketch == _union((first.sketch,)).serialize():
        return one
    return _HEAD + _encode(_Stated(max(first.at, second.at), sketch))


def together(sets: Sequence[bytes | People]) -> People:
    """Like `union`, but a set by itself is not copied: to be looked at only, and at once, since it may grow."""
    if len(sets) != 1:
        return union(sets)
    (one,) = sets
    return one if isinstance(one, People) else People.unpack(one)[0]


def estimate(sets: Iterable[bytes | People]) -> float:
    """About how many different people there are in all of these sets together, packed or growing."""
    return together(list(sets)).estimate()


def _numbers(hashes: bytes | bytearray) -> tuple[int, ...]:
    return unpack(f">{len(hashes) // HASH_BYTES}q", hashes)


def _add(sketch: cpc_sketch, numbers: Iterable[int]) -> None:
    # Each update costs less than a step of Python would.
    deque(map(sketch.update, numbers), maxlen=0)


def _union(sketches: Iterable[bytes | cpc_sketch]) -> cpc_sketch:
    united = cpc_union(LG_K)
    for sketch in sketches:
        united.update(cpc_sketch.deserialize(sketch) if isinstance(sketch, bytes) else sketch)
    result = united.get_result()
    # Of nobody the library makes a sketch anew, which would remember the order.
    return cpc_sketch.deserialize(_NOBODY) if result.is_empty() else result


def _stated(packed: bytes) -> _Stated:
    if packed[:1] != _HEAD:
        raise UnknownFormat(f"format {packed[:1].hex() or 'empty'} of a sketch, this version reads {FORMAT:02x}")
    return _decode(memoryview(packed)[1:])
