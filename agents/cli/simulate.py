"""`launchpulse simulate`: sends a simulated launch to real topics, and says what must become of each record."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from agents.cli.common import Refused, err, out, print_json, run_async

if TYPE_CHECKING:
    from agents.demo.account import Account
    from agents.settings import Settings


def simulate(
    rate: Annotated[float, typer.Option(min=1, max=20_000, help="Events a second, on average over the launch.")] = 200,
    seconds: Annotated[float | None, typer.Option(min=1, max=86_400, help="How long; without it until Ctrl-C.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed tells the same launch.")] = 1,
    speed: Annotated[
        float | None,
        typer.Option(
            min=1,
            max=17_280,
            help="Seconds of the launch told in one second; else all of it within --seconds, or 1440: a day a minute.",
        ),
    ] = None,
    campaigns: Annotated[int, typer.Option(min=1, max=200, help="How many campaigns are launched.")] = 3,
    brokers: Annotated[str | None, typer.Option(help="Kafka brokers, host:port,...; else LAUNCHPULSE_BROKERS.")] = None,
    topic_prefix: Annotated[
        str | None, typer.Option(help="Put before the topics' names; else LAUNCHPULSE_TOPIC_PREFIX.")
    ] = None,
    catalogue: Annotated[bool, typer.Option(help="Also put the simulated campaigns into the catalogue.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Give the account in JSON.")] = False,
) -> None:
    """Send a simulated launch to the event topics, then say what was sent: how much must be counted, is duplicate,
    is invalid.

    The topics must exist (`launchpulse topics create`). Each run's events have ids of their own.
    """
    from agents.demo.report import sent_table
    from agents.logs import configure_logs
    from agents.operations.compacted import TopicMissing
    from agents.settings import load_settings

    given = {"LAUNCHPULSE_BROKERS": brokers, "LAUNCHPULSE_TOPIC_PREFIX": topic_prefix}
    environment = {**os.environ, **{name: value for name, value in given.items() if value is not None}}
    settings = load_settings(environment, hash_key_required=False)
    configure_logs("warning", "console")
    try:
        account = run_async(_send(settings, Plan(rate, seconds, seed, speed, campaigns, catalogue)))
    except TopicMissing as error:
        raise Refused(str(error)) from None
    if as_json:
        print_json(account.as_json())
    else:
        out().print(sent_table(account))


class Plan(NamedTuple):
    """What is simulated: see the options of the command."""

    rate: float
    seconds: float | None
    seed: int
    speed: float | None
    campaigns: int
    catalogue: bool


async def _send(settings: Settings, plan: Plan) -> Account:
    from aiokafka import AIOKafkaProducer
    from rich.live import Live

    from agents.connections import kafka_arguments
    from agents.demo.plans import catalogue
    from agents.demo.report import sent_table
    from agents.demo.sending import Sender, send_catalogue, wall_clock_ms
    from agents.demo.simulator import Simulator
    from agents.demo.story import length_seconds, markets
    from agents.names import Names
    from agents.operations.publishing.publish import require_topics

    names = Names(settings)
    wanted = list(names.event_topics)
    await require_topics(settings, [*wanted, names.catalogue] if plan.catalogue else wanted)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    began_ms, story_seconds = wall_clock_ms(), length_seconds(plan.seconds, plan.speed)
    campaigns = markets(plan.campaigns)
    simulator = Simulator(plan.seed, began_ms, plan.rate, story_seconds, settings.topics, campaigns)
    async with AIOKafkaProducer(**kafka_arguments(settings), enable_idempotence=True, linger_ms=10) as producer:
        if plan.catalogue:
            planned = catalogue(began_ms, story_seconds, campaigns, plan.rate, settings.topics)
            await send_catalogue(producer, names.catalogue, planned)
        sender = Sender(simulator, producer, settings.topic_prefix)
        sending = asyncio.create_task(sender.run(plan.seconds, stop))
        console = err()
        live = Live(console=console, auto_refresh=False, transient=True)
        with live if console.is_terminal else nullcontext():
            while not sending.done():
                if console.is_terminal:
                    live.update(sent_table(sender.account), refresh=True)
                await asyncio.wait([sending], timeout=0.5)
        await sending
    return sender.account
