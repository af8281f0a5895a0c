"""Money in the campaign's currency: each day at its rate, exact until it is rounded, never restated by a new rate."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from streams.counting.campaign_panes import CampaignPanes
from streams.counting.facts import StatedFact
from streams.counting.panes import Tier, pane_index
from streams.counting.plan import Plan, plan_of
from streams.counting.statements import fact_key
from streams.counting.windows import WindowSums
from streams.events.campaigns import Campaign, Rate
from streams.events.channels import ALL_CHANNELS
from streams.events.measures import Measure, money_key
from streams.events.spend import Spent, epoch_day, spent_value
from streams.events.topic import TOPIC_CODES

ZONE = ZoneInfo("UTC")
EMAIL, PUSH = 2, 4
NOON = int(datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp() * 1000)
DAY_MS = 86_400_000
REVENUE, REFUNDED, MARGIN = Measure.REVENUE, Measure.REFUNDED, Measure.MARGIN
TIERS = (Tier.TEN_SECONDS, Tier.MINUTE, Tier.HOUR, Tier.DAY)


def plan(*rates: tuple[str, str, str], currency: str | None = "EUR") -> Plan:
    """The plan of a campaign in EUR with these rates: (currency, day, rate)."""
    told = [Rate(currency=of, day=date.fromisoformat(day), rate=Decimal(rate)) for of, day, rate in rates]
    return plan_of(Campaign(id="aurora", currency=currency, fx=told))


class Campaigned:
    """A campaign in which something is sold and spent."""

    def __init__(self) -> None:
        self.panes = CampaignPanes(ZONE)
        self._launch: dict[int, dict[int, int]] = {}
        self._lines = 0

    def sell(
        self,
        micros: int,
        currency: str = "USD",
        at_ms: int = NOON - 1,
        measure: Measure = REVENUE,
        channel: int = EMAIL,
    ) -> None:
        """The only thing that was ever counted in the panes of that time."""
        counted = {money_key(measure, currency): micros}
        for tier in TIERS:
            self.panes.put_counters(channel, tier, pane_index(tier, at_ms, ZONE), dict(counted))
        self.sell_long_ago(micros, currency, measure, channel)

    def sell_long_ago(
        self, micros: int, currency: str = "USD", measure: Measure = REVENUE, channel: int = EMAIL
    ) -> None:
        launch = self._launch.setdefault(channel, {})
        key = money_key(measure, currency)
        launch[key] = launch.get(key, 0) + micros
        self.panes.put_counters(channel, Tier.LAUNCH, 0, dict(launch))

    def spend(
        self,
        micros: int,
        currency: str = "EUR",
        day: str = "2026-11-20",
        kind: str = "media",
        channel: int = EMAIL,
        line: int | None = None,
    ) -> None:
        """A line of its own, or the one that was stated as the `line`th once more."""
        self._lines += 1
        number = epoch_day(date.fromisoformat(day))
        topic = TOPIC_CODES["spend"]
        key = fact_key(b"aurora", topic, channel, number, b"line-%03d" % (line or self._lines))
        said = spent_value(Spent(kind, currency, micros))
        self.panes.put_fact(topic, channel, number, key, StatedFact(-1, NOON + self._lines, NOON, topic, 1, said))

    def sums(self, window: str, plan: Plan | None = None, channel: int = EMAIL, end_ms: int = NOON) -> WindowSums:
        return self.panes.windows(channel, end_ms, plan=plan)[window]


def test_a_day_has_the_newest_rate_that_held_by_then() -> None:
    campaign = Campaigned()
    campaign.sell(1_000_000)
    rates = plan(("USD", "2026-11-01", "0.9"), ("USD", "2026-11-20", "0.8"), ("USD", "2026-11-21", "0.7"))
    assert campaign.sums("today", rates).converted == {REVENUE: 800_000}


def test_each_day_of_a_window_has_its_own_rate() -> None:
    campaign = Campaigned()
    campaign.sell(1_000_000)
    campaign.sell(5_000_000, at_ms=NOON - DAY_MS)
    rates = plan(("USD", "2026-11-01", "0.9"), ("USD", "2026-11-20", "0.8"))
    # 1 x 0.8 today and 5 x 0.9 yesterday, whether the panes are hours or days.
    for window in ("24h", "7d", "30d", "month", "launch"):
        assert campaign.sums(window, rates).converted == {REVENUE: 5_300_000}, window


def test_a_short_window_has_the_rate_of_the_day_in_which_it_ends() -> None:
    midnight = NOON - DAY_MS // 2
    campaign = Campaigned()
    campaign.sell(1_000_000, at_ms=midnight - 20_000)
    rates = plan(("USD", "2026-11-19", "0.9"), ("USD", "2026-11-20", "0.8"))
    assert campaign.sums("5m", rates, end_ms=midnight).converted == {REVENUE: 900_000}
    assert campaign.sums("5m", rates, end_ms=midnight + 10_000).converted == {REVENUE: 800_000}


def test_a_new_rate_does_not_restate_the_days_before_it() -> None:
    campaign = Campaigned()
    campaign.sell(5_000_000, at_ms=NOON - DAY_MS)
    before = campaign.sums("launch", plan(("USD", "2026-11-01", "0.9"))).converted
    after = campaign.sums("launch", plan(("USD", "2026-11-01", "0.9"), ("USD", "2026-11-20", "0.1"))).converted
    assert before == after == {REVENUE: 4_500_000}


def test_a_late_rate_repairs_the_past() -> None:
    campaign = Campaigned()
    campaign.sell(1_000_000)
    campaign.sell(5_000_000, at_ms=NOON - DAY_MS)
    lacking = campaign.sums("launch", plan(("USD", "2026-11-20", "0.8")))
    assert (lacking.converted, lacking.missing_rates) == (None, {"USD"})
    repaired = campaign.sums("launch", plan(("USD", "2026-11-01", "0.9"), ("USD", "2026-11-20", "0.8")))
    assert (repaired.converted, repaired.missing_rates) == ({REVENUE: 5_300_000}, frozenset())


def test_a_rate_that_is_missing_on_another_day_does_not_concern_a_window() -> None:
    campaign = Campaigned()
    campaign.sell(1_000_000)
    campaign.sell(5_000_000, at_ms=NOON - DAY_MS)
    assert campaign.sums("today", plan(("USD", "2026-11-20", "0.8"))).converted == {REVENUE: 800_000}


def test_money_is_rounded_once_and_half_to_even() -> None:
    campaign = Campaigned()
    campaign.sell(1, "USD")
    for rate, expected in (("0.5", 0), ("1.5", 2), ("2.5", 2), ("0.51", 1)):
        assert campaign.sums("today", plan(("USD", "2026-11-01", rate))).converted == {REVENUE: expected}
    # Two halves in two channels are one whole, not twice nothing.
    campaign.sell(1, "USD", channel=PUSH)
    halves = plan(("USD", "2026-11-01", "0.5"))
    assert campaign.sums("today", halves, ALL_CHANNELS).converted == {REVENUE: 1}


def test_several_currencies_and_measures_come_together() -> None:
    campaign = Campaigned()
    campaign.sell(1_000_000, "USD")
    campaign.sell(2_000_000, "EUR", NOON - DAY_MS)
    campaign.sell(500_000, "USD", NOON - 2 * DAY_MS, REFUNDED)
    campaign.sell(-300_000, "GBP", NOON - 3 * DAY_MS, MARGIN)
    rates = plan(("USD", "2026-11-01", "0.9"), ("GBP", "2026-11-01", "1.2"))
    expected = {REVENUE: 2_900_000, REFUNDED: 450_000, MARGIN: -360_000}
    assert campaign.sums("30d", rates).converted == campaign.sums("launch", rates).converted == expected


def test_what_is_in_no_day_pane_any_more_has_the_earliest_rate() -> None:
    campaign = Campaigned()
    campaign.sell_long_ago(10_000_000)
    campaign.sell(1_000_000)
    rates = plan(("USD", "2024-01-01", "0.5"), ("USD", "2026-11-20", "0.8"))
    assert campaign.sums("launch", rates).converted == {REVENUE: 5_800_000}
    assert campaign.sums("launch", plan(("USD", "2026-11-21", "0.8"))).missing_rates == {"USD"}


def test_days_that_are_forgotten_are_no_loss_to_the_launch() -> None:
    campaign = Campaigned()
    campaign.sell(10_000_000, at_ms=NOON - 300 * DAY_MS)
    campaign.sell(1_000_000)
    rates = plan(("USD", "2024-01-01", "0.5"), ("USD", "2026-11-20", "0.8"))
    assert campaign.sums("launch", rates).converted == {REVENUE: 5_800_000}
    campaign.panes.prune(NOON + 200 * DAY_MS)
    assert campaign.sums("launch", rates, end_ms=NOON + 200 * DAY_MS).converted == {REVENUE: 5_800_000}


def test_what_is_forgotten_has_the_earliest_rate_at_once() -> None:
    campaign = Campaigned()
    campaign.sell(10_000_000, at_ms=NOON - 300 * DAY_MS)
    campaign.sell(1_000_000)
    rates = plan(("USD", "2024-01-01", "0.5"), ("USD", "2026-01-01", "0.6"), ("USD", "2026-11-20", "0.8"))
    end_ms = NOON + 200 * DAY_MS
    for channel in (EMAIL, ALL_CHANNELS):
        assert campaign.sums("launch", rates, channel, end_ms).converted == {REVENUE: 6_800_000}
    campaign.panes.prune(end_ms)
    # As whoever takes over the partition shows it, who has never seen that day.
    for channel in (EMAIL, ALL_CHANNELS):
        assert campaign.sums("launch", rates, channel, end_ms).converted == {REVENUE: 5_800_000}


def test_a_campaign_of_one_currency_needs_no_plan_and_no_rates() -> None:
    campaign = Campaigned()
    campaign.sell(1_000_000, "USD")
    campaign.spend(400_000, "USD")
    sums = campaign.sums("launch")
    assert (sums.currency, sums.converted, sums.spend) == ("USD", {REVENUE: 1_000_000}, {"media": 400_000})


def test_a_campaign_of_two_currencies_without_a_plan_has_none() -> None:
    campaign = Campaigned()
    campaign.sell(1_000_000, "USD")
    campaign.spend(400_000, "EUR", channel=PUSH)
    sums = campaign.sums("launch")
    assert (sums.currency, sums.converted, sums.spend) == (None, None, None)


def test_a_line_that_is_stated_as_0_makes_no_second_currency() -> None:
    campaign = Campaigned()
    campaign.sell(1_000_000, "USD")
    campaign.spend(400_000, "EUR", line=1)
    assert campaign.sums("launch").currency is None
    campaign.spend(0, "EUR", line=1)
    campaign.spend(400_000, "USD", line=2)
    sums = campaign.sums("launch")
    assert (sums.currency, sums.spend) == ("USD", {"media": 400_000})


def test_a_campaign_that_has_only_lines_of_0_is_shown_in_their_currency() -> None:
    campaign = Campaigned()
    campaign.spend(0, "EUR")
    sums = campaign.sums("launch")
    assert (sums.currency, sums.spend) == ("EUR", {"media": 0})


def test_spend_is_for_whole_days_only() -> None:
    campaign = Campaigned()
    campaign.spend(3_000_000, day="2026-11-20")
    campaign.spend(1_000_000, day="2026-11-20", kind="fee")
    campaign.spend(20_000_000, day="2026-11-01")
    campaign.spend(500_000_000, day="2026-10-31")
    campaign.spend(7_000_000, day="2026-11-21")
    shown = campaign.panes.windows(EMAIL, NOON, plan=plan())
    assert shown["today"].spend == {"media": 3_000_000, "fee": 1_000_000}
    assert shown["month"].spend == {"media": 23_000_000, "fee": 1_000_000}
    assert shown["30d"].spend == {"media": 523_000_000, "fee": 1_000_000}
    # What is booked for tomorrow has not been spent yet.
    assert shown["launch"].spend == {"media": 523_000_000, "fee": 1_000_000}
    assert {name for name, sums in shown.items() if sums.spend is None} == {"1m", "5m", "1h", "24h", "7d"}


def test_days_of_spend_are_those_of_the_reporting_zone() -> None:
    panes = CampaignPanes(ZoneInfo("Asia/Tokyo"))
    campaign = Campaigned()
    campaign.panes = panes
    campaign.spend(3_000_000, day="2026-11-21")
    # 16:00 UTC is 01:00 of the next day in Tokyo.
    assert panes.windows(EMAIL, NOON + 4 * 3_600_000, plan=plan())["today"].spend == {"media": 3_000_000}
    assert panes.windows(EMAIL, NOON, plan=plan())["today"].spend == {}


def test_a_line_of_spend_has_the_rate_of_its_own_day() -> None:
    campaign = Campaigned()
    campaign.spend(1_000_000, "USD", "2026-11-19")
    campaign.spend(1_000_000, "USD", "2026-11-20")
    rates = plan(("USD", "2026-11-01", "0.9"), ("USD", "2026-11-20", "0.8"))
    assert campaign.sums("launch", rates).spend == {"media": 1_700_000}
    lacking = campaign.sums("launch", plan(("USD", "2026-11-20", "0.8")))
    assert (lacking.spend, lacking.missing_rates, lacking.converted) == (None, {"USD"}, {})


def test_where_nothing_was_spent_there_is_none_and_a_line_of_zero_is_zero() -> None:
    campaign = Campaigned()
    campaign.sell(1_000_000, "EUR")
    assert campaign.sums("today", plan()).spend == {}
    campaign.spend(0)
    assert campaign.sums("today", plan()).spend == {"media": 0}


def test_a_statement_is_shown_in_the_next_picture() -> None:
    campaign = Campaigned()
    campaign.spend(1_000_000)
    assert campaign.sums("launch", plan()).spend == {"media": 1_000_000}
    campaign.spend(2_000_000)
    assert campaign.sums("launch", plan()).spend == {"media": 3_000_000}


def test_a_line_that_was_moved_counts_once_after_it_is_stated_as_0_where_it_was() -> None:
    campaign = Campaigned()
    campaign.spend(5_000_000)
    campaign.spend(5_000_000, channel=PUSH)
    assert campaign.sums("today", plan(), ALL_CHANNELS).spend == {"media": 10_000_000}
    # The line and day of the first statement once more, and a little later.
    campaign.spend(0, line=1)
    for channel, spent in ((EMAIL, 0), (PUSH, 5_000_000), (ALL_CHANNELS, 5_000_000)):
        assert campaign.sums("today", plan(), channel).spend == {"media": spent}


def test_all_channels_spend_what_each_of_them_does() -> None:
    campaign = Campaigned()
    campaign.spend(1_000_000)
    campaign.spend(2_000_000, channel=PUSH)
    assert campaign.sums("today", plan(), ALL_CHANNELS).spend == {"media": 3_000_000}
    newest = [campaign.sums("5m", plan(), channel).spend_at_ms for channel in (EMAIL, PUSH, ALL_CHANNELS)]
    assert newest == [NOON + 1, NOON + 2, NOON + 2]


def test_windows_say_what_belongs_to_them_of_the_plan_the_launch_and_all_channels() -> None:
    campaign = Campaigned()
    campaign.sell(1_000_000, "EUR")
    told = plan()
    whole = campaign.panes.windows(ALL_CHANNELS, NOON, plan=told)
    sums = campaign.panes.windows(EMAIL, NOON, plan=told, whole=whole)["1h"]
    assert sums.whole is whole["1h"]
    assert whole["1h"].whole is None
    assert sums.plan is told
    assert sums.launch == {money_key(REVENUE, "EUR"): 1_000_000}
