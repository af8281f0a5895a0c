"""Rates of a catalogue entry as whole numbers over one denominator: sums stay exact until they are rounded, once."""

from bisect import bisect_right
from math import lcm

from streams.counting.plan import Plan
from streams.events.measures import Measure, money_key

MEASURES: tuple[Measure, ...] = (Measure.REVENUE, Measure.REFUNDED, Measure.MARGIN)


class Rates:
    """What amounts are worth in `currency`, by day.

    scale: the common denominator: an amount times `of(...)` is in so many parts of a millionth. native: money key in
    that currency -> its measure.
    """

    def __init__(self, currency: str, plan: Plan | None) -> None:
        """plan: whose rates hold, where it is in that currency."""
        self.currency = currency
        self.native = {money_key(measure, currency): measure for measure in MEASURES}
        self._plan = plan if plan is not None and plan.currency == currency else Plan(currency)
        self.scale = lcm(*(rate.denominator for rates in self._plan.rates.values() for _, rate in rates))
        self._changes = sorted({day for rates in self._plan.rates.values() for day, _ in rates})
        self._known: dict[tuple[str, int], int | None] = {}

    def of(self, currency: str, day: int) -> int | None:
        """What one unit of `currency` was worth on a day, in parts of `scale`; None where nobody says so."""
        place = currency, day
        if place not in self._known:
            rate = self._plan.rate(currency, day)
            self._known[place] = None if rate is None else rate.numerator * (self.scale // rate.denominator)
        return self._known[place]

    def period(self, day: int) -> int:
        """What is the same for days that have the same rates."""
        return bisect_right(self._changes, day)

    def earliest_day(self, currency: str) -> int | None:
        """The day from which on the first rate holds; None where there is none."""
        rates = self._plan.rates.get(currency)
        return rates[0][0] if rates else None

    def millionths(self, parts: int) -> int:
        """A sum of amounts times their rates, in millionths, rounded half to even."""
        whole, rest = divmod(parts, self.scale)
        return whole + (2 * rest + (whole & 1) > self.scale)
