"""A scene: what workers expose over time, and when an alert must be quiet, pending, firing and resolved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.rules.needed import names_in

STEP_SECONDS = 15
CAMPAIGN = "aurora"
"""The campaign of a scene. Where scenes are played together each gets a name of its own that begins with it."""
FILES = ("campaigns.rules.yml", "pipeline.rules.yml")
WORKER = {"job": "launchpulse", "instance": "w1:6066"}

Series = tuple[str, Mapping[str, str], str]
"""Metric, labels, and its values in promtool's notation, one every STEP_SECONDS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Times are minutes from the beginning. labels: those of the alert beside kind and severity; the others are
    checked against the rule. summary: what it says when it fires. panel: the KPI or the title of the panel that its
    link opens, where that depends on its labels. files, days: those of its play."""

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


@dataclass(frozen=True, slots=True)
class Play:
    """A series that has no `instance` is exposed by WORKER. files: the committed rule files that are played; without
    any only what the checks ask about, and what that stands on. days: it lasts long, so it is evaluated every minute,
    with a lookback of as much."""

    series: Sequence[Series]
    checks: Sequence[Mapping[str, Any]]
    files: Sequence[str] = ()
    days: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The alerts and records that the checks ask about."""
        return names_in(*(check.get("expr", check.get("alertname", "")) for check in self.checks))


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


def play(series: Iterable[Series], *checks: Mapping[str, Any], files: Sequence[str] = (), days: bool = False) -> Play:
    """The series, and what must be seen of them."""
    return Play(tuple(series), checks, () if days else files, days)


def at(minutes: float) -> str:
    """A moment in promtool's words."""
    return f"{round(minutes * 60)}s"


def alerts(name: str, campaign: str = CAMPAIGN) -> str:
    """The alerts of that name; where they are about campaigns, those of one."""
    where = f", campaign={quoted(campaign)}" if name.startswith("Campaign") else ""
    return f'ALERTS{{alertname="{name}"{where}}}'


def state(alert: str, minutes: float, expected: str, campaign: str = CAMPAIGN) -> dict[str, Any]:
    """How many alerts there are in each state: "" for none, else `pending` or `firing` for one of them."""
    samples = [{"labels": f'{{alertstate="{expected}"}}', "value": 1}] if expected else []
    asked = f"count by (alertstate) ({alerts(alert, campaign)})"
    return {"expr": asked, "eval_time": at(minutes), "exp_samples": samples}


def quoted(value: str) -> str:
    """A label value between quotes, as PromQL reads it."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
