"""The shape of the project: what only one folder may know, and what every file must keep to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for package in ("streams", "agents") for path in (ROOT / package).rglob("*.py"))

# Public in spite of their underscore: they keep out of the way of a named tuple's fields; and os._exit.
_PUBLIC = {"_replace", "_fields", "_asdict", "_make", "_exit"}


def foreign_private_names(source: str) -> Iterator[str]:
    """Private attributes that are asked of another object than our own, and private names that are imported."""
    tree = ast.parse(source)
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    assigned = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in {"faust", "mode", "aiokafka"}:
            yield from (alias.name for alias in node.names if is_private(alias.name))
        if isinstance(node, ast.Attribute) and is_private(node.attr) and node.attr not in own | assigned:
            yield node.attr


def is_private(name: str) -> bool:
    """Whether a name begins with one underscore."""
    return name.startswith("_") and not name.startswith("__") and name not in _PUBLIC


def imported_modules(source: str) -> set[str]:
    """Every module that a file imports, wherever in it."""
    modules = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules.add(node.module)
    return modules


def test_private_names_of_faust_and_aiokafka_stand_in_one_folder_only() -> None:
    found = {
        str(path.relative_to(ROOT)): names
        for path in SOURCES
        if path.relative_to(ROOT).parts[:2] != ("agents", "kafka")
        and (names := sorted(set(foreign_private_names(path.read_text(encoding="utf-8")))))
        and any(module.split(".")[0] in {"faust", "mode", "aiokafka"} for module in imported_modules(path.read_text()))
    }
    assert found == {}


def test_the_check_for_private_names_sees_them() -> None:
    assert list(foreign_private_names("from aiokafka import _x\napp.consumer._commit()\nself._mine = 1\no._mine")) == [
        "_x",
        "_commit",
    ]


def test_streams_does_no_input_or_output_and_has_no_clock() -> None:
    forbidden = {"asyncio", "socket", "time", "threading", "subprocess", "logging"}
    forbidden |= {"agents", "aiokafka", "faust", "mode", "redis", "structlog"}
    for path in SOURCES:
        if path.relative_to(ROOT).parts[0] == "streams":
            modules = {module.split(".")[0] for module in imported_modules(path.read_text(encoding="utf-8"))}
            assert modules & forbidden == set(), path


def test_only_the_command_imports_the_demo() -> None:
    for path in SOURCES:
        if path.relative_to(ROOT).parts[1] in ("demo", "cli"):
            continue
        modules = imported_modules(path.read_text(encoding="utf-8"))
        assert not any(module.startswith("agents.demo") for module in modules), path


@pytest.mark.parametrize("name", ["requirements/runtime.txt", "requirements/dev.txt"])
def test_lock_files_have_hashes_and_no_addresses(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index-url" not in text
    pinned = re.findall(r"^[A-Za-z0-9_.-]+==", text, re.MULTILINE)
    assert len(pinned) > 40
    assert len(re.findall(r"^[A-Za-z0-9_.-]+==[^\n]*\\\n    --hash=sha256:", text, re.MULTILINE)) == len(pinned)


def test_what_pyproject_pins_is_what_the_lock_installs() -> None:
    locked = dict(re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)", (ROOT / "requirements/dev.txt").read_text(), re.MULTILINE))
    locked = {name.lower().replace("_", "-"): version for name, version in locked.items()}
    wanted = re.findall(r'^    "([A-Za-z0-9_.-]+)==([^";]+)', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert wanted
    for name, version in wanted:
        assert locked[name.lower().replace("_", "-")] == version
