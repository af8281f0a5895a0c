"""docker-compose.yml and the Dockerfile as data, and what stands for a container's world on this machine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "Dockerfile"
PROMETHEUS = ROOT / "deploy" / "prometheus.yml"

_DEFAULTED = re.compile(r"\$\{(\w+):-([^}]*)\}")


def read_compose(variables: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The file as Compose sees it: every `${NAME:-default}` filled in, every anchor merged."""
    given = variables or {}
    text = _DEFAULTED.sub(lambda found: given.get(found[1], found[2]), COMPOSE.read_text(encoding="utf-8"))
    assert "${" not in text, "a variable without a default: `docker compose up` would not run out of the box"
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in order, each with its argument on one line; comments left out."""
    lines = [line for line in DOCKERFILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    pairs = (line.split(maxsplit=1) for line in joined.splitlines() if line.strip())
    return [(name.upper(), " ".join(argument.split())) for name, argument in pairs]


def argument_of(name: str) -> str:
    """The argument of the last instruction of that name."""
    return [argument for found, argument in instructions() if found == name][-1]


def image_environment() -> dict[str, str]:
    """The variables that the final stage sets."""
    return dict(pair.split("=", 1) for pair in argument_of("ENV").split())


def health_command() -> list[str]:
    """What the image's health check runs."""
    command: list[str] = json.loads(argument_of("HEALTHCHECK").split(" CMD ", 1)[1])
    return command


def own_services(compose: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The services that run our image."""
    return {name: service for name, service in compose["services"].items() if "build" in service}


def rewritten(values: Mapping[str, str], replacements: Mapping[str, str]) -> dict[str, str]:
    """The values with hosts and paths of the containers replaced by those of this machine."""
    return dict(_rewritten(values, replacements))


def _rewritten(values: Mapping[str, str], replacements: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        for old, new in replacements.items():
            value = value.replace(old, new)
        yield name, value
