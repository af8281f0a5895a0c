"""What must never wake anybody: small numbers, handovers, mailings, dead sources, a pipeline that is only late."""

from __future__ import annotations

from pathlib import Path

from tests.rules.scenes import Series, absent, at, gauge, of, run, state

DROP = "CampaignEngagementDrop"


def engagement(engaged: str, exposed: str, channel: str = "email", **labels: str) -> tuple[Series, ...]:
    """The one-minute windows that a drop is seen in."""
    return of("aurora", channel, {"campaign_engagements/1m": engaged, "campaign_exposures/1m": exposed}, **labels)


DROPPED = engagement(gauge((40, 200), (30, 80)), gauge((70, 1000)))


def value(expr: str, minutes: float, *samples: tuple[str, float]) -> dict[str, object]:
    """A query and the series that it gives."""
    expected = [{"labels": labels, "value": number} for labels, number in samples]
    return {"expr": expr, "eval_time": at(minutes), "exp_samples": expected}


def test_low_volume_stays_quiet_however_deep_it_falls(tmp_path: Path) -> None:
    series = engagement(gauge((40, 15), (30, 0)), gauge((70, 75)))
    run(series, *(state(DROP, minutes, "") for minutes in (41, 45, 60)), folder=tmp_path)


def test_a_target_is_not_judged_where_it_asks_for_few_engagements(tmp_path: Path) -> None:
    place = {"kpi": "engagement_rate", "window": "1m", "bound": "min", "source": "own"}
    told = of("aurora", "all", {"campaign_target": gauge((20, 0.15)), "campaign_target_met": gauge((20, 0))}, **place)
    series = (*told, *engagement(gauge((20, 8)), gauge((20, 200)), "all"))
    run(series, state("CampaignEngagementBelowTarget", 10, ""), folder=tmp_path)


def test_a_campaign_that_two_workers_show_is_counted_once_and_alerts_once(tmp_path: Path) -> None:
    other = engagement(gauge((40, 200), (30, 80)), gauge((70, 1000)), instance="w2:6066")
    recorded = 'sum(campaign_channel:engagements:latest{window="1m"})'
    run(
        (*DROPPED, *other),
        value(recorded, 20, ("{}", 200)),
        value("sum(campaign_channel:engagements:recent2m)", 20, ("{}", 400)),
        state(DROP, 45, "firing"),
        value(f'count(ALERTS{{alertname="{DROP}"}})', 45, ("{}", 1)),
        folder=tmp_path,
    )


def test_kpis_that_no_alert_reads_are_recorded_once_too(tmp_path: Path) -> None:
    money = {"currency": "EUR"}
    series = (
        *of("aurora", "all", {"campaign_gross_revenue/today": gauge((5, 70))}, **money),
        *of("aurora", "all", {"campaign_gross_revenue/today": gauge((5, 70))}, **money, instance="w2:6066"),
    )
    name = 'campaign_channel:gross_revenue:latest{campaign="aurora", channel="all", currency="EUR", window="today"}'
    run(
        series,
        value("campaign_channel:gross_revenue:latest", 2, (name, 70)),
        folder=tmp_path,
        files=("kpis.rules.yml",),
    )


def test_a_handover_to_another_worker_in_a_quiet_launch_alerts_nobody(tmp_path: Path) -> None:
    first = engagement(f"{gauge((40, 200))} stale", f"{gauge((40, 1000))} stale")
    second = engagement(f"{absent(41)} {gauge((29, 200))}", f"{absent(41)} {gauge((29, 1000))}", instance="w2:6066")
    moments = (40.25, 41, 41.25, 42, 43, 45, 50, 60)
    run((*first, *second), *(state(DROP, minutes, "") for minutes in moments), folder=tmp_path)


def test_a_mailing_adds_exposures_and_is_no_drop(tmp_path: Path) -> None:
    series = engagement(gauge((70, 200)), gauge((40, 1000), (10, 20_000), (20, 1000)))
    run(series, *(state(DROP, minutes, "") for minutes in (41, 45, 55, 65)), folder=tmp_path)


def test_an_evening_that_takes_exposures_and_engagements_alike_is_no_drop(tmp_path: Path) -> None:
    series = engagement(gauge((40, 2000), (30, 600)), gauge((40, 10_000), (30, 3000)))
    run(series, *(state(DROP, minutes, "") for minutes in (41, 45, 60)), folder=tmp_path)


def test_a_handover_in_the_midst_of_a_drop_is_not_its_end(tmp_path: Path) -> None:
    rebalanced: Series = ("launchpulse_rebalances_total", {}, gauge((45, 1), (25, 2)))
    moments = (44, 46, 47, 48, 50)
    run((*DROPPED, rebalanced), *(state(DROP, minutes, "firing") for minutes in moments), folder=tmp_path)


def test_the_whole_is_not_told_beside_the_channel_that_makes_it(tmp_path: Path) -> None:
    whole = engagement(gauge((40, 400), (30, 200)), gauge((70, 2000)), "all")
    one = f'count by (channel) (ALERTS{{alertname="{DROP}", alertstate="firing"}})'
    run((*DROPPED, *whole), value(one, 45, ('{channel="email"}', 1)), folder=tmp_path)


def test_small_channels_that_fall_together_are_one_alert_that_names_the_worst(tmp_path: Path) -> None:
    series = (
        *engagement(gauge((40, 18), (30, 2)), gauge((70, 90)), "email"),
        *engagement(gauge((40, 17), (30, 4)), gauge((70, 85)), "push"),
        *engagement(gauge((40, 35), (30, 6)), gauge((70, 175)), "all"),
    )
    worst = (
        "topk(1, campaign_channel:engagements:missing2m{campaign=\"aurora\", channel!=\"all\"})"
    )  # fmt: skip
    labels = 'campaign_channel:engagements:missing2m{campaign="aurora", channel="email"}'
    run(
        series,
        value(f'count by (channel) (ALERTS{{alertname="{DROP}"}})', 45, ('{channel="all"}', 1)),
        value(worst, 41.5, (labels, 32)),
        folder=tmp_path,
    )


def test_a_mailing_that_ends_is_no_stall_of_reach(tmp_path: Path) -> None:
    series = (
        *of("aurora", "email", {"campaign_reach/5m": gauge((80, 20_000), (30, 50))}),
        ("campaign_active", {"campaign": "aurora"}, gauge((110, 1))),
    )
    run(series, state("CampaignReachStalls", 90, ""), folder=tmp_path)


def test_a_campaign_whose_name_has_quotes_is_told_like_any_other(tmp_path: Path) -> None:
    name = 'au"rora\\'
    series = of(
        name,
        "all",
        {
            "campaign_pace_ratio/launch": gauge((60, 1.5)),
            "campaign_budget_used_ratio/launch": gauge((60, 0.4)),
        },
    )
    run(series, state("CampaignSpendAhead", 20, "firing"), folder=tmp_path)
