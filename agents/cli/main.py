"""`launchpulse`: wires the commands together and turns expected errors into one line and an exit code."""

from __future__ import annotations

import sys
from importlib import metadata
from typing import Annotated

import typer

from agents.cli import (
    campaigns,
    claims,
    dead_letters,
    demo,
    doctor,
    preflight,
    publish,
    simulate,
    status,
    topics,
    worker,
)
from agents.cli.common import Exit, err, exit_code_of
from agents.settings_errors import one_line

app = typer.Typer(
    name="launchpulse",
    help="Live KPIs of a marketing launch, counted exactly once from Kafka. Settings: docs/settings.md.",
    epilog="Exit codes: 0 done and equal, 1 refused or unequal, 2 wrong usage or settings, 3 a part can't be reached.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
app.command("worker")(worker.worker)
app.command("demo")(demo.demo)
app.command("simulate")(simulate.simulate)
app.command("publish")(publish.publish)
app.command("status")(status.status)
app.command("doctor")(doctor.doctor)
app.command("preflight")(preflight.preflight)
app.add_typer(topics.app, name="topics")
app.add_typer(campaigns.app, name="campaigns")
app.add_typer(claims.app, name="claims")
app.add_typer(dead_letters.app, name="dead-letters")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"launchpulse {_installed_version()}")
        raise typer.Exit


def _installed_version() -> str:
    try:
        return metadata.version("launchpulse")
    except metadata.PackageNotFoundError:
        return "from source"


@app.callback()
def common_options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    """Live KPIs of a marketing launch, counted exactly once from Kafka. Settings: docs/settings.md."""


def run(arguments: list[str] | None = None) -> None:
    """Runs the command and ends the process with its exit code."""
    sys.exit(run_command(arguments))


def run_command(arguments: list[str] | None = None) -> int:
    """Runs the command. Returns its exit code; only a bug raises."""
    try:
        app(args=arguments, prog_name="launchpulse")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else Exit.OK
    except (Exception, KeyboardInterrupt) as error:
        known = exit_code_of(error)
        if known is None:
            raise
        if known is not Exit.INTERRUPTED:
            err().print(f"launchpulse: {one_line(str(error) or type(error).__name__, 2_000)}", markup=False)
        return known
    return Exit.OK


if __name__ == "__main__":
    run()
