"""`launchpulse demo`: a simulated launch on parts of its own, with the live KPIs in the terminal."""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Annotated

import typer

from agents.cli.common import Exit, Refused, err, out, run_async


def demo(
    seconds: Annotated[
        float | None,
        typer.Option(min=1, max=3_600, help="Send for so long, then compare and end; else until Ctrl-C, or an hour."),
    ] = None,
    rate: Annotated[float, typer.Option(min=1, max=20_000, help="Events a second, on average over the launch.")] = 300,
    workers: Annotated[int, typer.Option(min=1, max=8, help="How many workers share the work.")] = 1,
    port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help="Port of the metrics; 6066 or a free one unless given.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed tells the same launch.")] = 1,
    speed: Annotated[
        float | None,
        typer.Option(
            min=1,
            max=17_280,
            help="Seconds of the launch told in one second; else all of it within --seconds, or 1440: a day a minute.",
        ),
    ] = None,
    campaigns: Annotated[int, typer.Option(min=1, max=20, help="How many campaigns are launched.")] = 3,
    room: Annotated[
        bool,
        typer.Option("--room", help="Prometheus and Alertmanager beside it, and Grafana if it is installed."),
    ] = False,
) -> None:
    """Watch a simulated launch live: own broker, Redis and worker, nothing to install, nothing left behind.

    At the end the service's ledger is printed beside what was sent. Exit code 0 only if they agree exactly, else 1.
    """
    _end_at_once_while_loading()

    from agents.demo.children import ChildDied
    from agents.demo.ports import PortTaken
    from agents.demo.programs import LaunchRoomMissing, find_programs
    from agents.demo.redis_server import RedisMissing
    from agents.demo.report import render_verdict
    from agents.demo.run import Demo, Options, Stopped
    from agents.logs import configure_logs

    configure_logs("warning", "console")
    console = out()
    try:
        programs = find_programs() if room else None
        options = Options(seconds, rate, workers, port, seed, speed, campaigns, programs)
        verdict = run_async(Demo(options, console).run())
    except Stopped as stopped:
        console.print("stopped; nothing is left behind")
        raise typer.Exit(stopped.code) from None
    except (PortTaken, RedisMissing, LaunchRoomMissing) as error:
        raise Refused(str(error)) from None
    except ChildDied as death:
        err().print(death.log_end, markup=False, style="dim")
        raise Refused(f"the demo ends, since {death}; its last lines are above") from None
    console.print(render_verdict(verdict))
    raise typer.Exit(Exit.OK if verdict.agrees else Exit.REFUSED)


def _end_at_once_while_loading() -> None:
    """Until the demo handles signals itself they end the process: there is nothing to stop yet, and numpy, while it is
    loaded, would swallow a KeyboardInterrupt."""

    def end(number: int, frame: FrameType | None) -> None:
        os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
