"""`launchpulse status`: the workers, the group and how far it is behind."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer

from agents.cli.common import Exit, Unreachable, out, print_json, run_async, settings_of_command
from agents.settings import Settings

TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class WorkerAnswer:
    """What one worker says: `ready` is None where it does not answer."""

    url: str
    ready: bool | None
    reasons: tuple[str, ...]
    campaigns: int | None


def status(
    url: Annotated[
        list[str] | None,
        typer.Option("--url", help="Address of a worker's web server, repeatable; else that of the settings."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Show the workers' health and the group's lag; exit code 1 unless every worker asked is ready."""
    settings = settings_of_command()
    urls = url or [own_url(settings)]
    workers, group, lag = run_async(_ask(settings, urls))
    if as_json:
        print_json({"workers": [asdict(worker) for worker in workers], "group": group, "lag": lag})
    else:
        _print(workers, group, lag)
    if all(worker.ready is None for worker in workers):
        raise Unreachable(f"no worker answers at {', '.join(urls)}")
    raise typer.Exit(Exit.OK if all(worker.ready for worker in workers) else Exit.REFUSED)


def own_url(settings: Settings) -> str:
    """Where the worker of these settings listens, as seen from this host."""
    host = settings.web_host if settings.web_host not in ("0.0.0.0", "::") else "127.0.0.1"  # noqa: S104 - compared only
    return f"http://[{host}]:{settings.web_port}" if ":" in host else f"http://{host}:{settings.web_port}"


def authorization(settings: Settings) -> dict[str, str]:
    """The header that a worker with a token wants; none without one."""
    return {} if settings.web_token is None else {"Authorization": f"Bearer {settings.web_token.get_secret_value()}"}


async def _ask(
    settings: Settings, urls: list[str]
) -> tuple[list[WorkerAnswer], dict[str, Any], dict[str, dict[str, int]]]:
    from agents.connections import kafka_arguments
    from agents.names import Names
    from agents.operations.groups import read_group, read_lag
    from agents.operations.topics import open_admin

    workers = [await ask_worker(each, settings) for each in urls]
    names = Names(settings)
    async with open_admin(settings) as admin:
        group = await read_group(admin, settings.application_id)
        topics = [*names.event_topics, names.summaries]
        partitions = await read_lag(admin, kafka_arguments(settings), settings.application_id, topics)
    lag: dict[str, dict[str, int]] = {}
    for (topic, _), each in partitions.items():
        sums = lag.setdefault(topic, {"partitions": 0, "end": 0, "behind_commit": 0})
        sums["partitions"] += 1
        sums["end"] += each.end
        sums["behind_commit"] += each.records
    return workers, {"state": group.state, "members": list(group.members)}, lag


async def ask_worker(url: str, settings: Settings) -> WorkerAnswer:
    """What the worker at `url` says of itself; never raises for one that does not answer."""
    import aiohttp

    try:
        async with aiohttp.ClientSession(
            base_url=url, headers=authorization(settings), timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        ) as session:
            async with session.get("/readyz") as answer:
                said = await answer.json()
            async with session.get("/api/campaigns", params={"limit": "1"}) as answer:
                campaigns = (await answer.json()).get("total") if answer.status == 200 else None
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, AttributeError):
        return WorkerAnswer(url, None, (), None)
    return WorkerAnswer(url, bool(said.get("ready")), tuple(said.get("reasons", ())), campaigns)


def _print(workers: list[WorkerAnswer], group: dict[str, Any], lag: dict[str, dict[str, int]]) -> None:
    from rich.table import Table

    for worker in workers:
        word = {None: "does not answer", True: "ready", False: "not ready"}[worker.ready]
        why = f" ({'; '.join(worker.reasons)})" if worker.reasons else ""
        owns = f", owns {worker.campaigns} campaigns" if worker.campaigns is not None else ""
        out().print(f"worker {worker.url}: {word}{why}{owns}", markup=False)
    out().print(f"group: {group['state']}, {len(group['members'])} members", markup=False)
    table = Table("topic", "partitions", "records ever", "behind the commit")
    for topic, sums in lag.items():
        table.add_row(topic, str(sums["partitions"]), str(sums["end"]), str(sums["behind_commit"]))
    out().print(table)
    out().print("A commit trails by up to a block of 5 s by design; launchpulse_lag_seconds is what is really behind.")
