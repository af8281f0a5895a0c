"""Kafka's frames: reads a request, finds who serves it, writes the answer. The schemas are aiokafka's own."""

from __future__ import annotations

import asyncio
import io
import struct
from collections.abc import Awaitable, Callable, Iterable
from types import ModuleType
from typing import TYPE_CHECKING, Any

import structlog

from agents.demo.broker.errors import CloseConnection, ErrorCode

if TYPE_CHECKING:
    from agents.demo.broker.state import BrokerState

# (state, decoded request, version, client id) -> the answer's fields in the schema's order, None: no answer is due.
Handler = Callable[["BrokerState", Any, int, str], Awaitable[tuple[Any, ...] | None]]

API_VERSIONS = 18
API_VERSIONS_RANGE = (0, 2)
MAX_REQUEST_BYTES = 100 * 1024 * 1024  # Kafka's socket.request.max.bytes
_HEADER = struct.Struct(">hhih")  # API key, API version, correlation id, length of the client id

_handlers: dict[tuple[int, int], tuple[Any, Handler]] = {}
_log = structlog.get_logger(__name__)


def serves(schemas: ModuleType, request: str, versions: Iterable[int]) -> Callable[[Handler], Handler]:
    """Registers a handler for versions of a request; one that aiokafka skipped has the schema of the version before."""

    def register(handler: Handler) -> Handler:
        schema: Any = None
        for version in versions:
            schema = getattr(schemas, f"{request}_v{version}", schema)
            _handlers[schema.API_KEY, version] = (schema, handler)
        return handler

    return register


async def serve_connection(state: BrokerState, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers the requests of one connection, one after the other as Kafka does, until it ends."""
    try:
        while True:
            (size,) = struct.unpack(">i", await reader.readexactly(4))
            if not _HEADER.size <= size <= MAX_REQUEST_BYTES:
                raise CloseConnection(f"a request of {size} bytes")
            answer = await _answer(state, await reader.readexactly(size))
            if answer is not None:
                writer.write(answer)
                await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the client went away
    except CloseConnection as error:
        _log.warning("embedded broker ends a connection", reason=str(error))
    except Exception:
        _log.exception("embedded broker failed at a request and ends its connection")
    finally:
        writer.close()


async def _answer(state: BrokerState, frame: bytes) -> bytes | None:
    key, version, correlation, client_length = _HEADER.unpack_from(frame)
    body_from = _HEADER.size + max(0, client_length)
    if key == API_VERSIONS:
        return _framed(correlation, _api_versions(version))
    schema, handler = _handlers.get((key, version), (None, None))
    if schema is None or handler is None:
        raise CloseConnection(f"request {key} version {version} is not served")
    try:
        client = frame[_HEADER.size : body_from].decode()
        request = schema.decode(io.BytesIO(frame[body_from:]))
    except ValueError as error:
        raise CloseConnection(f"request {key} version {version} can't be read: {error}") from error
    answer = await handler(state, request, version, client)
    return None if answer is None else _framed(correlation, schema.RESPONSE_TYPE(*answer).encode())


def _framed(correlation: int, body: bytes) -> bytes:
    return struct.pack(">ii", len(body) + 4, correlation) + body


def _api_versions(version: int) -> bytes:
    """Written by hand: a client that asks in a newer version is answered in version 0 and told to ask again."""
    ranges = {API_VERSIONS: API_VERSIONS_RANGE}
    for key, served in _handlers:
        low, high = ranges.get(key, (served, served))
        ranges[key] = (min(low, served), max(high, served))
    known = API_VERSIONS_RANGE[0] <= version <= API_VERSIONS_RANGE[1]
    body = struct.pack(">hi", ErrorCode.NONE if known else ErrorCode.UNSUPPORTED_VERSION, len(ranges))
    for key, (low, high) in sorted(ranges.items()):
        body += struct.pack(">hhh", key, low, high)
    throttle = struct.pack(">i", 0) if known and version >= 1 else b""
    return body + throttle
