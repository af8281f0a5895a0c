"""Who may ask, and what every answer says to browsers.

With a token every request but the probes needs `Authorization: Bearer …`. Without one the server listens on loopback
only, and then the Host must name this machine: else any web page could read the figures by letting its own name point
here.
"""

import hmac
from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from aiohttp import web

from agents.web.responses import problem

TOKEN = web.AppKey("token", str)
"""The token that requests must carry; empty where none is needed."""

OPEN_PATHS = frozenset({"/healthz", "/readyz"})

OPEN_FILES = web.AppKey[frozenset[str]]("open_files", frozenset)
"""The board's own files: they hold no figures."""

HEADERS = {
    "Server": "launchpulse",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def is_loopback(host: str) -> bool:
    """Whether an address or name to listen on is reached from this machine only. Names other than localhost are not."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_authorised(request: web.Request) -> bool:
    """Whether no token is needed, or the request carries it."""
    token = request.app[TOKEN]
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return not token or (scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode()))


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse who may not ask: 401 without the token, 403 for a foreign Host where there is none."""
    if request.path not in OPEN_PATHS and not _is_open_file(request):
        if not is_authorised(request):
            return problem(
                401,
                "unauthorised",
                "send the token as 'Authorization: Bearer TOKEN'",
                {"WWW-Authenticate": 'Bearer realm="launchpulse"'},
            )
        if not request.app[TOKEN] and not is_loopback(_host_name(request.host)):
            return problem(
                403, "foreign_host", "without a token only names of this machine are served, such as localhost"
            )
    return await handler(request)


def _is_open_file(request: web.Request) -> bool:
    resource = request.match_info.route.resource
    return resource is not None and resource.canonical in request.app.get(OPEN_FILES, ())


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Set the headers of every answer, errors too."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = HEADERS["Server"]


def _host_name(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
