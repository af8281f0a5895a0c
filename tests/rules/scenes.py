"""A scene: what workers expose over time, and when an alert must be quiet, pending, firing and resolved."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from grafana import rules_sources
from grafana.rules import FOLDER
from grafana.rules_model import rule_file
from grafana.rules_series import catalogue_records, unsettled
from grafana.thresholds import LOOKBACK

STEP_SECONDS = 15
FILES = ("campaigns.rules.yml", "pipeline.rules.yml")
WORKER = {"job": "launchpulse", "instance": "w1:6066"}

Series = tuple[str, Mapping[str, str], str]
"""Metric, labels, and its values in promtool's notation, one every STEP_SECONDS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Times are minutes from the beginning. labels: those of the alert beside kind and severity; the others are
    checked against the rule. summary: what it says when it fires. panel: the KPI or the title of the panel that its
    link opens, where that depends on its labels. files: the rule files that are played. days: see `run`."""

    alert: str
    series: tuple[Series, ...]
    quiet: float
    pending: float | None
    firing: float
    resolved: float
    labels: Mapping[str, str] = field(default_factory=dict)
    summary: str = ""
    panel: str = ""
    files: Sequence[str] = FILES
    days: bool = False


def gauge(*parts: tuple[float, float]) -> str:
    """(minutes, value) one after the other."""
    return " ".join(f"{value}x{round(minutes * 60 / STEP_SECONDS) - 1}" for minutes, value in parts)


def counter(*parts: tuple[float, float], start: float = 0) -> str:
    """(minutes, growth a minute) one after the other."""
    texts, value = [], start
    for minutes, growth in parts:
        steps, step = round(minutes * 60 / STEP_SECONDS), growth * STEP_SECONDS / 60
        texts.append(f"{value}+{step}x{steps - 1}")
        value += step * steps
    return " ".join(texts)


def absent(minutes: float) -> str:
    """No sample for so long."""
    return f"_x{round(minutes * 60 / STEP_SECONDS)}"


def of(campaign: str, channel: str, values: Mapping[str, str], **labels: str) -> tuple[Series, ...]:
    """Series of one campaign and channel: metric, or metric/window, -> values."""
    found = []
    for name, text in values.items():
        metric, _, window = name.partition("/")
        where = {"campaign": campaign, "channel": channel, **({"window": window} if window else {}), **labels}
        found.append((metric, where, text))
    return tuple(found)


def owner(campaign: str, channel: str, kpi: str, name: str, contact: str, minutes: float = 600) -> Series:
    """Who answers, as the worker exposes it."""
    labels = {"campaign": campaign, "channel": channel, "kpi": kpi, "owner": name, "contact": contact}
    return "campaign_owner_info", labels, gauge((minutes, 1))


def run(
    series: Sequence[Series],
    *checks: Mapping[str, Any],
    folder: Path,
    files: Sequence[str] = FILES,
    days: bool = False,
) -> None:
    """Let promtool play the series over these rule files and check. Fails with what it says.

    A series that has no `instance` is exposed by WORKER. days: it lasts long, so only the rules about sources are
    evaluated, every minute, with a lookback of as much.
    """
    if days:
        files = (str(_sources_alone(folder)),)
    alerts = [dict(check) for check in checks if "alertname" in check]
    queries = [dict(check) for check in checks if "expr" in check]
    given = [{"series": _text(metric, WORKER | dict(labels)), "values": values} for metric, labels, values in series]
    document = {
        "rule_files": [str(FOLDER / name) for name in files],
        "evaluation_interval": "1m" if days else f"{STEP_SECONDS}s",
        "tests": [
            {
                "interval": f"{STEP_SECONDS}s",
                "input_series": given,
                "alert_rule_test": alerts,
                "promql_expr_test": queries,
            }
        ],
    }
    path = folder / "scene.yml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True, width=1000), encoding="utf-8")
    done = subprocess.run(["promtool", "test", "rules", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _sources_alone(folder: Path) -> Path:
    needed = (*catalogue_records(), unsettled(), *rules_sources.RECORDS[:5], *rules_sources.ALERTS)
    path = folder / "sources.rules.yml"
    text = rule_file([("sources", needed)]).replace(f"offset {LOOKBACK}", "offset 1m")
    path.write_text(text.replace(f"silent:candidates[{LOOKBACK}]", "silent:candidates[1m]"), encoding="utf-8")
    return path


def at(minutes: float) -> str:
    """A moment in promtool's words."""
    return f"{round(minutes * 60)}s"


def state(alert: str, minutes: float, expected: str) -> dict[str, Any]:
    """How many alerts there are in each state: "" for none, else `pending` or `firing` for one of them."""
    samples = [{"labels": f'{{alertstate="{expected}"}}', "value": 1}] if expected else []
    asked = f'count by (alertstate) (ALERTS{{alertname="{alert}"}})'
    return {"expr": asked, "eval_time": at(minutes), "exp_samples": samples}


def _text(metric: str, labels: Mapping[str, str]) -> str:
    told = ", ".join(f"{name}={quoted(value)}" for name, value in labels.items())
    return f"{metric}{{{told}}}"


def quoted(value: str) -> str:
    """A label value between quotes, as PromQL reads it."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
