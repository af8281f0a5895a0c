"""Serves the alerts' runbooks and nothing else, without a token: `python -m agents.web.runbook_server`.

Workers serve them too. But where those are many, on a network that nobody reaches, as in docker-compose.yml, the links
in alerts need an address that stays.
"""

import os

from aiohttp import web

from agents.web.board_files import PREFIX, board_files, runbook_files
from agents.web.board_routes import serve_file
from agents.web.security import add_headers

_USUAL = (("HOST", "127.0.0.1"), ("PORT", "6066"))
_LOOKS = tuple(f"{PREFIX}{name}" for name in ("runbook.css", "icon.svg"))


def build_runbooks() -> web.Application:
    """The runbooks, what they look like, and `/healthz`."""
    app = web.Application(client_max_size=1024)
    app.on_response_prepare.append(add_headers)
    board = board_files()
    for path, file in {**runbook_files(), **{path: board[path] for path in _LOOKS}}.items():
        app.router.add_get(path, serve_file(file))
    app.router.add_get("/healthz", _healthz)
    return app


async def _healthz(request: web.Request) -> web.StreamResponse:
    return web.Response(text="it serves runbooks\n")


if __name__ == "__main__":
    host, port = (os.environ.get(f"LAUNCHPULSE_WEB_{name}", usual) for name, usual in _USUAL)
    web.run_app(build_runbooks(), host=host, port=int(port), print=None, access_log=None)
