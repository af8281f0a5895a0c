"""The counters of one channel of one campaign, pane by pane, and running sums of the windows that look at them.

A pane is kept as it was given: packed, as it stands in the table (the same object, no memory of its own), or as a dict
while it changes. Packed ones are decoded when a sum needs them, and not kept decoded.
"""

from collections.abc import Collection, Container

from streams.counting.merge import totals_of
from streams.counting.windows import Place, sum_counters

Counters = dict[int, int]


class _Sum:
    """What the panes of a place have counted together. Once shown, `total` is changed no more but replaced."""

    __slots__ = ("shown", "total")

    def __init__(self, total: Counters) -> None:
        self.total = total
        self.shown = True

    def add(self, before: Counters, after: Counters) -> bool:
        """A pane has changed. False where only a new sum can tell what is left: a measure may be gone."""
        if not before.keys() <= after.keys():
            return False
        total = self.total
        changes = {
            measure: count - before.get(measure, 0)
            for measure, count in after.items()
            if count != before.get(measure, 0) or measure not in total
        }
        if changes:
            if self.shown:
                total = self.total = dict(total)
                self.shown = False
            for measure, change in changes.items():
                total[measure] = total.get(measure, 0) + change
        return True


class CounterPanes:
    """tier -> pane -> its counters (numbers as in `windows.Place`)."""

    __slots__ = ("_sums", "_tiers")

    def __init__(self) -> None:
        self._tiers: dict[int, dict[int, bytes | Counters]] = {}
        self._sums: dict[Place, _Sum] = {}

    def put(self, tier: int, pane: int, value: bytes | Counters) -> None:
        """The pane holds this now. Running sums that cover it follow."""
        panes = self._tiers.setdefault(tier, {})
        covering = [place for place in self._sums if place[0] == tier and place[1] <= pane < place[2]]
        if covering:
            before, after = _totals(panes.get(pane)), _totals(value)
            for place in covering:
                if not self._sums[place].add(before, after):
                    del self._sums[place]
        panes[pane] = value

    def settled(self, tier: int, pane: int, packed: bytes) -> None:
        """The pane still holds what was put last, and this is it packed."""
        panes = self._tiers.get(tier, {})
        if pane in panes:
            panes[pane] = packed

    def held(self, tier: int) -> Collection[int]:
        """The panes of the tier that there are."""
        return self._tiers.get(tier, {}).keys()

    def pane(self, tier: int, pane: int) -> Counters:
        """The counters of one pane; {} where there is none. Not to be changed."""
        return _totals(self._tiers.get(tier, {}).get(pane))

    def sum(self, place: Place) -> Counters:
        """The sum over the panes of a place: the same dict until they change, and never changed itself."""
        known = self._sums.get(place)
        if known is None:
            total = self._moved(place)
            known = self._sums[place] = _Sum(self._plain(place) if total is None else total)
        known.shown = True
        return known.total

    def forget_all_but(self, places: Container[Place]) -> None:
        """Let go the running sums of other places."""
        self._sums = {place: known for place, known in self._sums.items() if place in places}

    def drop_before(self, tier: int, first: int) -> None:
        """Forget the panes of the tier before `first`: nobody looks there any more."""
        panes = self._tiers.get(tier, {})
        kept = {pane: value for pane, value in panes.items() if pane >= first}
        if len(kept) < len(panes):
            # A new dict, since one from which much is deleted stays as large as it was.
            self._tiers[tier] = kept
            for place in [place for place in self._sums if place[0] == tier and place[1] < first]:
                del self._sums[place]

    def _plain(self, place: Place) -> Counters:
        tier, first, stop = place
        panes = self._tiers.get(tier, {})
        return sum_counters(_totals(panes[pane]) for pane in range(first, stop) if pane in panes)

    def _moved(self, place: Place) -> Counters | None:
        """The sum made of that of the nearest place before: what has left is taken away, what has come is added.

        None where a new sum is no dearer, and where a measure comes to 0: it may be gone or may have been counted as 0.
        """
        tier, first, stop = place
        panes = self._tiers.get(tier)
        if not panes:
            return {}
        nearest = min(
            (
                (first - begun + stop - ended, begun, ended)
                for of, begun, ended in self._sums
                if of == tier and begun <= first < ended <= stop
            ),
            default=None,
        )
        if nearest is None or nearest[0] >= stop - first:
            return None
        _, begun, ended = nearest
        total = dict(self._sums[tier, begun, ended].total)
        for pane in range(ended, stop):
            if pane in panes:
                for measure, count in _totals(panes[pane]).items():
                    total[measure] = total.get(measure, 0) + count
        for pane in range(begun, first):
            if pane in panes:
                for measure, count in _totals(panes[pane]).items():
                    total[measure] -= count
                    if not total[measure]:
                        return None
        return total


def _totals(value: bytes | Counters | None) -> Counters:
    if value is None:
        return {}
    return totals_of(value) if isinstance(value, bytes) else value
