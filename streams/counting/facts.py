"""Facts: what one line of a campaign's channel was last stated to be, such as what was spent on a day.

A statement replaces the one before, whichever of them comes first: the greatest order stands. So facts may be read
again, in any order and by anybody, and change nothing by it.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet

import msgspec

from streams.counting.packing import decoder, encode
from streams.counting.panes import DAY_MS
from streams.counting.sources import source_parts
from streams.counting.statements import KeyKind, fact_key, furthest
from streams.counting.summaries import FORMAT, Summary, UnknownFormat

KEPT_MS = 400 * DAY_MS
"""So long a fact stays after the end of its day or, where it has none, after its event time."""

Order = tuple[int, int, int, int]
"""Of a statement: event time, Kafka timestamp (milliseconds), source, offset. The greatest one stands."""

_HEAD = bytes((FORMAT,))
_PARTS = 6
_LOOKS = bytes((FORMAT, 0x90 | _PARTS))
"""How a packed fact begins: the version, and a MessagePack array of six. No other value has so many parts."""


class StatedFact(msgspec.Struct, array_like=True):
    """One table key's value. at: as in `merge.Value`; then the order of the statement that stands, and what it said."""

    at: int
    time_ms: int
    timestamp_ms: int
    source: int
    offset: int
    said: bytes

    @property
    def order(self) -> Order:
        """Of two statements of one line the one with the greater order stands."""
        return self.time_ms, self.timestamp_ms, self.source, self.offset


_decode = decoder(StatedFact).decode


def pack_fact(fact: StatedFact) -> bytes:
    """The fact as it is stated in the changelog and kept in memory."""
    return _HEAD + encode(fact)


def unpack_fact(packed: bytes) -> StatedFact:
    """The fact in `packed`. Raises UnknownFormat where another version wrote it."""
    if packed[:1] != _HEAD:
        raise UnknownFormat(f"format {packed[:1].hex() or 'empty'} of a fact, this version reads {FORMAT:02x}")
    return _decode(memoryview(packed)[1:])


def reconcile(one: bytes, other: bytes) -> bytes:
    """Of two packed values of one key, of any terms, the value to keep: of facts the greatest, of others the
    furthest."""
    if not one.startswith(_LOOKS):
        return furthest(one, other)
    first, second = unpack_fact(one), unpack_fact(other)
    greatest = first if first.order >= second.order else second
    greatest.at = max(first.at, second.at)
    return pack_fact(greatest)


class FactMerge:
    """The facts of one ownership of one partition. value_of, unstated: as in `PartitionMerge`."""

    def __init__(self, value_of: Callable[[bytes], bytes | None], unstated: Callable[[bytes], bool]) -> None:
        self._value_of = value_of
        self._unstated = unstated
        self._facts: dict[bytes, StatedFact] = {}

    def merge(self, campaign: bytes, summary: Summary) -> tuple[set[bytes], set[bytes]]:
        """Take in what a summary states. Returns the keys that have to be stated, and those of them that have
        changed."""
        touched: set[bytes] = set()
        changed: set[bytes] = set()
        topic = source_parts(summary.source).topic_code
        for entry in summary.facts:
            key = fact_key(campaign, topic, entry.channel, entry.day, entry.line)
            fact = StatedFact(-1, entry.time_ms, entry.timestamp_ms, summary.source, entry.offset, entry.said)
            known = self._known(key)
            if known is None or fact.order > known.order:
                fact.at = -1 if known is None else known.at
                self._facts[key] = fact
                changed.add(key)
            elif not self._unstated(key):
                continue
            touched.add(key)
        return touched, changed

    def get(self, key: bytes) -> StatedFact | None:
        """The fact, where it is kept decoded."""
        return self._facts.get(key)

    def pack(self, key: bytes, at: int) -> bytes | None:
        """Its statement; None where it has expired meanwhile."""
        fact = self._facts.get(key)
        if fact is None:
            return None
        fact.at = max(fact.at, at)
        return pack_fact(fact)

    def keep(self, keys: AbstractSet[bytes]) -> None:
        """Let go the others."""
        self._facts = {key: fact for key, fact in self._facts.items() if key in keys}

    def drop(self, key: bytes) -> None:
        """It has expired."""
        self._facts.pop(key, None)

    def _known(self, key: bytes) -> StatedFact | None:
        fact = self._facts.get(key)
        if fact is None and (packed := self._value_of(key)) is not None:
            fact = self._facts[key] = unpack_fact(packed)
        return fact


def is_fact(key: bytes) -> bool:
    """Whether it is a fact's table key."""
    return key[0] == KeyKind.FACT
