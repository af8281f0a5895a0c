"""The picture: what is held back says so, what is only catalogued is there, what has not changed is not made again, and
nothing is made unless somebody asks."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agents.campaign.owned import OwnedPartition
from agents.campaign.show import REFRESH_SECONDS, Show
from agents.campaign.snapshot import Snapshot
from streams.counting.sources import source_number
from streams.counting.windows import WINDOWS
from streams.events.campaigns import Campaign, Target
from streams.events.measures import Measure
from streams.kpis.registry import KPIS
from tests.unit.owned_campaigns import CODES, NOW, PUSH, count, hear, owned, show


def clicks(taken: Snapshot, campaign: str) -> int:
    return taken.campaigns[campaign].channels[0].windows["1m"].count(Measure.CLICKS)


async def picture(partition: OwnedPartition, catalogue: Mapping[str, Campaign] | None = None) -> Snapshot:
    return await show(partition, catalogue).take(NOW)


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
    clicked = channel.sums(("click",), "1m")
    sold = channel.sums(("sale",), "1m")
    assert clicked is not None
    assert sold is not None
    assert (clicked.end_ms, sold.end_ms) == (NOW - 120_000, NOW)
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


async def test_many_campaigns_of_which_none_has_changed_still_leave_others_their_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("agents.campaign.show.TURN_SECONDS", 0.0)
    partition, turns = owned(), 0
    for number in range(20):
        count(partition, Measure.CLICKS, 4, NOW - 1000, f"launch-{number}".encode())
    hear(partition)
    camera = show(partition, {"silent": Campaign(id="silent")})
    await camera.take(NOW)

    async def wait_for_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    waiting = asyncio.create_task(wait_for_turns())
    await camera.take(NOW)
    waiting.cancel()
    assert turns >= 21


async def test_a_change_is_shown_at_once() -> None:
    partition = owned()
    count(partition, Measure.CLICKS, 4, NOW - 1000)
    hear(partition)
    camera = show(partition)
    await camera.take(NOW)
    count(partition, Measure.CLICKS, 9, NOW - 1000)
    taken = await camera.take(NOW)
    assert taken.campaigns["aurora"].channels[0].windows["1m"].count(Measure.CLICKS) == 9


async def test_a_changed_catalogue_is_in_the_next_picture_though_nothing_was_counted() -> None:
    partition = owned()
    count(partition, Measure.CLICKS, 4, NOW - 1000)
    hear(partition)
    catalogue = {"aurora": Campaign(id="aurora", currency="EUR", budget=Decimal(100))}
    camera = show(partition, catalogue)
    first = (await camera.take(NOW)).campaigns["aurora"]
    assert (await camera.take(NOW)).campaigns["aurora"] is first
    catalogue["aurora"] = Campaign(id="aurora", currency="EUR", budget=Decimal(200))
    second = (await camera.take(NOW)).campaigns["aurora"]
    budgets = [one.channels[0].windows["launch"].plan.budget for one in (first, second)]
    assert budgets == [100_000_000, 200_000_000]
    del catalogue["aurora"]
    assert (await camera.take(NOW)).campaigns["aurora"].channels[0].windows["launch"].plan is None


async def test_a_channel_knows_the_same_window_of_all_channels() -> None:
    partition = owned()
    count(partition, Measure.CLICKS, 4, NOW - 1000)
    count(partition, Measure.CLICKS, 5, NOW - 1000, channel=PUSH)
    hear(partition, behind={"click": 120_000})
    channels = (await picture(partition)).campaigns["aurora"].channels
    for reads in (("click",), ("sale",)):
        for window in ("5m", "launch"):
            whole, one = (channels[code].sums(reads, window) for code in (0, PUSH))
            assert whole is not None
            assert one is not None
            assert one.whole is whole
            assert one.launch == {Measure.CLICKS: 5}


async def test_the_ledger_of_a_topic_that_was_made_anew_goes_on() -> None:
    partition = owned()
    partition.views.ledger[source_number(1, 0, 0)] = {Measure.READ: 5}
    partition.views.ledger[source_number(1, 0, 1)] = {Measure.READ: 2}
    taken = await picture(partition)
    assert taken.ledger[("click", 0)] == {Measure.READ: 7}


async def test_of_a_campaign_the_windows_are_worked_out_that_were_asked_for_and_those_of_its_targets() -> None:
    partition = owned()
    count(partition, Measure.CLICKS, 3, NOW - 1000)
    hear(partition)
    told = Campaign(id="aurora", name="Aurora", targets=(Target(kpi="clicks", window="1h", min=Decimal(10)),))
    camera = show(partition, {"aurora": told})
    (five,) = (await camera.picture("aurora", frozenset({"5m"}))).campaigns.values()
    (everything,) = (await camera.picture("aurora")).campaigns.values()
    for channel, figures in five.channels.items():
        assert figures.windows.keys() == {"5m", "1h"}
        assert figures.windows.items() <= everything.channels[channel].windows.items()
        assert not figures.months
    assert everything.channels[0].windows.keys() > {"5m", "1h", "launch"}


async def test_who_asks_again_at_once_is_given_the_same_picture() -> None:
    partition = owned()
    count(partition, Measure.CLICKS, 4, NOW - 1000)
    hear(partition)
    camera = show(partition)
    first = await camera.picture()
    count(partition, Measure.CLICKS, 9, NOW - 1000)
    assert await camera.picture() is first


async def test_who_asks_after_a_moment_sees_what_has_changed() -> None:
    partition = owned()
    count(partition, Measure.CLICKS, 4, NOW - 1000)
    hear(partition)
    camera = show(partition)
    await camera.picture()
    count(partition, Measure.CLICKS, 9, NOW - 1000)
    await asyncio.sleep(REFRESH_SECONDS)
    assert clicks(await camera.picture(), "aurora") == 9


async def test_however_many_ask_together_one_picture_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.campaign.show.TURN_SECONDS", 0)
    partition = owned()
    for number in range(20):
        count(partition, Measure.CLICKS, 4, NOW - 1000, b"c%d" % number)
    hear(partition)
    camera = show(partition)
    taken = await asyncio.gather(*(camera.picture() for _ in range(10)))
    assert len({id(one) for one in taken}) == 1


async def test_a_picture_begins_with_what_has_been_merged_by_then() -> None:
    partition = owned()
    hear(partition)

    def merge(number: int, campaign: str) -> None:
        count(partition, Measure.CLICKS, 3, NOW - 1000)

    merged = SimpleNamespace(owned={0: partition}, partitions=(0,), show=merge)
    taken = await Show(cast(Any, merged), CODES, {}, dict, {}, 1, lambda: True).take(NOW)
    assert clicks(taken, "aurora") == 3


async def test_before_the_tables_are_recovered_nothing_is_made() -> None:
    def show_nothing(number: int, campaign: str) -> None:
        raise AssertionError("there is nothing to be shown yet")

    campaigns = cast(Any, SimpleNamespace(owned={0: owned()}, partitions=(0,), show=show_nothing))
    taken = await Show(campaigns, CODES, {}, dict, {}, 1, lambda: False).picture()
    assert (taken.taken_at_ms, taken.partial) == (0, ("the worker has just started",))


async def test_partitions_that_come_and_go_while_a_picture_is_made_do_not_disturb_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("agents.campaign.show.TURN_SECONDS", 0)
    first, second, third = owned(), owned(), owned()
    for partition, name in ((first, b"a"), (second, b"b"), (third, b"c")):
        hear(partition)
        for number in range(5):
            count(partition, Measure.CLICKS, 4, NOW - 1000, name + b"%d" % number)
    campaigns = SimpleNamespace(owned={0: first, 1: second}, partitions=(0, 1, 2), show=lambda *given: None)
    camera = Show(cast(Any, campaigns), CODES, {}, dict, {}, 3, lambda: True)
    making = asyncio.ensure_future(camera.take(NOW))
    for _ in range(3):
        await asyncio.sleep(0)
    assert not making.done()
    # The first is being worked out, the others are not yet.
    del campaigns.owned[0], campaigns.owned[1]
    campaigns.owned[2] = third
    taken = await making
    assert set(taken.campaigns) == {f"{letter}{number}" for letter in "ac" for number in range(5)}
    assert set(taken.generations) == {0, 2}
    after = await camera.take(NOW)
    assert {name[0] for name in after.campaigns} == {"c"}
    assert set(after.generations) == {2}


async def test_what_is_merged_while_a_picture_is_made_is_in_this_one_or_the_next_and_the_channels_add_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("agents.campaign.show.TURN_SECONDS", 0)
    partition = owned()
    hear(partition)
    camera = show(partition)
    number = 1

    def merge() -> None:
        for channel in range(1, 8):
            count(partition, Measure.CLICKS, number, NOW - 1000, channel=channel)

    for turns in range(12):
        number += 1
        merge()
        making = asyncio.ensure_future(camera.take(NOW))
        for _ in range(turns):
            await asyncio.sleep(0)
        number += 1
        merge()
        channels = (await making).campaigns["aurora"].channels
        single = [channels[code].windows["1m"].count(Measure.CLICKS) for code in range(1, 8)]
        assert channels[0].windows["1m"].count(Measure.CLICKS) == sum(single)
        assert clicks(await camera.take(NOW), "aurora") == 7 * number


async def test_a_request_that_is_given_up_loses_no_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.campaign.show.TURN_SECONDS", 0)
    partition = owned()
    hear(partition)
    camera = show(partition)
    for number in (1, 2):
        for name in (b"a", b"b", b"c"):
            count(partition, Measure.CLICKS, number, NOW - 1000, name)
        asking = asyncio.ensure_future(camera.picture())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        taken = await camera.picture()
        assert [clicks(taken, name) for name in ("a", "b", "c")] == [number] * 3
        await asyncio.sleep(REFRESH_SECONDS)


async def test_all_campaigns_have_the_exported_windows_and_one_alone_has_all() -> None:
    partition = owned()
    count(partition, Measure.CLICKS, 4, NOW - 1000)
    count(partition, Measure.CLICKS, 5, NOW - 1000, b"borealis")
    hear(partition)
    camera = show(partition)
    exported = {window for kpi in KPIS for window in kpi.exported}
    everything = await camera.picture()
    assert everything.campaigns.keys() == {"aurora", "borealis"}
    assert everything.campaigns["aurora"].channels[0].windows.keys() == exported
    alone = await camera.picture("aurora")
    assert alone.campaigns.keys() == {"aurora"}
    assert alone.campaigns["aurora"].channels[0].windows.keys() == {window.name for window in WINDOWS}
    assert alone.ledger == everything.ledger
    assert (await camera.picture("nobody")).campaigns == {}


async def test_a_campaign_alone_is_shown_from_the_catalogue_where_it_has_no_events() -> None:
    partition = owned()
    hear(partition)
    told = Campaign(id="aurora", name="Aurora", starts_at=datetime.fromtimestamp(NOW / 1000 - 60, UTC))
    taken = await show(partition, {"aurora": told}).take(NOW, "aurora")
    assert (taken.campaigns["aurora"].name, taken.campaigns["aurora"].channels) == ("Aurora", {})


async def test_what_the_catalogue_says_anew_is_shown_at_once() -> None:
    partition = owned()
    count(partition, Measure.CLICKS, 4, NOW - 1000)
    hear(partition)
    catalogue = {"aurora": Campaign(id="aurora", name="Aurora")}
    camera = show(partition, catalogue)
    await camera.take(NOW)
    catalogue["aurora"] = Campaign(id="aurora", name="Aurora II")
    assert (await camera.take(NOW)).campaigns["aurora"].name == "Aurora II"
