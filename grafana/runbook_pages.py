"""Writes the runbooks as the pages that every worker serves: `python -m grafana.runbook_pages [FOLDER]`."""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt

from grafana.generated import write

ROOT = Path(__file__).resolve().parent.parent
RUNBOOKS = ROOT / "grafana" / "runbooks"
FOLDER = ROOT / "agents" / "web" / "runbooks"

_PAGE = """<!doctype html>
<!-- Written by grafana/runbook_pages.py from grafana/runbooks/{name}.md; do not edit. -->
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="/board/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/board/runbook.css">
</head>
<body>
<main>
{body}</main>
</body>
</html>
"""


def pages() -> dict[str, str]:
    """File name -> the text of a page, one for each runbook."""
    markdown = MarkdownIt("commonmark", {"html": False})
    return {
        f"{path.stem}.html": _PAGE.format(
            name=path.stem, title=escape(path.stem), body=markdown.render(path.read_text(encoding="utf-8"))
        )
        for path in sorted(RUNBOOKS.glob("*.md"))
    }


def main(arguments: list[str] | None = None) -> int:
    """Write the files. Returns the exit code."""
    return write(pages(), FOLDER, arguments)


if __name__ == "__main__":
    sys.exit(main())
