from __future__ import annotations

import json
import re
import shutil
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.demo.running import RunningDemo, until

pytestmark = pytest.mark.skipif(shutil.which("prometheus") is None, reason="no prometheus here")


def asked(address: str, expression: str) -> list[float]:
    """What Prometheus answers now."""
    query = urllib.parse.urlencode({"query": expression})
    with urllib.request.urlopen(f"{address}/api/v1/query?{query}", timeout=10) as answer:
        return [float(one["value"][1]) for one in json.load(answer)["data"]["result"]]


def rules(address: str) -> list[dict[str, Any]]:
    """The rules that Prometheus evaluates."""
    with urllib.request.urlopen(f"{address}/api/v1/rules", timeout=10) as answer:
        return [rule for group in json.load(answer)["data"]["groups"] for rule in group["rules"]]


def raise_alert(address: str, labels: dict[str, str]) -> None:
    """Tells Alertmanager of an alert, as Prometheus does."""
    request = urllib.request.Request(f"{address}/api/v2/alerts", json.dumps([{"labels": labels}]).encode())
    request.add_header("Content-Type", "application/json")
    urllib.request.urlopen(request, timeout=10).close()


def test_prometheus_and_alertmanager_run_beside_the_demo_with_the_committed_rules_and_go_with_it(
    tmp_path: Path,
) -> None:
    with RunningDemo(tmp_path, "--room", "--seconds", "40", "--workers", "2") as demo:
        demo.wait_for("Alertmanager at ", 60)
        prometheus, alertmanager = (
            re.findall(rf"{name} at (http://127\.0\.0\.1:\d+)", demo.output)[0]
            for name in ("Prometheus", "Alertmanager")
        )
        until(lambda: asked(prometheus, 'count(up{job="launchpulse"} == 1)') == [2], 40)
        until(lambda: asked(prometheus, 'sum(campaign_clicks{channel="all",window="launch"}) > 0') != [], 30)
        until(lambda: asked(prometheus, "count(campaign_channel:engagement_rate:latest)") != [], 30)
        with urllib.request.urlopen(f"{prometheus}/api/v1/alertmanagers", timeout=10) as answer:
            (told,) = json.load(answer)["data"]["activeAlertmanagers"]
        assert told["url"].startswith(alertmanager)
        alerts = [rule for rule in rules(prometheus) if rule["type"] == "alerting"]
        assert alerts
        for alert in alerts:
            with urllib.request.urlopen(alert["annotations"]["runbook_url"], timeout=10) as answer:
                assert alert["name"] in answer.read().decode()
        labels = {"alertname": "Drop", "campaign": "aurora", "severity": "warning", "owner": "Ann"}
        raise_alert(alertmanager, labels)
        demo.wait_for("ALERT Drop aurora (warning, for Ann)", 20)
        assert demo.end(120) == 0, demo.output
        assert demo.left_behind() == []
