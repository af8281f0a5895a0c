"""The short form: two rooms side by side. The rules are as committed, but that what is over is told at once."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from agents.demo.programs import RULES, LaunchRoomMissing
from agents.demo.redis_server import RedisMissing
from tests.conftest import missing
from tests.drill.launch import Launch, launched
from tests.drill.room import Room, room
from tests.drill.scenes import BELOW_TARGET, Killed, Told, drop, kill, quiet

RATE = 80
CALM_SECONDS = 15
WATCHED_SECONDS = 60
"""Shorter than alerts are held off after a change of workers, so the figures are what is looked at here; `make drill`
watches for long enough that alerts could begin."""
ARRIVES_SECONDS = 60
Seen = TypeVar("Seen")


def quick_rules(folder: Path) -> Path:
    """The committed rules; an alert stays for seconds, no more for minutes, when its cause is over."""
    shutil.copytree(RULES, folder)
    path = folder / "campaigns.rules.yml"
    text = path.read_text(encoding="utf-8")
    assert "keep_firing_for: 3m" in text
    path.write_text(text.replace("keep_firing_for: 3m", "keep_firing_for: 10s"), encoding="utf-8")
    return folder


async def played(folder: Path, scene: Callable[[Room, Launch], Awaitable[Seen]]) -> Seen:
    """What a scene sees in a room of its own, after a calm beginning."""
    folder.mkdir()
    changes = {"group_interval: 1m": "group_interval: 1s"}
    async with room(folder, quick_rules(folder / "rules"), changes) as here, launched(here.parts, RATE) as launch:
        await here.watch()
        await quiet(here, CALM_SECONDS)
        return await scene(here, launch)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Future[Told], Future[Killed]]]:
    """Both at once, since each is mostly waiting."""
    folder = tmp_path_factory.mktemp("drill")

    def dropped() -> Told:
        return asyncio.run(played(folder / "drop", lambda here, launch: drop(here, launch, BELOW_TARGET, 150)))

    def killed() -> Killed:
        return asyncio.run(played(folder / "kill", lambda here, launch: kill(here, WATCHED_SECONDS)))

    with ThreadPoolExecutor(2) as pool:
        yield pool.submit(dropped), pool.submit(killed)


def seen_in(scene: Future[Seen]) -> Seen:
    """What it has seen; a skip where a part is not installed."""
    try:
        seen = scene.result()
    except (RedisMissing, LaunchRoomMissing) as error:
        missing(error)
    print(seen)
    return seen


def test_an_engagement_drop_is_told_within_a_minute_of_being_there_once_to_each_and_then_that_it_is_over(
    scenes: tuple[Future[Told], Future[Killed]],
) -> None:
    told = seen_in(scenes[0])
    assert told.after_seen <= ARRIVES_SECONDS
    assert sorted(told.firing) == sorted(told.resolved) == ["/on-call", "/owner"]
    assert len(told.heard) == 4, told.heard


def test_a_worker_killed_in_a_quiet_launch_fakes_no_drop_and_wakes_nobody_about_a_campaign(
    scenes: tuple[Future[Told], Future[Killed]],
) -> None:
    killed = seen_in(scenes[1])
    assert killed.dips == 0
    assert killed.pending == killed.heard == ()
