"""One partition of the summaries topic, merged: which table keys each record concerns, and what is to be stated of
them.

This is the whole decision part of the campaign agent, without its I/O: the agent feeds it records in the order of the
log, shows what `news` gives, and from time to time makes a round of statements: `begin_round`, `pack` and `pack_people`
of its keys in as many parts as it likes, and `end_round` when the broker has all of them.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from zoneinfo import ZoneInfo

from streams.counting.admissions import DEFAULT_LIMIT, Admissions, decode_admission
from streams.counting.facts import FactMerge, StatedFact, is_fact
from streams.counting.merge import Counters, Outcome, close_blocks, pack
from streams.counting.people import People
from streams.counting.progress import ProgressBook, decode_progress
from streams.counting.statements import (
    REFUSED_KEY,
    KeyKind,
    admitted_key,
)
from streams.counting.summaries import (
    ADMISSION,
    CAMPAIGN,
    HASH_BYTES,
    LEDGER,
    PROGRESS,
    Summary,
    UnknownFormat,
    decode_summary,
    kind_of,
)
from streams.counting.values import Values
from streams.counting.waiting import Sketch, WaitingPeople


@dataclass(frozen=True, slots=True)
class Round:
    """What is to be stated: once all of these keys are, everything up to offset `at` is in the tables."""

    at: int
    keys: list[bytes]
    people: list[bytes]


@dataclass(slots=True)
class PartitionMerge:
    """The state of one ownership of one partition.

    value_of: the acknowledged value of a key, None where there is none. unstated: whether the present term has yet to
    state a key. Everything is dropped with the generation; the next begins at the committed offset.

    Attributes:
        newest: campaign -> offset of the last summary that was read of it.
    """

    zone: ZoneInfo
    value_of: Callable[[bytes], bytes | None]
    people_of: Callable[[bytes], bytes | None]
    unstated: Callable[[bytes], bool]
    unstated_people: Callable[[bytes], bool]
    default_limit: int = DEFAULT_LIMIT
    at: int = -1
    newest_ms: int = 0
    refused: int = 0
    outcomes: dict[Outcome, int] = field(default_factory=dict)
    progress: ProgressBook = field(default_factory=ProgressBook)
    admissions: Admissions = field(init=False)
    newest: dict[bytes, int] = field(default_factory=dict)
    _begun: dict[int, int] = field(default_factory=dict)
    _values: Values = field(init=False)
    _facts: FactMerge = field(init=False)
    _admitted: set[bytes] = field(default_factory=set)
    _people: dict[bytes, Sketch] = field(default_factory=dict)
    _touched: set[bytes] = field(default_factory=set)
    _touched_people: set[bytes] = field(default_factory=set)
    _news: set[bytes] = field(default_factory=set)
    _waiting: WaitingPeople = field(init=False)
    _before: frozenset[bytes] = frozenset()

    def __post_init__(self) -> None:
        self.admissions = Admissions(self.default_limit)
        self._values = Values(self.value_of, self.unstated, self.outcomes)
        self._facts = FactMerge(self.value_of, self.unstated)
        self._waiting = WaitingPeople(self.zone)

    def read(self, offset: int, timestamp_ms: int, key: bytes, value: bytes) -> None:
        """Merge the record at `offset`. Raises UnknownFormat or msgspec.DecodeError for one that no worker has
        written."""
        kind = kind_of(value)
        if kind == CAMPAIGN:
            summary = decode_summary(value)
            self._note_block(summary)
            self._campaign(offset, key, summary)
        elif kind == LEDGER:
            summary = decode_summary(value)
            self._note_block(summary)
            self.newest_ms = max(self.newest_ms, summary.newest_ms)
            self._note(*self._values.merge_ledger(offset, summary))
        elif kind == PROGRESS:
            self.progress.read(decode_progress(value), timestamp_ms)
        elif kind == ADMISSION:
            self._touched.update(self.admissions.apply(decode_admission(value), offset))
        else:
            raise UnknownFormat(f"a record of kind {kind:02x} in the summaries topic, which this version does not know")
        self.at = offset

    @property
    def changed(self) -> bool:
        """Whether there is anything to be stated."""
        return bool(self._touched or self._touched_people or self._waiting)

    def news(self, campaign: bytes = b"") -> Iterator[tuple[bytes, Counters | People | StatedFact]]:
        """(key, what it holds now) of every key that has changed since it was last given: a copy of its counters, the
        fact, or the very sketch, which goes on growing.

        campaign: only those of this one, and of others whose names end with its name; of the rest they are news still.
        """
        self._join()
        # All keys of a campaign end with its name: cheaper than to know whose each of them is.
        news = {key for key in self._news if key.endswith(campaign)}
        self._news -= news
        for key in news:
            value = self._values.get(key)
            if value is not None:
                yield key, dict(value.totals)
            elif (known := self._people.get(key)) is not None:
                yield key, known.people
            elif (fact := self._facts.get(key)) is not None:
                yield key, fact

    def begin_round(self) -> Round:
        """Take all that is to be stated now. One round at a time; records may be read while it is under way."""
        self._join()
        keys, people = self._touched, self._touched_people
        self._touched, self._touched_people = set(), set()
        return Round(self.at, list(keys), list(people))

    def pack(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """The statements of some counters, facts or admissions of the round."""
        packed = {}
        for key in keys:
            if key[0] in (KeyKind.ADMITTED, KeyKind.LIMIT):
                packed[key] = self.admissions.pack(key, self.at)
                continue
            if is_fact(key):
                if (fact := self._facts.pack(key, self.at)) is not None:
                    packed[key] = fact
                continue
            value = self._values.get(key)
            if value is not None:  # else it has expired meanwhile
                value.at = max(value.at, self.at)
                close_blocks(value, self._begun)
                packed[key] = pack(value)
        return packed

    def pack_people(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """The statements of some sketches of the round."""
        self._join()
        packed = {}
        for key in keys:
            known = self._people.get(key)
            if known is not None:
                known.at = max(known.at, self.at)
                packed[key] = known.people.pack(known.at)
        return packed

    def end_round(self, done: Round) -> Iterator[bytes]:
        """The broker has the whole round. Returns its keys that have not changed since: the table says what they hold.

        A key that has been read again since is not among them, even if that is no news any more.

        What neither this round nor the one before has stated, and nothing has touched since, does not stay decoded.
        """
        self._join()
        stated = frozenset((*done.keys, *done.people))
        changed = self._touched | self._touched_people | self._news
        kept = changed | stated | self._before
        self._values.keep(kept)
        self._waiting.forget()
        self._people = {key: known for key, known in self._people.items() if key in kept}
        self._facts.keep(kept)
        self._admitted.clear()
        self._before = stated
        return (key for key in stated if key not in changed)

    def drop(self, keys: set[bytes]) -> None:
        """These keys have expired, by what the table says; a fact of which more is known by now stays."""
        self._join()
        keys = {key for key in keys if not (is_fact(key) and key in self._touched)}
        self._values.drop(keys)
        self._waiting.forget()
        for key in keys:
            self._people.pop(key, None)
            self._facts.drop(key)
        self._touched -= keys
        self._touched_people -= keys
        self._news -= keys

    def _note_block(self, summary: Summary) -> None:
        if summary.start > self._begun.get(summary.source, -1):
            self._begun[summary.source] = summary.start

    def _campaign(self, offset: int, campaign: bytes, summary: Summary) -> None:
        if not self.admissions.admit(campaign, offset):
            self.refused += 1
            refused = self._sketch(REFUSED_KEY)
            if offset > refused.at or self.unstated_people(REFUSED_KEY):
                refused.people.add(blake2b(campaign, digest_size=HASH_BYTES).digest())
                self._note_people([REFUSED_KEY])
            return
        self.newest[campaign] = offset
        if campaign not in self._admitted:  # since the last round
            self._admitted.add(campaign)
            admitted = admitted_key(campaign)
            if self.value_of(admitted) is None or self.unstated(admitted):
                self._touched.add(admitted)
        self._note(*self._values.merge(campaign, offset, summary))
        if summary.facts:
            touched, changed = self._facts.merge(campaign, summary)
            self._touched |= touched
            self._news |= changed
        for met in summary.people:
            self._waiting.put(campaign, summary.bucket_ms, met, offset)
        if self._waiting.full:
            self._join()

    def _note(self, changed: list[bytes], unstated: list[bytes]) -> None:
        self._touched.update(changed, unstated)
        self._news.update(changed)

    def _join(self) -> None:
        if self._waiting:
            self._note_people(self._waiting.join(self._sketch, self.unstated_people))

    def _note_people(self, grown: list[bytes]) -> None:
        self._touched_people.update(grown)
        self._news.update(grown)

    def _sketch(self, key: bytes) -> Sketch:
        known = self._people.get(key)
        if known is None:
            packed = self.people_of(key)
            people, at = (People(), -1) if packed is None else People.unpack(packed)
            known = self._people[key] = Sketch(key, people, at)
        return known
