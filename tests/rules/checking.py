"""The four cases of a scene."""

from __future__ import annotations

import re
from collections.abc import Sequence

from grafana.frame import panel_id
from grafana.links import panel_called
from grafana.rules import ALERTS
from streams.kpis.registry import KPI_BY_NAME
from tests.rules.scenes import Play, Scene, at, play, state

RULES = {alert.name: alert for alert in ALERTS}


def play_of(scene: Scene, files: Sequence[str] | None = None) -> Play:
    """Quiet before, pending while it is held, firing once with its labels and its number, and gone afterwards.

    files: instead of the scene's."""
    rule = RULES[scene.alert]
    told = rule.rule()["annotations"]
    assert isinstance(told, dict)
    link = told["dashboard"]
    if "{{ if" in link:
        kpi = scene.panel in KPI_BY_NAME
        number = panel_id(scene.panel) if kpi else panel_called(rule.board, scene.panel)
        link = re.sub(r"viewPanel=.*{{ end }}", f"viewPanel={number}", link)
    for name, value in scene.labels.items():
        link = link.replace(f"{{{{ $labels.{name} }}}}", value)
    fired = {
        "exp_labels": {"kind": rule.kind, "severity": rule.severity, **rule.labels, **scene.labels},
        "exp_annotations": {**told, "summary": scene.summary, "dashboard": link},
    }
    waits = [] if scene.pending is None else [state(scene.alert, scene.pending, "pending")]
    return play(
        scene.series,
        state(scene.alert, scene.quiet, ""),
        *waits,
        state(scene.alert, scene.firing, "firing"),
        {"eval_time": at(scene.firing), "alertname": scene.alert, "exp_alerts": [fired]},
        state(scene.alert, scene.resolved, ""),
        files=scene.files if files is None else files,
        days=scene.days,
    )
