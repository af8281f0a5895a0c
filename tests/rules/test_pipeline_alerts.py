"""Every alert about the pipeline, by real promtool: quiet, pending, firing, resolved."""

from __future__ import annotations

import pytest

from grafana.rules import ALERTS, PIPELINE_ALERTS
from tests.rules import campaign_scenes, pipeline_scenes
from tests.rules.checking import play_of
from tests.rules.scenes import Play, Scene, gauge, play, state
from tests.rules.stage import played


@pytest.mark.parametrize("scene", pipeline_scenes.SCENES, ids=lambda scene: scene.alert)
@played
def test_each_alert_is_quiet_then_pending_then_fires_and_resolves(scene: Scene) -> Play:
    return play_of(scene, ("pipeline.rules.yml",))


def test_every_alert_has_a_scene() -> None:
    played = [scene.alert for scene in (*campaign_scenes.SCENES, *pipeline_scenes.SCENES)]
    assert sorted(played) == sorted(alert.name for alert in ALERTS)


@played
def test_no_worker_at_all_is_one_alert() -> Play:
    nothing = ("up", {"job": "other"}, gauge((10, 1)))
    return play([nothing], state("PipelineWorkerMissing", 5, "firing"))


def test_what_freezes_or_spoils_the_figures_mutes_the_campaigns_alerts() -> None:
    muting = {alert.name for alert in PIPELINE_ALERTS if alert.labels.get("mutes") == "kpi"}
    assert muting == {
        "PipelineLate",
        "PipelineNotDraining",
        "PipelineRecovering",
        "PipelineHeldBack",
        "PipelineLedgerUnbalanced",
    }
