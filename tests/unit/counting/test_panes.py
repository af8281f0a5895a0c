"""Panes: half-open, named by integers, days and months in the reporting time zone.

Europe/Berlin 2026-03-29   |0  1  3  4 ...         23|   23 hours (02:00 does not exist)
Europe/Berlin 2026-10-25   |0  1  2  2  3  4 ...   23|   25 hours (02:00 comes twice)
"""

from datetime import UTC, datetime
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
    counter_panes,
    holds,
    pane_end_ms,
    pane_index,
    pane_start_ms,
    people_panes,
)

UTC_ZONE = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
ST_JOHNS = ZoneInfo("America/St_Johns")
KATHMANDU = ZoneInfo("Asia/Kathmandu")
HAVANA = ZoneInfo("America/Havana")


def ms(text: str) -> int:
    """Epoch milliseconds of an RFC 3339 time."""
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def utc(milliseconds: int) -> str:
    """The UTC time of epoch milliseconds, to the minute."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M")


def day_of(text: str, zone: ZoneInfo) -> int:
    return pane_index(Tier.DAY, ms(text), zone)


@pytest.mark.parametrize(
    ("tier", "size_ms"), [(Tier.TEN_SECONDS, PANE_MS), (Tier.MINUTE, MINUTE_MS), (Tier.HOUR, HOUR_MS)]
)
def test_a_pane_holds_its_start_and_not_its_end(tier: Tier, size_ms: int) -> None:
    start = 1_000 * size_ms
    inside = [
        pane_index(tier, time_ms, UTC_ZONE) for time_ms in (start - 1, start, start + size_ms - 1, start + size_ms)
    ]
    assert inside == [999, 1000, 1000, 1001]


def test_the_numbers_of_the_tiers_stay_as_they_are() -> None:
    assert {tier.name: int(tier) for tier in Tier} == {
        "TEN_SECONDS": 0,
        "MINUTE": 1,
        "HOUR": 2,
        "DAY": 3,
        "LAUNCH": 4,
        "MONTH": 5,
    }


@pytest.mark.parametrize(
    ("zone", "day", "starts_at", "hours"),
    [
        (UTC_ZONE, "2026-03-29T12:00Z", "2026-03-29T00:00", 24),
        (BERLIN, "2026-03-29T12:00Z", "2026-03-28T23:00", 23),
        (BERLIN, "2026-10-25T12:00Z", "2026-10-24T22:00", 25),
        (BERLIN, "2026-11-24T12:00Z", "2026-11-23T23:00", 24),
        (ST_JOHNS, "2026-03-08T12:00Z", "2026-03-08T03:30", 23),
        (ST_JOHNS, "2026-11-01T12:00Z", "2026-11-01T02:30", 25),
        (KATHMANDU, "2026-03-29T12:00Z", "2026-03-28T18:15", 24),
    ],
)
def test_a_day_pane_is_the_local_day_with_its_own_length(zone: ZoneInfo, day: str, starts_at: str, hours: int) -> None:
    index = day_of(day, zone)
    start_ms = pane_start_ms(Tier.DAY, index, zone)
    assert (utc(start_ms), (pane_end_ms(Tier.DAY, index, zone) - start_ms) / HOUR_MS) == (starts_at, hours)


def test_a_day_whose_midnight_is_skipped_begins_at_its_first_instant() -> None:
    # Havana 2026-03-08: the clocks go from 23:59 to 01:00.
    assert utc(pane_start_ms(Tier.DAY, day_of("2026-03-08T12:00Z", HAVANA), HAVANA)) == "2026-03-08T05:00"


def test_a_day_whose_midnight_comes_twice_begins_at_the_first() -> None:
    # Havana 2026-11-01: the clocks go from 00:59 back to 00:00.
    index = day_of("2026-11-01T12:00Z", HAVANA)
    assert utc(pane_start_ms(Tier.DAY, index, HAVANA)) == "2026-11-01T04:00"
    assert day_of("2026-11-01T04:30Z", HAVANA) == day_of("2026-11-01T05:30Z", HAVANA) == index


@pytest.mark.parametrize(
    ("zone", "last", "first"),
    [
        (UTC_ZONE, "2026-10-31T23:59:59Z", "2026-11-01T00:00:00Z"),
        (BERLIN, "2026-10-31T22:59:59Z", "2026-10-31T23:00:00Z"),
        (ST_JOHNS, "2026-11-01T02:29:59Z", "2026-11-01T02:30:00Z"),
        (KATHMANDU, "2026-10-31T18:14:59Z", "2026-10-31T18:15:00Z"),
        (BERLIN, "2026-12-31T22:59:59Z", "2026-12-31T23:00:00Z"),
    ],
)
def test_a_month_begins_at_the_local_midnight_of_its_first_day(zone: ZoneInfo, last: str, first: str) -> None:
    index = pane_index(Tier.MONTH, ms(first), zone)
    assert pane_index(Tier.MONTH, ms(last), zone) == index - 1
    assert pane_start_ms(Tier.MONTH, index, zone) == pane_end_ms(Tier.MONTH, index - 1, zone) == ms(first)


def test_february_of_a_leap_year_has_its_29th_day() -> None:
    index = pane_index(Tier.MONTH, ms("2028-02-29T12:00Z"), UTC_ZONE)
    assert pane_end_ms(Tier.MONTH, index, UTC_ZONE) - pane_start_ms(Tier.MONTH, index, UTC_ZONE) == 29 * DAY_MS


def test_the_launch_is_one_pane_without_an_end() -> None:
    assert {pane_index(Tier.LAUNCH, time_ms, BERLIN) for time_ms in (0, ms("2026-11-24T00:00Z"))} == {0}
    assert pane_start_ms(Tier.LAUNCH, 0, BERLIN) == 0
    assert pane_end_ms(Tier.LAUNCH, 0, BERLIN) == 1 << 62


def test_a_pane_is_held_until_its_end_plus_what_its_tier_keeps() -> None:
    # |pane 0: 0..10 s|            kept 15 min          |gone
    gone_at = PANE_MS + 15 * MINUTE_MS
    assert holds(15 * MINUTE_MS, Tier.TEN_SECONDS, 0, gone_at - 1, UTC_ZONE)
    assert not holds(15 * MINUTE_MS, Tier.TEN_SECONDS, 0, gone_at, UTC_ZONE)


def test_a_tier_that_keeps_for_ever_always_holds() -> None:
    assert holds(None, Tier.LAUNCH, 0, 1 << 61, UTC_ZONE)


def test_what_each_tier_keeps_is_the_design() -> None:
    assert COUNTER_TIERS == {
        Tier.TEN_SECONDS: 15 * MINUTE_MS,
        Tier.MINUTE: 2 * HOUR_MS,
        Tier.HOUR: 32 * DAY_MS,
        Tier.DAY: 400 * DAY_MS,
        Tier.LAUNCH: None,
    }
    assert PEOPLE_TIERS == {
        Tier.MINUTE: 2 * HOUR_MS,
        Tier.HOUR: 26 * HOUR_MS,
        Tier.DAY: 32 * DAY_MS,
        Tier.MONTH: None,
        Tier.LAUNCH: None,
    }


NOW = ms("2026-11-24T12:00:00Z")


def counter_tiers_at_age(age_ms: int) -> set[Tier]:
    return {Tier(tier) for tier, _ in counter_panes((NOW - age_ms) // PANE_MS, NOW, UTC_ZONE)}


def people_tiers_at_age(age_ms: int) -> set[Tier]:
    return {Tier(tier) for tier, _ in people_panes((NOW - age_ms) // MINUTE_MS, NOW, UTC_ZONE)}


def test_an_event_in_time_goes_into_every_tier_of_counters() -> None:
    assert counter_tiers_at_age(0) == set(COUNTER_TIERS)


def test_an_event_of_a_minute_ahead_goes_into_every_tier_of_counters() -> None:
    assert counter_tiers_at_age(-MINUTE_MS) == set(COUNTER_TIERS)


@pytest.mark.parametrize(
    ("age_ms", "tiers"),
    [
        (15 * MINUTE_MS, {Tier.TEN_SECONDS, Tier.MINUTE, Tier.HOUR, Tier.DAY, Tier.LAUNCH}),
        (16 * MINUTE_MS, {Tier.MINUTE, Tier.HOUR, Tier.DAY, Tier.LAUNCH}),
        (3 * HOUR_MS, {Tier.HOUR, Tier.DAY, Tier.LAUNCH}),
        (33 * DAY_MS, {Tier.DAY, Tier.LAUNCH}),
        (402 * DAY_MS, {Tier.LAUNCH}),
    ],
)
def test_a_late_event_goes_only_into_the_tiers_that_still_hold_its_pane(age_ms: int, tiers: set[Tier]) -> None:
    assert counter_tiers_at_age(age_ms) == tiers


@pytest.mark.parametrize(
    ("age_ms", "tiers"),
    [
        (0, {Tier.MINUTE, Tier.HOUR, Tier.DAY, Tier.MONTH, Tier.LAUNCH}),
        (3 * HOUR_MS, {Tier.HOUR, Tier.DAY, Tier.MONTH, Tier.LAUNCH}),
        (28 * HOUR_MS, {Tier.DAY, Tier.MONTH, Tier.LAUNCH}),
        (34 * DAY_MS, {Tier.MONTH, Tier.LAUNCH}),
    ],
)
def test_people_of_a_late_event_go_only_into_the_tiers_that_still_hold_their_minute(
    age_ms: int, tiers: set[Tier]
) -> None:
    assert people_tiers_at_age(age_ms) == tiers


def test_an_event_goes_into_the_pane_that_holds_its_time_in_each_tier() -> None:
    pane = NOW // PANE_MS
    expected = {(int(tier), pane_index(tier, NOW, ST_JOHNS)) for tier in COUNTER_TIERS}
    assert set(counter_panes(pane, NOW, ST_JOHNS)) == expected


def test_the_day_of_an_event_is_that_of_the_zone_in_which_it_is_asked() -> None:
    # 20:00 UTC is still the 24th in Berlin and already the 25th in Kathmandu.
    time_ms = ms("2026-11-24T20:00Z")
    days = [dict(counter_panes(time_ms // PANE_MS, time_ms, zone))[Tier.DAY] for zone in (BERLIN, KATHMANDU)]
    assert days[1] == days[0] + 1
