"""What the alerts did: when each fires, which ones were false, and how soon each drop was seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.alert_quality.launches import DROP_MINUTE, Launch

DROP_ALERT = "CampaignEngagementDrop"
DEEP, DUE, SOON_SECONDS = 0.5, 150, 120
"""Wanted: drops so deep, where so many engagements were expected in two minutes, are seen so soon."""
SOON_SHARE = 0.99
"""Wanted of those drops."""
FALSE_IN = 200
"""Wanted: at most one false alert in so many quiet launches."""


@dataclass(frozen=True, slots=True)
class Fired:
    """An alert that fires, so many seconds after the launch's begin."""

    alert: str
    launch: str
    channel: str
    second: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A drop. due: engagements expected in its first two minutes. delay: seconds until its alert fires, None where it
    does not within the launch."""

    launch: str
    channel: str
    share: float
    due: float
    dead: bool
    delay: int | None

    @property
    def wanted(self) -> bool:
        """Whether it must be seen soon."""
        return self.share >= DEEP and self.due >= DUE

    @property
    def soon(self) -> bool:
        """Whether it was."""
        return self.delay is not None and self.delay <= SOON_SECONDS


def firings(moments: Sequence[int], step: int, hold: int, keep: int) -> list[int]:
    """The moments at which an alert begins to fire: its expression, evaluated each `step` seconds, holds at `moments`.

    hold, keep: seconds of its `for` and `keep_firing_for`.
    """
    begun: list[int] = []
    since, fires_until = None, None
    for before, moment in zip((None, *moments), moments, strict=False):
        if fires_until is not None and moment <= fires_until:
            fires_until = moment + step + keep
            continue
        fires_until = None
        if since is None or before is None or moment - before > step:
            since = moment
        if moment - since >= hold:
            begun.append(moment)
            since, fires_until = None, moment + step + keep
    return begun


def seen(launch: Launch, due: float, fired: Iterable[Fired]) -> Seen:
    """How soon the drop of that launch was seen."""
    drop = launch.drop
    assert drop is not None
    delays = [
        one.second - DROP_MINUTE * 60
        for one in fired
        if (one.alert, one.launch, one.channel) == (DROP_ALERT, launch.name, drop.channel)
    ]
    delay = min((delay for delay in delays if delay >= 0), default=None)
    return Seen(launch.name, drop.channel, drop.share, due, drop.dead, delay)


def false_alerts(launches: Mapping[str, Launch], fired: Iterable[Fired]) -> list[Fired]:
    """What nobody should have been told: all in a quiet launch; with a drop all before it, and an engagement drop in a
    channel that has none."""
    found = []
    for one in fired:
        drop = launches[one.launch].drop
        early = drop is None or one.second < DROP_MINUTE * 60
        if early or (one.alert == DROP_ALERT and drop is not None and one.channel not in (drop.channel, "all")):
            found.append(one)
    return found
