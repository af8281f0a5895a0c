"""The people of one kind, in one channel of one campaign, pane by pane, and estimates of the windows that look at them.

A pane is kept as it was given: packed, as it stands in the table, or as the sketch that goes on growing. The people of
a pane only ever grow, so a union of what it held before stays a part of what it holds now: the panes of a window that
have stopped changing are united once, and whoever asks again unites that with the others only.
"""

from collections.abc import Container, Sequence

from streams.counting.people import People, together, union
from streams.counting.windows import Place


class _Union:
    """What is known of a place.

    closed: panes united and packed, None while there is nothing to be gained by it. open: the panes that have more
    people than that, and whether they have changed since somebody asked. estimate: None where it has to be made.
    """

    __slots__ = ("closed", "estimate", "open")

    def __init__(self, panes: dict[int, bool]) -> None:
        self.closed: bytes | None = None
        self.open = panes
        self.estimate: float | None = None


class PeoplePanes:
    """tier -> pane -> its people (numbers as in `windows.Place`)."""

    __slots__ = ("_tiers", "_unions", "_united")

    def __init__(self) -> None:
        self._tiers: dict[int, dict[int, bytes | People]] = {}
        self._unions: dict[Place, _Union] = {}
        self._united: dict[Place, People] = {}

    def put(self, tier: int, pane: int, value: bytes | People) -> None:
        """The pane holds these people now, at least those of before."""
        self._tiers.setdefault(tier, {})[pane] = value
        for place, known in self._unions.items():
            if place[0] == tier and place[1] <= pane < place[2]:
                known.open[pane] = True
                known.estimate = None
        self._united.clear()

    def settled(self, tier: int, pane: int, packed: bytes) -> None:
        """The pane still holds what was put last, and this is it packed."""
        panes = self._tiers.get(tier, {})
        if pane in panes:
            panes[pane] = packed

    def estimate(self, place: Place) -> float:
        """About how many different people there are in the panes of a place: the same object until they change."""
        known = self._unions.get(place)
        if known is None:
            tier, first, stop = place
            panes = self._tiers.get(tier)
            open_panes = {pane: False for pane in range(first, stop) if pane in panes} if panes else None
            if not open_panes:
                return 0.0
            known = self._unions[place] = _Union(open_panes)
        if known.estimate is None:
            known.estimate = self.united(place).estimate()
        return known.estimate

    def united(self, place: Place) -> People:
        """The people of those panes together, to be looked at only. It is kept, for the union over channels, until
        `rest`."""
        united = self._united.get(place)
        if united is None:
            known = self._unions.get(place)
            united = self._united[place] = together(() if known is None else self._parts(place[0], known))
        return united

    def rest(self) -> None:
        """All that was wanted has been asked for: keep no unions that are not packed."""
        self._united.clear()

    def forget_all_but(self, places: Container[Place]) -> None:
        """Let go what is known of other places."""
        self._unions = {place: known for place, known in self._unions.items() if place in places}

    def drop_before(self, tier: int, first: int) -> None:
        """Forget the panes of the tier before `first`: nobody looks there any more."""
        panes = self._tiers.get(tier, {})
        kept = {pane: value for pane, value in panes.items() if pane >= first}
        if len(kept) < len(panes):
            self._tiers[tier] = kept
            for place in [place for place in self._unions if place[0] == tier and place[1] < first]:
                del self._unions[place]

    def _parts(self, tier: int, known: _Union) -> Sequence[bytes | People]:
        """What is to be united. What is packed and has not changed since somebody asked is united for good."""
        panes = self._tiers.get(tier, {})
        if known.closed is None and len(known.open) == 1:
            # A pane as long as the window, as most are.
            (pane,) = known.open
            return (panes[pane],)
        closed: list[bytes | People] = [] if known.closed is None else [known.closed]
        still = [pane for pane, changed in known.open.items() if not changed and isinstance(panes[pane], bytes)]
        if len(still) + len(closed) > 1:
            known.closed = union([*closed, *(panes[pane] for pane in still)]).pack(0)
            closed = [known.closed]
            for pane in still:
                del known.open[pane]
        known.open = dict.fromkeys(known.open, False)
        return [*closed, *(panes[pane] for pane in known.open)]
