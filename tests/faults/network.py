"""A TCP proxy between one worker and the broker: cut, silent or slow when it is told so.

The broker must advertise the proxy's port on a listener of its own (`KafkaBroker(advertised=...)`), or clients would go
around it after their first question.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from typing import Any

from agents.demo.ports import LOOPBACK, any_port

CHUNK_BYTES = 64 * 1024
CHUNKS_UNDER_WAY = 1_000
"""Of one direction of one connection; more wait in the sender's socket."""

Queue = asyncio.Queue[tuple[float, bytes]]


class Proxy:
    """Listens on `port` and connects to `target` (host:port), from a thread of its own.

    `delay_seconds` holds back every byte by so much, in each direction. All may be called from any thread.
    """

    def __init__(self) -> None:
        self.port = any_port()
        self.delay_seconds = 0.0
        self._target: tuple[str, int] = (LOOPBACK, 0)
        self._refusing = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()

    @property
    def address(self) -> str:
        """host:port for the worker."""
        return f"{LOOPBACK}:{self.port}"

    def start(self, target: str) -> None:
        """Begins to listen, in front of that host:port."""
        host, port = target.rsplit(":", 1)
        self._target = host, int(port)
        self._thread.start()
        self._do(self._listen())

    def refuse(self) -> None:
        """Cuts: all connections are dropped, new ones are refused."""
        self._do(self._refuse())

    def silence(self) -> None:
        """Cuts: connections stay, new ones are accepted, and not a byte comes through in either direction."""
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def heal(self) -> None:
        """Everything comes through again; what a silent connection had under way arrives now, late."""
        self.delay_seconds = 0.0
        self._loop.call_soon_threadsafe(self._flowing.set)
        self._do(self._listen())

    def close(self) -> None:
        """Ends all connections and the thread."""
        self._do(self._refuse())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port)

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        far: asyncio.StreamWriter | None = None
        try:
            await self._flowing.wait()
            far_reader, far = await asyncio.open_connection(*self._target)
            self._writers.add(far)
            await asyncio.wait(
                [asyncio.create_task(self._pass(reader, far)), asyncio.create_task(self._pass(far_reader, writer))]
            )
        except OSError:
            return  # the broker is away: the worker sees its connection end
        finally:
            for end in (writer, far):
                if end is not None:
                    self._writers.discard(end)
                    end.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One direction, in order: each chunk is due `delay_seconds` after it came."""
        queue: Queue = asyncio.Queue(CHUNKS_UNDER_WAY)
        writing = asyncio.create_task(self._write(queue, writer))
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while chunk := await reader.read(CHUNK_BYTES):
                await queue.put((loop.time() + self.delay_seconds, chunk))
        await queue.put((loop.time() + self.delay_seconds, b""))
        await writing

    async def _write(self, queue: Queue, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, chunk = await queue.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            await self._flowing.wait()
            if not chunk:
                with contextlib.suppress(OSError):
                    writer.write_eof()
                return
            with contextlib.suppress(OSError):
                writer.write(chunk)
                await writer.drain()
