"""`launchpulse dead-letters`: what could not be counted, why, and sending it again once the cause is mended."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from agents.cli.common import Exit, Refused, err, out, print_json, run_async, settings_of_command

if TYPE_CHECKING:
    from agents.operations.dead_letters import DeadLetter, Selection
    from agents.settings import Settings

app = typer.Typer(no_args_is_help=True, help="List, explain and replay records that could not be counted.")

Ids = Annotated[list[str] | None, typer.Argument(help="topic/partition/offset, as `list` shows it.")]
Topics = Annotated[list[str] | None, typer.Option("--topic", help="Only of this topic (its name in Kafka).")]
Reasons = Annotated[list[str] | None, typer.Option("--reason", help="Only with this reason.")]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


@app.command("list")
def list_letters(
    topic: Topics = None,
    reason: Reasons = None,
    limit: Annotated[int, typer.Option(min=1, help="Show at most so many, the newest.")] = 50,
    as_json: Json = False,
) -> None:
    """List dead letters, one of each, and count them by topic and reason."""
    letters = _read(settings_of_command(), _selection(None, topic, reason))
    counts = Counter((letter.topic, letter.reason) for letter in letters)
    shown = sorted(letters, key=lambda letter: letter.written_ms)[-limit:]
    if as_json:
        by = [{"topic": name, "reason": why, "letters": number} for (name, why), number in sorted(counts.items())]
        print_json({"counts": by, "letters": [_fields(letter) for letter in shown]})
        return
    for letter in shown:
        line = f"{_when(letter)}  {letter.identity}  {letter.reason}  {letter.size} bytes  {letter.detail}"
        out().print(line, markup=False)
    for (name, why), number in sorted(counts.items()):
        out().print(f"{number} of {name}: {why}", markup=False)
    if not letters:
        out().print("no dead letters")


@app.command("explain")
def explain(
    letter_id: Annotated[str, typer.Argument(help="topic/partition/offset, as `list` shows it.")],
    show_value: Annotated[
        bool, typer.Option("--show-value", help="Show the record's bytes too; they may tell who a person is.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say why one record could not be counted, and what to do about it."""
    from streams.events.errors import Reason

    letters = _read(settings_of_command(), _selection([letter_id], None, None))
    if not letters:
        raise Refused(f"there is no dead letter {letter_id!r}: `launchpulse dead-letters list` shows them")
    letter = letters[0]
    meaning = next((each.meaning for each in Reason if each.value == letter.reason), "not known to this version")
    fields = {**_fields(letter), "meaning": meaning}
    if show_value:
        fields["key"] = None if letter.key is None else letter.key.decode("utf-8", "backslashreplace")
        fields["value"] = None if letter.value is None else letter.value.decode("utf-8", "backslashreplace")
    if as_json:
        print_json(fields)
        return
    for name, value in fields.items():
        out().print(f"{name:>10}: {value}", markup=False)


@app.command("replay")
def replay_letters(
    ids: Ids = None,
    topic: Topics = None,
    reason: Reasons = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also those that would be refused again.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be sent.")] = False,
    as_json: Json = False,
) -> None:
    """Send records to their topics again, unchanged; what was counted already is not counted twice.

    Records that would be refused again, as they are now, are left where they are.
    """
    from agents.operations.dead_letters import replay

    if not (ids or topic or reason or everything):
        raise typer.BadParameter("say which: ids, --topic, --reason or --all")
    settings = settings_of_command()
    letters = _read(settings, _selection(ids, topic, reason))
    missing = set(ids or ()) - {letter.identity for letter in letters}
    if missing:
        raise Refused(f"there is no dead letter {', '.join(sorted(missing))}: nothing was sent")
    from rich.progress import Progress

    with Progress(console=err(), transient=True) as bar:
        task = bar.add_task("replaying", total=len(letters))
        counts = run_async(replay(settings, letters, force=force, dry_run=dry_run, progress=lambda: bar.advance(task)))
    if as_json:
        print_json({"dry_run": dry_run, "outcomes": counts})
    else:
        for outcome, number in sorted(counts.items()):
            out().print(f"{number} {'would be ' if dry_run and outcome == 'sent' else ''}{outcome}", markup=False)
        if not letters:
            out().print("no dead letters")
    raise typer.Exit(Exit.OK if set(counts) <= {"sent"} else Exit.REFUSED)


def _selection(ids: list[str] | None, topics: list[str] | None, reasons: list[str] | None) -> Selection:
    from agents.operations.dead_letters import Selection

    return Selection(frozenset(ids or ()), frozenset(topics or ()), frozenset(reasons or ()))


def _read(settings: Settings, selection: Selection) -> list[DeadLetter]:
    from agents.operations.compacted import TopicMissing
    from agents.operations.dead_letters import read_letters

    async def chosen() -> list[DeadLetter]:
        return [letter async for letter in read_letters(settings) if letter in selection]

    try:
        return run_async(chosen())
    except TopicMissing as error:
        raise Refused(str(error)) from None


def _fields(letter: DeadLetter) -> dict[str, object]:
    return {
        "id": letter.identity,
        "reason": letter.reason,
        "detail": letter.detail,
        "bytes": letter.size,
        "truncated": letter.full_bytes is not None,
        "written": _when(letter),
        "headers": [name for name, _ in letter.headers],
    }


def _when(letter: DeadLetter) -> str:
    return datetime.fromtimestamp(letter.written_ms / 1000, UTC).isoformat(timespec="seconds")
