"""Responses: JSON by orjson, gzip level 1 where it is accepted, errors as a small JSON object."""

import asyncio
import gzip

import orjson
from aiohttp import web

from agents.web.answers import Problem

GZIP_LEVEL = 1
"""Level 9 costs fifteen times as much for a tenth fewer bytes."""

SMALL_BYTES = 1024
"""Bodies up to this size are sent as they are."""


def json_response(answer: object, status: int = 200) -> web.Response:
    """A dataclass of answers.py as JSON."""
    return web.Response(body=orjson.dumps(answer), status=status, content_type="application/json")


def problem(status: int, error: str, detail: str, headers: dict[str, str] | None = None) -> web.Response:
    """An error. `detail` is a sentence for people."""
    response = json_response(Problem(error, detail), status)
    response.headers.update(headers or {})
    return response


def accepts_gzip(request: web.Request) -> bool:
    """Whether the client takes gzip: named, or by `*`, and not with weight 0."""
    weights = _weights(request.headers.get("Accept-Encoding", ""))
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def prefers_csv(accept: str) -> bool:
    """Whether a header `Accept` wants CSV rather than JSON: named, and with a greater weight where JSON is too."""
    weights = _weights(accept)
    return weights.get("text/csv", 0.0) > weights.get("application/json", 0.0)


def _weights(header: str) -> dict[str, float]:
    weights: dict[str, float] = {}
    for part in header.split(","):
        coding, _, parameter = part.strip().lower().partition(";")
        name, _, weight = parameter.strip().partition("=")
        try:
            weights[coding.strip()] = float(weight) if name.strip() == "q" else 1.0
        except ValueError:
            weights[coding.strip()] = 0.0
    return weights


async def packed(request: web.Request, response: web.Response) -> web.Response:
    """The response, its body packed in a thread where the client accepts that and it is worth it."""
    body = response.body
    response.headers["Vary"] = "Accept-Encoding"
    if isinstance(body, bytes) and len(body) > SMALL_BYTES and accepts_gzip(request):
        response.body = await asyncio.to_thread(gzip.compress, body, GZIP_LEVEL, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
    return response
