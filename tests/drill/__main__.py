"""The long form, about a quarter of an hour: a quiet launch with a past in Prometheus to compare with, a worker that is
killed in its midst, and an engagement drop that ends. All rules and routes as committed.

Prints what was told of the drop and when. Exits 0 if the killed worker has woken nobody about a campaign, and the drop
was told within a minute of being there in what was sent, once to each, and then that it is over; else 1.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.drill.launch import launched
from tests.drill.room import room
from tests.drill.scenes import Killed, Told, drop, kill, quiet

ALERT = "CampaignEngagementDrop"
RATE = 80
WINDOW_SECONDS = 75
PAST_SECONDS = 40 * 60
QUIET_SECONDS = 30
WATCHED_SECONDS = 5 * 60
JUDGED_SECONDS = 60
"""Of those so many at least in which alerts could begin: for two minutes after a change of workers none does."""
PATIENCE_SECONDS = 15 * 60
ARRIVES_SECONDS = 60


async def play(folder: Path) -> tuple[Killed, Told]:
    """Both scenes, one after the other, in one room."""
    async with room(folder) as here, launched(here.parts, RATE) as launch:
        await asyncio.sleep(WINDOW_SECONDS)
        await here.watch(PAST_SECONDS)
        say(f"Prometheus at {here.prometheus}, Alertmanager at {here.told.url}; a quiet launch with a past")
        await quiet(here, QUIET_SECONDS)
        say(f"a worker is killed, and {WATCHED_SECONDS // 60} minutes watched")
        killed = await kill(here, WATCHED_SECONDS)
        say(f"{killed}")
        say("engagement drops")
        return killed, await drop(here, launch, ALERT, PATIENCE_SECONDS)


def say(text: str) -> None:
    """A line with the time."""
    print(f"{time.strftime('%H:%M:%S', time.gmtime())}  {text}", flush=True)


def main() -> int:
    """The exit status."""
    with tempfile.TemporaryDirectory(prefix="launchpulse-drill-") as folder:
        killed, told = asyncio.run(play(Path(folder)))
    print(f"told after {told.after_drop:.0f} s, by {told.firing}")
    print(f"{told.after_seen:.0f} s after it was there in what was sent")
    print(f"over after {told.over_after:.0f} s, by {told.resolved}")
    print("\n".join(told.heard))
    quiet_kill = not (killed.dips or killed.pending or killed.heard) and killed.judged >= JUDGED_SECONDS
    once = sorted(told.firing) == sorted(told.resolved) == ["/on-call", "/owner"]
    return 0 if quiet_kill and once and told.after_seen <= ARRIVES_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
