"""One connection to Redis, many who ask: each gets the answers to its own question, or an error, and none waits."""

import asyncio
import os
import random
import signal
from collections.abc import Iterator

import pytest

from agents.claims.link import AWAY, Link, RedisAddress
from tests.redis.deployment import asking
from tests.support.redis import RedisServer


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A Redis of the test's own, to be killed."""
    with RedisServer() as own:
        yield own


async def test_a_question_is_on_its_way_while_redis_works_on_the_one_before(redis: RedisServer) -> None:
    async with asking(redis) as link, asking(redis) as other:
        name = await link.call("CLIENT", "ID")
        first = asyncio.create_task(link.call("BLPOP", "list", 0))
        second = asyncio.create_task(link.call("ECHO", "second"))
        async with asyncio.timeout(5):
            while b" qbuf=0 " in await other.call("CLIENT", "LIST", "ID", name):
                await asyncio.sleep(0.01)
            assert not first.done()
            await other.call("RPUSH", "list", "first")
            assert await first == [b"list", b"first"]
            assert await second == b"second"


@pytest.mark.parametrize("seed", range(3))
async def test_each_gets_its_own_answers_whoever_is_cancelled(redis: RedisServer, seed: int) -> None:
    rnd = random.Random(seed)
    answered = 0

    async def ask(link: Link, number: int) -> None:
        nonlocal answered
        texts = [f"{number}-{at}-{'x' * rnd.choice([1, 100_000])}" for at in range(rnd.randrange(1, 5))]
        assert await link.call_all([("ECHO", text) for text in texts]) == [text.encode() for text in texts]
        answered += 1

    async with asking(redis) as link:
        for number in range(100):
            tasks = [asyncio.create_task(ask(link, 10 * number + at)) for at in range(6)]
            for _ in range(rnd.randrange(4)):
                await asyncio.sleep(0)
            rnd.choice(tasks).cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert [result for result in results if not isinstance(result, asyncio.CancelledError)] == [None] * 5
    assert answered == 500


async def test_an_error_is_the_answer_to_its_own_question_only(redis: RedisServer) -> None:
    async with asking(redis) as link:
        wrong, right = await asyncio.gather(link.call_all([("NONSENSE",)]), link.call_all([("ECHO", "right")]))
        assert "unknown command" in str(wrong[0])
        assert right == [b"right"]
        assert link.alive


async def test_all_who_wait_learn_that_redis_was_killed_and_later_questions_are_refused(server: RedisServer) -> None:
    async with asking(server) as link:
        tasks = [asyncio.create_task(link.call("BLPOP", "list", 0)) for _ in range(5)]
        await asyncio.sleep(0.1)
        server.kill()
        results = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 2)
        assert all(isinstance(result, AWAY) for result in results)
        assert not link.alive
        server.start()
        with pytest.raises(AWAY, match="closed"):
            await link.call("ECHO", "later")


async def test_all_who_wait_for_a_frozen_redis_are_told_when_the_time_is_up(server: RedisServer) -> None:
    link = await Link.open(RedisAddress(server.url, timeout_seconds=0.5))
    pid = server.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        # The last ones are more than the socket takes, so they are still being written.
        texts = ["small"] * 3 + ["x" * 20_000_000] * 2
        asked = asyncio.gather(*(link.call("ECHO", text) for text in texts), return_exceptions=True)
        results = await asyncio.wait_for(asked, 5)
        assert all(isinstance(result, AWAY) for result in results)
        assert any("no answer within 0.5 s" in str(result) for result in results)
    finally:
        os.kill(pid, signal.SIGCONT)
        await link.close()
    # What was written when the connection was given up goes out first, and only then the socket is closed.
    async with asking(server) as other, asyncio.timeout(5):
        while (await other.call("CLIENT", "LIST")).count(b"\n") > 1:
            await asyncio.sleep(0.02)


async def test_closing_ends_the_questions_of_all_who_wait(redis: RedisServer) -> None:
    async with asking(redis) as link:
        tasks = [asyncio.create_task(link.call("BLPOP", "list", 0)) for _ in range(3)]
        await asyncio.sleep(0.05)
        await link.close()
        results = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 2)
        assert all(isinstance(result, AWAY) and "closed" in str(result) for result in results)


async def test_who_asks_while_it_is_being_closed_gets_an_error(redis: RedisServer) -> None:
    async with asking(redis) as link:
        closing = asyncio.create_task(link.close())
        late = asyncio.create_task(link.call("ECHO", "late"))
        await closing
        with pytest.raises(AWAY, match="closed"):
            await asyncio.wait_for(late, 2)
