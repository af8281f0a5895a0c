"""What stands beside the rules: runbooks, links, the page about alerts, and rule files that are up to date."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
import yaml

from agents.web.board_files import RUNBOOKS_FOLDER, RUNBOOKS_PREFIX, runbook_files
from grafana.rules import ALERTS, CAMPAIGN_ALERTS, FOLDER, ROOT, files
from grafana.rules_docs import document
from grafana.rules_model import Alert
from grafana.runbook_pages import pages
from grafana.thresholds import RUNBOOKS_URL
from streams.kpis.registry import KPI_BY_NAME, KPIS
from tests.unit.test_docs import module_exists, problem_of

RUNBOOKS = ROOT / "grafana" / "runbooks"
each_alert = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)


def test_the_committed_rules_are_what_the_registry_and_the_thresholds_make() -> None:
    assert {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()} == files()


def test_promtool_finds_no_fault_in_them() -> None:
    paths = [str(path) for path in FOLDER.iterdir()]
    done = subprocess.run(["promtool", "check", "rules", *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_kpi_is_recorded_once_and_by_one_rule() -> None:
    groups = [group for text in files().values() for group in yaml.safe_load(text)["groups"]]
    recorded = [rule["record"] for group in groups for rule in group["rules"] if "record" in rule]
    assert len(recorded) == len(set(recorded))
    assert {f"campaign_channel:{kpi.name}:latest" for kpi in KPIS} <= set(recorded)


def test_every_window_that_a_rule_reads_is_one_that_workers_expose() -> None:
    read = re.findall(r'campaign_channel:(\w+):latest\{window="(\w+)"', "".join(files().values()))
    assert len(read) > 20
    assert [(kpi, window) for kpi, window in read if window not in KPI_BY_NAME[kpi].exported] == []


def panels_of(name: str) -> set[int]:
    """The numbers of a committed board's panels, those in closed rows too, without the rows."""
    board = json.loads((ROOT / "grafana" / "dashboards" / f"{name}.json").read_text(encoding="utf-8"))
    every = [one for top in board["panels"] for one in (top, *top.get("panels", ()))]
    return {one["id"] for one in every if one["type"] != "row"}


@each_alert
def test_every_alert_says_who_how_bad_how_much_where_and_what_to_do(alert: Alert) -> None:
    rule = alert.rule()
    labels, told = rule["labels"], rule["annotations"]
    assert isinstance(labels, dict)
    assert isinstance(told, dict)
    assert labels["severity"] in {"critical", "warning"}
    assert "owner" in labels or "group_left (owner, contact)" in alert.expr
    assert "{{" in told["summary"]
    where = re.match(r".*/d/launchpulse-(\w+)\?.*viewPanel=(\d+|\{\{ if .+\{\{ end \}\})", told["dashboard"])
    assert where, told["dashboard"]
    linked = {int(number) for number in re.findall(r"(?:^|\}\})(\d+)", where[2])}
    assert linked
    assert linked <= panels_of(where[1])
    assert told["runbook_url"] == f"{RUNBOOKS_URL}/{alert.name}"
    assert f"{RUNBOOKS_PREFIX}{alert.name}" in runbook_files()


@each_alert
def test_every_alert_has_a_runbook_that_says_what_to_look_at_and_do(alert: Alert) -> None:
    text = (RUNBOOKS / alert.runbook).read_text(encoding="utf-8")
    assert text.startswith(f"# {alert.name}\n")
    assert re.findall(r"^## (.+)$", text, re.M) == ["Look at", "Do", "Know"]


def test_the_pages_that_a_worker_serves_are_the_runbooks() -> None:
    assert {path.name: path.read_text(encoding="utf-8") for path in RUNBOOKS_FOLDER.iterdir()} == pages()
    assert "<h2>Look at</h2>\n<ol>\n<li>" in pages()["CampaignEngagementDrop.html"]


def test_no_runbook_is_left_over_and_what_they_tell_to_type_exists() -> None:
    assert {path.name for path in RUNBOOKS.iterdir()} == {alert.runbook for alert in ALERTS}
    for path in RUNBOOKS.iterdir():
        for command in re.findall(r"`launchpulse ([^`]+)`", path.read_text(encoding="utf-8")):
            assert not problem_of(command.split()), f"{path.name}: {command}"


def test_the_page_tells_of_every_alert_in_words() -> None:
    page = document()
    for alert in ALERTS:
        assert f"### {alert.name}\n\n{alert.meaning}\n" in page
        assert f"](../grafana/runbooks/{alert.runbook})" in page
    assert module_exists("grafana.rules_docs")


def test_the_pipeline_is_seen_before_the_campaigns_and_an_evaluation_is_seconds() -> None:
    spans = {"s": 1, "m": 60, "h": 3600}
    seconds = {alert.name: int(alert.hold[:-1]) * spans[alert.hold[-1]] for alert in ALERTS}
    assert seconds["PipelineLate"] < min(seconds[alert.name] for alert in CAMPAIGN_ALERTS)
