"""What the team has changed: which hours are set side by side, what is in them, and what the API says of it."""

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import msgspec
import pytest

from agents.campaign.owned import OwnedPartition
from agents.campaign.snapshot import CampaignSnapshot, TacticSnapshot
from agents.campaign.tactics import SHOWN
from agents.web.api import describe_campaign
from agents.web.tactics import describe_tactic
from streams.counting.before_after import GONE, BeforeAfter, Hour, hours_around
from streams.counting.campaign_facts import Tactic
from streams.counting.facts import KEPT_MS, StatedFact
from streams.counting.merge import Value, pack
from streams.counting.panes import DAY_MS, HOUR_MS, MINUTE_MS, Tier
from streams.counting.partition import PartitionMerge
from streams.counting.people import People
from streams.counting.progress import Progress, SourceProgress
from streams.counting.sources import source_number
from streams.counting.statements import counters_key, fact_key, people_key
from streams.counting.view import Views
from streams.counting.windows import WindowSums
from streams.events.catalogue import TOPICS
from streams.events.channels import ALL_CHANNELS
from streams.events.measures import Measure, money_key
from streams.events.measures import People as Kind
from streams.events.topic import TOPIC_CODES
from tests.unit.owned_campaigns import show

UTC = ZoneInfo("UTC")
NOW = 1_800_000_000_000
"""20 minutes past 8 in the morning, to the second."""

EMAIL, PUSH = 2, 4
CODES = {topic.name: topic.code for topic in TOPICS}


def spans(at_ms: int, end_ms: int = NOW) -> tuple[tuple[int, int, int], tuple[int, int, int]] | None:
    """(tier, minutes from the change to the hour's start, and to its end), before and after."""

    def span(hour: Hour) -> tuple[int, int, int]:
        start = hour.panes.start_ms - at_ms
        return hour.panes.counters[0], start // MINUTE_MS, (hour.end_ms - at_ms) // MINUTE_MS

    hours = hours_around(at_ms, end_ms, UTC)
    return None if hours is None else (span(hours[0]), span(hours[1]))


