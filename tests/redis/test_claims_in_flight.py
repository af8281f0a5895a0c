"""Claims of several source partitions at a time: each waits for its own answer, and all of them for a Redis that left.

Redis is frozen here so that none is answered before all have been sent.
"""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from agents.claims.client import Claims
from agents.claims.errors import ClaimsClosed
from tests.redis.deployment import Deployment, claim, fresh, started
from tests.support.redis import RedisServer

COUNT = 300


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A Redis of the test's own, to be frozen and killed."""
    with RedisServer() as own:
        yield own


def source(partition: int) -> int:
    return partition << 6 | 1


@contextmanager
def frozen(server: RedisServer) -> Iterator[None]:
    """Redis takes what it is sent, and answers nothing."""
    pid = server.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        if server.pid == pid:
            os.kill(pid, signal.SIGCONT)


async def sent(claims: Claims, partitions: int, prefix: str) -> list[asyncio.Task[set[int]]]:
    """Claims of so many partitions for the same ids, that wait for their answers."""
    tasks = [asyncio.create_task(claim(claims, source(at), fresh(prefix, COUNT))) for at in range(partitions)]
    await asyncio.sleep(0.1)
    assert not any(task.done() for task in tasks)
    return tasks


async def test_of_claims_that_were_sent_together_the_first_owns_and_the_others_lose(server: RedisServer) -> None:
    async with started(server, Deployment()) as claims:
        with frozen(server):
            tasks = await sent(claims, 4, "a")
        assert await asyncio.gather(*tasks) == [set(), *[set(range(COUNT))] * 3]
        assert claims.claimed == 4 * COUNT
        assert claims.errors == 0


async def test_one_that_is_cancelled_leaves_the_others_their_answers_and_the_connection(server: RedisServer) -> None:
    async with started(server, Deployment()) as claims:
        with frozen(server):
            tasks = await sent(claims, 4, "a")
            tasks[1].cancel()
            await asyncio.sleep(0.05)
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(answers.pop(1), asyncio.CancelledError)
        assert answers == [set(), *[set(range(COUNT))] * 2]
        # It was read again elsewhere: what Redis had been asked for it holds against nobody but its owner.
        assert await claim(claims, source(1), fresh("b", COUNT)) == set()
        assert claims.errors == 0
        assert claims.ready


async def test_all_that_were_sent_to_a_redis_that_is_killed_are_asked_again(server: RedisServer) -> None:
    async with started(server, Deployment()) as claims:
        await claim(claims, source(9), fresh("before", COUNT))
        with frozen(server):
            old, new = await sent(claims, 4, "before"), await sent(claims, 4, "new")
            server.kill()
        server.start()
        assert await asyncio.wait_for(asyncio.gather(*old), 10) == [set(range(COUNT))] * 4
        answers = await asyncio.wait_for(asyncio.gather(*new), 10)
        # They wait at the same gate, so any of them may be the first; but only one.
        assert sorted(map(len, answers)) == [0, COUNT, COUNT, COUNT]


async def test_a_lost_connection_is_one_error_however_many_waited_for_it(server: RedisServer) -> None:
    async with started(server, Deployment()) as claims:
        with frozen(server):
            tasks = await sent(claims, 8, "a")
            async with asyncio.timeout(5):
                while claims.ready:
                    await asyncio.sleep(0.01)
            assert claims.errors == 1
            assert "no answer within 1 s" in claims.reason
        await asyncio.wait_for(asyncio.gather(*tasks), 10)


async def test_closing_ends_claims_that_were_sent(server: RedisServer) -> None:
    async with started(server, Deployment()) as claims:
        with frozen(server):
            tasks = await sent(claims, 3, "a")
            await claims.close()
            answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(answer, ClaimsClosed) for answer in answers)
        assert claims.errors == 0
