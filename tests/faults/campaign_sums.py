"""What the recount says of one campaign in any window: events, people, money and spend, from its panes and facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

from datasketches import cpc_sketch

from tests.faults.adds import NEW, RETURNING, TOPIC_CODES
from tests.faults.facts import Stated, campaign_of
from tests.faults.plans import Plan
from tests.faults.recount import DAY, HOUR, LAUNCH, MINUTE, MONTH, SECOND, month
from tests.faults.stated import LG_K, united
from tests.faults.verdict import EVENT_NAMES, MONEY
from tests.support.kpis_by_hand import Counted, Number, kpis_by_hand

ALL = 0
"""All channels together."""
DAYS = 3
SIZES = {0: 10 * SECOND, 1: MINUTE, 2: HOUR, DAYS: DAY}
WINDOWS = {
    "1m": (MINUTE, 0, 1),
    "5m": (5 * MINUTE, 0, 1),
    "1h": (HOUR, 1, 1),
    "24h": (DAY, 2, 2),
    "today": (0, DAYS, DAYS),
    "7d": (7 * DAY, 2, DAYS),
    "30d": (30 * DAY, DAYS, DAYS),
    "month": (0, DAYS, MONTH),
    "launch": (0, LAUNCH, LAUNCH),
}
"""Length (0: it begins with the day, the month, the launch), tier of the counters, tier of the people."""
WHOLE_DAYS = frozenset({"today", "30d", "month", "launch"})
BESIDE_PEOPLE = frozenset({"open_rate", "click_rate", "frequency"})
"""People and events divided by each other: both over the panes of the coarser tier."""
PEOPLE = {1: "reached", 2: "openers", 3: "clickers", 4: "buyers", 5: "engaged"}
NAMES = {**EVENT_NAMES, 42: "units", NEW: "new_customers", RETURNING: "returning_customers"}
REVENUE, REFUNDED, MARGIN = 43, 44, 45
MICROS = 1_000_000
AMOUNTS = {"gross_revenue": {REVENUE: 1}, "refunds": {REFUNDED: 1}, "net_revenue": {REVENUE: 1, REFUNDED: -1}}
AMOUNTS["stated_margin"] = {MARGIN: 1}
"""What is shown in each currency by itself where a campaign has none; of each measure the sign."""

Money = dict[tuple[int, str], int]
"""Measure and currency -> millionths."""
Panes = dict[tuple[int, int], dict[int, Counter[int]]]
"""Channel and tier -> pane -> what was counted."""
PeopleOf = dict[tuple[int, int, int, int], set[str]]
"""Channel, tier, pane and kind -> who."""
Hash = Callable[[str], int]
"""Of a person, as the sketches have it."""


@dataclass(frozen=True, slots=True)
class Spent:
    """The statement that stands for one line and day; `at_ms`: its event time."""

    channel: int
    day: int
    kind: str
    currency: str
    micros: int
    at_ms: int


class CampaignSums:
    """What the recount says of one campaign."""

    def __init__(self, plan: Plan, counters: Panes, people: PeopleOf, spend: list[Spent], hashed: Hash) -> None:
        self.plan, self._counters, self._people, self._spend, self._hashed = plan, counters, people, spend, hashed
        had = {currency for _, currency in _money(self.sum(ALL, LAUNCH, [0]))}
        had |= {line.currency for line in spend if line.micros}
        had = had or {line.currency for line in spend}
        self.currency = plan.currency or (had.pop() if len(had) == 1 else None)
        self._known: dict[tuple[int, str, int, bool], Counted] = {}
        self._kpis: dict[tuple[int, str, int, bool], dict[str, Number | None]] = {}

    @property
    def channels(self) -> set[int]:
        """Those in which anything was counted."""
        return {channel for channel, _ in self._counters}

    def sum(self, channel: int, tier: int, panes: Iterable[int]) -> Counter[int]:
        """What these panes have counted together."""
        total: Counter[int] = Counter()
        for held in self._of(channel, tier):
            for pane in panes:
                total.update(held.get(pane, {}))
        return total

    def counted(self, channel: int, window: str, end_ms: int, beside: bool = False) -> Counted:
        """A window; beside: its events over the panes that its people cover."""
        key = channel, window, end_ms, beside
        if key not in self._known:
            self._known[key] = self._count(channel, window, end_ms, beside)
        return self._known[key]

    def _count(self, channel: int, window: str, end_ms: int, beside: bool) -> Counted:
        _, tier, people_tier = WINDOWS[window]
        events = self.sum(channel, tier, panes(window, tier, end_ms))
        launch = self.sum(channel, LAUNCH, [0])
        other = people_tier if beside and people_tier in SIZES else tier
        shown = self.sum(channel, other, panes(window, other, end_ms))
        since, plan = _gained(launch), self.plan
        money = self._converted(channel, window, end_ms)
        starts_ms = 0 if tier == LAUNCH else panes(window, tier, end_ms)[0] * SIZES[tier]
        return Counted(
            events={NAMES[measure]: number for measure, number in shown.items() if measure in NAMES},
            people={
                name: self._number(channel, people_tier, panes(window, people_tier, end_ms), kind)
                for kind, name in PEOPLE.items()
            },
            start_ms=starts_ms,
            end_ms=end_ms,
            revenue=None if money is None else money.get(REVENUE, Fraction()),
            refunded=None if money is None else money.get(REFUNDED, Fraction()),
            stated_margin=None if money is None else money.get(MARGIN, Fraction()),
            spend=self._spent(channel, window, end_ms),
            spend_at_ms=max((line.at_ms for line in self._spend if channel in (ALL, line.channel)), default=None),
            before=since - _gained(events) if starts_ms else 0,
            gained_since_launch=since,
            budget=plan.budget if self.currency else None,
            gross_margin=plan.gross_margin,
            baseline_per_day=plan.baseline_per_day,
            customers_at_start=plan.customers_at_start,
            starts_at_ms=plan.starts_at_ms,
            ends_at_ms=plan.ends_at_ms,
            whole=None if channel == ALL else self.counted(ALL, window, end_ms, beside),
        )

    def kpis(self, channel: int, window: str, end_ms: int, beside: bool) -> dict[str, Number | None]:
        """All KPIs of that window, by hand."""
        key = channel, window, end_ms, beside
        if key not in self._kpis:
            self._kpis[key] = kpis_by_hand(self.counted(*key))
        return self._kpis[key]

    def amounts(self, kpi: str, channel: int, window: str, end_ms: int) -> dict[str, Number]:
        """A KPI of money of a campaign without a currency: in each currency by itself."""
        tier = WINDOWS[window][1]
        counted = self.sum(channel, tier, panes(window, tier, end_ms))
        money, found = _money(counted), dict[str, Number]()
        for (measure, currency), micros in money.items():
            if (sign := AMOUNTS.get(kpi, AMOUNTS["net_revenue"]).get(measure)) is not None:
                found[currency] = found.get(currency, 0) + Fraction(sign * micros, MICROS)
        if kpi != "average_order_value":
            return found if kpi in AMOUNTS else {}
        orders = counted[40]
        return {one: amount / orders for one, amount in found.items()} if len(found) == 1 and orders else {}

    def ever(self, kpi: str, channel: int) -> bool:
        """Whether what the KPI adds up was ever counted in the channel; before that it has no value."""
        had = {measure for measure, _ in _money(self.sum(channel, LAUNCH, [0]))}
        return bool(AMOUNTS.get(kpi, AMOUNTS["net_revenue"]).keys() & had)

    def _of(self, channel: int, tier: int) -> list[dict[int, Counter[int]]]:
        return [held for (one, of), held in self._counters.items() if of == tier and channel in (ALL, one)]

    def _number(self, channel: int, tier: int, wanted: Iterable[int], kind: int) -> int:
        """About how many there are: what a sketch of the true ones says, which is the same however it was made."""
        persons = set[str]()
        for one in self.channels if channel == ALL else {channel}:
            for pane in wanted:
                persons |= self._people.get((one, tier, pane, kind), set())
        sketch = cpc_sketch(LG_K)
        for person in persons:
            sketch.update(self._hashed(person))
        return round(united([sketch.serialize()]).get_result().get_estimate())

    def _converted(self, channel: int, window: str, end_ms: int) -> dict[int, Fraction] | None:
        """Measure -> units of the campaign's currency, each day at its rate; None while one is missing."""
        if self.currency is None:
            return None
        tier = WINDOWS[window][1]
        last_day = (end_ms - 1) // DAY
        exact: dict[int, Fraction] = {}
        for held in self._of(channel, DAYS if tier == LAUNCH else tier):
            for pane in held if tier == LAUNCH else panes(window, tier, end_ms):
                day = last_day if tier < 2 else pane * SIZES[tier] // DAY if tier == 2 else pane
                for (measure, currency), micros in _money(held.get(pane, {})).items():
                    rate = Fraction(1) if currency == self.currency else self.plan.rate(currency, day)
                    if rate is None:
                        return None
                    exact[measure] = exact.get(measure, Fraction()) + micros * rate
        return {measure: Fraction(round(micros), MICROS) for measure, micros in exact.items()}

    def _spent(self, channel: int, window: str, end_ms: int) -> dict[str, Number]:
        if window not in WHOLE_DAYS or self.currency is None:
            return {}
        last_day = (end_ms - 1) // DAY
        first_day = 0 if window == "launch" else panes(window, DAYS, end_ms)[0]
        exact: dict[str, Fraction] = {}
        for line in self._spend:
            if channel in (ALL, line.channel) and first_day <= line.day <= last_day:
                rate = Fraction(1) if line.currency == self.currency else self.plan.rate(line.currency, line.day)
                if rate is None and line.micros:
                    return {}
                exact[line.kind] = exact.get(line.kind, Fraction()) + line.micros * (rate or 0)
        return {kind: Fraction(round(micros), MICROS) for kind, micros in exact.items()}


