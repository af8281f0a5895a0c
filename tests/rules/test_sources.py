"""Sources that are dead, rare, overdue or spoiled: whom that wakes, and which alerts it mutes."""

from __future__ import annotations

import pytest

from tests.rules.scenes import Play, Series, alerts, at, counter, gauge, of, play, state
from tests.rules.stage import played
from tests.rules.test_false_alarms import DROP, DROPPED, engagement, value

SILENT, OVERDUE = "CampaignSourceSilent", "CampaignSourceOverdue"
NIGHT, DAY = 8 * 60, 16 * 60
"""Minutes."""


def arrived(values: str, topic: str = "click", channel: str = "email") -> tuple[Series, ...]:
    """What has come of a topic that the catalogue expects there."""
    return of("aurora", channel, {"campaign_expected_events_total": values}, topic=topic)


def ebbing(whole: float, left: float, minutes: float = 30) -> str:
    """The one-minute window of a rate that falls at once in minute 40: the window follows within a minute."""
    steps = [(0.25, whole + (left - whole) * part / 4) for part in (1, 2, 3)]
    return gauge((40, whole), *steps, (minutes - 0.75, left))


DEAD = engagement(ebbing(300, 0), gauge((70, 1500)))
DEAD_CLICKS = arrived(counter((40, 300), (30, 0)))
FROM_THE_DROP_ON = (40.25, 40.5, 40.75, 41, 41.25, 41.5, 42, 42.5, 44, 50, 60)


@played
def test_a_source_that_dies_is_called_silent_and_never_a_drop_not_even_before_it_is_known() -> Play:
    whole = engagement(ebbing(400, 100), gauge((70, 2000)), "all")
    moments = [state(DROP, minutes, "") for minutes in FROM_THE_DROP_ON]
    return play(
        (*DEAD, *whole, *DEAD_CLICKS),
        *moments,
        state(SILENT, 43, "firing"),
        state(SILENT, 69, "firing"),
    )


@played
def test_a_drop_of_a_source_that_still_sends_is_told_at_once() -> Play:
    series = (*engagement(ebbing(300, 60), gauge((70, 1500))), *arrived(counter((40, 300), (30, 60))))
    return play(series, state(DROP, 41, "firing"), state(SILENT, 45, ""))


@pytest.mark.parametrize(("topic", "channel"), [("survey", "email"), ("open", "email"), ("click", "push")])
@played
def test_a_silent_source_mutes_no_alert_that_does_not_stand_on_it(topic: str, channel: str) -> Play:
    dead = arrived(counter((30, 300), (40, 0)), topic, channel)
    return play((*DROPPED, *dead), state(DROP, 45, "firing"))


@played
def test_two_channels_whose_same_source_is_dead_are_both_called_silent() -> Play:
    dead = counter((40, 120), (30, 0))
    both = {"expr": f"count({alerts(SILENT)})", "eval_time": at(45)}
    return play(
        (
            *DROPPED,
            *engagement(gauge((40, 200), (30, 80)), gauge((70, 1000)), "push"),
            *arrived(dead),
            *arrived(dead, channel="push"),
        ),
        {**both, "exp_samples": [{"labels": "{}", "value": 2}]},
        state(DROP, 45, ""),
    )


@played
def test_what_is_silent_stays_so_until_something_comes() -> Play:
    clicks = arrived(counter((60, 60), (2_000, 0), (60, 60)))
    moments = [state(SILENT, minutes, "firing") for minutes in (63, 90, 180, 700, 1_500, 2_059)]
    return play(clicks, *moments, state(SILENT, 2_070, ""), days=True)


@played
def test_statements_that_come_once_a_day_in_a_batch_wake_nobody_and_mute_nothing() -> Play:
    days = [(20, 30), (1_420, 0)] * 2 + [(20, 30), (700, 0)]
    spend = arrived(counter(*days), "spend", "all")
    quiet = [state(alert, hour * 60, "") for alert in (SILENT, OVERDUE) for hour in range(1, 60, 2)]
    blind = value('campaign_channel_topic:blind:expected{campaign="aurora", topic="spend"}', 3_000)
    return play(spend, *quiet, blind, days=True)


@played
def test_statements_that_have_not_begun_at_the_launch_wake_nobody_and_are_overdue_later() -> Play:
    spend = arrived(gauge((2_300, 0)), "spend", "all")
    quiet = [state(SILENT, minutes, "") for minutes in (31, 600, 2_290)]
    return play(spend, *quiet, state(OVERDUE, 2_150, ""), state(OVERDUE, 2_180, "firing"), days=True)


@played
def test_what_people_do_and_nobody_has_done_half_an_hour_after_the_launch_is_silent() -> Play:
    return play(arrived(gauge((60, 0)), "visit"), state(SILENT, 29, ""), state(SILENT, 31, "firing"))


@played
def test_nights_of_a_small_source_wake_nobody_and_its_death_in_daytime_does() -> Play:
    days = [(DAY, 0.4), (NIGHT, 0)] * 2
    surveys = arrived(counter(*days, (120, 0.4), (900, 0)), "survey")
    nights = [state(SILENT, day * 1_440 + DAY + minutes, "") for day in range(2) for minutes in range(30, NIGHT, 60)]
    died = 2 * 1_440 + 120
    return play(surveys, *nights, state(SILENT, died + 600, "firing"), days=True)


