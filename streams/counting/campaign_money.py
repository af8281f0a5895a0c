"""The money of one campaign in one currency: what was sold and what was spent, each day at its rate."""

from collections.abc import Mapping
from typing import NamedTuple
from zoneinfo import ZoneInfo

from streams.counting.campaign_facts import CampaignFacts
from streams.counting.counter_panes import CounterPanes
from streams.counting.panes import Tier, pane_index, pane_start_ms
from streams.counting.plan import Plan
from streams.counting.rates import MEASURES, Rates
from streams.counting.valued import Counters, Valued, ValuedDays, sum_of, valued
from streams.counting.windows import Place, WindowPanes, WindowSums
from streams.events.channels import ALL_CHANNELS
from streams.events.measures import MONEY_STEP, money_parts

_SPENDS_KEPT = 256

NO_RATES: frozenset[str] = frozenset()


class Told(NamedTuple):
    """What all windows of a channel that end at the same time say alike: see `WindowSums`.

    rates: into its currency, None where there is none. native: nothing was ever counted in another one. last_day: in
    which they end. launch_at_end: whether `launch` goes no further than the window.
    """

    plan: Plan | None
    rates: Rates | None
    launch: Counters
    spend_at_ms: int | None
    native: bool
    last_day: int
    launch_at_end: bool = False


_Converted = tuple[Mapping[int, int] | None, frozenset[str]]


class _Spend(NamedTuple):
    """What was spent over whole days: by kind in millionths, None while a rate is missing."""

    by_kind: Mapping[str, int] | None
    missing: frozenset[str]


