"""The last hour of a live board: minute by minute, or of a campaign that has just begun in steps of ten seconds."""

from zoneinfo import ZoneInfo

from agents.campaign.live import MINUTES, YOUNG_MINUTES, last_steps
from streams.counting.campaign_panes import CampaignPanes
from streams.counting.panes import MINUTE_MS, PANE_MS, Tier
from streams.counting.windows import WindowSums
from streams.events.measures import Measure

BEGIN_MINUTE = 30_000_000
"""The minute in which the launch begins."""
BEGIN_MS = BEGIN_MINUTE * MINUTE_MS
EMAIL = 2


def campaign(**visits: int) -> CampaignPanes:
    """Visits, by so many seconds after the begin (`s30`), or before it (`b2400`)."""
    panes = CampaignPanes(ZoneInfo("UTC"))
    minutes: dict[int, int] = {}
    for name, count in visits.items():
        at = BEGIN_MS + int(name[1:]) * (1000 if name[0] == "s" else -1000)
        panes.put_counters(EMAIL, Tier.TEN_SECONDS, at // PANE_MS, {int(Measure.VISITS): count})
        minutes[at // MINUTE_MS] = minutes.get(at // MINUTE_MS, 0) + count
    for minute, count in minutes.items():
        panes.put_counters(EMAIL, Tier.MINUTE, minute, {int(Measure.VISITS): count})
    return panes


def told(panes: CampaignPanes, second: int) -> tuple[int, list[int]]:
    """The size of a step in seconds, and the visits of each step, so many seconds after the begin."""
    steps = last_steps(panes, BEGIN_MS + second * 1000, None)
    return (steps[0].end_ms - steps[0].start_ms) // 1000, [visits(one) for one in steps]


def visits(sums: WindowSums) -> int:
    return sums.counters.get(int(Measure.VISITS), 0)


def test_a_launch_in_its_first_minute_is_told_in_steps_of_ten_seconds_though_some_events_came_late() -> None:
    size, steps = told(campaign(b2400=3, b600=2, s0=40, s10=60), 25)
    assert (size, len(steps)) == (10, YOUNG_MINUTES * 6)
    assert steps[-2:] == [40, 60]


def test_a_launch_of_three_minutes_is_told_in_steps_of_ten_seconds() -> None:
    size, steps = told(campaign(b600=3, s0=10, s70=20, s130=30), 180)
    assert size == 10
    assert sum(steps) == 60


def test_a_launch_of_an_hour_is_told_minute_by_minute_up_to_the_last_whole_one() -> None:
    size, steps = told(campaign(b2400=50, b600=50, s0=10, s70=20), 90)
    assert (size, len(steps)) == (60, MINUTES)
    assert steps[-1] == 10
    assert steps[MINUTES - 41] == 50


def test_a_campaign_without_events_is_told_in_steps_of_ten_seconds() -> None:
    assert told(campaign(), 0) == (10, [0] * YOUNG_MINUTES * 6)
