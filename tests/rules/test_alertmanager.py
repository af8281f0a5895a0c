"""Who is told what, by amtool and by a real Alertmanager; and when nobody is."""

from __future__ import annotations

import subprocess
import time
from email import message_from_string, policy
from pathlib import Path

import pytest

from grafana.rules import ALERTS
from grafana.rules_model import Alert
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
    [("maria@example.com", "owner-by-mail"), ("#mail", "owner-by-chat"), ("@noor", "owner-by-chat"), ("", "on-call")],
)
def test_the_kind_of_contact_decides_how_its_owner_is_told(contact: str, receiver: str) -> None:
    assert receivers(kind="kpi", severity="warning", contact=contact) == receiver


def test_what_cannot_wait_wakes_whoever_is_on_call_and_goes_to_its_owner() -> None:
    assert receivers(kind="kpi", severity="critical", contact="maria@example.com") == "on-call,owner-by-mail"
    assert receivers(kind="kpi", severity="critical") == "on-call,nobody"


@pytest.mark.parametrize("alert", [alert for alert in ALERTS if alert.kind == "pipeline"], ids=lambda one: one.name)
def test_the_pipeline_s_alerts_go_to_whoever_is_on_call_only(alert: Alert) -> None:
    assert receivers(kind=alert.kind, severity=alert.severity, **alert.labels) == "on-call"


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


@pytest.mark.parametrize(
    "cause",
    [
        {"kind": "pipeline", "alertname": "PipelineLate", "mutes": "kpi"},
        {**AURORA, "alertname": "CampaignSourceSilent", "silence": "true", "topic": "click"},
    ],
    ids=["a late pipeline", "a silent source"],
)
def test_an_alert_that_something_else_explains_is_told_to_nobody(tmp_path: Path, cause: dict[str, str]) -> None:
    with alertmanager(tmp_path, QUICK) as told:
        told.alert(cause)
        told.until(20, "/on-call", (cause["alertname"], "firing"))
        told.alert(AURORA | {"alertname": "CampaignEngagementDrop", "contact": "#mail"})
        told.alert(AURORA | {"alertname": "CampaignConversionBreaks", "channel": "all", "contact": "#mail"})
        told.alert(AURORA | {"alertname": "CampaignBouncesJump", "campaign": "zarya", "contact": "#mail"})
        time.sleep(3)
    explained = {name for name, _ in told.names("/on-call")} - {cause["alertname"]}
    assert explained == (set() if cause["kind"] == "pipeline" else {"CampaignBouncesJump"})


def test_every_label_that_the_configuration_asks_for_is_one_that_an_alert_has() -> None:
    text = CONFIG.read_text(encoding="utf-8")
    assert {alert.labels.get("mutes") for alert in ALERTS if alert.kind == "pipeline"} == {None, "kpi"}
    assert [alert.name for alert in ALERTS if alert.labels.get("silence") == "true"] == ["CampaignSourceSilent"]
    for name in (
        "CampaignEngagementDrop",
        "CampaignEngagementBelowTarget",
        "CampaignConversionBreaks",
        "CampaignReachStalls",
        "CampaignTargetMissed",
    ):
        assert name in text
        assert name in {alert.name for alert in ALERTS}
