"""What a claimed id costs in Redis: the growth of `used_memory` by the number of ids, claimed by the service's client.

All ids are of one topic and one hour, which is what the buckets are made for: at so many events an hour they are full.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from agents.claims.client import Claims
from agents.claims.link import Link, RedisAddress
from agents.claims.pins import Pins, hash_key_fingerprint
from bench.parts import HASH_KEY, SERVER_CORE, on_core
from streams.counting.sources import source_number
from tests.support.redis import RedisServer

HOUR_MS = 3_600_000
RETENTION_MS, SEGMENT_MS, HORIZON_MS = 24 * HOUR_MS, HOUR_MS, 30 * HOUR_MS
VISIT, PARTITION = 3, 1
SLICE = 10_000
STEPS = (2_000_000, 2_500_000, 3_000_000)
WANTED_BYTES = 30


class _Origin:
    """A deployment without a settings topic."""

    identity = "the benchmark"

    def __init__(self) -> None:
        self._begun = False

    async def begun(self) -> bool:
        return self._begun

    async def mark_begun(self) -> None:
        self._begun = True


def measure(quick: bool = False) -> dict[str, Any]:
    """Bytes an id at each number of ids; quick: at the first of them only."""
    steps = STEPS[:1] if quick else STEPS
    with on_core(SERVER_CORE):
        server = RedisServer(options={"maxmemory": "2gb"})
        server.start()
    try:
        return asyncio.run(_fill(server, steps))
    finally:
        server.close()


async def _fill(server: RedisServer, steps: tuple[int, ...]) -> dict[str, Any]:
    pins = Pins(hash_key=hash_key_fingerprint(HASH_KEY.encode()))
    claims = Claims(RedisAddress(server.url), _Origin(), pins.keyring(HASH_KEY.encode()))
    link = await Link.open(RedisAddress(server.url))
    await claims.start()
    try:
        hour, done, found = int(time.time()) // 3600, 0, []
        before = await _used(link)
        began = time.monotonic()
        for step in steps:
            while done < step:
                ids = [(hour, "shop", f"visit-{number:012d}", number) for number in range(done, done + SLICE)]
                lost = await claims.claim(source_number(VISIT, PARTITION), RETENTION_MS, SEGMENT_MS, HORIZON_MS, ids)
                if lost:
                    raise RuntimeError(f"{len(lost)} new ids were refused")
                done += SLICE
            bytes_an_id = (await _used(link) - before) / done
            found.append({"ids": done, "bytes_an_id": bytes_an_id, "met": bytes_an_id <= WANTED_BYTES})
        return {
            "buckets_an_hour": pins.claims_buckets_per_hour,
            "steps": found,
            "claims_per_second": done / (time.monotonic() - began),
            "wanted_bytes": WANTED_BYTES,
        }
    finally:
        await claims.close()
        await link.close()


async def _used(link: Link) -> int:
    info = (await link.call("INFO", "memory")).decode()
    return next(int(line.partition(":")[2]) for line in info.splitlines() if line.startswith("used_memory:"))
