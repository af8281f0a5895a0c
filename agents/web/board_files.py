"""The files that a worker serves: the board's page, style and scripts, and the alerts' runbooks. They hold no figures,
so that everybody may read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agents.web.live import definitions, meanings

FOLDER = Path(__file__).parent / "board"
PREFLIGHT_FOLDER = Path(__file__).parent / "preflight_page"
RUNBOOKS_FOLDER = Path(__file__).parent / "runbooks"
PAGE = "/"
PREFIX = "/board/"
PREFLIGHT_PREFIX = "/preflight/"
RUNBOOKS_PREFIX = "/runbooks/"
PREFLIGHT_PAGE = f"{PREFLIGHT_PREFIX}{{id}}"

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
"""Nothing from elsewhere, nothing inline, and no text ever becomes markup."""


@dataclass(frozen=True, slots=True)
class File:
    """What is served at a path."""

    body: bytes
    headers: Mapping[str, str]


def board_files() -> dict[str, File]:
    """Path -> file, read once: all that a board in English loads."""
    return {**_files(FOLDER, PAGE, PREFIX), f"{PREFIX}kpis.json": _file(definitions(), "application/json")}


def translated_files() -> dict[str, File]:
    """The same of what a board in another language loads in the place of its English counterpart."""
    return {f"{PREFIX}kpis.ru.json": _file(definitions("ru"), "application/json")}


def meanings_files() -> dict[str, File]:
    """The same of what a board loads when somebody wants a KPI explained, in each language."""
    return {
        f"{PREFIX}meanings.json": _file(meanings(), "application/json"),
        f"{PREFIX}meanings.ru.json": _file(meanings("ru"), "application/json"),
    }


def preflight_files() -> dict[str, File]:
    """The same of the page with the preflight of a campaign, which takes style and scripts of the board."""
    return _files(PREFLIGHT_FOLDER, PREFLIGHT_PAGE, PREFLIGHT_PREFIX)


def runbook_files() -> dict[str, File]:
    """The same of the alerts' runbooks, each under the alert's name."""
    return {
        RUNBOOKS_PREFIX + path.stem: _file(path.read_bytes(), _TYPES[path.suffix])
        for path in sorted(RUNBOOKS_FOLDER.iterdir())
        if path.suffix in _TYPES
    }


def _files(folder: Path, page: str, prefix: str) -> dict[str, File]:
    """The page comes last: its place may be a pattern that the other files' places fit, and the first that fits is
    served."""
    paths = sorted((path.name == "index.html", path) for path in folder.iterdir() if path.suffix in _TYPES)
    return {
        page if is_page else prefix + path.name: _file(path.read_bytes(), _TYPES[path.suffix])
        for is_page, path in paths
    }


def _file(body: bytes, content_type: str) -> File:
    return File(body, {"Content-Type": content_type, "Content-Security-Policy": POLICY, "Cache-Control": "no-cache"})
