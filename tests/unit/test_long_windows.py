"""Windows of an hour and more: in the pictures of all campaigns they are at most five seconds older than the rest."""

import asyncio
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.campaign import show as module
from agents.campaign.figures import SHORT_WINDOWS, step
from agents.campaign.long_windows import KEPT_MS
from agents.campaign.owned import OwnedPartition
from agents.campaign.show import Show
from agents.campaign.snapshot import ChannelSnapshot, Snapshot
from streams.counting.campaign_panes import CampaignPanes
from streams.counting.panes import DAY_MS, Tier, pane_index
from streams.counting.statements import counters_key
from streams.counting.windows import WindowSums
from streams.events.campaigns import Campaign, Target
from streams.events.measures import Measure
from tests.unit.owned_campaigns import EMAIL, NOW, PUSH, UTC_ZONE, come, count, hear, owned, show

BEGUN = NOW - NOW % KEPT_MS + KEPT_MS


def clicks(taken: Snapshot, window: str, name: str = "aurora", channel: int = 0) -> int:
    return taken.campaigns[name].channels[channel].windows[window].count(Measure.CLICKS)


async def begun() -> tuple[OwnedPartition, Show]:
    """Four clicks, of which there is a picture."""
    partition = owned()
    count(partition, Measure.CLICKS, 4, BEGUN - 1000)
    hear(partition, now_ms=BEGUN)
    camera = show(partition)
    await camera.take(BEGUN)
    return partition, camera


async def turns(camera: Show, seconds: int) -> list[int]:
    """In which of the next seconds the launch's window of `aurora` was another one."""
    changed, before = [], None
    for second in range(seconds):
        (taken,) = (await camera.take(BEGUN + second * 1000)).campaigns.values()
        launch = taken.channels[0].windows["launch"]
        if launch is not before:
            changed.append(second)
        before = launch
    return changed


async def test_a_click_is_in_the_last_minutes_at_once_and_within_five_seconds_in_the_launch() -> None:
    partition, camera = await begun()
    count(partition, Measure.CLICKS, 9, BEGUN - 1000)
    seen = [await camera.take(BEGUN + second * 1000) for second in range(6)]
    assert [clicks(taken, "5m") for taken in seen] == [9] * 6
    assert clicks(seen[0], "launch") == 4
    assert clicks(seen[5], "launch") == 9
    assert all(taken.campaigns["aurora"].channels[EMAIL].totals[Measure.CLICKS] == 9 for taken in seen)


@pytest.mark.parametrize("behind", [{}, {"visit": 20_000}, {"visit": 20_000, "sale": 60_000}])
async def test_while_clicks_come_long_windows_are_made_every_five_seconds_even_if_topics_are_behind(
    behind: dict[str, int],
) -> None:
    partition = owned()
    hear(partition, behind, BEGUN + 300_000)
    camera = show(partition)
    made = []
    for second in range(16):
        count(partition, Measure.CLICKS, second + 1, BEGUN - 1000)
        taken = await camera.take(BEGUN + second * 1000)
        made.append(clicks(taken, "launch") == second + 1)
    first = made.index(True, 1)
    assert [second for second, new in enumerate(made) if new] == [0, *range(first, 16, 5)]


async def test_topics_that_are_in_the_same_ten_seconds_share_their_windows() -> None:
    partition = owned()
    count(partition, Measure.CLICKS, 4, BEGUN - 1000)
    hear(partition, {"visit": 1_000, "sale": 2_000, "click": 12_000}, NOW + 39_000)
    taken = await show(partition).take(BEGUN)
    by_reads = taken.campaigns["aurora"].channels[EMAIL].by_reads
    assert len({id(windows["5m"]) for windows in by_reads.values()}) == 2
    assert by_reads["sale",]["5m"].end_ms == NOW + 37_000


async def test_windows_are_those_of_all_topics_again_once_no_topic_is_behind_and_they_are_made_anew() -> None:
    partition = owned()
    count(partition, Measure.CLICKS, 4, BEGUN - 1000)
    hear(partition, {"visit": 20_000}, BEGUN + 300_000)
    camera = show(partition)
    assert (await camera.take(BEGUN)).campaigns["aurora"].channels[EMAIL].by_reads
    hear(partition, now_ms=BEGUN + 320_000)
    count(partition, Measure.CLICKS, 5, BEGUN - 1000)
    await camera.take(BEGUN + 1_000)
    count(partition, Measure.CLICKS, 6, BEGUN - 1000)
    taken = await camera.take(BEGUN + 6_000)
    assert not taken.campaigns["aurora"].channels[EMAIL].by_reads
    assert clicks(taken, "launch") == 6


async def test_campaigns_have_their_turns_at_different_times() -> None:
    partition = owned()
    names = [f"launch-{number}" for number in range(100)]
    hear(partition, now_ms=BEGUN)
    camera, made = show(partition), []
    for second in range(10):
        for name in names:
            count(partition, Measure.CLICKS, second + 1, BEGUN - 1000, name.encode())
        taken = await camera.take(BEGUN + second * 1000)
        made.append(sum(clicks(taken, "launch", name) == second + 1 for name in names))
    assert made[0] == 100
    assert max(made[5:]) <= 40
    assert sum(made[5:]) == 100


