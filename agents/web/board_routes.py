"""The board's routes: its files, and the events that keep it live."""

from aiohttp import web

from agents.web.board_files import (
    PREFIX,
    File,
    board_files,
    meanings_files,
    preflight_files,
    runbook_files,
    translated_files,
)
from agents.web.events import Viewers
from agents.web.questions import WINDOW_NAMES
from agents.web.responses import packed, problem
from agents.web.security import OPEN_FILES, Handler
from streams.events.topic import MAX_LABEL

EVENTS = f"{PREFIX}events"


def add_board(app: web.Application, viewers: Viewers) -> None:
    """Serve the board at `/`, the preflight of a campaign, and the runbooks. Their files are open to everybody, the
    board's events are guarded as the API is."""
    files = board_files() | translated_files() | meanings_files() | preflight_files() | runbook_files()
    app[OPEN_FILES] = frozenset(files)
    for path, file in files.items():
        app.router.add_get(path, serve_file(file))
    app.router.add_get(EVENTS, _events(viewers))
    app.on_shutdown.append(viewers.close)


def serve_file(file: File) -> Handler:
    """What answers with that file."""

    async def handler(request: web.Request) -> web.StreamResponse:
        return await packed(request, web.Response(body=file.body, headers=dict(file.headers)))

    return handler


def _events(viewers: Viewers) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        campaign, window = request.query.get("campaign", ""), request.query.get("window", "launch")
        if window not in WINDOW_NAMES:
            return problem(400, "bad_parameter", f"no window is called {window[:MAX_LABEL]!r}")
        if len(campaign) > MAX_LABEL:
            return problem(400, "bad_parameter", f"a campaign's id has at most {MAX_LABEL} characters")
        return await viewers.serve(request, campaign, window)

    return handler