def test_the_hour_before_and_after_is_to_the_minute_while_minutes_are_held() -> None:
    assert spans(NOW - 61 * MINUTE_MS + HOUR_MS // 60) == ((Tier.MINUTE, -60, 0), (Tier.MINUTE, 0, 60))


def test_of_the_hour_after_only_what_has_passed_is_shown() -> None:
    assert spans(NOW - 10 * MINUTE_MS) == ((Tier.MINUTE, -60, 0), (Tier.MINUTE, 0, 10))
    assert spans(NOW - 10 * MINUTE_MS, NOW - 5 * MINUTE_MS) == ((Tier.MINUTE, -60, 0), (Tier.MINUTE, 0, 5))


def test_a_change_of_this_very_moment_has_no_hours_yet() -> None:
    assert spans(NOW) is None
    assert spans(NOW + MINUTE_MS) is None


def test_later_the_hours_of_the_clock_around_it_are_shown() -> None:
    # 08:20 less 3 hours is 05:20: the hour from 4 to 5, and the one from 6 to 7.
    assert NOW % HOUR_MS == 0
    assert spans(NOW - 3 * HOUR_MS + 20 * MINUTE_MS) == ((Tier.HOUR, -80, -20), (Tier.HOUR, 40, 100))
    assert spans(NOW - 3 * HOUR_MS) == ((Tier.HOUR, -60, 0), (Tier.HOUR, 0, 60))


def test_hours_that_are_not_held_any_more_are_not_shown() -> None:
    assert spans(NOW - 31 * DAY_MS) is not None
    assert spans(NOW - 33 * DAY_MS) is None
    assert spans(30 * MINUTE_MS) is None


def test_people_are_known_as_long_as_their_panes_are_held() -> None:
    for back_ms, known in ((MINUTE_MS, True), (20 * HOUR_MS, True), (30 * HOUR_MS, False)):
        hours = hours_around(NOW - back_ms, NOW, UTC)
        assert hours is not None
        assert hours[0].people is known


def owned() -> OwnedPartition:
    def nothing(key: bytes) -> None:
        return None

    partition = OwnedPartition(3, PartitionMerge(UTC, nothing, nothing, lambda key: True, lambda key: True), Views(UTC))
    told = [SourceProgress(source_number(code, 0), 10, NOW, True, 0) for code in CODES.values()]
    partition.progress.read(Progress(3, told, dict.fromkeys(CODES.values(), 1)), NOW)
    return partition


def change(
    partition: OwnedPartition, at_ms: int, title: str = "Second mail", owner: str = "Mia", channel: int = EMAIL
) -> None:
    said = json.dumps({"title": title, "detail": "", "owner": owner}).encode()
    key = fact_key(b"aurora", TOPIC_CODES["tactic"], channel, 0, title.encode()[:8].ljust(8))
    partition.views.put(key, StatedFact(-1, at_ms, at_ms, 12, 1, said))


def count(partition: OwnedPartition, tier: Tier, pane: int, counters: dict[int, int], channel: int = EMAIL) -> None:
    partition.views.put(counters_key(b"aurora", channel, tier, pane), counters)


async def shown(partition: OwnedPartition, table: Mapping[bytes, bytes] | None = None) -> CampaignSnapshot:
    return (await show(partition, table=table).take(NOW, "aurora")).campaigns["aurora"]


def clicks(one: TacticSnapshot, channel: int = EMAIL) -> tuple[int, int]:
    around = one.figures[channel]
    return around.before.count(Measure.CLICKS), around.after.count(Measure.CLICKS)


@pytest.mark.parametrize("newest_first", [False, True])
async def test_a_change_that_was_corrected_into_another_channel_stands_in_that_one_only(newest_first: bool) -> None:
    partition, before_ms, after_ms = owned(), NOW - 40 * MINUTE_MS, NOW - 30 * MINUTE_MS
    said = [(before_ms, EMAIL), (after_ms, PUSH)]
    for at_ms, channel in said[::-1] if newest_first else said:
        change(partition, at_ms, channel=channel)
    one = await shown(partition)
    assert [made.tactic for made in one.tactics] == [Tactic(PUSH, after_ms, "Second mail", "", "Mia")]
    assert EMAIL not in one.channels
    # Once the older statement has been kept long enough, and once both have.
    facts = partition.views.campaigns["aurora"].facts
    facts.prune(before_ms + KEPT_MS)
    assert [tactic.channel for tactic in facts.tactics] == [PUSH]
    facts.prune(after_ms + KEPT_MS)
    assert facts.tactics == []


async def test_a_change_has_the_figures_of_its_channel_and_of_all_around_it() -> None:
    partition, minute = owned(), NOW // MINUTE_MS
    change(partition, NOW - 30 * MINUTE_MS)
    for pane, number in ((minute - 91, 100), (minute - 90, 1), (minute - 31, 2), (minute - 30, 4), (minute - 1, 8)):
        count(partition, Tier.MINUTE, pane, {Measure.CLICKS: number})
    count(partition, Tier.MINUTE, minute - 40, {Measure.CLICKS: 1000}, PUSH)
    (one,) = (await shown(partition)).tactics
    assert one.tactic == Tactic(EMAIL, NOW - 30 * MINUTE_MS, "Second mail", "", "Mia")
    assert clicks(one) == (3, 12)
    assert clicks(one, ALL_CHANNELS) == (1003, 12)
    assert one.figures[EMAIL].after.whole is one.figures[ALL_CHANNELS].after


async def test_the_newest_changes_come_first_and_the_oldest_not_at_all() -> None:
    partition = owned()
    for number in range(SHOWN + 3):
        change(partition, NOW - number * MINUTE_MS, f"{number:03} changed")
    tactics = (await shown(partition)).tactics
    assert [one.tactic.title[:3] for one in tactics] == [f"{number:03}" for number in range(SHOWN)]


async def test_hours_that_no_view_keeps_come_from_the_table() -> None:
    partition, hour = owned(), NOW // HOUR_MS - 10 * 24
    change(partition, NOW - 10 * DAY_MS)
    revenue = money_key(Measure.REVENUE, "EUR")
    count(partition, Tier.LAUNCH, 0, {Measure.CLICKS: 9, revenue: 5})
    partition.views.prune(NOW)
    table = {
        counters_key(b"aurora", EMAIL, Tier.HOUR, hour - 1): pack(Value(1, {Measure.CLICKS: 3}, {})),
        counters_key(b"aurora", EMAIL, Tier.HOUR, hour): pack(Value(1, {Measure.CLICKS: 4, revenue: 5}, {})),
    }
    (one,) = (await shown(partition, table)).tactics
    assert clicks(one) == clicks(one, ALL_CHANNELS) == (3, 4)
    assert one.figures[EMAIL].after.converted == {Measure.REVENUE: 5}
    assert one.figures[EMAIL].before.people is GONE


async def test_people_around_a_change_are_counted_once() -> None:
    partition, minute = owned(), NOW // MINUTE_MS
    change(partition, NOW - 30 * MINUTE_MS)
    people = People()
    people.add(b"person-1person-2")
    for pane in (minute - 40, minute - 35, minute - 10):
        partition.views.put(people_key(b"aurora", EMAIL, Tier.MINUTE, pane, Kind.CLICKERS), people)
    (one,) = (await shown(partition)).tactics
    around = one.figures[EMAIL]
    assert round(around.before.people[Kind.CLICKERS]) == round(around.after.people[Kind.CLICKERS]) == 2


def sums(counters: dict[int, int], people: Mapping[int, float], start_ms: int) -> WindowSums:
    return WindowSums(counters, people, start_ms, start_ms + HOUR_MS, currency="EUR", converted={})


def answer(before: Mapping[int, float], after: Mapping[int, float]) -> Any:
    one = BeforeAfter(
        sums({Measure.CLICKS: 3, money_key(Measure.REVENUE, "EUR"): 5_000_000}, before, NOW - 2 * HOUR_MS),
        sums({Measure.CLICKS: 4}, after, NOW - HOUR_MS),
    )
    tactic = Tactic(EMAIL, NOW - HOUR_MS, "Second mail", "", "Mia")
    return describe_tactic(TacticSnapshot(tactic, {EMAIL: one, ALL_CHANNELS: one}))


def test_the_answer_sets_kpis_before_and_after_side_by_side() -> None:
    told = answer({Kind.CLICKERS: 2.2}, {Kind.CLICKERS: 3.0})
    assert (told.title, told.detail, told.owner, told.channel) == ("Second mail", None, "Mia", "email")
    assert msgspec.to_builtins(told.before) == {"start_ms": NOW - 2 * HOUR_MS, "end_ms": NOW - HOUR_MS}
    kpis = {(one.kpi, one.channel): (one.before, one.after) for one in told.kpis}
    assert kpis["clicks", "email"] == kpis["clicks", "all"] == (3, 4)
    assert kpis["clickers", "email"] == (2, 3)
    assert ("opens", "email") not in kpis
    assert told.kpis[0].channel == "email"


def test_a_kpi_of_people_who_are_gone_is_left_out_and_not_zero() -> None:
    told = answer(GONE, GONE)
    kpis = {one.kpi for one in told.kpis}
    assert "clicks" in kpis
    assert "clickers" not in kpis


async def test_a_campaign_answers_with_its_changes() -> None:
    partition = owned()
    change(partition, NOW)
    change(partition, NOW - 30 * MINUTE_MS, "First mail")
    count(partition, Tier.MINUTE, NOW // MINUTE_MS - 1, {Measure.CLICKS: 4})
    campaign = await shown(partition)
    taken = cast(Any, SimpleNamespace(taken_at_ms=NOW, partial=()))
    newest, older = describe_campaign(taken, campaign).tactics
    assert (newest.title, newest.before, newest.after, newest.kpis) == ("Second mail", None, None, ())
    assert older.after is not None
    assert [(one.before, one.after) for one in older.kpis if one.kpi == "clicks"] == [(0, 4), (0, 4)]
