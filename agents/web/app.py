"""The web application: the routes of openapi.py over pictures of one worker, each made when it is asked for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol
from urllib.parse import quote

import orjson
import structlog
from aiohttp import web
from pydantic import SecretStr

from agents.campaign.series import Span
from agents.campaign.snapshot import Snapshot
from agents.languages import LANGUAGES, Language
from agents.telemetry import Telemetry
from agents.web import api
from agents.web.answers import PreflightAnswer
from agents.web.exposition import CONTENT_TYPE
from agents.web.health import Health, live_response, ready_response
from agents.web.history import CSV_TYPE, FORMATS, WrongQuestion, as_csv, span_of
from agents.web.openapi import OPERATIONS, PAGE_DEFAULT, PAGE_MOST, describe
from agents.web.pages import MetricsPage
from agents.web.responses import json_response, packed, prefers_csv, problem
from agents.web.security import TOKEN, Handler, add_headers, guard
from streams.counting.campaign_panes import ALL_WINDOWS
from streams.events.channels import ALL_CHANNELS_NAME, CHANNEL_CODES
from streams.events.topic import MAX_LABEL

log = structlog.get_logger(__name__)

MOST_RATE = 100_000_000
MAX_REQUEST_BYTES = 1024
"""Nothing is ever sent to this server but questions."""


class WebState(Protocol):
    """What is asked of the worker."""

    telemetry: Telemetry

    async def snapshot(self, campaign: str | None = None, windows: frozenset[str] = ALL_WINDOWS) -> Snapshot:
        """A picture of now, made for whoever asks: of one campaign with these windows, or of all with the exported
        ones."""

    def health(self) -> Health:
        """Whether the worker lives, and whether it is ready; needs no picture."""

    async def series(self, campaign: str, span: Span) -> bytes | None:
        """The campaign's history as JSON (`null`: nobody knows it), whoever owns it; None where no owner answers."""

    async def preflight(self, campaign: str, rate: float | None, language: Language) -> PreflightAnswer:
        """Whether the campaign may be launched; rate: events a second that are expected at the peak."""


class WebSettings(Protocol):
    """The settings that matter here; see `agents.settings.Settings`."""

    @property
    def web_token(self) -> SecretStr | None:
        """The token that requests must carry; None where none is needed."""

    @property
    def series_budget(self) -> int:
        """Most campaign series of a scrape."""


def build_web(state: WebState, settings: WebSettings) -> web.Application:
    """The application, to be served by `agents.web.server.WebServer`."""
    app = web.Application(middlewares=[errors, guard], client_max_size=MAX_REQUEST_BYTES)
    token = settings.web_token
    app[TOKEN] = "" if token is None else token.get_secret_value()
    app.on_response_prepare.append(add_headers)
    handlers = _Handlers(state, MetricsPage(state.telemetry, settings.series_budget))
    for operation in OPERATIONS:
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]] = getattr(handlers, operation.name)
        app.router.add_get(operation.path, handler)
    return app