@pytest.mark.parametrize(
    ("sent", "expected"), [(arrived(counter((80, 60), (30, 0), (40, 60)), "sale"), ""), ((), "firing")]
)
@played
def test_sales_whose_source_was_dead_are_not_called_broken_when_it_is_back(
    sent: tuple[Series, ...], expected: str
) -> Play:
    sold = {
        "campaign_orders/launch": counter((80, 60), (30, 0), (40, 60)),
        "campaign_clicks/launch": counter((150, 120)),
        "campaign_visits/launch": counter((150, 240)),
    }
    broken = "CampaignConversionBreaks"
    later = [state(broken, minutes, "") for minutes in (126, 130, 149)]
    return play(
        (*of("aurora", "email", sold), *sent),
        *(state(broken, minutes, expected) for minutes in (96, 109, 111, 117)),
        *later,
    )


@pytest.mark.parametrize(("refused", "expected"), [(150, ""), (0, "firing")])
@played
def test_a_producer_that_spoils_half_of_its_clicks_is_no_drop(refused: float, expected: str) -> Play:
    log = {"topic": "click", "partition": "0"}
    series: tuple[Series, ...] = (
        *engagement(ebbing(300, 130), gauge((70, 1500))),
        *arrived(counter((40, 300), (30, 150))),
        ("launchpulse_events_read_total", log, counter((70, 300))),
        ("launchpulse_dead_letters_total", log | {"reason": "bad_time"}, counter((40, 0), (30, refused))),
    )
    moments = FROM_THE_DROP_ON if refused else (42, 45)
    return play(series, *(state(DROP, minutes, expected) for minutes in moments))


@played
def test_what_another_topic_s_producer_spoils_mutes_no_drop() -> Play:
    log = {"topic": "survey", "partition": "0"}
    spoiled: tuple[Series, ...] = (
        ("launchpulse_events_read_total", log, counter((70, 300))),
        ("launchpulse_dead_letters_total", log | {"reason": "bad_time"}, counter((40, 0), (30, 150))),
    )
    return play((*DROPPED, *spoiled), state(DROP, 45, "firing"))


@pytest.mark.parametrize(("topic", "expected"), [("sale", ""), ("survey", "firing")])
@played
def test_a_missed_target_is_muted_where_its_own_kpi_reads_the_silent_topic(topic: str, expected: str) -> Play:
    target = {"kpi": "mroi", "window": "launch", "bound": "min", "source": "own"}
    told = of(
        "aurora",
        "all",
        {
            "campaign_target": gauge((70, 1)),
            "campaign_target_value": gauge((70, 0.5)),
            "campaign_target_met": gauge((40, 1), (30, 0)),
        },
        **target,
    )
    dead = arrived(counter((38, 300), (32, 0)), topic, "direct")
    return play((*told, *dead), state("CampaignTargetMissed", 60, expected))


LATELY = (40.75, 41, 41.5)


@pytest.mark.parametrize(
    "unsettled",
    [
        (("launchpulse_rebalances_total", {}, gauge((40.25, 1), (30, 2))),),
        (("up", {}, gauge((70, 1))), ("up", {"instance": "w2:6066"}, gauge((40.25, 1), (30, 0)))),
        (("launchpulse_held_back_reasons", {}, gauge((39, 0), (4, 1), (27, 0))),),
        (("launchpulse_recovery_active", {}, gauge((40, 0), (0.5, 1), (29, 0))),),
        (("launchpulse_lag_seconds", {"topic": "click"}, gauge((40, 1), (0.5, 60), (29, 1))),),
    ],
    ids=["a rebalance", "one worker fewer", "a picture that is held back", "a recovery", "a late topic"],
)
@played
def test_no_campaign_alert_begins_while_one_thing_alone_unsettles_the_figures(unsettled: tuple[Series, ...]) -> Play:
    quiet = [state(DROP, minutes, "") for minutes in LATELY]
    return play((*DROPPED, *unsettled), *quiet, state(DROP, 47, "firing"))


@played
def test_without_any_of_them_the_same_drop_is_told_by_then() -> Play:
    return play(DROPPED, *(state(DROP, minutes, "firing") for minutes in (41.5, 47)))


@played
def test_a_late_pipeline_stays_told_for_three_minutes_after_it_has_caught_up() -> Play:
    late: Series = ("launchpulse_lag_seconds", {"topic": "click"}, gauge((10, 1), (5, 90), (15, 1)))
    stays = [state("PipelineLate", minutes, "firing") for minutes in (15.5, 17, 17.75)]
    return play([late], *stays, state("PipelineLate", 19, ""))


@pytest.mark.parametrize(("lag", "minutes", "expected"), [(12, 20, ""), (12, 45, "firing"), (1, 20, "firing")])
@played
def test_a_picture_that_is_only_behind_wakes_nobody_for_ten_minutes(lag: float, minutes: float, expected: str) -> Play:
    series: tuple[Series, ...] = (
        ("launchpulse_held_back_reasons", {}, gauge((15, 0), (45, 1))),
        ("launchpulse_lag_seconds", {"topic": "click"}, gauge((15, 1), (45, lag))),
    )
    return play(series, state("PipelineHeldBack", minutes, expected), state("PipelineLate", minutes, ""))
