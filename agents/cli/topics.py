"""`launchpulse topics`: creates the topics, compares them, gives one more partitions or a new incarnation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from agents.cli.common import Exit, Refused, out, print_json, run_async, settings_of_command

if TYPE_CHECKING:
    from agents.operations.topics import Difference
    from agents.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Create, compare and change the topics.")

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


@app.command("create")
def create(
    partitions: Annotated[
        int, typer.Option(min=1, max=4096, help="Partitions of the event topics that are created.")
    ] = 8,
    as_json: Json = False,
) -> None:
    """Create the topics that are missing, then compare all of them."""
    settings = settings_of_command()
    created, found = run_async(_create(settings, partitions))
    if as_json:
        print_json({"created": created, "differences": [_fields(difference) for difference in found]})
    else:
        for name in created:
            out().print(f"created {name}", markup=False)
        _print(found)
    raise typer.Exit(_code(found))


@app.command("check")
def check_all(as_json: Json = False) -> None:
    """Compare the topics with what they must be; exit code 1 where a promise would break."""
    settings = settings_of_command()
    found = run_async(_check(settings))
    if as_json:
        print_json({"differences": [_fields(difference) for difference in found]})
    else:
        _print(found)
    raise typer.Exit(_code(found))


@app.command("grow")
def grow_one(
    topic: Annotated[str, typer.Argument(help="The event topic's name in Kafka.")],
    partitions: Annotated[int, typer.Argument(min=2, max=4096, help="How many it shall have.")],
) -> None:
    """Give an event topic more partitions, while it is read."""
    settings = settings_of_command()
    before = run_async(_grow(settings, topic, partitions))
    out().print(f"{topic} has {partitions} partitions now, it had {before}", markup=False)


@app.command("rebase")
def rebase(
    topic: Annotated[str, typer.Argument(help="The event topic's name in Kafka.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Accept an event topic that was made anew, or whose records were lost: it gets a new incarnation.

    All workers must be stopped. The topic is then read from its start; what the old log held uncounted stays lost.
    """
    settings = settings_of_command()
    if not yes:
        typer.confirm(f"Read {topic} from its start, as a new topic?", abort=True)
    incarnation = run_async(_rebase(settings, topic))
    out().print(f"{topic} is in incarnation {incarnation} now; start the workers", markup=False)


async def _create(settings: Settings, partitions: int) -> tuple[list[str], list[Difference]]:
    from agents.operations.topics import check, create_missing, open_admin, plan_topics

    plans = plan_topics(settings, partitions)
    async with open_admin(settings) as admin:
        created = await create_missing(admin, plans, settings.replication_factor)
        return created, await check(admin, plans, settings.replication_factor)


async def _check(settings: Settings) -> list[Difference]:
    from agents.operations.topics import check, open_admin, plan_topics

    async with open_admin(settings) as admin:
        return await check(admin, plan_topics(settings), settings.replication_factor)


async def _grow(settings: Settings, topic: str, partitions: int) -> int:
    from agents.operations.topics import grow, open_admin, plan_topics

    async with open_admin(settings) as admin:
        return await grow(admin, plan_topics(settings), topic, partitions)


async def _rebase(settings: Settings, topic: str) -> int:
    from agents.claims.pins import SettingsTopic
    from agents.connections import kafka_arguments
    from agents.names import Names
    from agents.operations.groups import read_group
    from agents.operations.topics import open_admin

    names = Names(settings)
    if topic not in names.event_topics:
        raise Refused(f"topic {topic} is not read: it must be one of {', '.join(names.event_topics)}")
    async with open_admin(settings) as admin:
        group = await read_group(admin, settings.application_id)
    if group.members:
        hosts = ", ".join(sorted(set(group.members)))
        raise Refused(f"{len(group.members)} workers run (on {hosts}): stop them, rebase, and start them again")
    return await SettingsTopic(names.settings, kafka_arguments(settings)).rebase(topic)


def _fields(difference: Difference) -> dict[str, str | bool]:
    return {
        "topic": difference.topic,
        "setting": difference.setting,
        "fatal": difference.fatal,
        "message": difference.message,
        "mend": difference.mend,
    }


def _print(found: list[Difference]) -> None:
    for difference in found:
        out().print(f"{'refused' if difference.fatal else 'warning'}: {difference}", markup=False)
    if not found:
        out().print("all topics are as they should be")


def _code(found: list[Difference]) -> Exit:
    return Exit.REFUSED if any(difference.fatal for difference in found) else Exit.OK
