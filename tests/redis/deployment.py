"""What the tests of claims share: a deployment whose settings live in memory, and clients of it."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from agents.claims.client import Claims
from agents.claims.keys import Keyring
from agents.claims.link import Link, RedisAddress
from tests.support.redis import RedisServer

HOUR_MS = 3_600_000
RETENTION_MS, SEGMENT_MS, HORIZON_MS = 24 * HOUR_MS, HOUR_MS, 30 * HOUR_MS
KEEP_MS = RETENTION_MS + SEGMENT_MS + HORIZON_MS + HOUR_MS

Id = tuple[int, str, str, int]


def this_hour() -> int:
    return int(time.time()) // 3600


class Deployment:
    """The Origin of claims without a Kafka: all clients of one test share it."""

    def __init__(self, identity: str = "this deployment", begun: bool = False) -> None:
        self.identity, self.is_begun = identity, begun

    async def begun(self) -> bool:
        return self.is_begun

    async def mark_begun(self) -> None:
        self.is_begun = True


def make(server: RedisServer, deployment: Deployment, buckets: int = 200, size: int = 500, **options: Any) -> Claims:
    """A client that has not been started."""
    options = {"settle_seconds": 0.0, **options}
    keyring = Keyring(b"a secret of the tests", buckets, 50, batch_size=size)
    return Claims(RedisAddress(server.url, timeout_seconds=1.0), deployment, keyring, **options)


@asynccontextmanager
async def started(server: RedisServer, deployment: Deployment, **options: Any) -> AsyncIterator[Claims]:
    claims = make(server, deployment, **options)
    await claims.start()
    try:
        yield claims
    finally:
        await claims.close()


async def claim(claims: Claims, source: int, ids: Sequence[Id]) -> set[int]:
    return await claims.claim(source, RETENTION_MS, SEGMENT_MS, HORIZON_MS, ids)


def fresh(prefix: str, count: int, start: int = 0) -> list[Id]:
    """`count` ids of this hour; offset = number."""
    return [(this_hour(), "", f"{prefix}-{number}", number) for number in range(start, start + count)]


@asynccontextmanager
async def asking(server: RedisServer) -> AsyncIterator[Link]:
    """A plain connection, to look into Redis or change it."""
    link = await Link.open(RedisAddress(server.url))
    try:
        yield link
    finally:
        await link.close()
