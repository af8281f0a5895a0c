"""Windows: the panes in [floor(end - length, tier), end).

minutes      :00   :01   :02   :03   :04   :05   :06
5m to :05:30 [=====|=====|=====|=====|=====|==)          starts at floor(:00:30) = :00:30 in ten-second panes
5m to :05:00 [=====|=====|=====|=====|=====)             ends before the pane that begins at its end
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from streams.counting.panes import (
    COUNTER_TIERS,
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    PANE_MS,
    PEOPLE_TIERS,
    Tier,
    pane_index,
    pane_start_ms,
)
from streams.counting.windows import WINDOWS, Window, WindowSums, sum_counters, window_span

UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
BY_NAME = {window.name: window for window in WINDOWS}


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


NOON = ms("2026-11-24T12:00:00Z")


def span(name: str, end_ms: int, zone: ZoneInfo = UTC) -> range:
    window = BY_NAME[name]
    return window_span(window, window.tier, end_ms, zone)


def test_the_windows_are_those_of_the_contract() -> None:
    assert [window.name for window in WINDOWS] == ["1m", "5m", "1h", "24h", "today", "7d", "30d", "month", "launch"]


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: window.name)
def test_a_window_reads_tiers_that_exist(window: Window) -> None:
    assert window.tier in COUNTER_TIERS
    assert window.people_tier in PEOPLE_TIERS


@pytest.mark.parametrize("name", ["1m", "5m", "1h", "24h", "7d", "30d"])
def test_a_tier_keeps_its_panes_longer_than_the_windows_that_sum_them(name: str) -> None:
    window = BY_NAME[name]
    assert isinstance(window.length, int)
    for kept in (COUNTER_TIERS[window.tier], PEOPLE_TIERS[window.people_tier]):
        assert kept is None or kept >= window.length


def test_a_minute_that_ends_on_a_border_has_six_panes() -> None:
    assert span("1m", NOON) == range(NOON // PANE_MS - 6, NOON // PANE_MS)


def test_a_window_ends_before_the_pane_that_begins_at_its_end() -> None:
    assert NOON // PANE_MS not in span("5m", NOON)


def test_a_window_that_ends_inside_a_pane_reads_that_pane() -> None:
    assert NOON // PANE_MS in span("5m", NOON + 1)


def test_the_start_of_a_window_is_floored_to_its_tier() -> None:
    # An hour to 12:00:30 begins at 11:00:00, not at 11:00:30.
    assert pane_start_ms(Tier.MINUTE, span("1h", NOON + 30_000)[0], UTC) == NOON - HOUR_MS


def test_a_day_of_hours_to_the_half_hour_reads_twenty_five_panes() -> None:
    assert len(span("24h", NOON + HOUR_MS // 2)) == 25


def test_seven_days_are_summed_from_hours() -> None:
    assert len(span("7d", NOON)) == 7 * 24


def test_thirty_days_begin_with_the_local_day_that_lies_thirty_days_back() -> None:
    first = span("30d", NOON, BERLIN)[0]
    assert pane_start_ms(Tier.DAY, first, BERLIN) == ms("2026-10-25T00:00+02:00")


def test_today_is_the_one_local_day_that_holds_the_end() -> None:
    assert list(span("today", NOON, BERLIN)) == [pane_index(Tier.DAY, NOON, BERLIN)]


def test_today_at_midnight_sharp_is_the_day_that_has_just_ended() -> None:
    midnight = ms("2026-11-24T00:00+01:00")
    assert list(span("today", midnight, BERLIN)) == [pane_index(Tier.DAY, midnight - 1, BERLIN)]


def test_today_is_one_pane_on_a_day_of_twenty_five_hours() -> None:
    for hour in range(25):
        end = ms("2026-10-25T00:00+02:00") + hour * HOUR_MS + 1
        assert list(span("today", end, BERLIN)) == [pane_index(Tier.DAY, NOON - 30 * DAY_MS, BERLIN)]


def test_a_month_reads_the_days_from_its_local_first_to_its_end() -> None:
    days = span("month", NOON, BERLIN)
    assert pane_start_ms(Tier.DAY, days[0], BERLIN) == ms("2026-11-01T00:00+01:00")
    assert len(days) == 24


def test_a_month_at_its_last_instant_reads_all_its_days() -> None:
    assert len(span("month", ms("2026-11-01T00:00+01:00"), BERLIN)) == 31


def test_people_of_a_month_are_one_sketch() -> None:
    assert list(window_span(BY_NAME["month"], Tier.MONTH, NOON, UTC)) == [pane_index(Tier.MONTH, NOON, UTC)]


def test_the_launch_is_one_pane() -> None:
    assert list(span("launch", NOON)) == [0]


def test_a_window_longer_than_time_begins_at_the_epoch() -> None:
    assert span("24h", HOUR_MS) == range(1)


@pytest.mark.parametrize(
    ("name", "tier"),
    [
        ("1m", Tier.MINUTE),
        ("5m", Tier.MINUTE),
        ("1h", Tier.MINUTE),
        ("24h", Tier.HOUR),
        ("today", Tier.DAY),
        ("7d", Tier.DAY),
        ("30d", Tier.DAY),
        ("month", Tier.DAY),
        ("launch", Tier.LAUNCH),
    ],
)
def test_beside_people_counters_come_from_the_coarser_tier(name: str, tier: Tier) -> None:
    assert BY_NAME[name].tier_beside_people is tier


@pytest.mark.parametrize("name", ["1m", "5m", "1h", "24h", "today", "7d", "30d", "launch"])
def test_both_sides_of_a_ratio_with_people_cover_the_same_time(name: str) -> None:
    window = BY_NAME[name]
    assert window.tier_beside_people is window.people_tier


def test_a_month_of_days_begins_where_its_sketch_begins() -> None:
    window = BY_NAME["month"]
    days = window_span(window, window.tier_beside_people, NOON, BERLIN)
    (month,) = window_span(window, window.people_tier, NOON, BERLIN)
    assert pane_start_ms(Tier.DAY, days[0], BERLIN) == pane_start_ms(Tier.MONTH, month, BERLIN)


def test_without_people_counters_come_from_the_finer_tier() -> None:
    assert BY_NAME["5m"].tier is Tier.TEN_SECONDS


def test_panes_are_summed_measure_by_measure() -> None:
    assert sum_counters([{1: 2, 3: -4}, {}, {1: 5, 9: 1}]) == {1: 7, 3: -4, 9: 1}


def test_summing_leaves_the_panes_as_they_are() -> None:
    first, second = {1: 2}, {1: 5}
    sum_counters([first, second])
    assert (first, second) == ({1: 2}, {1: 5})


def test_no_panes_are_no_counters() -> None:
    assert sum_counters([]) == {}


def test_a_measure_that_was_never_counted_is_zero() -> None:
    sums = WindowSums({1: 2}, {}, NOON - MINUTE_MS, NOON)
    assert (sums.count(1), sums.count(2)) == (2, 0)


def test_beside_people_the_sums_of_the_coarser_panes_count() -> None:
    sums = WindowSums({1: 2}, {}, NOON - MINUTE_MS, NOON, beside_people={1: 3})
    assert (sums.count(1), sums.count_beside_people(1), sums.count_beside_people(2)) == (2, 3, 0)


def test_beside_people_the_same_sums_count_where_the_panes_are_the_same() -> None:
    assert WindowSums({1: 2}, {}, NOON - MINUTE_MS, NOON).count_beside_people(1) == 2
