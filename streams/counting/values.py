"""The counters of one partition that are in use: decoded, and merged into.

Finding a value and deciding what becomes of a contribution is the dearest part of counting, since an event is in five
panes. So a value is known by its place in a summary as well as by its key, and what is the same for several values is
decided once.
"""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from streams.counting.merge import Contribution, Outcome, Value, change, merge, new_value, unpack
from streams.counting.statements import counters_key, ledger_key
from streams.counting.summaries import Summary

_Places = dict[tuple[int, int, int], tuple[bytes, Value]]
"""(channel, tier, pane) of one campaign -> its table key and what is in it."""

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
        return self._merge(offset, summary, places, partial(counters_key, campaign))

    def merge_ledger(self, offset: int, summary: Summary) -> tuple[list[bytes], list[bytes]]:
        """The same for the summary of a source's ledger."""
        return self._merge(offset, summary, {}, lambda *_: ledger_key(summary.source))

    def _merge(
        self, offset: int, summary: Summary, places: _Places, key_of: Callable[[int, int, int], bytes]
    ) -> tuple[list[bytes], list[bytes]]:
        """key_of: gives the table key of a (channel, tier, pane) that is not among the places."""
        source, start, last = summary.source, summary.start, summary.last
        changed, unchanged, counted = [], [], [0] * len(_OUTCOMES)
        # Most entries of a channel differ in their tier only, and so did what stands there: one decision is for all,
        # and one contribution, too.
        contribution, before = Contribution(start, last, {}), _UNSEEN
        for entry in summary.entries:
            place = entry.channel, entry.tier, entry.pane
            known = places.get(place)
            if known is None:
                known = places[place] = self._find(key_of(*place))
            key, value = known
            if offset > value.at:
                counters = entry.counters
                if counters != contribution.counters:
                    contribution, before = Contribution(start, last, counters), _UNSEEN
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
        for found, number in zip(_OUTCOMES, counted, strict=True):
            if number:
                self.outcomes[found] = self.outcomes.get(found, 0) + number
        return changed, unchanged

    def _find(self, key: bytes) -> tuple[bytes, Value]:
        value = self._values.get(key)
        if value is None:
            packed = self.value_of(key)
            value = self._values[key] = new_value() if packed is None else unpack(packed)
        return key, value
