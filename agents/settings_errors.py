"""How a wrong setting is refused: one line with the variable, what it must be, and the value (a secret's never)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

PREFIX = "LAUNCHPULSE_"

# What Kubernetes puts into every container beside a Service named launchpulse, and Docker beside a linked container.
_INJECTED = re.compile(
    r"LAUNCHPULSE_(\w+_)?SERVICE_(HOST|PORT(_\w+)?)|LAUNCHPULSE_(\w+_)?PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?"
)


class SettingsError(Exception):
    """Settings with which nothing may start. Its text is one line for a person and holds no secret."""


class WrongSetting(ValueError):
    """A rule of `agents.settings` that does not hold; its text already names the variable."""


def variable(field: str) -> str:
    """The environment variable of a field: `web_port` is `LAUNCHPULSE_WEB_PORT`."""
    return PREFIX + field.upper()


def unknown_variables(environ: Mapping[str, str], fields: Iterable[str]) -> list[str]:
    """A sentence for every variable with our prefix that is no setting, with the likeliest one that was meant."""
    known = {variable(field) for field in fields}
    sentences = []
    for name in sorted(environ):
        if not name.upper().startswith(PREFIX) or name in known or _is_injected(name, environ[name]):
            continue
        near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.7)
        sentences.append(f"{name} is no setting" + (f", did you mean {near[0]}?" if near else ""))
    return sentences


def describe(error: ValidationError, secret_fields: frozenset[str]) -> str:
    """All that a validation refused, as one line; a value of `secret_fields` is not shown."""
    return "; ".join(_sentence(dict(problem), secret_fields) for problem in error.errors(include_url=False))


def _sentence(problem: dict[str, Any], secret_fields: frozenset[str]) -> str:
    context = problem.get("ctx", {})
    cause = context.get("error")
    if isinstance(cause, WrongSetting):
        return one_line(str(cause))
    field = str(problem["loc"][0]) if problem["loc"] else ""
    shown = "" if field in secret_fields else f", got {one_line(repr(problem.get('input')))}"
    return f"{variable(field)} {_rule(problem['type'], context, problem['msg'])}{shown}"


def _rule(kind: str, context: Mapping[str, Any], message: str) -> str:
    rules = {
        "greater_than_equal": "must be at least {ge}",
        "less_than_equal": "must be at most {le}",
        "literal_error": "must be one of {expected}",
        "string_pattern_mismatch": "must match {pattern}",
        "int_parsing": "must be a whole number",
        "int_from_float": "must be a whole number",
        "bool_parsing": "must be true or false",
        "float_parsing": "must be a number",
    }
    if kind in rules:
        return rules[kind].format(**context)
    return "is refused: " + one_line(message.removeprefix("Value error, "))


def one_line(text: str, limit: int = 300) -> str:
    """Text without line breaks and control characters, at most `limit` characters long."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def _is_injected(name: str, value: str) -> bool:
    if not _INJECTED.fullmatch(name):
        return False
    return "SERVICE" in name or "_PORT_" in name or value.startswith(("tcp://", "udp://"))
