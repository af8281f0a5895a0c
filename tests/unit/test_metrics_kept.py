"""Text of which a part was kept from the picture before: the same, to the byte, as that of the picture by itself."""

import asyncio
import gc
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.campaign.figures import EXPORTED
from agents.web.channel_lines import ChannelFamilies
from agents.web.exposition import Exposition
from agents.web.metrics import MetricsText, render_metrics
from agents.web.totals import Totals
from streams.events.campaigns import Campaign, Target
from streams.events.measures import Measure, money_key
from tests.unit.kpi_pictures import campaign, snapshot
from tests.unit.owned_campaigns import EMAIL, NOW, PUSH, come, owned, show

_MEASURES = (Measure.CLICKS, Measure.VISITS, Measure.SENT, Measure.SALES, Measure.PROMOTERS)
_CHANGE = st.tuples(
    st.sampled_from(["aurora", "corona", "nova"]),
    st.sampled_from([EMAIL, PUSH]),
    st.sampled_from([*_MEASURES, *(money_key(Measure.REVENUE, currency) for currency in ("EUR", "USD"))]),
    st.integers(1, 10**9),
)
_STEP = st.tuples(
    st.lists(_CHANGE, max_size=4),
    st.sampled_from([0, 1, 1_000, 10_000, 61_000, 3_700_000, 90_000_000]),
    st.dictionaries(st.sampled_from(["click", "sale"]), st.sampled_from([5_000, 120_000]), max_size=2),
    st.sampled_from([{}, {"nova": Campaign(id="nova", targets=(Target(kpi="clicks", window="1h", min=5),))}]),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(_STEP, min_size=2, max_size=6), st.sampled_from([40, 160, 100_000]))
def test_whatever_changes_and_however_the_clock_moves_the_text_is_that_of_the_picture_by_itself(
    steps: list[tuple[list[tuple[str, int, int, int]], int, dict[str, int], dict[str, Campaign]]], budget: int
) -> None:
    partition, catalogue, text = owned(), dict[str, Campaign](), MetricsText(budget)
    camera, now_ms = show(partition, catalogue), NOW
    for changes, later_ms, behind, told in steps:
        now_ms += later_ms
        come(partition, catalogue, changes, behind, told, now_ms)
        picture = asyncio.run(camera.take(now_ms))
        assert text.render(picture) == render_metrics(picture, budget)
        assert text.render(picture) == render_metrics(picture, budget)


def test_campaigns_that_go_come_back_fall_silent_and_do_not_fit_leave_nothing_behind() -> None:
    a, b, unclean = campaign("a"), campaign("b", title="a\ud800"), campaign("a\nb")
    pictures = [
        snapshot(a, b), snapshot(b), snapshot(a, replace(b, active=False)), snapshot(a, b, unclean), snapshot(),
        snapshot(campaign("a", channels=()), b), snapshot(b, a, *(campaign(f"c{number}") for number in range(9))),
    ]  # fmt: skip
    for budget in (100_000, 700, 30):
        text = MetricsText(budget)
        for picture in pictures * 2:
            assert text.render(picture) == render_metrics(picture, budget)


def test_only_a_channel_that_is_another_one_is_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[str, int]] = []
    real = Totals.lines
    monkeypatch.setattr(Totals, "lines", lambda self, *given: written.append(given[:2]) or real(self, *given))
    text, still, before = MetricsText(100_000), campaign("still"), campaign("moves")
    text.render(snapshot(still, before))
    written.clear()
    moved = replace(before, channels=before.channels | {EMAIL: replace(before.channels[EMAIL])})
    text.render(snapshot(still, moved))
    assert written == [("moves", EMAIL)]


def test_the_lines_that_are_kept_are_nothing_to_the_collector_of_cycles() -> None:
    families, shown = ChannelFamilies(Exposition()), campaign("aurora").channels[EMAIL]
    lines = families.lines("aurora", EMAIL, True, shown, None)
    assert lines.series > 10
    assert not any(map(gc.is_tracked, (lines.short.blocks, lines.long.lines.blocks, lines.totals)))


def test_only_the_windows_that_are_others_are_written_anew() -> None:
    families, shown = ChannelFamilies(Exposition()), campaign("aurora").channels[EMAIL]
    before = families.lines("aurora", EMAIL, True, shown, None)
    minute = replace(shown, windows={**shown.windows, "1m": replace(shown.windows["1m"])})
    after = families.lines("aurora", EMAIL, True, minute, before)
    assert after.long is before.long
    assert after.short is not before.short
    launch = replace(minute, windows={**minute.windows, "launch": replace(minute.windows["launch"])})
    last = families.lines("aurora", EMAIL, True, launch, after)
    assert last.long is not after.long
    assert last.short is after.short
    quiet = families.lines("aurora", EMAIL, False, launch, last)
    assert {window for block in quiet.long.lines.blocks.values() for window in _windows(block)} == {
        "24h", "today", "7d", "30d", "month", "launch",
    } & EXPORTED  # fmt: skip
    assert quiet.short.blocks == {}


def _windows(block: str) -> list[str]:
    return re.findall(r'window="(\w+)"', block)
