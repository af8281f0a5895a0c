"""Money of several currencies, whatever is sold, spent, restated, planned and asked in whatever order: each amount at
the rate of its day, rounded once, as a recount by hand has it."""

from collections import defaultdict
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from streams.counting.campaign_panes import ALL_WINDOWS, CampaignPanes
from streams.counting.facts import StatedFact
from streams.counting.panes import COUNTER_TIERS, Tier, pane_index, pane_start_ms
from streams.counting.plan import Plan
from streams.counting.statements import fact_key
from streams.counting.windows import WINDOWS, Window, window_span
from streams.events.channels import ALL_CHANNELS
from streams.events.measures import Measure, money_key
from streams.events.topic import TOPIC_CODES

ZONE = ZoneInfo("Europe/Berlin")
START_MS = 1_795_000_003_000
DAY_MS = 86_400_000
TODAY = pane_index(Tier.DAY, START_MS, ZONE)
CHANNELS = (2, 7)
MEASURES = (Measure.REVENUE, Measure.REFUNDED, Measure.MARGIN)
KINDS = ("media", "fee", "production")
CURRENCIES = ("EUR", "USD", "GBP")
SPEND = TOPIC_CODES["spend"]

back_ms = st.one_of(st.integers(0, 90_000), st.integers(0, 8_000_000), st.integers(0, 40 * DAY_MS))
days = st.integers(TODAY - 40, TODAY + 2)
rates = st.dictionaries(
    st.sampled_from(CURRENCIES[1:]),
    st.dictionaries(days, st.sampled_from(("0.9", "1.0833", "0.000007", "3")), max_size=3),
)
SPAN_WINDOWS = ("today", "30d", "month", "launch")


def rounded(amount: Fraction) -> int:
    """Half to even, by way of decimals: every rate is one."""
    exact = Decimal(amount.numerator) / Decimal(amount.denominator)
    return int(exact.quantize(Decimal(1), ROUND_HALF_EVEN))


