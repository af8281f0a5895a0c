"""What must never wake anybody: small numbers, handovers, mailings, dead sources, a pipeline that is only late."""

from __future__ import annotations

from tests.rules.scenes import Play, Series, absent, alerts, at, gauge, of, play, state
from tests.rules.stage import played

DROP = "CampaignEngagementDrop"


def engagement(engaged: str, exposed: str, channel: str = "email", **labels: str) -> tuple[Series, ...]:
    """The one-minute windows that a drop is seen in."""
    return of("aurora", channel, {"campaign_engagements/1m": engaged, "campaign_exposures/1m": exposed}, **labels)


DROPPED = engagement(gauge((40, 200), (30, 80)), gauge((70, 1000)))


def value(expr: str, minutes: float, *samples: tuple[str, float]) -> dict[str, object]:
    """A query and the series that it gives."""
    expected = [{"labels": labels, "value": number} for labels, number in samples]
    return {"expr": expr, "eval_time": at(minutes), "exp_samples": expected}


@played
def test_low_volume_stays_quiet_however_deep_it_falls() -> Play:
    series = engagement(gauge((40, 15), (30, 0)), gauge((70, 75)))
    return play(series, *(state(DROP, minutes, "") for minutes in (41, 45, 60)))


@played
def test_a_target_is_not_judged_where_it_asks_for_few_engagements() -> Play:
    place = {"kpi": "engagement_rate", "window": "1m", "bound": "min", "source": "own"}
    told = of("aurora", "all", {"campaign_target": gauge((20, 0.15)), "campaign_target_met": gauge((20, 0))}, **place)
    series = (*told, *engagement(gauge((20, 8)), gauge((20, 200)), "all"))
    return play(series, state("CampaignEngagementBelowTarget", 10, ""))


@played
def test_a_campaign_that_two_workers_show_is_counted_once_and_alerts_once() -> Play:
    other = engagement(gauge((40, 200), (30, 80)), gauge((70, 1000)), instance="w2:6066")
    recorded = 'sum(campaign_channel:engagements:latest{campaign="aurora", window="1m"})'
    return play(
        (*DROPPED, *other),
        value(recorded, 20, ("{}", 200)),
        value('sum(campaign_channel:engagements:recent2m{campaign="aurora"})', 20, ("{}", 400)),
        state(DROP, 45, "firing"),
        value(f"count({alerts(DROP)})", 45, ("{}", 1)),
    )


@played
def test_kpis_that_no_alert_reads_are_recorded_once_too() -> Play:
    money = {"currency": "EUR"}
    series = (
        *of("aurora", "all", {"campaign_gross_revenue/today": gauge((5, 70))}, **money),
        *of("aurora", "all", {"campaign_gross_revenue/today": gauge((5, 70))}, **money, instance="w2:6066"),
    )
    name = 'campaign_channel:gross_revenue:latest{campaign="aurora", channel="all", currency="EUR", window="today"}'
    return play(
        series,
        value("campaign_channel:gross_revenue:latest", 2, (name, 70)),
        files=("kpis.rules.yml",),
    )


@played
def test_a_handover_to_another_worker_in_a_quiet_launch_alerts_nobody() -> Play:
    first = engagement(f"{gauge((40, 200))} stale", f"{gauge((40, 1000))} stale")
    second = engagement(f"{absent(41)} {gauge((29, 200))}", f"{absent(41)} {gauge((29, 1000))}", instance="w2:6066")
    moments = (40.25, 41, 41.25, 42, 43, 45, 50, 60)
    return play((*first, *second), *(state(DROP, minutes, "") for minutes in moments))


@played
def test_a_mailing_adds_exposures_and_is_no_drop() -> Play:
    series = engagement(gauge((70, 200)), gauge((40, 1000), (10, 20_000), (20, 1000)))
    return play(series, *(state(DROP, minutes, "") for minutes in (41, 45, 55, 65)))


@played
def test_an_evening_that_takes_exposures_and_engagements_alike_is_no_drop() -> Play:
    series = engagement(gauge((40, 2000), (30, 600)), gauge((40, 10_000), (30, 3000)))
    return play(series, *(state(DROP, minutes, "") for minutes in (41, 45, 60)))


@played
def test_a_handover_in_the_midst_of_a_drop_is_not_its_end() -> Play:
    rebalanced: Series = ("launchpulse_rebalances_total", {}, gauge((45, 1), (25, 2)))
    moments = (44, 46, 47, 48, 50)
    return play((*DROPPED, rebalanced), *(state(DROP, minutes, "firing") for minutes in moments))


@played
def test_the_whole_is_not_told_beside_the_channel_that_makes_it() -> Play:
    whole = engagement(gauge((40, 400), (30, 200)), gauge((70, 2000)), "all")
    one = f"count by (channel) ({alerts(DROP)})"
    channel = value(one, 45, ('{channel="email"}', 1))
    return play((*DROPPED, *whole), channel, state(DROP, 45, "firing"))


@played
def test_small_channels_that_fall_together_are_one_alert_that_names_the_worst() -> Play:
    series = (
        *engagement(gauge((40, 18), (30, 2)), gauge((70, 90)), "email"),
        *engagement(gauge((40, 17), (30, 4)), gauge((70, 85)), "push"),
        *engagement(gauge((40, 35), (30, 6)), gauge((70, 175)), "all"),
    )
    worst = (
        "topk(1, campaign_channel:engagements:missing2m{campaign=\"aurora\", channel!=\"all\"})"
    )  # fmt: skip
    labels = 'campaign_channel:engagements:missing2m{campaign="aurora", channel="email"}'
    return play(
        series,
        value(f"count by (channel) ({alerts(DROP)})", 45, ('{channel="all"}', 1)),
        value(worst, 41.5, (labels, 32)),
    )


@played
def test_a_mailing_that_ends_is_no_stall_of_reach() -> Play:
    series = (
        *of("aurora", "email", {"campaign_reach/5m": gauge((80, 20_000), (30, 50))}),
        ("campaign_active", {"campaign": "aurora"}, gauge((110, 1))),
    )
    return play(series, state("CampaignReachStalls", 90, ""))


@played
def test_a_campaign_whose_name_has_quotes_is_told_like_any_other() -> Play:
    name = 'aurora"\\'
    series = of(
        name,
        "all",
        {
            "campaign_pace_ratio/launch": gauge((60, 1.5)),
            "campaign_budget_used_ratio/launch": gauge((60, 0.4)),
        },
    )
    return play(series, state("CampaignSpendAhead", 20, "firing", name))
