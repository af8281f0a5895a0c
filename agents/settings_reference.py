"""Prints docs/settings.md: `python -m agents.settings_reference`."""

from __future__ import annotations

import sys
from typing import Any, get_args, get_origin

from pydantic.fields import FieldInfo

from agents.settings import Settings
from agents.settings_errors import variable

_HEAD = """# The settings

<!-- Written by `python -m agents.settings_reference`; do not edit. -->

Every setting is an environment variable. They are read once, at the start; whatever is wrong is refused there in one
line that names it: a value out of its range, a variable with our prefix that does not exist, a file that can't be
read, plain text to another host, a web server beyond loopback without a token.

Secrets are read from the files that the `*_FILE` variables name (one line break at the end is left out), so that they
are in no process list and no log. An empty variable counts as not set where nothing need be set.

| variable | default | values | meaning |
|---|---|---|---|
"""


def render() -> str:
    """The page, in Markdown."""
    rows = [
        f"| `{variable(name)}` | {_default(field)} | {_values(name, field)} | {_cell(field.description or '')} |\n"
        for name, field in Settings.model_fields.items()
    ]
    return _HEAD + "".join(rows)


def _default(field: FieldInfo) -> str:
    default = field.default
    if default is None or default == "":
        return "–"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{','.join(default) if isinstance(default, tuple) else default}`"


def _values(name: str, field: FieldInfo) -> str:
    choices = [value for kind in _kinds(field.annotation) for value in _literal(kind)]
    if choices:
        return ", ".join(f"`{choice}`" for choice in choices)
    if field.annotation is bool:
        return "`true`, `false`"
    bounds = {end: getattr(rule, end) for rule in field.metadata for end in ("ge", "le") if hasattr(rule, end)}
    if bounds:
        return f"{bounds['ge']} to {bounds['le']}"
    return "a file" if name.endswith("_file") else "text"


def _kinds(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) or (annotation,)


def _literal(kind: Any) -> tuple[Any, ...]:
    if isinstance(kind, str):
        return (kind,)
    return get_args(kind) if get_origin(kind) is not None else ()


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(render())
