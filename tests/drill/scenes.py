"""What happens in a drill: an engagement drop that ends, and a worker that is killed in the midst of a quiet launch."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from dataclasses import dataclass

from grafana import thresholds as at
from grafana.rules_engagement import DUE, REACHED
from grafana.rules_series import UNSETTLED
from tests.drill.launch import CAMPAIGN, CHANNEL, Launch
from tests.drill.room import Room, until

TAKEN_SECONDS = 120
AFTERWARDS_SECONDS = 8
"""Whoever would be told twice has been by then."""

BELOW_TARGET = "CampaignEngagementBelowTarget"

_PLACE = f'campaign="{CAMPAIGN}", channel="{CHANNEL}"'
JUDGED = f"{DUE}{{{_PLACE}}} >= {at.TARGET_EXPECTED}"
"""The target's alert sees enough to judge."""

_SETTLED = f"{JUDGED} unless on () {UNSETTLED}"
_OWNER = f'last_over_time(campaign_exposures{{{_PLACE}, window="1m"}}[{at.LOOKBACK}])'
_DIP = f"(({REACHED}{{{_PLACE}}} / ({JUDGED})) < 1)"
_KPI_ALERTS = 'ALERTS{kind="kpi"}'


@dataclass(frozen=True, slots=True)
class Told:
    """How an alert went, in seconds. after_drop: from the drop's beginning to whoever is on call. after_seen: from the
    moment at which the drop was statistically there in what was sent, by the alert's own test. over_after: from the
    recovery to the news that it is over. firing, resolved: the ways by which each was told of CHANNEL, one for each
    time. heard: all that was told."""

    after_drop: float
    after_seen: float
    over_after: float
    firing: tuple[str, ...]
    resolved: tuple[str, ...]
    heard: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Killed:
    """taken_after: seconds until the other worker showed the campaign. pending: KPI alerts that have begun since, even
    if nobody was told. heard: what was told of campaigns. dips: for how many seconds the rate was below its target.
    judged: for how many seconds since the takeover alerts could begin, for a change of workers holds them off."""

    taken_after: float
    pending: tuple[str, ...]
    heard: tuple[str, ...]
    dips: int
    judged: int


async def quiet(room: Room, seconds: float) -> None:
    """A calm launch of so many seconds, until the alert could come. Raises AssertionError where one comes."""
    await asyncio.sleep(seconds)
    await until(lambda: room.ask(_SETTLED), 180, room.state)
    assert room.heard_of_kpis() == []


async def drop(room: Room, launch: Launch, alert: str, patience: float) -> Told:
    """Engagement drops, and recovers when the alert has been told everywhere. Raises TimeoutError where it, or its end,
    does not come within `patience` seconds."""
    launch.play("bad_hours")
    began = time.monotonic()
    arrived = await until(lambda: room.notices(alert, CHANNEL, "firing"), patience, room.state)
    seen = launch.below_since if alert == BELOW_TARGET else launch.drop_since(began)
    assert seen is not None, "told, though what was sent shows no drop"
    launch.play("recovery")
    recovered = time.monotonic()
    over = await until(lambda: room.notices(alert, CHANNEL, "resolved"), patience, room.state)
    await asyncio.sleep(AFTERWARDS_SECONDS)
    told = {status: room.notices(alert, CHANNEL, status) for status in ("firing", "resolved")}
    heard = tuple(room.heard_of_kpis())
    return Told(arrived - began, arrived - seen, over - recovered, told["firing"], told["resolved"], heard)


async def kill(room: Room, seconds: float) -> Killed:
    """SIGKILL for the worker that shows CAMPAIGN, then so many seconds with the other one. Raises TimeoutError where
    that one does not take it over."""
    await until(lambda: _owners(room), TAKEN_SECONDS, room.state)
    (owner,) = _owners(room)
    heard, began = len(room.heard_of_kpis()), time.monotonic()
    os.kill(room.workers[owner].process.pid, signal.SIGKILL)
    taken = await until(lambda: _owners(room) - {owner}, TAKEN_SECONDS, room.state)
    await asyncio.sleep(seconds)
    since = f"[{round(time.monotonic() - taken)}s:1s]"
    span = f"[{round(time.monotonic() - began)}s:1s]"
    pending = room.ask(f"count_over_time({_KPI_ALERTS}{span})")
    dips = room.ask(f"count_over_time({_DIP}{span})")
    judged = room.ask(f"count_over_time(({_SETTLED}){since})")
    return Killed(
        taken - began,
        tuple(f"{one['metric']['alertname']} {one['metric'].get('channel')}" for one in pending),
        tuple(room.heard_of_kpis()[heard:]),
        sum(int(one["value"][1]) for one in dips),
        sum(int(one["value"][1]) for one in judged),
    )


def _owners(room: Room) -> set[int]:
    """The ports of the workers that show CAMPAIGN."""
    return {int(one["metric"]["instance"].rsplit(":", 1)[1]) for one in room.ask(_OWNER)}
