"""What a preflight finds out of a real Alertmanager: whether it answers, whom it tells, and whether that arrives."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_string, policy
from json import loads
from pathlib import Path

import pytest

from agents.demo.ports import any_port
from agents.operations.preflight import preflight
from agents.operations.preflight_notify import NotTaken, send_alerts, trial_alerts
from agents.operations.preflight_parts import ask_alertmanager
from tests.rules.alertmanager import Told, alertmanager
from tests.rules.test_alertmanager import AURORA, QUICK
from tests.unit.test_preflight import READY

ALERT = AURORA | {"alertname": "CampaignEngagementDrop", "contact": ""}


async def verdicts(url: str) -> Mapping[str, str]:
    """Check -> verdict of what a preflight says of alerts."""
    lines = preflight(replace(READY, alertmanager=await ask_alertmanager(url)))
    return {line.check: line.verdict for line in lines if line.check in ("alertmanager", "receiver", "delivery")}


async def delivered(url: str, verdict: str) -> None:
    """Wait until that is said of the delivery."""
    deadline = time.monotonic() + 40
    while (found := (await verdicts(url))["delivery"]) != verdict:
        assert time.monotonic() < deadline, found
        time.sleep(0.2)


async def test_a_receiver_that_answers_is_known_once_it_has_been_sent_something(tmp_path: Path) -> None:
    with alertmanager(tmp_path, QUICK) as told:
        there = await ask_alertmanager(told.url)
        assert (there.trouble, there.receiver, there.how, there.receivers) == ("", "on-call", ("webhook",), 4)
        assert there.version
        assert there.sent is not None
        assert set(there.sent.values()) == {0}
        assert await verdicts(told.url) == {"alertmanager": "ok", "receiver": "ok", "delivery": "unknown"}
        told.alert(ALERT)
        told.until(30, "/on-call", ("CampaignEngagementDrop", "firing"))
        await delivered(told.url, "ok")
    assert (await verdicts(told.url))["alertmanager"] == "mend"


async def test_a_receiver_that_does_not_answer_is_to_be_mended(tmp_path: Path) -> None:
    away = {"127.0.0.1:9099/on-call": f"127.0.0.1:{any_port()}/on-call"}
    with alertmanager(tmp_path, QUICK | away) as told:
        assert (await verdicts(told.url))["delivery"] == "unknown"
        told.alert(ALERT)
        await delivered(told.url, "mend")
        assert told.hooks == []


async def test_a_default_receiver_that_sends_nothing_is_to_be_mended(tmp_path: Path) -> None:
    with alertmanager(tmp_path, {"route:\n  receiver: on-call": "route:\n  receiver: nobody"}) as told:
        assert await verdicts(told.url) == {"alertmanager": "ok", "receiver": "mend", "delivery": "unknown"}


async def test_a_test_alert_comes_to_everybody_says_what_it_is_and_is_over_within_a_minute(tmp_path: Path) -> None:
    with alertmanager(tmp_path, QUICK) as told:
        now = datetime.now(UTC)
        await send_alerts(told.url, trial_alerts("aurora", ("maria@example.com", "#mail"), now))
        told.until(30, "/owner", ("PreflightTest", "firing"))
        told.until(30, "/on-call", ("PreflightTest", "firing"))
        deadline = time.monotonic() + 30
        while not told.mails and time.monotonic() < deadline:
            time.sleep(0.05)
        with urllib.request.urlopen(f"{told.url}/api/v2/alerts", timeout=10) as answer:
            ends = {datetime.fromisoformat(alert["endsAt"]) for alert in loads(answer.read())}
        assert all(end <= now + timedelta(seconds=61) for end in ends)
        ((recipient, text),) = told.mails
        mail = message_from_string(text, policy=policy.default)
        assert recipient == "maria@example.com"
        assert mail["Subject"] == "[test] aurora: PreflightTest"
        assert "nothing is wrong" in text
        assert contacts_of(told) == ["#mail"]


def contacts_of(told: Told) -> list[str]:
    return [body["commonLabels"]["contact"] for path, body in told.hooks if path == "/owner"]


async def test_an_alertmanager_that_takes_no_test_is_said_by_its_address() -> None:
    url = f"http://127.0.0.1:{any_port()}"
    with pytest.raises(NotTaken, match=url):
        await send_alerts(url, trial_alerts("aurora", (), datetime.now(UTC)))
