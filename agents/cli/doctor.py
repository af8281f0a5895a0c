"""`launchpulse doctor`: looks at everything that a worker stands on, and says how to mend what is wrong."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from agents.cli.common import Exit, out, print_json, run_async, settings_of_command

if TYPE_CHECKING:
    from agents.operations.diagnosis import Finding

_WORDS = {"ok": "[green]ok     [/]", "warning": "[yellow]warning[/]", "wrong": "[red]wrong  [/]"}


def doctor(
    rate: Annotated[
        float | None,
        typer.Option(min=0, help="New events a second in all, for the estimate of Redis' memory; else from the logs."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Check the settings, the broker, the topics, Redis, the clocks and the ports.

    Exit code 0: a worker may start; 1: something is wrong; 3: Kafka or Redis does not answer.
    """
    from agents.operations.diagnosis import diagnose

    settings = settings_of_command()
    findings = run_async(diagnose(settings, rate))
    if as_json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            _print(finding)
    if any(finding.unreachable for finding in findings):
        raise typer.Exit(Exit.UNREACHABLE)
    raise typer.Exit(Exit.REFUSED if any(finding.verdict == "wrong" for finding in findings) else Exit.OK)


def _print(finding: Finding) -> None:
    from rich.markup import escape

    out().print(f"{_WORDS[finding.verdict]} {escape(finding.part)}: {escape(finding.message)}")
    if finding.mend:
        out().print(f"        -> {escape(finding.mend)}")
