"""What a claim costs: the worker's CPU, and Redis' own, which is the ceiling of everything at tier C."""

from __future__ import annotations

import asyncio
import time
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from agents.claims.client import Claims
from agents.claims.link import Link, RedisAddress
from agents.claims.pins import Pins, hash_key_fingerprint
from bench.parts import HASH_KEY, SERVER_CORE, on_core
from bench.stream import Shape, planned
from tests.redis.deployment import HORIZON_MS, RETENTION_MS, SEGMENT_MS, Deployment
from tests.support.redis import RedisServer

SLICE = 4_000


def claims(events: int) -> dict[str, float]:
    """µs an id: `claim` of the worker's CPU, `limit_claim` of Redis' CPU, `claim_wall` until it is answered."""
    with TemporaryDirectory(prefix="launchpulse-bench-") as directory:
        server = RedisServer(Path(directory) / "redis", {"maxmemory": "4gb"})
        with on_core(SERVER_CORE):
            server.start()
        try:
            return asyncio.run(_claims(server, events))
        finally:
            server.close()


async def _claims(server: RedisServer, events: int) -> dict[str, float]:
    address = RedisAddress(server.url)
    key = HASH_KEY.encode()
    client = Claims(address, Deployment(), Pins(hash_key=hash_key_fingerprint(key)).keyring(key), settle_seconds=0.0)
    hour = int(time.time()) // 3600
    ids = [
        (hour, "shop", record.head[7:43].decode(), number)
        for number, record in enumerate(islice(planned(Shape()), events))
    ]
    await client.start()
    link = await Link.open(address)
    try:
        await client.claim(1, RETENTION_MS, SEGMENT_MS, HORIZON_MS, [(hour, "shop", "first", events)])
        redis, cpu, wall = await _redis_seconds(link), time.process_time(), time.perf_counter()
        for begin in range(0, events, SLICE):
            await client.claim(1, RETENTION_MS, SEGMENT_MS, HORIZON_MS, ids[begin : begin + SLICE])
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        redis = await _redis_seconds(link) - redis
    finally:
        await link.close()
        await client.close()
    return {
        name: spent / events * 1e6 for name, spent in (("claim", cpu), ("limit_claim", redis), ("claim_wall", wall))
    }


async def _redis_seconds(link: Link) -> float:
    said = await link.info("cpu")
    return float(said["used_cpu_user"]) + float(said["used_cpu_sys"])
