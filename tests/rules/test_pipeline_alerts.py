"""Every alert about the pipeline, by real promtool: quiet, pending, firing, resolved."""

from __future__ import annotations

from pathlib import Path

import pytest

from grafana.rules import ALERTS, PIPELINE_ALERTS
from tests.rules import campaign_scenes, pipeline_scenes
from tests.rules.checking import check_scene
from tests.rules.scenes import Scene, gauge, run, state


@pytest.mark.parametrize("scene", pipeline_scenes.SCENES, ids=lambda scene: scene.alert)
def test_each_alert_is_quiet_then_pending_then_fires_and_resolves(scene: Scene, tmp_path: Path) -> None:
    check_scene(scene, tmp_path)


def test_every_alert_has_a_scene() -> None:
    played = [scene.alert for scene in (*campaign_scenes.SCENES, *pipeline_scenes.SCENES)]
    assert sorted(played) == sorted(alert.name for alert in ALERTS)


def test_no_worker_at_all_is_one_alert(tmp_path: Path) -> None:
    nothing = ("up", {"job": "other"}, gauge((10, 1)))
    run([nothing], state("PipelineWorkerMissing", 5, "firing"), folder=tmp_path)


def test_what_freezes_or_spoils_the_figures_mutes_the_campaigns_alerts() -> None:
    muting = {alert.name for alert in PIPELINE_ALERTS if alert.labels.get("mutes") == "kpi"}
    assert muting == {
        "PipelineLate",
        "PipelineNotDraining",
        "PipelineRecovering",
        "PipelineHeldBack",
        "PipelineLedgerUnbalanced",
    }
