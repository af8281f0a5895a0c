"""A catalogue's file: YAML or JSON, read strictly, so that what is mistyped is refused and not left out."""

from __future__ import annotations

from typing import get_args

import yaml

from streams.events.campaigns import Campaign, Kpis, Target, Window, parse_campaign
from streams.events.errors import CatalogueError

_SCALARS = ("int", "float", "bool", "date", "datetime")


class CatalogueFileError(ValueError):
    """A file that is no catalogue; one line that names the place."""


def read_file(text: str, kpis: Kpis | None = None) -> list[Campaign]:
    """The campaigns of a YAML (or JSON) catalogue: a list of campaigns, or a mapping with the list under `campaigns`.

    Raises CatalogueFileError.
    """
    content = _yaml(text)
    if isinstance(content, dict) and set(content) == {"campaigns"}:
        content = content["campaigns"]
    if not isinstance(content, list):
        raise CatalogueFileError("a catalogue is a list of campaigns, or a mapping with that list under `campaigns`")
    campaigns: list[Campaign] = []
    for number, entry in enumerate(content):
        try:
            campaign = parse_campaign(entry, kpis)
        except CatalogueError as error:
            name = entry.get("id") if isinstance(entry, dict) else None
            place = f"campaigns[{number}]{f' ({name})' if name else ''}"
            raise CatalogueFileError(f"{place}: {f'{error.path}: ' if error.path else ''}{_plainly(error)}") from None
        if any(campaign.id == other.id for other in campaigns):
            raise CatalogueFileError(f"campaigns[{number}] ({campaign.id}): its id stands twice in the file")
        campaigns.append(campaign)
    return campaigns


def _yaml(text: str) -> object:
    try:
        _refuse_doubled_keys(yaml.compose(text, yaml.SafeLoader))
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" in line {mark.line + 1}" if mark is not None else ""
        raise CatalogueFileError(f"not YAML{place}: {getattr(error, 'problem', None) or error}") from None
    except RecursionError:
        raise CatalogueFileError("not YAML: nested too deep") from None


def _refuse_doubled_keys(root: yaml.Node | None) -> None:
    """A key that stands twice in one mapping is a mistake, of which YAML would take the last."""
    nodes, seen = [root], set()
    while nodes:
        node = nodes.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            nodes += node.value
        elif isinstance(node, yaml.MappingNode):
            keys = set()
            for key, value in node.value:
                name = key.value if isinstance(key, yaml.ScalarNode) else id(key)
                if name in keys:
                    line = key.start_mark.line + 1
                    raise CatalogueFileError(f"not YAML in line {line}: {name} stands twice in one mapping")
                keys.add(name)
                nodes.append(value)


def _plainly(error: CatalogueError) -> str:
    """What is wrong, for whoever writes YAML and knows nothing of types."""
    problem = error.problem
    if problem.startswith("Expected str, got ") and problem.rpartition(" ")[2] in _SCALARS:
        return "must be text: write it in quotes"
    if problem.startswith(("Expected datetime", "Invalid RFC3339 encoded datetime")):
        return "must be a time with an offset, such as 2026-11-24T09:00:00+01:00"
    if problem.startswith("Invalid enum value"):
        known = get_args(Window) if error.path.endswith("window") else get_args(Target.__annotations__["source"])
        return f"must be one of {', '.join(known)}"
    return problem
