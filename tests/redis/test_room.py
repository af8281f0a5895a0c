"""How full Redis is, is seen a second later, and whether it has thrown keys away."""

import asyncio
from math import isnan

from agents.claims.room import look
from tests.redis.deployment import Deployment, asking, make
from tests.support.redis import RedisServer


async def test_a_running_client_knows_how_full_redis_is() -> None:
    with RedisServer(options={"maxmemory": "64mb"}) as server:
        claims = make(server, Deployment())
        assert isnan(claims.room.used_ratio)
        await claims.start()
        try:
            async with asyncio.timeout(10):
                while isnan(claims.room.used_ratio):
                    await asyncio.sleep(0.1)
        finally:
            await claims.close()
        assert 0 < claims.room.used_ratio < 0.5
        assert claims.room.evicted_keys == 0


async def test_evicted_keys_are_counted_and_the_memory_is_seen_to_be_full() -> None:
    with RedisServer(options={"maxmemory": "8mb", "maxmemory-policy": "allkeys-lru"}) as server:
        async with asking(server) as link:
            for number in range(200):
                await link.call("SET", f"c{{{number}}}", "x" * 100_000)
            room = await look(link)
        assert room.evicted_keys > 0
        assert room.used_ratio > 0.8


async def test_without_a_limit_the_machine_s_memory_is_the_limit() -> None:
    with RedisServer(options={"maxmemory": "0"}) as server:
        async with asking(server) as link:
            assert 0 < (await look(link)).used_ratio < 1
