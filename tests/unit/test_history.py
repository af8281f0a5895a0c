"""Lifetime value by calendar month: each month from its own panes, with the customers that there were when it began."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from agents.campaign.history import MONTHS, month_history
from agents.campaign.series import Span
from agents.campaign.snapshot import CampaignSnapshot, ChannelSnapshot
from agents.web.api import MONTHLY, describe_campaign
from agents.web.history import describe_history
from streams.counting.campaign_panes import CampaignPanes
from streams.counting.panes import DAY_MS, Tier, pane_index
from streams.counting.statements import counters_key
from streams.counting.windows import WindowSums
from streams.events.campaigns import Campaign, Target
from streams.events.channels import ALL_CHANNELS
from streams.events.measures import MICROS, Measure, money_key
from streams.kpis.registry import KPI_BY_NAME
from tests.unit.kpi_pictures import PLAN, snapshot
from tests.unit.owned_campaigns import NOW as NOW_MS
from tests.unit.owned_campaigns import count, hear, owned, show

BERLIN = ZoneInfo("Europe/Berlin")
EMAIL = 2
MONTH = frozenset({"month"})


def at(year: int, month: int, day: int, hour: int = 12) -> int:
    return int(datetime(year, month, day, hour, tzinfo=BERLIN).timestamp() * 1000)


NOW = at(2026, 11, 28)

# New customers and cancellations of a day, and its revenue in EUR; 1,000 customers before all of it.
DAYS = {
    (2025, 10, 31): (100, 0, 0),  # older than twelve months: in no month that is shown, but in who was there
    (2026, 9, 30): (20, 5, 300),
    (2026, 10, 1): (10, 0, 500),
    (2026, 10, 31): (0, 21, 100),
    (2026, 11, 1): (7, 3, 70),
}


def panes() -> CampaignPanes:
    made = CampaignPanes(BERLIN)
    launch: dict[int, int] = {}
    for day, (new, cancelled, revenue) in DAYS.items():
        counters = {
            int(Measure.NEW_CUSTOMERS): new,
            int(Measure.CANCELLED_PRICE): cancelled,
            money_key(Measure.REVENUE, "EUR"): revenue * MICROS,
        }
        made.put_counters(EMAIL, Tier.DAY, pane_index(Tier.DAY, at(*day), BERLIN), dict(counters))
        for measure, number in counters.items():
            launch[measure] = launch.get(measure, 0) + number
    made.put_counters(EMAIL, Tier.LAUNCH, 0, launch)
    return made


def months_of(made: CampaignPanes) -> dict[str, WindowSums]:
    def month_that_ends(end_ms: int) -> WindowSums:
        sums = made.windows(ALL_CHANNELS, end_ms, MONTH)["month"]
        revenue = sums.counters.get(money_key(Measure.REVENUE, "EUR"), 0)
        return replace(
            sums,
            launch=made.totals(ALL_CHANNELS),
            currency="EUR",
            converted={Measure.REVENUE: revenue},
            people={4: 3.0 if revenue else 0.0},
            plan=PLAN,
        )

    found = month_history(month_that_ends(NOW), month_that_ends)
    assert len(found) == MONTHS
    return {datetime.fromtimestamp(one.start_ms / 1000, BERLIN).strftime("%Y-%m-%d %H:%M"): one for one in found}


def test_months_are_those_of_the_reporting_time_zone_the_newest_first() -> None:
    starts = list(months_of(panes()))
    assert starts[0] == "2026-10-01 00:00"
    assert starts[1] == "2026-09-01 00:00"
    assert starts[-1] == "2025-11-01 00:00"


def test_lifetime_value_of_a_month_has_the_customers_who_were_there_when_it_began() -> None:
    months = months_of(panes())
    # October: 1,000 + 100 + 20 - 5 = 1,115 when it began, 21 left. 600.00 of 3 buyers: 200 each, 100 of it margin.
    october = months["2026-10-01 00:00"]
    assert KPI_BY_NAME["customers_before"].formula(october) == 1115
    assert KPI_BY_NAME["lifetime_value"].formula(october) == {"EUR": pytest.approx(100 / (21 / 1115))}
    # September: 1,100 when it began, 5 left. 300.00 of 3 buyers: 50 of it margin.
    september = months["2026-09-01 00:00"]
    assert KPI_BY_NAME["lifetime_value"].formula(september) == {"EUR": pytest.approx(50 / (5 / 1100))}


def test_a_channel_has_its_own_months_beside_those_of_all() -> None:
    made = panes()
    whole = tuple(months_of(made).values())
    present = made.windows(EMAIL, NOW, MONTH)["month"]
    months = month_history(present, lambda end_ms: made.windows(EMAIL, end_ms, MONTH)["month"], whole)
    assert [month.whole for month in months] == list(whole)
    assert [month.counters for month in months] == [month.counters for month in whole]


def test_the_api_leaves_out_months_in_which_nothing_was_counted() -> None:
    months = tuple(months_of(panes()).values())
    one = ChannelSnapshot({}, {}, months=months)
    picture = snapshot(CampaignSnapshot("aurora", None, None, True, {0: one}))
    (channel,) = describe_campaign(picture, picture.campaigns["aurora"]).channels
    assert {value.window for value in channel.months} == {"2026-10", "2026-09"}
    assert [value.kpi for value in channel.months if value.window == "2026-10"] == [kpi.name for kpi in MONTHLY]
    value = channel.months[0]
    assert (value.kpi, value.amounts) == ("lifetime_value", {"EUR": pytest.approx(100 / (21 / 1115))})
    assert (value.start_ms, value.end_ms) == (at(2026, 10, 1, 0), at(2026, 11, 1, 0))


def test_day_panes_of_twelve_months_are_still_there_after_old_ones_are_forgotten() -> None:
    made = panes()
    made.prune(NOW)
    made.put_counters(EMAIL, Tier.DAY, pane_index(Tier.DAY, NOW - 390 * DAY_MS, BERLIN), {int(Measure.CLICKS): 1})
    assert months_of(made)["2026-09-01 00:00"].counters[Measure.NEW_CUSTOMERS] == 20
    assert months_of(made)["2025-11-01 00:00"].counters[Measure.CLICKS] == 1


async def test_a_day_of_the_history_has_the_churn_that_an_analyst_counts_from_the_log() -> None:
    # 1,000 customers before the launch. New and cancelled: two days ago 100 and 0, yesterday 50 and 11, today 7 and 3.
    # When two days ago began there were 1,000, yesterday 1,100, today 1,139.
    partition = owned()
    launch: dict[int, int] = {}
    for ago, new, cancelled in ((2, 100, 0), (1, 50, 11), (0, 7, 3)):
        counters = {int(Measure.NEW_CUSTOMERS): new, int(Measure.CANCELLED_PRICE): cancelled}
        day = pane_index(Tier.DAY, NOW_MS - ago * DAY_MS, ZoneInfo("UTC"))
        partition.views.put(counters_key(b"aurora", EMAIL, Tier.DAY, day), counters)
        launch = {measure: launch.get(measure, 0) + number for measure, number in counters.items()}
    partition.views.put(counters_key(b"aurora", EMAIL, Tier.LAUNCH, 0), launch)
    hear(partition)
    told = Campaign(id="aurora", customers_at_start=1000)
    for channel, churn in ((ALL_CHANNELS, [0, 11 / 1100, 3 / 1139]), (EMAIL, [None] * 3)):
        span = Span("day", None, None, channel)
        series = await show(partition, {"aurora": told}).series("aurora", span)
        assert series is not None
        assert [step.kpis["churn_rate"] for step in describe_history(span, series).steps] == churn


async def test_a_picture_of_one_campaign_has_the_months_of_each_channel_and_one_of_all_has_none() -> None:
    partition = owned()
    day = pane_index(Tier.DAY, NOW_MS - 40 * DAY_MS, ZoneInfo("UTC"))
    for tier, pane in ((Tier.DAY, day), (Tier.LAUNCH, 0)):
        partition.views.put(counters_key(b"aurora", EMAIL, tier, pane), {int(Measure.CLICKS): 4})
    hear(partition)
    camera = show(partition)
    one = (await camera.take(NOW_MS, "aurora")).campaigns["aurora"]
    assert [month.count(Measure.CLICKS) for month in one.channels[EMAIL].months].count(4) == 1
    assert [month.whole for month in one.channels[EMAIL].months] == list(one.channels[ALL_CHANNELS].months)
    everything = (await camera.take(NOW_MS)).campaigns["aurora"]
    assert everything.channels[EMAIL].months == ()


async def test_the_window_of_a_target_is_in_every_picture() -> None:
    partition = owned()
    count(partition, Measure.CLICKS, 4, NOW_MS - 1000)
    hear(partition)
    told = Campaign(id="aurora", targets=[Target(kpi="clicks", window="24h", min=Decimal(1))])
    taken = await show(partition, {"aurora": told}).take(NOW_MS)
    assert "24h" in taken.campaigns["aurora"].channels[EMAIL].windows
    assert taken.campaigns["aurora"].told is told
