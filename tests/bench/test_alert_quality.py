"""The alerts' quality: launches are what they are said to be, and a few of them are judged by a real Prometheus."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bench.alert_quality import __main__ as alert_quality
from bench.alert_quality import figures
from bench.alert_quality.counts import BIN_SECONDS, counted
from bench.alert_quality.judge import Fired, Seen, false_alerts, firings, seen
from bench.alert_quality.kinds import ENGAGED
from bench.alert_quality.launches import DROP_MINUTE, Drop, planned
from bench.alert_quality.measure import Judged, judge, judge_all
from bench.alert_quality.prometheus import PrometheusFailed, backfill, backfill_rules, levels, prometheus, query_range
from bench.alert_quality.series import BEGAN_SECONDS, NONE, STEP_SECONDS, read_by_alerts, series_of
from grafana.rules import campaign_rules
from grafana.rules_model import Record
from streams.events.channels import ALL_CHANNELS, CHANNEL_CODES

LARGE = replace(planned(1, 0, True), rate=2_000.0, mailings=(), talks=(), drop=Drop("direct", 0.6, dead=False))


def test_the_same_seed_plans_and_counts_the_same_launch() -> None:
    one, again = planned(7, 3, True), planned(7, 3, True)
    assert one == again
    assert planned(8, 3, True) != one
    assert counted(one).due == counted(again).due


def test_a_drop_takes_its_share_of_one_channel_s_engagements_and_no_visit() -> None:
    def engaged(channel: str, first: int, last: int) -> int:
        totals = counted(LARGE).totals[CHANNEL_CODES[channel]]
        return int(sum(totals[one][last] - totals[one][first] for one in ENGAGED if one in totals))

    begins, minutes = DROP_MINUTE * 60 // BIN_SECONDS, 5 * 60 // BIN_SECONDS
    before, after = engaged("direct", begins - minutes, begins), engaged("direct", begins, begins + minutes)
    assert after / before == pytest.approx(0.4, abs=0.1)
    assert counted(LARGE).due * 2.5 == pytest.approx(before, rel=0.2)
    others = engaged("organic_search", begins, begins + minutes) / engaged("organic_search", begins - minutes, begins)
    assert others == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("number", range(6))
def test_a_rule_that_reads_another_finds_it_wherever_in_a_step_promtool_evaluates_it(
    tmp_path: Path, number: int
) -> None:
    # By the file's path, which is another one each time.
    folder = tmp_path / str(number)
    data = folder / "data"
    data.mkdir(parents=True)
    span = range(BEGAN_SECONDS, BEGAN_SECONDS + 601, STEP_SECONDS)
    metrics = folder / "series.om"
    metrics.write_text("".join(f"things 1 {moment}\n" for moment in span) + "# EOF\n", encoding="utf-8")
    backfill(metrics, data)
    backfill_rules(
        [Record("a:things:latest", "things"), Record("b:things:twice", "2 * a:things:latest")], span, data, folder
    )
    with prometheus(data, STEP_SECONDS) as url:
        ((_, moments),) = query_range(url, "b:things:twice", span)
    assert len(moments) >= len(span) - 3


def test_series_are_those_that_alerts_read_and_a_sum_is_shown_only_once_counted() -> None:
    launch = planned(1, 0, True)
    counts = counted(launch)
    found = list(series_of(launch, counts))
    assert read_by_alerts()["engagements"] == ("1m",)
    shown = {(metric, labels["channel"]) for metric, labels, _ in found if "channel" in labels}
    assert ("campaign_engagements", "all") in shown
    assert ("campaign_visits", "sms") not in shown
    for metric, labels, values in found:
        if metric == "campaign_visits" and labels["window"] == "launch" and labels["channel"] == "all":
            numbers = [float(value) for value in values if value != NONE]
            assert numbers == sorted(numbers)
            assert ALL_CHANNELS in counts.totals


def test_an_alert_fires_after_its_hold_and_once_while_it_is_kept() -> None:
    assert firings([0, 15, 30], 15, hold=10, keep=180) == [15]
    assert firings([0, 30, 60], 15, hold=10, keep=180) == []
    assert firings([0, 15, 120, 135], 15, hold=10, keep=180) == [15]
    assert firings([0, 15, 600, 615], 15, hold=10, keep=180) == [15, 615]
    assert firings([45], 15, hold=0, keep=0) == [45]


def test_what_is_false_and_how_soon_a_drop_was_seen() -> None:
    quiet, dropped = planned(1, 0, False), LARGE
    drop = "CampaignEngagementDrop"
    told = [
        Fired(drop, quiet.name, "email", 600),
        Fired(drop, dropped.name, "email", DROP_MINUTE * 60 + 30),
        Fired(drop, dropped.name, "direct", DROP_MINUTE * 60 + 90),
        Fired("CampaignConversionBreaks", dropped.name, "direct", DROP_MINUTE * 60 - 15),
    ]
    assert false_alerts({quiet.name: quiet, dropped.name: dropped}, told) == [told[0], told[1], told[3]]
    assert seen(dropped, 200.0, told) == Seen(dropped.name, "direct", 0.6, 200.0, False, 90)
    assert seen(dropped, 200.0, told[:2]).delay is None


def test_rules_are_backfilled_after_what_they_read() -> None:
    records = [rule for rule in campaign_rules() if isinstance(rule, Record)]
    steps = levels(records)
    assert sorted(rule.name for level in steps for rule in level) == sorted(rule.name for rule in records)
    place = {rule.name: number for number, level in enumerate(steps) for rule in level}
    assert place["campaign_channel:engagements:latest"] < place["campaign_channel:engagements:recent2m"]
    assert place["campaign_channel:engagements:expected2m"] < place["campaign_channel:engagement_drop:candidates"]


def test_quiet_launches_alert_nobody_and_deep_drops_are_told_within_two_minutes() -> None:
    judged = judge([planned(1, 0, False), planned(1, 1, False), LARGE])
    assert judged.false == []
    (drop,) = judged.drops
    assert drop.wanted
    assert drop.soon


def test_figures_hold_both_rates_and_the_delays() -> None:
    drops = [Seen("drop-0", "email", 0.6, 400.0, False, 75), Seen("drop-1", "email", 0.7, 500.0, False, None)]
    found = figures.figures(1, 5, [Judged([Fired("A", "quiet-000", "sms", 600)], drops)])
    assert found == json.loads(json.dumps(found))
    assert (found["wanted"]["drops"], found["wanted"]["soon"]) == (2, 1)
    text = figures.told(found)
    assert "1 false alerts in 5 quiet launches" in text
    assert "A: quiet-000, sms, minute 10.0" in text
    assert "1 of 2 drops of 50%" in text
    assert "drop-1, email: 70% of 500, after None s" in text


def found(quiet: int, false: int, drops: int, soon: int) -> dict[str, object]:
    """Figures of so many quiet launches and false alerts, and so many deep drops, so many of them told soon."""
    told = [Seen(f"drop-{number}", "email", 0.6, 400.0, False, 75 if number < soon else 300) for number in range(drops)]
    alerts = [Fired("A", f"quiet-{number:03}", "sms", 600) for number in range(false)]
    return figures.figures(1, quiet, [Judged(alerts, told)])


def test_a_wanted_rate_that_is_missed_is_named() -> None:
    assert figures.missed_rates(found(200, 1, 100, 99)) == []
    assert figures.missed_rates(found(400, 2, 100, 100)) == []
    (false,) = figures.missed_rates(found(200, 2, 100, 99))
    assert false == "2 false alerts in 200 quiet launches; wanted: at most 1 in 200"
    assert len(figures.missed_rates(found(10, 1, 100, 99))) == 1
    (late,) = figures.missed_rates(found(200, 1, 100, 98))
    assert late == "98 of 100 wanted drops told within 120 s; wanted: at least 99%"
    assert len(figures.missed_rates(found(10, 0, 0, 0))) == 1


@pytest.mark.parametrize(("false", "code"), [(0, 0), (1, 1)])
def test_the_exit_code_says_whether_a_wanted_rate_is_missed(
    false: int, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(alert_quality, "measure", lambda *asked: found(10, false, 1, 1))
    assert alert_quality.main(["--short"]) == code
    assert ("missed: 1 false alerts" in capsys.readouterr().err) is bool(false)


def judged_by_hand(seed: int, numbers: range) -> Judged:
    """Stands in for Prometheus: a false alert for each number, the first of them the slowest."""
    time.sleep(0.5 if 0 in numbers else 0)
    return Judged([Fired("A", f"quiet-{number:03}", f"seed {seed}", 0) for number in numbers], [])


def failing(seed: int, numbers: range) -> Judged:
    """Stands in for a Prometheus that does not start."""
    raise PrometheusFailed(f"no Prometheus for {numbers}")


def test_batches_are_judged_beside_each_other_and_stand_in_their_order() -> None:
    told: list[int] = []
    one, two = (judge_all(7, 5, processes, told.append, judged_by_hand, 2) for processes in (1, 2))
    assert one == two
    assert [alert.launch for batch in two for alert in batch.false] == [f"quiet-00{number}" for number in range(5)]
    assert {alert.channel for batch in two for alert in batch.false} == {"seed 7"}
    assert told[:3] == [2, 4, 5]
    assert told[3] < told[4] < told[5] == 5


def test_a_batch_that_fails_is_told_from_whatever_process() -> None:
    with pytest.raises(PrometheusFailed, match=r"no Prometheus for range\(0, 2\)"):
        judge_all(7, 2, 2, lambda judged: None, failing)
