"""Rule files as they are committed, of which only what given alerts and records stand on is left."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import yaml

from grafana.rules import FOLDER
from grafana.thresholds import LOOKBACK

_NAME = re.compile(r"[\w:]+")


def names_in(*texts: str) -> frozenset[str]:
    """The alerts and records that these texts name."""
    return frozenset(word for text in texts for word in _NAME.findall(text)) & _needs().keys()


def rules_for(names: Iterable[str], *, days: bool = False) -> str:
    """The text of a rule file with these alerts and records and all that they need, in the groups and the order of the
    committed files. days: for a scene of days, evaluated every minute, what looks back by LOOKBACK looks back by one.
    """
    found: set[str] = set()
    left = set(names)
    while left:
        found |= left
        left = set().union(*(_needs()[name] for name in left)) - found
    kept = [group | {"rules": [one for one in group["rules"] if _name(one) in found]} for group in _groups()]
    groups = [group for group in kept if group["rules"]]
    return yaml.safe_dump({"groups": _every(groups, _of_days) if days else groups}, allow_unicode=True, width=1000)


@cache
def _groups() -> list[dict[str, Any]]:
    texts = [path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.rules.yml"))]
    return [group for text in texts for group in yaml.safe_load(text)["groups"]]


@cache
def _needs() -> dict[str, frozenset[str]]:
    """Alert or record -> those that it names, in its expression or in the templates of its annotations."""
    rules = {_name(rule): rule for group in _groups() for rule in group["rules"]}
    named = {
        name: {word for text in (rule["expr"], *rule.get("annotations", {}).values()) for word in _NAME.findall(text)}
        for name, rule in rules.items()
    }
    return {name: frozenset((words & rules.keys()) - {name}) for name, words in named.items()}


def _name(rule: dict[str, Any]) -> str:
    return str(rule.get("record") or rule["alert"])


def _of_days(text: str) -> str:
    return text.replace(f"offset {LOOKBACK}", "offset 1m").replace(
        f"silent:candidates[{LOOKBACK}]", "silent:candidates[1m]"
    )


def _every(value: Any, change: Callable[[str], str]) -> Any:
    """The same with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_every(one, change) for one in value]
    if isinstance(value, dict):
        return {name: _every(one, change) for name, one in value.items()}
    return value
