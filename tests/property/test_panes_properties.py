"""Panes of every tier tile the time line, in every zone, across every change of the clocks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.counting.expiry import expired
from streams.counting.panes import (
    COUNTER_TIERS,
    DAY_MS,
    HOUR_MS,
    PANE_MS,
    Tier,
    counter_panes,
    pane_end_ms,
    pane_index,
    pane_start_ms,
)
from streams.counting.statements import counters_key
from streams.counting.windows import WINDOWS, Window, window_span

ZONES = [
    ZoneInfo(name)
    for name in ("UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Havana")
]
BEGIN_MS = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp()) * 1000
END_MS = int(datetime(2037, 1, 1, tzinfo=UTC).timestamp()) * 1000

zones = st.sampled_from(ZONES)
tiers = st.sampled_from([tier for tier in Tier if tier is not Tier.LAUNCH])


def transitions(zone: ZoneInfo) -> list[int]:
    """The hours of 2026 and 2027 around which the zone's clocks change, epoch milliseconds."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    hours = [start + timedelta(hours=hour) for hour in range(2 * 365 * 24)]
    offsets = [hour.astimezone(zone).utcoffset() for hour in hours]
    return [int(hours[i].timestamp()) * 1000 for i in range(1, len(hours)) if offsets[i] != offsets[i - 1]]


NEAR_CHANGES = {zone: transitions(zone) for zone in ZONES}


@st.composite
def times(draw: st.DrawFn) -> tuple[int, ZoneInfo]:
    """A time, often within a day of a change of the clocks, and the zone."""
    zone = draw(zones)
    if NEAR_CHANGES[zone] and draw(st.booleans()):
        return draw(st.sampled_from(NEAR_CHANGES[zone])) + draw(st.integers(-DAY_MS, DAY_MS)), zone
    return draw(st.integers(BEGIN_MS, END_MS)), zone


@settings(max_examples=300, deadline=None)
@given(times(), tiers)
def test_a_time_lies_in_its_pane(time: tuple[int, ZoneInfo], tier: Tier) -> None:
    time_ms, zone = time
    index = pane_index(tier, time_ms, zone)
    assert pane_start_ms(tier, index, zone) <= time_ms < pane_end_ms(tier, index, zone)


@settings(max_examples=200, deadline=None)
@given(times(), tiers)
def test_panes_have_neither_gaps_nor_overlaps(time: tuple[int, ZoneInfo], tier: Tier) -> None:
    time_ms, zone = time
    index = pane_index(tier, time_ms, zone)
    assert pane_index(tier, pane_start_ms(tier, index, zone), zone) == index
    assert pane_index(tier, pane_end_ms(tier, index, zone) - 1, zone) == index
    assert pane_index(tier, pane_end_ms(tier, index, zone), zone) == index + 1


@settings(max_examples=200, deadline=None)
@given(times(), tiers)
def test_the_borders_of_every_tier_are_borders_of_ten_seconds(time: tuple[int, ZoneInfo], tier: Tier) -> None:
    time_ms, zone = time
    assert pane_start_ms(tier, pane_index(tier, time_ms, zone), zone) % PANE_MS == 0


@settings(max_examples=200, deadline=None)
@given(times())
def test_the_local_date_names_the_day_and_the_month(time: tuple[int, ZoneInfo]) -> None:
    time_ms, zone = time
    local = datetime.fromtimestamp(time_ms / 1000, UTC).astimezone(zone)
    assert pane_index(Tier.DAY, time_ms, zone) == (local.date() - datetime(1970, 1, 1).date()).days
    assert pane_index(Tier.MONTH, time_ms, zone) == local.year * 12 + local.month - 1


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_the_days_of_two_years_last_as_long_as_two_years(zone: ZoneInfo) -> None:
    first = pane_index(Tier.DAY, int(datetime(2026, 1, 1, tzinfo=zone).timestamp() * 1000), zone)
    lengths = [
        pane_end_ms(Tier.DAY, day, zone) - pane_start_ms(Tier.DAY, day, zone) for day in range(first, first + 730)
    ]
    assert sum(lengths) == 730 * DAY_MS
    assert set(lengths) <= {
        23 * HOUR_MS,
        23 * HOUR_MS + HOUR_MS // 2,
        DAY_MS,
        24 * HOUR_MS + HOUR_MS // 2,
        25 * HOUR_MS,
    }


@settings(max_examples=200, deadline=None)
@given(times(), st.integers(0, 500 * DAY_MS))
def test_a_pane_that_is_counted_into_has_not_expired(time: tuple[int, ZoneInfo], age_ms: int) -> None:
    now_ms, zone = time
    for tier, index in counter_panes((now_ms - age_ms) // PANE_MS, now_ms, zone):
        assert not expired(counters_key(b"aurora", 1, tier, index), now_ms, zone)


@settings(max_examples=200, deadline=None)
@given(times(), st.integers(0, 500 * DAY_MS))
def test_a_pane_that_is_not_counted_into_has_expired(time: tuple[int, ZoneInfo], age_ms: int) -> None:
    now_ms, zone = time
    event_ms = (now_ms - age_ms) // PANE_MS * PANE_MS
    counted = {tier for tier, _ in counter_panes(event_ms // PANE_MS, now_ms, zone)}
    for tier in COUNTER_TIERS.keys() - counted:
        assert expired(counters_key(b"aurora", 1, tier, pane_index(tier, event_ms, zone)), now_ms, zone)


@settings(max_examples=200, deadline=None)
@given(times(), st.sampled_from(WINDOWS))
def test_no_pane_of_a_window_has_expired_at_its_end(time: tuple[int, ZoneInfo], window: Window) -> None:
    end_ms, zone = time
    for index in (window_span(window, window.tier, end_ms, zone)[0],):
        assert not expired(counters_key(b"aurora", 1, window.tier, index), end_ms, zone)


@settings(max_examples=200, deadline=None)
@given(times(), st.sampled_from(WINDOWS))
def test_a_window_holds_its_last_instant_and_its_whole_length(time: tuple[int, ZoneInfo], window: Window) -> None:
    end_ms, zone = time
    span = window_span(window, window.tier, end_ms, zone)
    assert pane_index(window.tier, end_ms - 1, zone) == span[-1]
    if not isinstance(window.length, Tier):
        assert (
            pane_start_ms(window.tier, span[0], zone)
            <= end_ms - window.length
            < pane_end_ms(window.tier, span[0], zone)
        )
