"""The way into the dead-letter topic: the original bytes, key and headers, and beside them where they came from and
why."""

from asyncio import Future
from collections.abc import Awaitable, Callable

from faust.types import TP

from agents.kafka.records import Record
from streams.events.errors import Invalid

HEADER = "launchpulse."
TRUNCATED_HEADER = HEADER + "truncated"

Header = tuple[str, bytes]
Send = Callable[[str, bytes, bytes | None, list[Header]], Awaitable["Future[object]"]]


class DeadLetterLog:
    """topic: the dead-letter topic. max_bytes: the largest value it takes; a larger one is cut, and a header says
    so."""

    def __init__(self, topic: str, max_bytes: int, send: Send) -> None:
        self.topic = topic
        self._max_bytes = max_bytes
        self._send = send

    async def send(self, tp: TP, record: Record, invalid: Invalid) -> "Future[object]":
        """Send a record of `tp` that cannot be counted. The future is done when the broker has it.

        Its key is topic/partition/offset: a block that is read again may send it again, and readers keep one.
        """
        headers: list[Header] = [
            (HEADER + "topic", tp.topic.encode()),
            (HEADER + "partition", str(tp.partition).encode()),
            (HEADER + "offset", str(record.offset).encode()),
            (HEADER + "timestamp", str(record.timestamp).encode()),
            (HEADER + "reason", invalid.reason.value.encode()),
            (HEADER + "detail", invalid.detail.encode("utf-8", "replace")),
        ]
        value, key_bytes, own = record.value, record.key, list(record.headers)
        room = self._max_bytes - sum(len(name.encode()) + len(text or b"") + 16 for name, text in own)
        cut = room < 0 or len(key_bytes or b"") > room
        if cut:
            own, key_bytes = [], (key_bytes or b"")[:1024]
        if key_bytes is not None:
            headers.append((HEADER + "key", key_bytes))
        if value is not None and (cut or len(value) > self._max_bytes):
            headers.append((TRUNCATED_HEADER, str(len(value)).encode()))
            value = value[: self._max_bytes]
        key = f"{tp.topic}/{tp.partition}/{record.offset}".encode()
        return await self._send(self.topic, key, value, [*headers, *own])
