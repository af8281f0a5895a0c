"""The exposition: what a real parser and promtool read in it, absence, the budget, labels that would break it."""

import shutil
import subprocess
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from agents import telemetry
from agents.campaign.snapshot import CampaignSnapshot, ChannelSnapshot, Snapshot
from agents.settings import Settings
from agents.telemetry import FROM_SNAPSHOT, Telemetry
from agents.web.metrics import NAMED_LEFT_OUT, render_metrics
from agents.web.totals import EVENTS
from bench import scrape
from streams.counting.merge import Outcome
from streams.counting.windows import WindowSums
from streams.events.measures import Measure, money_key
from streams.kpis.registry import KPI_BY_NAME, KPIS
from tests.unit.kpi_pictures import COUNTERS, NOW_MS, PEOPLE, campaign, channel, planned_campaign, snapshot

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(text: bytes) -> Series:
    found: Series = {}
    for name, labels, value in _samples(text):
        key = name, frozenset(labels.items())
        assert key not in found, f"{key} stands twice"
        found[key] = value
    return found


def _samples(text: bytes) -> Iterator[tuple[str, dict[str, str], float]]:
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            assert sample.timestamp is None
            yield sample.name, sample.labels, sample.value


def shown(picture: Snapshot, budget: int = 100_000) -> Series:
    return read(render_metrics(picture, budget))


def of(series: Series, metric: str, /, **labels: str) -> float:
    return series[metric, frozenset(labels.items())]


def campaigns_in(series: Series) -> set[str]:
    return {
        value for name, labels in series if name.startswith("campaign_") for key, value in labels if key == "campaign"
    }


def test_every_kpi_has_its_value_in_every_exported_window_and_in_no_other() -> None:
    series = shown(snapshot(planned_campaign("aurora")))
    for kpi in KPIS:
        found = {dict(labels)["window"] for name, labels in series if name == kpi.metric}
        assert found == set(kpi.exported), kpi.name
    place = {"campaign": "aurora", "channel": "all", "window": "1h"}
    assert of(series, "campaign_engagement_ratio", **place) == 100 / 5150
    assert of(series, "campaign_reach", **place) == 160
    assert of(series, "campaign_net_sentiment_points", **place) == 62.5
    assert of(series, "campaign_net_revenue", **place, currency="EUR") == 1200
    launch = place | {"window": "launch"}
    assert of(series, "campaign_mroi_ratio", **launch) == 0.25
    assert of(series, "campaign_payback_months", **launch) == pytest.approx(320 / 7 / 200)
    assert of(series, "campaign_spend_age_seconds", **launch) == 3600
    assert of(series, "campaign_spend", **launch, currency="EUR") == 320
    assert of(series, "campaign_visits", campaign="aurora", channel="email", window="1m") == 200


def test_counters_are_exact_and_stand_at_the_channels_only() -> None:
    series = shown(snapshot(campaign("aurora", channels=(2, 8))))
    assert of(series, "campaign_events_total", campaign="aurora", channel="email", event="clicks") == 40
    assert of(series, "campaign_revenue_total", campaign="aurora", channel="paid_social", currency="EUR") == 1234.56
    assert of(series, "campaign_refunded_total", campaign="aurora", channel="email", currency="EUR") == 34.56
    assert of(series, "campaign_units_sold_total", campaign="aurora", channel="email") == 25
    totals = [dict(labels) for name, labels in series if name.startswith("campaign_") and name.endswith("_total")]
    assert {labels["channel"] for labels in totals} == {"email", "paid_social"}


def test_what_may_fall_is_no_counter() -> None:
    assert Measure.MENTION_SCORE not in EVENTS
    assert not {Measure.MARGIN, Measure.REVENUE, Measure.REFUNDED} & EVENTS.keys()
    assert "margin" not in "".join(name for name, _ in shown(snapshot(campaign("aurora"))) if name.endswith("_total"))


def test_silence_after_the_first_event_is_zero_and_what_never_was_has_no_series() -> None:
    quiet = WindowSums({}, {}, NOW_MS - 300_000, NOW_MS)
    launch = WindowSums({Measure.VISITS: 5}, {}, 0, NOW_MS)
    one = ChannelSnapshot({Measure.VISITS: 5}, {"5m": quiet, "launch": launch})
    series = shown(snapshot(CampaignSnapshot("aurora", None, None, True, {0: one})))
    assert of(series, "campaign_visits", campaign="aurora", channel="all", window="5m") == 0
    names = {name for name, _ in series}
    assert "campaign_clicks" not in names
    assert "campaign_net_sentiment_points" not in names
    assert (
        "campaign_engagement_ratio",
        frozenset({("campaign", "aurora"), ("channel", "all"), ("window", "5m")}),
    ) not in series