async def test_what_was_counted_for_the_first_time_is_in_the_launch_at_once() -> None:
    partition, camera = await begun()
    count(partition, Measure.CLICKS, 2, BEGUN - 1000, channel=PUSH)
    assert clicks(await camera.take(BEGUN), "launch", channel=PUSH) == 2
    for tier, pane in ((0, BEGUN // 10_000 - 1), (1, BEGUN // 60_000 - 1), (4, 0)):
        value = {int(Measure.CLICKS): 4, int(Measure.VISITS): 1}
        partition.views.put(counters_key(b"aurora", EMAIL, tier, pane), value)
    taken = await camera.take(BEGUN)
    assert taken.campaigns["aurora"].channels[EMAIL].windows["launch"].count(Measure.VISITS) == 1


async def test_a_new_day_begins_at_once() -> None:
    partition = owned()
    midnight = NOW - NOW % DAY_MS + DAY_MS
    for day, number in ((midnight - 1, 7), (midnight, 2)):
        pane = pane_index(Tier.DAY, day, UTC_ZONE)
        partition.views.put(counters_key(b"aurora", EMAIL, Tier.DAY, pane), {int(Measure.CLICKS): number})
    count(partition, Measure.CLICKS, 9, midnight - 1)
    hear(partition, now_ms=midnight - 1)
    camera = show(partition)
    assert clicks(await camera.take(BEGUN), "today") == 7
    hear(partition, now_ms=midnight + 1)
    assert clicks(await camera.take(BEGUN), "today") == 2


async def test_what_is_owed_is_shown_though_nothing_more_comes_and_then_nothing_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    partition, camera = await begun()
    count(partition, Measure.CLICKS, 9, BEGUN - 1000)
    made = 0

    def figures(*given: object, real: object = module.channel_figures) -> ChannelSnapshot:
        nonlocal made
        made += 1
        return real(*given)  # type: ignore[operator,no-any-return]

    monkeypatch.setattr(module, "channel_figures", figures)
    assert len(await turns(camera, 12)) == 2
    # Both channels, the email and all of them: with the short windows first, then with the others.
    assert made == 4


async def test_a_clock_that_is_set_back_keeps_nothing_longer() -> None:
    partition, camera = await begun()
    count(partition, Measure.CLICKS, 9, BEGUN - 1000)
    assert clicks(await camera.take(BEGUN - 3_600_000), "launch") == 9


_CHANGE = st.tuples(
    st.sampled_from(["aurora", "corona"]),
    st.sampled_from([EMAIL, PUSH]),
    st.sampled_from([Measure.CLICKS, Measure.VISITS]),
    st.integers(1, 10**6),
)
_STEP = st.tuples(
    st.lists(_CHANGE, max_size=3),
    st.sampled_from([0, 400, 1_000, 4_999, 5_000, 61_000, 3_700_000, 90_000_000]),
    st.sampled_from([{}, {"click": 5_000}, {"visit": 120_000}]),
    st.sampled_from([{}, {"corona": Campaign(id="corona", targets=(Target(kpi="clicks", window="7d", min=5),))}]),
)
Steps = list[tuple[list[tuple[str, int, Measure, int]], int, dict[str, int], dict[str, Campaign]]]
Figures = dict[tuple[str, int, tuple[str, ...], str], object]
"""Campaign, channel, topics read and window -> what it has counted, up to which step, and what the catalogue says."""


def figures_of(taken: Snapshot) -> Figures:
    found: Figures = {}
    for name, campaign in taken.campaigns.items():
        for code, channel in campaign.channels.items():
            for reads in (("click",), ("visit",)):
                windows: Mapping[str, WindowSums] = channel.windows_of(reads)
                for window, sums in windows.items():
                    found[name, code, reads, window] = sums.counters, step(sums.end_ms), sums.plan
    return found


@settings(max_examples=150, deadline=None)
@given(st.lists(_STEP, min_size=2, max_size=8))
def test_whatever_comes_and_however_the_clock_moves_no_figure_is_older_than_five_seconds(steps: Steps) -> None:
    partition, catalogue = owned(), dict[str, Campaign]()
    camera, now_ms = show(partition, catalogue), NOW
    past: list[tuple[int, Figures]] = []
    for changes, later_ms, behind, told in steps:
        now_ms += later_ms
        come(partition, catalogue, changes, behind, told, now_ms)
        seen = figures_of(asyncio.run(camera.take(now_ms)))
        fresh = figures_of(asyncio.run(show(partition, catalogue).take(now_ms)))
        past = [(at, figures) for at, figures in past if at > now_ms - KEPT_MS] + [(now_ms, fresh)]
        assert seen.keys() == fresh.keys()
        for place, sums in seen.items():
            known = [fresh] if place[3] in SHORT_WINDOWS else [figures for _, figures in past]
            assert sums in [one[place] for one in known if place in one]
    last = asyncio.run(camera.take(now_ms + KEPT_MS))
    assert figures_of(last) == figures_of(asyncio.run(show(partition, catalogue).take(now_ms + KEPT_MS)))


def test_the_kinds_of_a_campaign_grow_with_whatever_is_counted_for_the_first_time() -> None:
    panes = CampaignPanes(UTC_ZONE)
    seen = [panes.kinds]
    for channel, counters in (
        (EMAIL, {int(Measure.CLICKS): 1}),
        (EMAIL, {int(Measure.CLICKS): 1, int(Measure.VISITS): 1}),
        (PUSH, {int(Measure.CLICKS): 1}),
    ):
        panes.put_counters(channel, Tier.LAUNCH, 0, counters)
        seen.append(panes.kinds)
    assert seen == sorted(set(seen))
    panes.put_counters(PUSH, Tier.LAUNCH, 0, {int(Measure.CLICKS): 5})
    assert panes.kinds == seen[-1]
