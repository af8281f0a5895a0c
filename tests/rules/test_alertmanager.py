"""Who is told what, by amtool and by a real Alertmanager; and when nobody is."""

from __future__ import annotations

import re
import subprocess
import time
from email import message_from_string, policy
from pathlib import Path

import pytest

from grafana.rules import ALERTS
from grafana.rules_model import Alert
from streams.kpis.registry import KPI_BY_NAME
from tests.rules.alertmanager import CONFIG, alertmanager

QUICK = {"group_wait: 10s": "group_wait: 1s", "group_interval: 1m": "group_interval: 1s"}
AURORA = {"kind": "kpi", "campaign": "aurora", "channel": "email", "severity": "critical"}


def receivers(**labels: str) -> str:
    """The receivers of an alert, as amtool says."""
    told = [f"{name}={value}" for name, value in labels.items()]
    command = ["amtool", "config", "routes", "test", f"--config.file={CONFIG}", *told]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_configuration_and_its_templates_are_sound() -> None:
    done = subprocess.run(["amtool", "check-config", str(CONFIG)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 templates" in done.stdout


@pytest.mark.parametrize(
    ("contact", "receiver"),
    [("maria@example.com", "owner-by-mail"), ("#mail", "owner-by-chat"), ("@noor", "owner-by-chat"), ("", "team")],
)
def test_the_kind_of_contact_decides_how_its_owner_is_told(contact: str, receiver: str) -> None:
    assert receivers(kind="kpi", severity="warning", contact=contact) == receiver


def test_what_cannot_wait_wakes_whoever_is_on_call_and_goes_to_its_owner() -> None:
    assert receivers(kind="kpi", severity="critical", contact="maria@example.com") == "on-call,owner-by-mail"
    assert receivers(kind="kpi", severity="critical") == "on-call,nobody"


@pytest.mark.parametrize("alert", ALERTS, ids=lambda one: one.name)
def test_only_what_is_critical_reaches_the_pager(alert: Alert) -> None:
    pager = alert.severity == "critical"
    labels = {"alertname": alert.name, "kind": alert.kind, "severity": alert.severity, **alert.labels}
    if alert.kind == "pipeline":
        assert receivers(**labels) == ("on-call" if pager else "team")
        return
    assert receivers(**labels) == ("on-call,nobody" if pager else "team")
    assert receivers(**labels, contact="#mail") == ("on-call,owner-by-chat" if pager else "owner-by-chat")


def test_an_owner_that_no_file_names_is_told_by_the_alert_s_own_contact_once_and_when_it_is_over(
    tmp_path: Path,
) -> None:
    mailed = AURORA | {"severity": "warning", "alertname": "CampaignTargetMissed", "contact": "brand-new@example.com"}
    chatted = AURORA | {"alertname": "CampaignEngagementDrop", "contact": "#mail"}
    runbook = "http://127.0.0.1:6066/runbooks/CampaignTargetMissed"
    with alertmanager(tmp_path, QUICK) as told:
        told.alert(mailed, summary="mroi is 0.5", runbook=runbook)
        told.alert(chatted)
        told.until(20, "/owner", ("CampaignEngagementDrop", "firing"))
        told.until(20, "/on-call", ("CampaignEngagementDrop", "firing"))
        told.alert(chatted, minutes=0)
        told.until(20, "/owner", ("CampaignEngagementDrop", "resolved"))
    assert told.names("/owner") == [("CampaignEngagementDrop", "firing"), ("CampaignEngagementDrop", "resolved")]
    assert [body["commonLabels"]["contact"] for path, body in told.hooks if path == "/owner"] == ["#mail", "#mail"]
    ((recipient, text),) = told.mails
    mail = message_from_string(text, policy=policy.default)
    assert recipient == "brand-new@example.com"
    assert mail["Subject"] == "[warning] aurora: CampaignTargetMissed"
    assert "mroi is 0.5" in text
    assert f"What to do: {runbook}" in text


def sent(folder: Path, cause: dict[str, str], *others: dict[str, str]) -> set[tuple[str, str]]:
    """(alert, channel) of what anybody is told of the others while the cause fires, which is told first."""
    mark = {"kind": "pipeline", "severity": "critical", "alertname": "Mark"}
    with alertmanager(folder, QUICK) as told:
        told.alert(cause | {"contact": "#cause"})
        told.until(20, "/on-call", (cause["alertname"], "firing"))
        for other in others:
            told.alert(other | {"contact": "#mail"})
        told.alert(mark)
        told.until(20, "/on-call", ("Mark", "firing"))
        time.sleep(1.5)
    heard = [one["labels"] for _, body in told.hooks for one in body["alerts"]]
    names = {(one["alertname"], one.get("channel", "")) for one in heard}
    return names - {("Mark", ""), (cause["alertname"], cause.get("channel", ""))}


def of_kpi(name: str, channel: str, **labels: str) -> dict[str, str]:
    """An alert about a channel of aurora."""
    return AURORA | {"alertname": name, "channel": channel, **labels}


def test_nobody_is_told_of_a_campaign_while_the_pipeline_explains_it(tmp_path: Path) -> None:
    late = {"kind": "pipeline", "severity": "critical", "alertname": "PipelineLate", "mutes": "kpi", "topic": "click"}
    drops = [
        of_kpi("CampaignEngagementDrop", "email"),
        AURORA | {"campaign": "zarya", "alertname": "CampaignSpendAhead"},
    ]
    assert sent(tmp_path, late, *drops) == set()


def test_a_backlog_is_one_page_and_a_picture_that_is_held_back_without_one_is_another(tmp_path: Path) -> None:
    pipeline = {"kind": "pipeline", "severity": "critical", "mutes": "kpi"}
    late, held_back = pipeline | {"alertname": "PipelineLate"}, pipeline | {"alertname": "PipelineHeldBack"}
    assert sent(tmp_path, late, held_back) == set()
    (tmp_path / "other").mkdir()
    other = {"kind": "pipeline", "severity": "critical", "alertname": "PipelineRedisFull"}
    assert sent(tmp_path / "other", other, held_back) == {("PipelineHeldBack", "")}


def test_a_silent_source_mutes_nothing_here_since_the_expressions_know_what_stands_on_it(tmp_path: Path) -> None:
    silent = of_kpi("CampaignSourceSilent", "offline", topic="survey")
    others = [
        of_kpi("CampaignEngagementDrop", "all"),
        of_kpi("CampaignEngagementDrop", "offline"),
        of_kpi("CampaignSentimentTurns", "all"),
        of_kpi("CampaignSpendAhead", "all", severity="warning"),
    ]
    assert sent(tmp_path, silent, *others) == {(one["alertname"], one["channel"]) for one in others}


def test_a_drop_explains_the_missed_engagement_of_its_channel_and_of_the_whole_and_of_no_other(tmp_path: Path) -> None:
    others = [of_kpi("CampaignEngagementBelowTarget", channel) for channel in ("sms", "all", "paid_social")]
    elsewhere = of_kpi("CampaignEngagementBelowTarget", "sms", campaign="zarya")
    heard = sent(tmp_path, of_kpi("CampaignEngagementDrop", "sms"), *others)
    assert heard == {("CampaignEngagementBelowTarget", "paid_social")}
    (tmp_path / "other").mkdir()
    assert sent(tmp_path / "other", of_kpi("CampaignEngagementDrop", "sms"), elsewhere) == {
        ("CampaignEngagementBelowTarget", "sms")
    }


@pytest.mark.parametrize(
    ("cause", "explained"),
    [("CampaignEngagementDrop", "visits"), ("CampaignConversionBreaks", "orders"), ("CampaignReachStalls", "reach")],
)
def test_an_alert_explains_the_missed_targets_of_its_own_kpis_in_its_channel_lately(
    cause: str, explained: str, tmp_path: Path
) -> None:
    def missed(channel: str, kpi: str, window: str) -> dict[str, str]:
        return of_kpi("CampaignTargetMissed", channel, severity="warning", kpi=kpi, window=window)

    told = [missed("push", explained, "5m"), missed("sms", "nps", "5m"), missed("email", explained, "launch")]
    others = [of_kpi("CampaignTargetMissed", "sms", severity="warning", kpi=explained, window="5m"), *told]
    heard = sent(tmp_path, of_kpi(cause, "sms"), *others)
    assert heard == {("CampaignTargetMissed", one["channel"]) for one in told}


def test_a_missed_target_of_an_alert_s_own_kpi_is_told_to_nobody(tmp_path: Path) -> None:
    missed = of_kpi("CampaignTargetMissed", "sms", severity="warning", kpi="visits", window="5m")
    assert sent(tmp_path, of_kpi("CampaignEngagementDrop", "sms"), missed) == set()


def test_every_label_that_the_configuration_asks_for_is_one_that_an_alert_has() -> None:
    assert {alert.labels.get("mutes") for alert in ALERTS if alert.kind == "pipeline"} == {None, "kpi"}
    text = CONFIG.read_text(encoding="utf-8")
    named = re.findall(r"(?:Campaign|Pipeline)[A-Z]\w+", text)
    assert named
    assert set(named) <= {alert.name for alert in ALERTS}
    kpis = [kpi for found in re.findall(r'kpi=~"([^"]+)"', text) for kpi in found.split("|")]
    assert len(kpis) > 10
    assert [kpi for kpi in kpis if kpi not in KPI_BY_NAME] == []
