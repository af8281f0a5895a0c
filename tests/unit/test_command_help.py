"""The help of the commands, as it stands in a terminal."""

from itertools import pairwise, takewhile

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from agents.cli.main import app

WIDTH = 80


def commands() -> list[tuple[str, ...]]:
    """Each command, and each command of a group."""
    found: list[tuple[str, ...]] = [()]
    for name, command in getattr(get_command(app), "commands", {}).items():
        found += [(name,), *((name, inner) for inner in getattr(command, "commands", {}))]
    return found


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_the_paragraphs_of_the_help_fill_the_lines_of_a_terminal(command: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": str(WIDTH), "TERM": "dumb"})
    assert shown.exit_code == 0
    prose = [line.strip() for line in takewhile(lambda line: "─" not in line, shown.output.splitlines())]
    assert any(prose)
    for line, after in pairwise(prose):
        if line and after:
            assert len(line) + 1 + len(after.split()[0]) > WIDTH - 2
