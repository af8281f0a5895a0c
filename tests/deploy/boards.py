"""The boards as Grafana reads them: their panels and expressions, the variables filled in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from grafana.build import boards
from grafana.reference import panels

BOARDS: dict[str, dict[str, Any]] = {name.removesuffix(".json"): json.loads(text) for name, text in boards().items()}


def panels_of(board: str) -> list[dict[str, Any]]:
    """The panels of a board, those of closed rows too."""
    return [panel for _, panel in panels(BOARDS[board])]


def expressions(window: str, campaign: str, channel: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(board, panel and letter; expression; panel) of every query of every board."""
    for board in BOARDS:
        for panel in panels_of(board):
            for target in panel["targets"]:
                yield (
                    f"{board}: {panel['title']} {target['refId']}",
                    filled(target["expr"], window, campaign, channel),
                    panel,
                )


def marks(campaign: str) -> Iterator[tuple[str, str]]:
    """(board and annotation, expression) of every annotation."""
    for board, content in BOARDS.items():
        for mark in content["annotations"]["list"]:
            yield f"{board}: {mark['name']}", filled(mark["expr"], "launch", campaign, "all")


def filled(expression: str, window: str, campaign: str, channel: str) -> str:
    """The expression with the variables filled in as Grafana does."""
    chosen = expression.replace("$campaign", campaign).replace("$channel", channel).replace("$window", window)
    assert "$" not in chosen, chosen
    return chosen
