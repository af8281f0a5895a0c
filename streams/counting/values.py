"""The counters of one partition that are in use: decoded, and merged into.

Finding a value and deciding what becomes of a contribution is the dearest part of counting, since an event is in five
panes. So the values of an entry are known by its place in a summary as well as by their keys, and what is the same for
several of them is decided once.
"""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from typing import Final

from streams.counting.merge import Contribution, Outcome, Value, change, merge, new_value, unpack
from streams.counting.statements import counters_key, ledger_key
from streams.counting.summaries import Entry, Summary, panes_of

_Found = list[tuple[bytes, Value]]
"""Table keys and what is in them."""

_Places = dict[tuple[int, bytes], _Found]
"""(channel, panes as an entry has them) of one campaign -> what is in these panes."""

_OUTCOMES: Final = tuple(Outcome)
_UNSEEN: Final = object()


@dataclass(slots=True)
class Values:
    """Table values of counters and ledgers, by key.

    value_of, unstated: see `PartitionMerge`. outcomes: how many contributions ended how.
    """

    value_of: Callable[[bytes], bytes | None]
    unstated: Callable[[bytes], bool]
    outcomes: dict[Outcome, int] = field(default_factory=dict)
    _values: dict[bytes, Value] = field(default_factory=dict)
    _places: dict[bytes, _Places] = field(default_factory=dict)

    def get(self, key: bytes) -> Value | None:
        """What is in the key, None where it is not in use."""
        return self._values.get(key)

    def keep(self, keys: Container[bytes]) -> None:
        """The values of other keys are not in use any more."""
        self._places.clear()
        self._values = {key: value for key, value in self._values.items() if key in keys}

    def drop(self, keys: Iterable[bytes]) -> None:
        """These keys have expired."""
        self._places.clear()
        for key in keys:
            self._values.pop(key, None)

    def merge(self, campaign: bytes, offset: int, summary: Summary) -> tuple[list[bytes], list[bytes]]:
        """Merge a campaign's summary that stands at `offset`.

        Returns the keys that have changed, and those that have not but which the present term has yet to state.
        """
        places = self._places.get(campaign)
        if places is None:
            places = self._places[campaign] = {}
        changed, unchanged, counted = list[bytes](), list[bytes](), [0] * len(_OUTCOMES)
        for entry in summary.entries:
            place = entry.channel, entry.panes
            found = places.get(place)
            if found is None:
                found = places[place] = [
                    self._find(counters_key(campaign, entry.channel, tier, pane)) for tier, pane in panes_of(entry)
                ]
            self._merge(offset, summary, entry, found, changed, unchanged, counted)
        self._count(counted)
        return changed, unchanged

    def merge_ledger(self, offset: int, summary: Summary) -> tuple[list[bytes], list[bytes]]:
        """The same for the summary of a source's ledger."""
        changed, unchanged, counted = list[bytes](), list[bytes](), [0] * len(_OUTCOMES)
        found = [self._find(ledger_key(summary.source))]
        for entry in summary.entries:
            self._merge(offset, summary, entry, found, changed, unchanged, counted)
        self._count(counted)
        return changed, unchanged

    def _merge(
        self,
        offset: int,
        summary: Summary,
        entry: Entry,
        found: _Found,
        changed: list[bytes],
        unchanged: list[bytes],
        counted: list[int],
    ) -> None:
        """Merge an entry into what was found in its panes. What stands there of the source is most often the same in
        all of them, so one decision is for all, and one contribution, too."""
        source, before = summary.source, _UNSEEN
        contribution = Contribution(summary.start, summary.last, entry.counters)
        for key, value in found:
            if offset > value.at:
                newest = value.newest.get(source)
                if newest is not before:
                    before = newest
                    outcome, changes = change(newest, contribution)
                counted[outcome] += 1
                if changes is not None:
                    merge(value, source, contribution, changes)
                    changed.append(key)
                    continue
            if self.unstated(key):
                unchanged.append(key)

    def _count(self, counted: list[int]) -> None:
        for outcome, number in zip(_OUTCOMES, counted, strict=True):
            if number:
                self.outcomes[outcome] = self.outcomes.get(outcome, 0) + number

    def _find(self, key: bytes) -> tuple[bytes, Value]:
        value = self._values.get(key)
        if value is None:
            packed = self.value_of(key)
            value = self._values[key] = new_value() if packed is None else unpack(packed)
        return key, value