def test_a_topic_that_is_behind_holds_back_only_the_kpis_that_read_it() -> None:
    early = {"5m": WindowSums(COUNTERS, PEOPLE, 0, 300_000), "launch": WindowSums(COUNTERS, PEOPLE, 0, 300_000)}
    later = {"5m": WindowSums({Measure.VISITS: 7}, {}, 300_000, 600_000), "launch": early["launch"]}
    one = ChannelSnapshot(COUNTERS, early, {("visit",): later})
    series = shown(snapshot(CampaignSnapshot("aurora", None, None, True, {0: one})))
    assert of(series, "campaign_visits", campaign="aurora", channel="all", window="5m") == 7
    assert of(series, "campaign_engagements", campaign="aurora", channel="all", window="5m") == 100


def test_quiet_campaign_keeps_its_long_windows_only() -> None:
    series = shown(snapshot(campaign("aurora", active=False)))
    windows = {value for name, labels in series for key, value in labels if key == "window"}
    assert windows == {"today", "7d", "30d", "launch"}
    assert of(series, "campaign_active", campaign="aurora") == 0


@pytest.mark.parametrize("name", ['quo"te', "back\\slash", "кампания", "a b{c}=d,e", "#", "snow☃", "🚀", "-" * 128])
def test_any_clean_label_is_read_back_as_it_was(name: str) -> None:
    assert campaigns_in(shown(snapshot(campaign(name)))) == {name}


@pytest.mark.parametrize("name", ["a\nb", "nul\0", "\ud800", "\u202eevil", "", "-" * 129, "zero\u200bwidth"])
def test_unclean_campaign_is_left_out_and_counted_and_the_others_stay(name: str) -> None:
    series = shown(snapshot(campaign("aurora"), campaign(name)))
    assert campaigns_in(series) == {"aurora"}
    assert of(series, "launchpulse_labels_unclean") == 1


def test_unclean_name_of_the_catalogue_becomes_empty() -> None:
    series = shown(snapshot(campaign("aurora", title="a\ud800", owner="Ann")))
    assert of(series, "campaign_info", campaign="aurora", name="", owner="Ann") == 1
    assert of(series, "launchpulse_labels_unclean") == 1


def test_ledger_lag_and_ownership_are_read_from_the_snapshot() -> None:
    series = shown(snapshot(partial=("click/1 is not read to its end",)))
    assert of(series, "launchpulse_events_total", topic="click", partition="0", result="duplicate") == 7
    assert of(series, "launchpulse_events_late_total", topic="click", partition="0") == 4
    assert of(series, "launchpulse_dead_letters_total", topic="click", partition="0", reason="bad_label") == 2
    assert of(series, "launchpulse_ledger_difference", topic="click", partition="0") == 0
    assert of(series, "launchpulse_ledger_difference", topic="click", partition="1") == 1
    assert of(series, "launchpulse_consumer_lag_records", topic="click", partition="0") == 12
    assert of(series, "launchpulse_lag_seconds", topic="click") == 2.25
    assert of(series, "launchpulse_partition_generation", partition="3") == 17
    assert of(series, "launchpulse_snapshot_timestamp_seconds") == NOW_MS / 1000
    assert of(series, "launchpulse_held_back_reasons") == 1


def test_budget_keeps_the_whole_of_active_campaigns_first_and_counts_and_names_the_rest() -> None:
    one = len([1 for name, _ in shown(snapshot(campaign("a", channels=()))) if name.startswith("campaign_")])
    picture = snapshot(campaign("a", active=False), campaign("b"), campaign("c"))
    series = shown(picture, budget=4 + one + one)
    in_windows = {dict(labels)["campaign"] for name, labels in series if name == "campaign_visits"}
    assert in_windows == {"b", "c"}
    assert campaigns_in(series) == {"a", "b", "c"}
    assert of(series, "launchpulse_channels_left_out") == 4
    assert of(series, "launchpulse_campaign_channels_left_out", campaign="a") == 2
    assert of(series, "launchpulse_campaign_channels_left_out", campaign="b") == 1


def test_series_of_campaigns_never_exceed_the_budget_whatever_it_is() -> None:
    picture = snapshot(*(campaign(f"c{number}", active=number % 2 == 0) for number in range(5)))
    for budget in range(0, 4000, 97):
        series = shown(picture, budget)
        count = len([1 for name, _ in series if name.startswith("campaign_")])
        assert count <= budget
        assert of(series, "launchpulse_series") == count
    assert of(series, "launchpulse_channels_left_out") == 0


