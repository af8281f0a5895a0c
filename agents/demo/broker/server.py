"""The embedded broker itself: listens, serves, keeps house, stops."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import structlog

# The modules that serve requests register themselves when they are imported.
from agents.demo.broker import admin, commits, fetch, memberships, metadata, produce  # noqa: F401
from agents.demo.broker.groups import Groups
from agents.demo.broker.log import Memory
from agents.demo.broker.state import BrokerState
from agents.demo.broker.topics import Topics
from agents.demo.broker.wire import serve_connection

_log = structlog.get_logger(__name__)

LOOPBACK = "127.0.0.1"
HOUSEKEEPING_SECONDS = 1.0
PAUSE_AFTER_SECONDS = 0.002  # compaction gives way to requests this often


class EmbeddedBroker:
    """A Kafka broker in memory, on the loopback address. `async with` starts and stops it.

    `port` 0 takes a free one and keeps it over a stop and a new start, as topics, groups and records are kept.
    `memory_mb` caps what all records take together: beyond it producers get PolicyViolationError and the log says why.
    `min_session_timeout_ms` is the shortest session timeout group members may ask for.
    """

    def __init__(
        self,
        port: int = 0,
        memory_mb: int = 512,
        *,
        auto_create_topics: bool = False,
        default_partitions: int = 4,
        min_session_timeout_ms: int = 1000,
    ) -> None:
        self._state = BrokerState(
            host=LOOPBACK,
            port=port,
            topics=Topics(Memory(memory_mb << 20)),
            groups=Groups(min_session_timeout_ms),
            auto_create_topics=auto_create_topics,
            default_partitions=default_partitions,
        )
        self._server: asyncio.Server | None = None
        self._housekeeper: asyncio.Task[None] | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        """host:port for clients (bootstrap servers); the port is known once it has started."""
        return f"{LOOPBACK}:{self._state.port}"

    @property
    def memory_used(self) -> int:
        """Bytes that the records take now."""
        return self._state.topics.memory.used

    async def start(self) -> None:
        """Listens. Raises OSError when the port is taken."""
        self._server = await asyncio.start_server(self._connected, LOOPBACK, self._state.port)
        self._state.port = self._server.sockets[0].getsockname()[1]
        self._housekeeper = asyncio.create_task(self._keep_house(), name="embedded broker housekeeping")

    async def stop(self) -> None:
        """Ends all connections and stops listening; what is stored stays for another start."""
        if self._server is None or self._housekeeper is None:
            return
        self._server.close()
        tasks = [self._housekeeper, *self._connections]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()
        self._state.groups.clear_members()
        self._server = self._housekeeper = None

    async def __aenter__(self) -> EmbeddedBroker:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(serve_connection(self._state, reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _keep_house(self) -> None:
        """Retention and compaction, once a second, in small steps so that requests hardly wait."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(HOUSEKEEPING_SECONDS)
            began = loop.time()
            try:
                for _ in self._housework():
                    if loop.time() - began > PAUSE_AFTER_SECONDS:
                        await asyncio.sleep(0)
                        began = loop.time()
            except Exception:
                _log.exception("embedded broker could not clean its logs and tries again")

    def _housework(self) -> Iterator[None]:
        for topic in list(self._state.topics.values()):
            topic.retain(self._state.now_ms())
            yield
            yield from topic.compact(self._state.now_ms())
