"""Money counters valued at the rates of their days: of one day, and of all days of a channel together."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from streams.counting.counter_panes import CounterPanes
from streams.counting.panes import Tier
from streams.counting.rates import MEASURES, Rates
from streams.events.measures import MONEY_STEP, money_parts

Counters = Mapping[int, int]


class Valued:
    """Sums of amounts times their rates, one a measure of MEASURES, in parts of `Rates.scale`.

    missing: the currencies that had no rate.
    """

    __slots__ = ("missing", "parts")

    def __init__(self) -> None:
        self.parts = [0] * len(MEASURES)
        self.missing: frozenset[str] = frozenset()

    def add(self, other: "Valued") -> None:
        """Put the other's sums to these."""
        self.parts = [one + more for one, more in zip(self.parts, other.parts, strict=True)]
        self.missing |= other.missing


def valued(counters: Counters, rates: Rates, day: int) -> Valued:
    """Money counters at the rates of one day."""
    found = Valued()
    for key, amount in counters.items():
        if key >= MONEY_STEP and amount:
            place, currency = _parts(key)
            rate = rates.of(currency, day)
            if rate is None:
                found.missing |= {currency}
            else:
                found.parts[place] += amount * rate
    return found


@lru_cache(maxsize=1024)
def _parts(key: int) -> tuple[int, str]:
    """The place of a money key's measure in MEASURES, and its currency."""
    measure, currency = money_parts(key)
    return MEASURES.index(measure), currency


class ValuedDays:
    """The day panes of one channel, each at the rates of its day; worked out again where the pane has changed."""

    def __init__(self) -> None:
        self._rates: Rates | None = None
        self._days: dict[int, tuple[dict[int, int], Valued]] = {}
        self._missing: dict[int, frozenset[str]] = {}
        self._changed: set[int] = set()
        self._parts = [0] * len(MEASURES)
        self._counted: dict[int, int] = {}

    def changed(self, day: int) -> None:
        """The day's pane holds something else now."""
        self._changed.add(day)

    def forget_before(self, first: int) -> None:
        """The panes of the days before that are gone."""
        self._changed.update(day for day in self._days if day < first)

    def between(self, panes: CounterPanes, rates: Rates, first: int, stop: int) -> Valued:
        """The sum over the days in `[first, stop)`."""
        self._follow(panes, rates)
        return sum_of(self._days[day][1] for day in range(first, stop) if day in self._days)

    def since_launch(self, panes: CounterPanes, rates: Rates, launch: Counters) -> Valued:
        """All that was ever counted. What is in no day pane any more has the earliest rate, if that held by then."""
        self._follow(panes, rates)
        found = Valued()
        found.parts = list(self._parts)
        found.missing = frozenset().union(*self._missing.values())
        for key, amount in launch.items():
            rest = amount - self._counted.get(key, 0) if key >= MONEY_STEP else 0
            if rest:
                place, currency = _parts(key)
                first, since = min(self._days, default=0), rates.earliest_day(currency)
                rate = rates.of(currency, first if since is None else since)
                if rate is None or (since is not None and since > first):
                    found.missing |= {currency}
                else:
                    found.parts[place] += rest * rate
        return found

    def _follow(self, panes: CounterPanes, rates: Rates) -> None:
        if rates is not self._rates:
            self._rates = rates
            self._days, self._missing, self._parts, self._counted = {}, {}, [0] * len(MEASURES), {}
            self._changed = set(panes.held(Tier.DAY))
        for day in self._changed:
            self._value(day, panes.pane(Tier.DAY, day), rates)
        self._changed = set()

    def _value(self, day: int, counters: Counters, rates: Rates) -> None:
        if (before := self._days.pop(day, None)) is not None:
            self._count(*before, -1)
            self._missing.pop(day, None)
        money = {key: amount for key, amount in counters.items() if key >= MONEY_STEP}
        if money:
            now = self._days[day] = money, valued(money, rates, day)
            self._count(*now, 1)
            if now[1].missing:
                self._missing[day] = now[1].missing

    def _count(self, money: Counters, known: Valued, times: int) -> None:
        self._parts = [total + times * one for total, one in zip(self._parts, known.parts, strict=True)]
        for key, amount in money.items():
            self._counted[key] = self._counted.get(key, 0) + times * amount


def sum_of(several: Iterable[Valued]) -> Valued:
    """Of several channels together."""
    total = Valued()
    for one in several:
        total.add(one)
    return total
