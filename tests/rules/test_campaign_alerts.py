"""Every alert about campaigns, by real promtool: quiet, pending, firing, resolved; and what must never set one off."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.campaign_scenes import SCENES, SCENES_OF_ALL_CHANNELS
from tests.rules.checking import check_scene
from tests.rules.guard_scenes import GUARDED, played_together
from tests.rules.scenes import Scene, absent, counter, of, run, state


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.alert)
def test_each_alert_is_quiet_then_pending_then_fires_and_resolves(scene: Scene, tmp_path: Path) -> None:
    check_scene(scene, tmp_path)


@pytest.mark.parametrize("scene", SCENES_OF_ALL_CHANNELS, ids=lambda scene: scene.alert)
def test_an_alert_about_all_channels_names_the_one_that_makes_most_of_the_change(scene: Scene, tmp_path: Path) -> None:
    check_scene(scene, tmp_path)


def test_each_guard_keeps_its_alert_quiet(tmp_path: Path) -> None:
    series, checks = played_together(GUARDED)
    run(series, *checks, folder=tmp_path)


def test_sales_that_stay_dead_stay_told_until_they_are_back(tmp_path: Path) -> None:
    series = of(
        "aurora",
        "email",
        {
            "campaign_orders/launch": counter((80, 2), (240, 0), (60, 2)),
            "campaign_clicks/launch": counter((380, 20)),
            "campaign_visits/launch": counter((380, 40)),
        },
    )
    firing = [state("CampaignConversionBreaks", minutes, "firing") for minutes in (95, 110, 140, 180, 240, 319)]
    run(series, *firing, state("CampaignConversionBreaks", 350, ""), folder=tmp_path)


@pytest.mark.parametrize(
    ("alert", "counted", "by", "a_minute"),
    [
        ("CampaignBouncesJump", "bounced", "sent", 8),
        ("CampaignComplaintsJump", "complained", "sent", 1),
        ("CampaignUnsubscribesJump", "unsubscribed", "delivered", 4),
    ],
)
def test_messages_that_hurt_are_told_though_the_campaign_has_no_past(
    alert: str, counted: str, by: str, a_minute: float, tmp_path: Path
) -> None:
    values = {f"campaign_{by}/launch": 100, f"campaign_{counted}/launch": a_minute}
    begun = {name: f"{absent(5)} {counter((40, growth))}" for name, growth in values.items()}
    series = of("aurora", "email", begun)
    run(series, state(alert, 8, ""), state(alert, 20, "firing"), folder=tmp_path)
