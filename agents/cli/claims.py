"""`launchpulse claims`: looks at what Redis holds, and claims all identities again after Redis lost them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from agents.cli.common import Exit, Refused, err, out, print_json, run_async, settings_of_command

if TYPE_CHECKING:
    from agents.claims.rebuild import Progress as Rebuilt
    from agents.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Who owns an event id: check Redis, rebuild what it lost.")

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


@app.command("check")
def check(as_json: Json = False) -> None:
    """Compare Redis' own settings with what claims need; exit code 1 where claims would be lost."""
    from agents.claims.policy import examine
    from agents.connections import redis_address

    found = run_async(examine(redis_address(settings_of_command())))
    if as_json:
        print_json([{"setting": each.setting, "fatal": each.fatal, "text": str(each)} for each in found])
    else:
        for each in found:
            out().print(("refused: " if each.fatal else "warning: ") + str(each), markup=False)
        if not found:
            out().print("Redis keeps what it is given")
    raise typer.Exit(Exit.REFUSED if any(each.fatal for each in found) else Exit.OK)


@app.command("rebuild")
def rebuild_all(as_json: Json = False) -> None:
    """Read the event topics' logs from their start and claim every identity again, into an empty Redis.

    Workers may run: they wait, and go on when it is done. Identities whose records retention has taken stay unknown: a
    resend of such an event counts once more.
    """
    settings = settings_of_command(hash_key_required=True)
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=err()
    ) as bar:
        task = bar.add_task("claiming", total=None)

        def show(so_far: Rebuilt) -> None:
            bar.update(task, completed=so_far.read, total=so_far.total)

        done = run_async(_rebuild(settings, show))
    if as_json:
        print_json({"read": done.read, "claimed": done.claimed, "duplicates": done.duplicates, "invalid": done.invalid})
    else:
        out().print(f"{done.claimed} identities claimed; {done.duplicates} duplicates, {done.invalid} invalid records")


async def _rebuild(settings: Settings, show: Callable[[Rebuilt], None]) -> Rebuilt:
    from agents.claims.pins import SettingsTopic
    from agents.claims.rebuild import LogToRead, rebuild
    from agents.connections import kafka_arguments, redis_address
    from agents.names import Names
    from agents.operations.topics import checked_topics
    from streams.counting.people import PersonHasher

    names = Names(settings)
    retention = await checked_topics(settings)
    deployment = await SettingsTopic(names.settings, kafka_arguments(settings)).read()
    if deployment is None:
        raise Refused(f"nothing is pinned in {names.settings} yet: start a worker, there is nothing to rebuild")
    logs = [
        LogToRead(topic, name, *retention[name], deployment.incarnations.get(name, 0))
        for name, topic in names.event_topics.items()
    ]
    return await rebuild(
        redis_address(settings),
        deployment.identity,
        deployment.pins.keyring(settings.hash_key_bytes),
        kafka_arguments(settings),
        logs,
        max_event_bytes=settings.max_event_bytes,
        person_hash=PersonHasher(settings.hash_key_bytes),
        progress=show,
    )
