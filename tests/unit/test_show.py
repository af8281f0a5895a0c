"""The picture: what is held back says so, what is only catalogued is there, what has not changed is not made again."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

from agents.campaign.campaigns import OwnedPartition
from agents.campaign.show import Show
from agents.campaign.snapshot import Snapshot
from streams.counting.partition import PartitionMerge
from streams.counting.progress import Progress, SourceProgress
from streams.counting.sources import source_number
from streams.counting.statements import counters_key
from streams.counting.view import Views
from streams.events.campaigns import Campaign
from streams.events.catalogue import TOPICS
from streams.events.measures import Measure

NOW = 1_800_000_000_000
UTC_ZONE = ZoneInfo("UTC")
CODES = {topic.name: topic.code for topic in TOPICS}
EMAIL = 2


def owned() -> OwnedPartition:
    def nothing(key: bytes) -> None:
        return None

    merge = PartitionMerge(UTC_ZONE, nothing, nothing, lambda key: True, lambda key: True)
    return OwnedPartition(3, merge, Views(UTC_ZONE))


def hear(partition: OwnedPartition, behind: Mapping[str, int] | None = None, now_ms: int = NOW) -> None:
    """All sources are at their ends, but those of the topics in `behind`: they are so many milliseconds behind."""
    late = behind or {}
    told = [
        SourceProgress(source_number(code, 0), 10, now_ms - late.get(name, 0), name not in late, 0)
        for name, code in CODES.items()
    ]
    partition.progress.read(Progress(3, told, dict.fromkeys(CODES.values(), 1)), now_ms)


def count(partition: OwnedPartition, measure: Measure, number: int, time_ms: int) -> None:
    for tier, pane in ((0, time_ms // 10_000), (1, time_ms // 60_000), (4, 0)):
        partition.views.put(counters_key(b"aurora", EMAIL, tier, pane), {int(measure): number})


async def picture(partition: OwnedPartition, catalogue: Mapping[str, Campaign] | None = None) -> Snapshot:
    return await show(partition, catalogue).take(NOW)


def show(partition: OwnedPartition, catalogue: Mapping[str, Campaign] | None = None) -> Show:
    campaigns = cast(Any, SimpleNamespace(owned={0: partition}, show=lambda: None))
    return Show(campaigns, CODES, catalogue or {}, dict, {}, 1, lambda: True)


async def test_a_caught_up_picture_says_nothing_of_being_held_back() -> None:
    partition = owned()
    count(partition, Measure.CLICKS, 4, NOW - 1000)
    hear(partition)
    taken = await picture(partition)
    assert taken.partial == ()
    sums = taken.campaigns["aurora"].channels[0].windows["1m"]
    assert (sums.count(Measure.CLICKS), sums.end_ms) == (4, NOW)


async def test_a_topic_that_is_behind_freezes_only_the_kpis_that_read_it() -> None:
    partition = owned()
    count(partition, Measure.CLICKS, 4, NOW - 1000)
    hear(partition, behind={"click": 120_000})
    taken = await picture(partition)
    channel = taken.campaigns["aurora"].channels[0]
    clicks = channel.sums(("click",), "1m")
    sales = channel.sums(("sale",), "1m")
    assert clicks is not None
    assert sales is not None
    assert (clicks.end_ms, sales.end_ms) == (NOW - 120_000, NOW)
    assert taken.partial == ("click/0 is not read to its end",)


async def test_before_anything_is_known_of_a_source_no_window_is_shown() -> None:
    partition = owned()
    count(partition, Measure.CLICKS, 4, NOW - 1000)
    taken = await picture(partition)
    assert taken.campaigns["aurora"].channels[0].windows == {}
    assert taken.campaigns["aurora"].channels[0].totals == {Measure.CLICKS: 4}
    assert taken.partial == ("no worker has told its progress yet",)


async def test_a_catalogued_campaign_without_events_is_there_and_live() -> None:
    partition = owned()
    hear(partition)
    told = Campaign(id="aurora", name="Aurora", starts_at=datetime.fromtimestamp(NOW / 1000 - 60, UTC))
    taken = await picture(partition, {"aurora": told})
    assert taken.campaigns["aurora"].active
    assert taken.campaigns["aurora"].channels == {}


async def test_a_catalogued_campaign_that_has_ended_is_not_live() -> None:
    partition = owned()
    hear(partition)
    told = Campaign(
        id="aurora",
        starts_at=datetime.fromtimestamp(NOW / 1000 - 60, UTC),
        ends_at=datetime.fromtimestamp(NOW / 1000 - 1, UTC),
    )
    taken = await picture(partition, {"aurora": told})
    assert not taken.campaigns["aurora"].active


async def test_a_campaign_that_has_not_changed_is_not_made_again_until_its_windows_move() -> None:
    partition = owned()
    count(partition, Measure.CLICKS, 4, NOW - 1000)
    hear(partition)
    camera = show(partition)
    first = (await camera.take(NOW)).campaigns["aurora"]
    assert (await camera.take(NOW)).campaigns["aurora"] is first
    hear(partition, now_ms=NOW + 10_000)
    moved = (await camera.take(NOW)).campaigns["aurora"]
    assert moved.channels[0].windows["1m"].end_ms == NOW + 10_000


async def test_a_change_is_shown_at_once() -> None:
    partition = owned()
    count(partition, Measure.CLICKS, 4, NOW - 1000)
    hear(partition)
    camera = show(partition)
    await camera.take(NOW)
    count(partition, Measure.CLICKS, 9, NOW - 1000)
    taken = await camera.take(NOW)
    assert taken.campaigns["aurora"].channels[0].windows["1m"].count(Measure.CLICKS) == 9


async def test_the_ledger_of_a_topic_that_was_made_anew_goes_on() -> None:
    partition = owned()
    partition.views.ledger[source_number(1, 0, 0)] = {Measure.READ: 5}
    partition.views.ledger[source_number(1, 0, 1)] = {Measure.READ: 2}
    taken = await picture(partition)
    assert taken.ledger[("click", 0)] == {Measure.READ: 7}