class CampaignMoney:
    """counters: channel -> its panes; facts: the campaign's. Both belong to the campaign and go on changing."""

    def __init__(self, counters: Mapping[int, CounterPanes], facts: CampaignFacts, zone: ZoneInfo) -> None:
        self._counters = counters
        self._facts = facts
        self._zone = zone
        self._plan: Plan | None = None
        self._rates: Rates | None = None
        self._days: dict[int, ValuedDays] = {}
        self._spends: dict[tuple[int, int, int], tuple[int, Rates, _Spend]] = {}
        self._known: dict[tuple[int, Place], tuple[Counters, Rates, int, Valued]] = {}
        self._shown: dict[tuple[int, Place], tuple[Counters, Rates, int, _Converted]] = {}
        self._split: dict[Place, tuple[tuple[Place, int], ...]] = {}

    def day_changed(self, channel: int, day: int) -> None:
        """A day pane of a channel holds something else now."""
        if (days := self._days.get(channel)) is not None:
            days.changed(day)

    def forget_before(self, first: int) -> None:
        """The day panes before that are gone, so the launch is valued anew."""
        for days in self._days.values():
            days.forget_before(first)
        self._known = {key: known for key, known in self._known.items() if key[1][0] != Tier.LAUNCH}
        self._shown = {key: known for key, known in self._shown.items() if key[1][0] != Tier.LAUNCH}

    def rest(self, places: frozenset[Place]) -> frozenset[Place]:
        """Let go what was worked out for other places. Returns these, and those into which they are cut."""
        self._known = {key: known for key, known in self._known.items() if key[1] in places}
        self._shown = {key: known for key, known in self._shown.items() if key[1] in places}
        self._split = {place: parts for place, parts in self._split.items() if place in places}
        return places | {part for parts in self._split.values() for part, _ in parts}

    def told(self, channel: int, plan: Plan | None, launch: Counters, launch_of_all: Counters, end_ms: int) -> Told:
        """What is known of a channel. plan: the same object while the catalogue says the same."""
        rates = self._into(plan, launch_of_all)
        native = rates is not None and all(key in rates.native for key in launch if key >= MONEY_STEP)
        last_day = pane_index(Tier.DAY, end_ms - 1, self._zone)
        return Told(plan, rates, launch, self._facts.newest_ms(channel), native, last_day)

    def window(
        self,
        channel: int,
        panes: WindowPanes,
        counters: Counters,
        people: Mapping[int, float],
        beside: Counters | None,
        end_ms: int,
        told: Told,
        whole: WindowSums | None,
    ) -> WindowSums:
        """A window of a channel, or of ALL_CHANNELS, from the sums over its panes, with its money."""
        converted, spend, missing, rates = None, None, NO_RATES, told.rates
        if rates is not None:
            converted, missing = self._converted(channel, panes.counters, counters, rates, told)
            tier, first, stop = panes.counters
            if tier in (Tier.DAY, Tier.LAUNCH):
                if tier == Tier.LAUNCH:
                    first, stop = 0, told.last_day + 1
                spent = self._spend(channel, first, stop, rates)
                spend, missing = spent.by_kind, missing | spent.missing
        return WindowSums(
            counters,
            people,
            panes.start_ms,
            end_ms,
            beside,
            told.launch,
            None if rates is None else rates.currency,
            converted,
            spend,
            told.spend_at_ms,
            missing,
            told.plan,
            whole,
            told.launch_at_end,
        )

    def _into(self, plan: Plan | None, launch: Counters) -> Rates | None:
        """The rates into the campaign's currency, the same object while they hold; None where there is no currency."""
        currency = None if plan is None else plan.currency
        if currency is None:
            had = {money_parts(key)[1] for key in launch if key >= MONEY_STEP} | self._facts.currencies
            # A line that was moved is stated as 0 where it was, which may be in a currency that was a mistake.
            had = had or self._facts.stated_currencies
            currency = had.pop() if len(had) == 1 else None
        if currency is None:
            return None
        if self._rates is None or self._rates.currency != currency or self._plan is not plan:
            self._rates, self._plan = Rates(currency, plan), plan
            for worked_out in (self._spends, self._known, self._shown, self._split):
                worked_out.clear()
        return self._rates

    def _converted(self, channel: int, place: Place, counters: Counters, rates: Rates, told: Told) -> _Converted:
        """Measure -> millionths of one window, and the currencies that have no rate in it; None where there are any."""
        if told.native:
            return {measure: counters[key] for key, measure in rates.native.items() if key in counters}, NO_RATES
        known = self._shown.get((channel, place))
        if known is None or known[0] is not counters or known[1] is not rates or known[2] != told.last_day:
            now = self._convert(channel, place, counters, rates, told.last_day)
            known = self._shown[channel, place] = counters, rates, told.last_day, now
        return known[3]

    def _convert(self, channel: int, place: Place, counters: Counters, rates: Rates, last_day: int) -> _Converted:
        channels = [one for one in self._counters if channel in (one, ALL_CHANNELS)]
        found = sum_of(self._valued(one, place, rates, last_day) for one in channels)
        if found.missing:
            return None, found.missing
        counted = {money_parts(key)[0] for key in counters if key >= MONEY_STEP}
        parts = zip(MEASURES, found.parts, strict=True)
        return {measure: rates.millionths(sum_) for measure, sum_ in parts if measure in counted}, NO_RATES

    def _spend(self, channel: int, first: int, stop: int, rates: Rates) -> _Spend:
        changes = self._facts.changes.get(channel, 0)
        known = self._spends.get((channel, first, stop))
        if known is None or known[0] != changes or known[1] is not rates:
            if len(self._spends) > _SPENDS_KEPT:
                self._spends.clear()
            known = self._spends[channel, first, stop] = changes, rates, self._spent(channel, first, stop, rates)
        return known[2]

    def _valued(self, channel: int, place: Place, rates: Rates, last_day: int) -> Valued:
        """One channel's money in these panes, worked out again where their sum is another one."""
        counters = self._counters[channel].sum(place)
        known = self._known.get((channel, place))
        if known is None or known[0] is not counters or known[1] is not rates or known[2] != last_day:
            now = self._value(channel, place, counters, rates, last_day)
            known = self._known[channel, place] = counters, rates, last_day, now
        return known[3]

    def _value(self, channel: int, place: Place, counters: Counters, rates: Rates, last_day: int) -> Valued:
        tier, first, stop = place
        panes = self._counters[channel]
        if tier in (Tier.DAY, Tier.LAUNCH):
            days = self._days.setdefault(channel, ValuedDays())
            if tier == Tier.DAY:
                return days.between(panes, rates, first, stop)
            return days.since_launch(panes, rates, counters)
        if tier != Tier.HOUR:
            return valued(counters, rates, last_day)
        parts = self._split.get(place)
        if parts is None:
            parts = self._split[place] = self._by_rates(place, rates)
        return sum_of(valued(panes.sum(part), rates, day) for part, day in parts)

    def _by_rates(self, place: Place, rates: Rates) -> tuple[tuple[Place, int], ...]:
        """Hours cut where other rates begin to hold, each piece with a day of it."""
        tier, first, stop = place
        days: dict[int, tuple[int, int]] = {}
        for hour in range(first, stop):
            day = pane_index(Tier.DAY, pane_start_ms(Tier.HOUR, hour, self._zone), self._zone)
            begin, of = days.get(rates.period(day), (hour, day))
            days[rates.period(day)] = begin, of
        begins = [*(begin for begin, _ in days.values()), stop]
        return tuple(((tier, begins[at], begins[at + 1]), day) for at, (_, day) in enumerate(days.values()))

    def _spent(self, channel: int, first: int, stop: int, rates: Rates) -> _Spend:
        parts: dict[str, int] = {}
        missing: set[str] = set()
        for day, sums in self._facts.spend(channel, first, stop):
            for (kind, currency), (micros, _) in sums.items():
                rate = rates.of(currency, day) if micros else 0
                if rate is None:
                    missing.add(currency)
                else:
                    parts[kind] = parts.get(kind, 0) + micros * rate
        if missing:
            return _Spend(None, frozenset(missing))
        return _Spend({kind: rates.millionths(sum_) for kind, sum_ in parts.items()}, NO_RATES)
