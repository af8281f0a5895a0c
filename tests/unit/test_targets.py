"""Targets and owners of the catalogue: met, missed, and not judged while too few cases say so."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from agents.web.api import describe_campaign
from agents.web.metrics import render_metrics
from streams.counting.windows import WindowSums
from streams.events.campaigns import Campaign, Owner, Target
from streams.events.measures import Measure, money_key
from streams.kpis.kpi import Kpi
from streams.kpis.targets import Judged, judge
from tests.unit.kpi_pictures import planned, planned_campaign, snapshot


def sums(channel: str | None, kpi: Kpi, window: str) -> WindowSums | None:
    return None if channel == "sms" else planned(window)


def judged(kpi: str, window: str = "launch", **told: Any) -> Judged:
    (one,) = judge(Campaign(id="aurora", targets=[Target(kpi=kpi, window=window, **told)]), sums)
    return one


@pytest.mark.parametrize(
    ("told", "met"),
    [
        ({"min": Decimal("0.05")}, True),
        ({"min": Decimal("0.051")}, False),
        ({"max": Decimal("0.05")}, True),
        ({"max": Decimal("0.049")}, False),
    ],
)
def test_a_target_is_met_at_its_limit_and_on_the_good_side_of_it(told: dict[str, Decimal], met: bool) -> None:
    one = judged("bounce_rate", **told)
    assert (one.value, one.volume, one.met, one.why) == (0.05, 1000, met, "")


def test_too_few_cases_are_not_judged_and_say_so() -> None:
    # 10 orders, and average_order_value takes 50.
    one = judged("average_order_value", min=Decimal(100))
    assert (one.value, one.met, one.why) == (120.0, None, "10 cases are too few, it takes 50")


def test_the_targets_own_volume_comes_before_the_kpis() -> None:
    assert judged("average_order_value", min=Decimal(100), min_volume=10).met is True
    assert judged("bounce_rate", max=Decimal(1), min_volume=1001).met is None


def test_a_plain_sum_is_judged_whatever_it_is() -> None:
    assert judged("net_revenue", min=Decimal("1200.01")).met is False
    assert judged("orders", max=Decimal(10)).met is True


def test_money_in_several_currencies_says_why_it_is_not_judged() -> None:
    counted = {money_key(Measure.REVENUE, currency): 5_000_000 for currency in ("EUR", "USD")}
    sums = WindowSums(counted, {}, 0, 1, launch=counted)
    told = Campaign(id="aurora", targets=[Target(kpi="net_revenue", window="launch", min=Decimal(1))])
    (one,) = judge(told, lambda channel, kpi, window: sums)
    assert (one.value, one.met) == (None, None)
    assert one.why == "there are several currencies, and the catalogue names none to show them in"


def test_what_is_divided_by_money_alone_has_no_number_of_cases() -> None:
    one = judged("budget_used", max=Decimal("0.5"))
    assert (one.value, one.volume, one.met) == (0.32, None, True)


def test_a_kpi_without_a_value_has_a_target_and_no_judgement() -> None:
    one = judged("bounce_rate", channel="sms", max=Decimal("0.02"))
    assert (one.limit, one.value, one.met, one.why) == (0.02, None, None, "nothing was counted there yet")


def test_a_kpi_that_a_newer_catalogue_names_is_left_out() -> None:
    assert judge(Campaign(id="a", targets=[Target(kpi="delight", window="1h", min=Decimal(1))]), sums) == []


TOLD = Campaign(
    id="aurora",
    owner=Owner(name="Anna", contact="anna@example.com"),
    channel_owners={"email": Owner(name="Eva")},
    owners={"mroi": Owner(name="Max", contact='#gro"wth'), "no\nsuch": Owner(name="Ida")},
    targets=[
        Target(kpi="mroi", window="launch", min=Decimal("0.2"), min_volume=10),
        Target(kpi="bounce_rate", window="1h", channel="email", max=Decimal("0.02"), source="industry"),
        Target(kpi="average_order_value", window="24h", min=Decimal(100)),
        Target(kpi="average_order_value", window="24h", min=Decimal(200)),
    ],
)


def test_metrics_show_targets_owners_and_only_what_is_judged() -> None:
    text = render_metrics(snapshot(replace(planned_campaign("aurora"), told=TOLD)), 100_000).decode()
    lines = [
        line
        for line in text.splitlines()
        if line.startswith(("campaign_target{", "campaign_target_met{", "campaign_owner_info{"))
    ]
    assert lines == [
        'campaign_owner_info{campaign="aurora",channel="all",kpi="",owner="Anna",contact="anna@example.com"} 1',
        'campaign_owner_info{campaign="aurora",channel="email",kpi="",owner="Eva",contact=""} 1',
        'campaign_owner_info{campaign="aurora",channel="all",kpi="mroi",owner="Max",contact="#gro\\"wth"} 1',
        'campaign_target{campaign="aurora",channel="all",kpi="mroi",window="launch",bound="min",source="own"} 0.2',
        'campaign_target{campaign="aurora",channel="email",kpi="bounce_rate",window="1h",bound="max",'
        'source="industry"} 0.02',
        'campaign_target{campaign="aurora",channel="all",kpi="average_order_value",window="24h",bound="min",'
        'source="own"} 100.0',
        'campaign_target_met{campaign="aurora",channel="all",kpi="mroi",window="launch",bound="min",source="own"} 1',
        'campaign_target_met{campaign="aurora",channel="email",kpi="bounce_rate",window="1h",bound="max",'
        'source="industry"} 0',
    ]


def test_the_api_says_who_answers_and_how_the_kpi_stands() -> None:
    picture = snapshot(replace(planned_campaign("aurora"), told=TOLD))
    answer = describe_campaign(picture, picture.campaigns["aurora"])
    assert [(one.name, one.channel, one.kpi) for one in answer.owners] == [
        ("Anna", None, None),
        ("Eva", "email", None),
        ("Max", None, "mroi"),
        ("Ida", None, "no\nsuch"),
    ]
    mroi, bounces, order = answer.targets
    assert (mroi.met, mroi.value, mroi.sample_size, mroi.owner and mroi.owner.name) == (True, 0.25, 10, "Max")
    assert (bounces.met, bounces.channel, bounces.owner and bounces.owner.name) == (False, "email", "Eva")
    assert (order.met, order.why) == (None, "10 cases are too few, it takes 50")
