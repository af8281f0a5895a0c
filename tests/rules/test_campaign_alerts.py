"""Every alert about campaigns, by real promtool: quiet, pending, firing, resolved; and what must never set one off."""

from __future__ import annotations

import pytest

from tests.rules.campaign_scenes import SCENES, SCENES_OF_ALL_CHANNELS
from tests.rules.checking import play_of
from tests.rules.guard_scenes import GUARDED, Guarded
from tests.rules.scenes import Play, Scene, absent, counter, of, play, state
from tests.rules.stage import played


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.alert)
@played
def test_each_alert_is_quiet_then_pending_then_fires_and_resolves(scene: Scene) -> Play:
    return play_of(scene)


@pytest.mark.parametrize("scene", SCENES_OF_ALL_CHANNELS, ids=lambda scene: scene.alert)
@played
def test_an_alert_about_all_channels_names_the_one_that_makes_most_of_the_change(scene: Scene) -> Play:
    return play_of(scene, ())


@pytest.mark.parametrize("guarded", GUARDED, ids=lambda guarded: f"{guarded.alert}: {guarded.guard}")
@played
def test_each_guard_keeps_its_alert_quiet(guarded: Guarded) -> Play:
    return play(guarded.series, *(state(guarded.alert, minutes, "") for minutes in guarded.moments))


@played
def test_sales_that_stay_dead_stay_told_until_they_are_back() -> Play:
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
    return play(series, *firing, state("CampaignConversionBreaks", 350, ""))


@pytest.mark.parametrize(
    ("alert", "counted", "by", "a_minute"),
    [
        ("CampaignBouncesJump", "bounced", "sent", 8),
        ("CampaignComplaintsJump", "complained", "sent", 1),
        ("CampaignUnsubscribesJump", "unsubscribed", "delivered", 4),
    ],
)
@played
def test_messages_that_hurt_are_told_though_the_campaign_has_no_past(
    alert: str, counted: str, by: str, a_minute: float
) -> Play:
    values = {f"campaign_{by}/launch": 100, f"campaign_{counted}/launch": a_minute}
    begun = {name: f"{absent(5)} {counter((40, growth))}" for name, growth in values.items()}
    series = of("aurora", "email", begun)
    return play(series, state(alert, 8, ""), state(alert, 20, "firing"))