async def test_the_default_budget_holds_two_hundred_live_campaigns_with_four_channels() -> None:
    one, three = await scrape.measure(1, 1), await scrape.measure(3, 1)
    a_campaign = (three["series"] - one["series"]) // 2
    assert 600 < a_campaign <= Settings.model_fields["series_budget"].default / 200


def test_at_most_a_hundred_campaigns_are_named_as_left_out() -> None:
    picture = snapshot(*(campaign(f"c{number}") for number in range(NAMED_LEFT_OUT + 20)))
    series = shown(picture, budget=NAMED_LEFT_OUT * 2 + 40)
    named = [1 for name, _ in series if name == "launchpulse_campaign_channels_left_out"]
    assert len(named) == NAMED_LEFT_OUT
    assert of(series, "launchpulse_channels_left_out") == 2 * (NAMED_LEFT_OUT + 20)


def test_families_stand_together_with_help_and_type_once() -> None:
    text = render_metrics(snapshot(campaign("a", channels=(2, 3)), campaign("b", channels=(4,))), 10_000).decode()
    order = [line.split("{")[0].split(" ")[0] for line in text.splitlines() if not line.startswith("#")]
    blocks = [name for place, name in enumerate(order) if place == 0 or order[place - 1] != name]
    assert len(blocks) == len(set(blocks))
    heads = [line.split(" ")[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert sorted(heads) == sorted(blocks)


def test_telemetry_has_every_metric_of_the_service_and_no_created_series() -> None:
    own = Telemetry("1.2.3")
    own.counted("click", 5, 2, 1)
    outcomes = {Outcome.NEW: 3, Outcome.CONFLICT: 1}
    own.merged(4, outcomes, 2)
    assert outcomes == {}
    own.merged(1, outcomes, 0)
    own.claimed(0.002)
    own.visible(-1.0)
    text = own.render()
    assert b"_created" not in text
    series = read(text)
    assert of(series, "launchpulse_processed_total", topic="click", result="invalid") == 1
    assert of(series, "launchpulse_processed_total", topic="click", result="counted") == 5
    assert of(series, "launchpulse_block_conflicts_total") == 1
    assert of(series, "launchpulse_summaries_merged_total") == 5
    assert of(series, "launchpulse_event_to_metric_seconds_sum") == 0
    assert any(name == "launchpulse_build_info" and ("version", "1.2.3") in labels for name, labels in series)
    assert {
        "launchpulse_events_total", "launchpulse_events_late_total", "launchpulse_dead_letters_total",
        "launchpulse_consumer_lag_records", "launchpulse_lag_seconds", "launchpulse_busy_ratio",
        "launchpulse_time_to_drain_seconds", "launchpulse_event_to_metric_seconds", "launchpulse_rebalances_total",
        "launchpulse_recovery_active", "launchpulse_partition_generation", "launchpulse_block_conflicts_total",
        "launchpulse_ledger_difference", "launchpulse_redis_errors_total", "launchpulse_labels_overflowed_total",
        "launchpulse_snapshot_timestamp_seconds", "launchpulse_build_info",
    } <= own.names()  # fmt: skip


def test_everything_that_is_rendered_of_the_service_is_named_in_telemetry() -> None:
    series = shown(snapshot(campaign("a"), campaign("b")), budget=100)
    names = {name for name, _ in series if not name.startswith("campaign_")}
    assert names == {family.name for family in FROM_SNAPSHOT}
    assert telemetry.EVENTS.name in names


def test_two_telemetries_share_nothing() -> None:
    one, other = Telemetry("1"), Telemetry("2")
    one.redis_errors.inc()
    assert of(read(other.render()), "launchpulse_redis_errors_total") == 0


def test_real_promtool_finds_nothing_to_complain_of() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not on the path: python -m tests.support.install")
    picture = snapshot(campaign('a"\\b', title="Ärger", owner="Ann"), campaign("b", active=False), campaign("c"))
    text = render_metrics(picture, 300) + Telemetry("1.2.3").render()
    checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, timeout=30, check=False)
    assert checked.returncode == 0, checked.stdout.decode() + checked.stderr.decode()


def test_money_in_two_currencies_has_a_series_each() -> None:
    both = {
        money_key(Measure.REVENUE, "EUR"): 1_000_000,
        money_key(Measure.REVENUE, "USD"): 2_500_000,
        Measure.SALES: 2,
    }
    one = CampaignSnapshot("aurora", None, None, True, {0: channel(both, {})})
    series = shown(snapshot(one))
    metric = KPI_BY_NAME["net_revenue"].metric
    assert of(series, metric, campaign="aurora", channel="all", window="1h", currency="USD") == 2.5
    assert KPI_BY_NAME["average_order_value"].metric not in {name for name, _ in series}
