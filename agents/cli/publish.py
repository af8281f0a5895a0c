"""`launchpulse publish`: a file of events to a topic."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agents.cli.common import Exit, Refused, count, err, out, print_json, run_async, settings_of_command


def publish(
    topic: Annotated[str, typer.Argument(help="The event topic, such as click, sale or spend.")],
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            readable=True,
            help="CSV with a header (.csv, .tsv), else JSON lines; also gzip.",
        ),
    ],
    maps: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=FIELD", help="Which column holds a field; repeatable."),
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="What a field is in every row; repeatable."),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="For spend: when the file was true, a day or a time with an offset. It never replaces a later one.",
        ),
    ] = None,
    replaces: Annotated[
        Path | None,
        typer.Option(
            metavar="OLD",
            exists=True,
            dir_okay=False,
            readable=True,
            help="For spend: an earlier export; lines of it that FILE no longer has are stated as 0, from FILE's first "
            "day to its last.",
        ),
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="Where rows that can't be sent go; FILE.rejected.jsonl unless given.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check the rows; send nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Send a file of events to a topic, each row checked first. Sending a file again changes nothing.

    A row without an id gets one made from its content. Rows that can't be counted go into a file of their own, with
    their line and the reason; then the exit code is 1.

    Rows of spend of one line (campaign, channel, platform, account, kind) and day are summed to one statement, which
    holds until one with a later time comes: so a file that is older by --as-of changes nothing. A line that was moved
    to another channel or campaign still stands in the old one: --replaces takes it back there.
    """
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from agents.names import Names
    from agents.operations.compacted import TopicMissing
    from agents.operations.publishing.publish import Job
    from agents.operations.publishing.publish import publish as send
    from agents.operations.publishing.rows import PublishError

    settings = settings_of_command()
    topics = Names(settings).event_topics
    name = topic if topic in topics else settings.topic_prefix + topic
    if name not in topics:
        raise Refused(f"there is no event topic {topic!r}: it is one of {', '.join(topics)}")
    rejected = rejects or file.with_name(f"{file.name}.rejected.jsonl")
    job = Job(topics[name], name, file, rejected, tuple(maps or ()), tuple(sets or ()), as_of, replaces, dry_run)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    try:
        console = err()
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task(file.name, total=file.stat().st_size)
            outcome = run_async(send(settings, job, lambda done: bar.update(task, completed=done)))
    except PublishError as error:
        raise Refused(f"{file}: {error}") from None
    except TopicMissing as error:
        raise Refused(str(error)) from None
    reasons = dict(outcome.reasons.most_common())
    if as_json:
        print_json(
            {
                "topic": name,
                "file": str(file),
                "dry_run": dry_run,
                "rows": outcome.rows,
                "sent": 0 if dry_run else outcome.sent,
                "taken_back": outcome.taken_back,
                "rejected": outcome.rejected,
                "reasons": reasons,
                "rejects_file": str(rejected) if outcome.rejected else None,
            }
        )
    else:
        word = "would be sent" if dry_run else "sent"
        sent = count(outcome.sent, "statement") if job.states else f"{outcome.sent:,}"
        out().print(f"{count(outcome.rows, 'row')} of {file}: {sent} {word} to {name}", markup=False)
        if replaces and outcome.rejected:
            out().print(f"nothing of {replaces} is taken back while rows are rejected", markup=False)
        elif replaces:
            gone = count(outcome.taken_back, "statement")
            out().print(f"{gone} as 0: lines and days of {replaces} that {file} no longer has", markup=False)
        if outcome.rejected:
            told = ", ".join(f"{number:,} {reason}" for reason, number in reasons.items())
            out().print(f"{outcome.rejected:,} rejected ({told}): see {rejected}", markup=False)
            if job.states:
                out().print(
                    f"mend them in {file} and publish all of it again: a line is stated with all its rows", markup=False
                )
    raise typer.Exit(Exit.REFUSED if outcome.rejected else Exit.OK)