class _Handlers:
    """One method an operation, named as in openapi.py."""

    def __init__(self, state: WebState, page: MetricsPage) -> None:
        self._state = state
        self._page = page
        self._description = orjson.dumps(describe())

    async def metrics(self, request: web.Request) -> web.Response:
        body = await self._page.body(await self._state.snapshot())
        return await packed(request, web.Response(body=body, headers={"Content-Type": CONTENT_TYPE}))

    async def healthz(self, request: web.Request) -> web.Response:
        return live_response(self._state.health())

    async def readyz(self, request: web.Request) -> web.Response:
        return ready_response(request, self._state.health())

    async def campaigns(self, request: web.Request) -> web.Response:
        if wrong := _unknown(request, {"active", "after", "limit"}):
            return wrong
        active = request.query.get("active")
        if active not in (None, "true", "false"):
            return problem(400, "bad_parameter", f"active must be true or false, got {active[:MAX_LABEL]!r}")
        limit = request.query.get("limit", str(PAGE_DEFAULT))
        if not (limit.isascii() and limit.isdigit() and len(limit) < 6 and 1 <= int(limit) <= PAGE_MOST):
            return problem(400, "bad_parameter", f"limit must be 1 to {PAGE_MOST}, got {limit[:MAX_LABEL]!r}")
        answer = api.list_campaigns(
            await self._state.snapshot(),
            active=None if active is None else active == "true",
            after=request.query.get("after", ""),
            limit=int(limit),
        )
        return await packed(request, json_response(answer))

    async def campaign(self, request: web.Request) -> web.Response:
        if wrong := _unknown(request, {"channel", "window"}):
            return wrong
        name = request.match_info["id"]
        channel = request.query.get("channel")
        if channel is not None and channel not in (ALL_CHANNELS_NAME, *CHANNEL_CODES):
            return problem(400, "bad_parameter", f"no channel is called {channel[:MAX_LABEL]!r}")
        windows = frozenset(request.query.getall("window", ())) or ALL_WINDOWS
        if no_window := min(windows - ALL_WINDOWS, default=None):
            return problem(400, "bad_parameter", f"no window is called {no_window[:MAX_LABEL]!r}")
        snapshot = await self._state.snapshot(name, windows)
        campaign = snapshot.campaigns.get(name)
        if campaign is None:
            detail = f"this worker owns no campaign {name[:MAX_LABEL]!r}: it has no events, or another worker owns it"
            return problem(404, "unknown_campaign", detail)
        # Thousands of values: made in a thread, so that whoever reads and merges need not wait.
        answer = await asyncio.to_thread(
            lambda: json_response(api.describe_campaign(snapshot, campaign, channel, windows))
        )
        return await packed(request, answer)

    async def history(self, request: web.Request) -> web.Response:
        if wrong := _unknown(request, {"step", "from", "to", "channel", "format"}):
            return wrong
        name, query = request.match_info["id"], request.query
        wanted = query.get("format") or ("csv" if prefers_csv(request.headers.get("Accept", "")) else "json")
        if wanted not in FORMATS:
            return problem(400, "bad_parameter", f"format must be json or csv, got {wanted[:MAX_LABEL]!r}")
        try:
            span = span_of(query)
        except WrongQuestion as refused:
            return problem(400, "bad_parameter", str(refused))
        body = await self._state.series(name, span)
        if body is None:
            detail = "the worker that owns the campaign does not answer; try again in a moment"
            return problem(503, "no_owner", detail, {"Retry-After": "5"})
        if body == b"null":
            return problem(404, "unknown_campaign", f"nobody has heard of a campaign {name[:MAX_LABEL]!r}")
        if wanted == "json":
            return await packed(request, web.Response(body=body, content_type="application/json"))
        text = await asyncio.to_thread(lambda: as_csv(orjson.loads(body)))
        file = quote(f"{name}-{span.step}.csv", safe="")
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{file}"}
        response = web.Response(body=text, content_type=CSV_TYPE, charset="utf-8", headers=headers)
        return await packed(request, response)

    async def preflight(self, request: web.Request) -> web.Response:
        if wrong := _unknown(request, {"rate", "language"}):
            return wrong
        language = next((one for one in LANGUAGES if one == request.query.get("language", "en")), None)
        if language is None:
            return problem(400, "bad_parameter", f"language must be {' or '.join(LANGUAGES)}")
        try:
            rate = float(request.query["rate"]) if request.query.get("rate") else None
        except ValueError:
            rate = -1.0
        if rate is not None and not 0 <= rate <= MOST_RATE:
            return problem(400, "bad_parameter", f"rate must be a number of events a second, 0 to {MOST_RATE:,}")
        name = request.match_info["id"]
        if len(name) > MAX_LABEL:
            return problem(400, "bad_parameter", f"a campaign's id has at most {MAX_LABEL} characters")
        return await packed(request, json_response(await self._state.preflight(name, rate, language)))

    async def openapi(self, request: web.Request) -> web.Response:
        return await packed(request, web.Response(body=self._description, content_type="application/json"))


def _unknown(request: web.Request, known: set[str]) -> web.Response | None:
    unknown = sorted(set(request.query) - known)
    return problem(400, "unknown_parameter", f"no parameter is called {unknown[0][:MAX_LABEL]!r}") if unknown else None


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error is a small JSON object; what went wrong inside stays in the log."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return problem(404, "unknown_path", f"nothing is at {request.path[:MAX_LABEL]!r}; see /openapi.json")
    except web.HTTPMethodNotAllowed as refused:
        allowed = ", ".join(sorted(refused.allowed_methods))
        return problem(405, "method_not_allowed", f"only {allowed} here", {"Allow": allowed})
    except web.HTTPException as refused:
        return problem(refused.status, "refused", refused.reason)
    except Exception:
        log.exception("a request failed", path=request.path)
        return problem(500, "internal_error", "the request failed; the log of the worker says why")
