"""Each test has a Redis that it may fill; the outage tests start one of their own."""

import pytest

from tests.redis.deployment import asking
from tests.support.redis import RedisServer


@pytest.fixture
async def redis(redis_server: RedisServer) -> RedisServer:
    """The session's Redis, emptied."""
    async with asking(redis_server) as link:
        await link.call("FLUSHALL")
    return redis_server