def panes(window: str, tier: int, end_ms: int) -> range:
    """The panes of a tier into which a window looks that ends then; days and months are those of UTC."""
    if tier == LAUNCH:
        return range(1)
    if tier == MONTH:
        return range(month(end_ms - 1), month(end_ms - 1) + 1)
    length, of, _ = WINDOWS[window]
    first_ms = end_ms - length
    if window == "month":
        begins = datetime.fromtimestamp((end_ms - 1) / 1000, UTC).replace(day=1, hour=0, minute=0, second=0)
        first_ms = int(begins.replace(microsecond=0).timestamp() * 1000)
    elif not length:
        first_ms = (end_ms - 1) // SIZES[of] * SIZES[of]
    return range(first_ms // SIZES[tier], (end_ms - 1) // SIZES[tier] + 1)


def spent(campaign: str, key: bytes, stated: Stated) -> Spent | None:
    """What a fact says of the campaign's spend; None where it is another fact, or another campaign's."""
    (at_ms, *_), said = stated
    if key[1] != TOPIC_CODES["spend"] or campaign_of(key) != campaign:
        return None
    return Spent(key[2], int.from_bytes(key[4:8], "big"), *said, at_ms)


def _gained(events: Mapping[int, int]) -> int:
    """Customers gained less lost."""
    return events.get(NEW, 0) - sum(events.get(measure, 0) for measure in range(73, 78))


def _money(counters: Mapping[int, int]) -> Money:
    found: Money = {}
    for key, micros in counters.items():
        if key >= MONEY:
            letters = key // MONEY - 1
            currency = "".join(chr(65 + letter) for letter in (letters // 676, letters // 26 % 26, letters % 26))
            found[key % MONEY, currency] = micros
    return found
