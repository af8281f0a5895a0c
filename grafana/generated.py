"""Writes what a module of this folder generates."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path


def write(texts: Mapping[str, str], usual: Path, arguments: list[str] | None = None) -> int:
    """Write files, by name, into the folder that is the one argument (of the command where None), else into the usual
    one. Returns the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    folder = Path(given[0]) if given else usual
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return 0