class MoneyMachine(RuleBasedStateMachine):
    """Beside the panes stand plain lists of all that was sold, and of what was stated last of each line."""

    @initialize()
    def begin(self) -> None:
        self.end_ms = START_MS
        self.panes = CampaignPanes(ZONE)
        self.sold: list[tuple[int, int, Measure, str, int]] = []
        self.spent: dict[tuple[int, int, str, int], tuple[str, int, int]] = {}
        self.plan: Plan | None = None
        self.statements = 0

    @rule(
        channel=st.sampled_from(CHANNELS),
        back=back_ms,
        measure=st.sampled_from(MEASURES),
        currency=st.sampled_from(CURRENCIES),
        amount=st.integers(0, 10**12),
    )
    def something_is_sold(self, channel: int, back: int, measure: Measure, currency: str, amount: int) -> None:
        time_ms = self.end_ms - 1 - back
        self.sold.append((channel, time_ms, measure, currency, amount))
        for tier in COUNTER_TIERS:
            pane = pane_index(tier, time_ms, ZONE)
            totals: dict[int, int] = defaultdict(int)
            for of, at_ms, counted, of_currency, some in self.sold:
                if of == channel and pane_index(tier, at_ms, ZONE) == pane:
                    totals[money_key(counted, of_currency)] += some
            self.panes.put_counters(channel, tier, pane, dict(totals))

    @rule(
        channel=st.sampled_from(CHANNELS),
        day=days,
        kind=st.sampled_from(KINDS),
        line=st.integers(0, 1),
        currency=st.sampled_from(CURRENCIES),
        amount=st.integers(0, 10**12),
    )
    def something_is_stated(self, channel: int, day: int, kind: str, line: int, currency: str, amount: int) -> None:
        self.statements += 1
        key = fact_key(b"aurora", SPEND, channel, day, b"%-7s%d" % (kind[:7].encode(), line))
        said = bytes((KINDS.index(kind),)) + currency.encode() + amount.to_bytes(6, "big")
        at_ms = START_MS + self.statements
        self.panes.put_fact(SPEND, channel, day, key, StatedFact(-1, at_ms, at_ms, SPEND, self.statements, said))
        self.spent[channel, day, kind, line] = currency, amount, at_ms

    @rule(currency=st.sampled_from((None, *CURRENCIES)), rates=rates)
    def something_is_planned(self, currency: str | None, rates: dict[str, dict[int, str]]) -> None:
        by_day = {
            of: tuple((day, Fraction(rate)) for day, rate in sorted(some.items()))
            for of, some in rates.items()
            if some and of != currency
        }
        self.plan = Plan(currency=currency, rates=by_day if currency else {})

    @rule(by_ms=st.sampled_from((1, 7_000, 10_000, 3_600_000, DAY_MS)))
    def time_goes_on(self, by_ms: int) -> None:
        self.end_ms += by_ms

    @rule()
    def it_is_asked_for(self) -> None:
        currency = self.currency()
        for channel in (ALL_CHANNELS, *self.panes.channels):
            shown = self.panes.windows(channel, self.end_ms, ALL_WINDOWS, self.plan)
            for window in WINDOWS:
                sums = shown[window.name]
                assert sums.currency == currency
                assert sums.plan is self.plan
                assert sums.spend_at_ms == self.newest(channel)
                if currency is None:
                    assert sums.converted is sums.spend is None
                    continue
                self.compare(channel, window, currency, sums.converted, sums.spend, sums.missing_rates)
        self.panes.rest([self.end_ms], ALL_WINDOWS)

    def compare(self, channel: int, window: Window, currency: str, converted, spend, missing) -> None:
        sold = self.sold_in(channel, window)
        lacking = {of for of, day, _, amount in sold if amount and self.rate(currency, of, day) is None}
        if lacking:
            assert converted is None
        else:
            expected: dict[Measure, Fraction] = defaultdict(Fraction)
            for of, day, measure, amount in sold:
                expected[measure] += amount * (self.rate(currency, of, day) or 0)
            assert converted == {measure: rounded(amount) for measure, amount in expected.items()}
        if window.name not in SPAN_WINDOWS:
            assert spend is None
            assert missing == lacking
            return
        lines = self.spent_in(channel, window)
        unknown = {of for of, day, _, amount in lines if amount and self.rate(currency, of, day) is None}
        assert missing == lacking | unknown
        if unknown:
            assert spend is None
            return
        total: dict[str, Fraction] = defaultdict(Fraction)
        for of, day, kind, amount in lines:
            total[kind] += amount * (self.rate(currency, of, day) or 0)
        assert spend == {kind: rounded(amount) for kind, amount in total.items()}

    def sold_in(self, channel: int, window: Window) -> list[tuple[str, int, Measure, int]]:
        """(currency, the day whose rate holds, measure, amount) of what was sold in a window."""
        span = range(1) if window.tier is Tier.LAUNCH else window_span(window, window.tier, self.end_ms, ZONE)
        found = []
        for of, at_ms, measure, currency, amount in self.sold:
            if channel in (of, ALL_CHANNELS) and pane_index(window.tier, at_ms, ZONE) in span:
                if window.tier in (Tier.TEN_SECONDS, Tier.MINUTE):
                    at_ms = self.end_ms - 1
                elif window.tier is Tier.HOUR:
                    at_ms = pane_start_ms(Tier.HOUR, at_ms // 3_600_000, ZONE)
                found.append((currency, pane_index(Tier.DAY, at_ms, ZONE), measure, amount))
        return found

    def spent_in(self, channel: int, window: Window) -> list[tuple[str, int, str, int]]:
        last = pane_index(Tier.DAY, self.end_ms - 1, ZONE)
        first = 0 if window.tier is Tier.LAUNCH else window_span(window, Tier.DAY, self.end_ms, ZONE).start
        return [
            (currency, day, kind, amount)
            for (of, day, kind, _), (currency, amount, _) in self.spent.items()
            if channel in (of, ALL_CHANNELS) and first <= day <= last
        ]

    def currency(self) -> str | None:
        if self.plan is not None and self.plan.currency is not None:
            return self.plan.currency
        had = {currency for *_, currency, _ in self.sold}
        had |= {currency for currency, amount, _ in self.spent.values() if amount}
        had = had or {currency for currency, *_ in self.spent.values()}
        return had.pop() if len(had) == 1 else None

    def rate(self, into: str, currency: str, day: int) -> Fraction | None:
        if currency == into:
            return Fraction(1)
        known = [rate for since, rate in (self.plan.rates if self.plan else {}).get(currency, ()) if since <= day]
        return known[-1] if known else None

    def newest(self, channel: int) -> int | None:
        return max(
            (at_ms for (of, *_), (_, _, at_ms) in self.spent.items() if channel in (of, ALL_CHANNELS)), default=None
        )


TestMoney = MoneyMachine.TestCase
TestMoney.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
