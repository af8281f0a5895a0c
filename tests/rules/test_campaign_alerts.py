"""Every alert about campaigns, by real promtool: quiet, pending, firing, resolved; and what must never set one off."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.campaign_scenes import SCENES
from tests.rules.checking import check_scene
from tests.rules.scenes import Scene


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.alert)
def test_each_alert_is_quiet_then_pending_then_fires_and_resolves(scene: Scene, tmp_path: Path) -> None:
    check_scene(scene, tmp_path)
