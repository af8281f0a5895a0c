"""The demo's picture: all ten groups, readable on a small terminal."""

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from rich.console import Console

from agents.demo.account import Account
from agents.demo.picture import ROOM, ROWS, Picture, plain, render
from agents.demo.plans import catalogue
from agents.demo.reader import Reading
from agents.web.api import describe_campaign
from streams.events.campaigns import Campaign, Target
from streams.kpis.registry import GROUP_OF, GROUPS, KPI_BY_NAME
from tests.unit.kpi_pictures import NOW_MS, planned_campaign, snapshot

TOLD = Campaign(
    id="x",
    targets=[
        Target(kpi="mroi", window="launch", min=Decimal("0.2"), min_volume=10),
        Target(kpi="churn_rate", window="30d", max=Decimal("0.001")),
    ],
)


def picture(*names: str) -> Picture:
    taken = snapshot(*(replace(planned_campaign(name), told=TOLD) for name in names))
    campaigns: dict[str, Any] = {
        name: msgspec.to_builtins(describe_campaign(taken, one)) for name, one in taken.campaigns.items()
    }
    shown = Picture("http://127.0.0.1:8080", Account())
    for seconds in range(0, 100, 5):
        shown.seconds = float(seconds)
        shown.take(Reading(campaigns=campaigns, answered=1))
    return shown


def drawn(shown: Picture, width: int, height: int = ROOM, *, colour: bool = False) -> str:
    console = Console(width=width, height=height, force_terminal=colour, color_system="standard" if colour else None)
    with console.capture() as capture:
        console.print(render(shown, height))
    return capture.get()


def test_every_row_is_a_kpi_in_a_window_that_it_has_and_all_ten_groups_are_there() -> None:
    assert all(window in KPI_BY_NAME[kpi].windows for _, _, kpi, window in ROWS)
    groups = list(dict.fromkeys(GROUP_OF[kpi] for _, _, kpi, _ in ROWS))
    assert groups == [title for title, _ in GROUPS]
    assert len([group for group, *_ in ROWS if group]) == len(GROUPS)


@pytest.mark.parametrize("width", [80, 100])
def test_three_campaigns_stand_side_by_side_with_nothing_cut_off(width: int) -> None:
    text = drawn(picture("aurora", "zarya", "borealis"), width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    for group, label, _, _ in ROWS:
        assert any(line.startswith(group) and label in line for line in text.splitlines()), label
    row = next(line for line in text.splitlines() if "MROI" in line)
    assert row.count("25.0 %") == 3
    assert len(text.splitlines()) <= ROOM


def test_a_small_terminal_has_one_row_a_group() -> None:
    text = drawn(picture("aurora", "zarya", "borealis"), 80, 24)
    assert len(text.splitlines()) <= 24
    assert all(group in text for group, *_ in ROWS)


def test_what_is_met_is_green_and_what_is_missed_is_red() -> None:
    lines = drawn(picture("aurora"), 80, colour=True).splitlines()
    assert re.search("\x1b\\[32m *25.0 %", next(line for line in lines if "MROI" in line))
    assert re.search("\x1b\\[31m *1.0 %", next(line for line in lines if "Churn" in line))


def test_of_many_campaigns_three_are_shown_and_the_rest_is_told_of() -> None:
    many = picture("aurora", "zarya", "borealis", "aurora-2", "zarya-2")
    for height in (24, ROOM):
        text = drawn(many, 80, height)
        assert "aurora" in text
        assert "and 2 more campaigns" in text
        assert "aurora-2" not in text
        assert len(text.splitlines()) <= height + 1
    assert plain(many).endswith("and 2 more campaigns")
    assert "more campaign" not in plain(picture("aurora", "zarya", "borealis"))


def test_a_pipe_gets_one_line() -> None:
    text = plain(picture("aurora"))
    assert "\n" not in text
    assert "MROI 25.0 %" in text


def test_the_simulated_campaigns_have_a_plan_and_a_rate_for_each_of_their_currencies() -> None:
    for campaign in catalogue(NOW_MS, 60.0):
        assert campaign.budget
        assert campaign.starts_at is not None
        assert campaign.ends_at is not None
        assert all(rate.day <= campaign.starts_at.date() for rate in campaign.fx)
        assert campaign.targets
