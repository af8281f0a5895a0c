"""Redis killed, frozen, emptied, exchanged, full: claims wait, say why, and go on by themselves; none is unchecked."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agents.claims import identity
from agents.claims.client import Claims
from agents.claims.errors import RedisIdentityError
from agents.claims.identity import home_key, rebuilding
from tests.redis.deployment import Deployment, asking, claim, fresh, make, started
from tests.support.redis import RedisServer

A, B = 1, 1 << 6 | 1  # two source partitions


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A Redis of the test's own, to be killed."""
    with RedisServer() as own:
        yield own


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Waits for it; fails when it takes longer."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def waiting(claims: Claims, source: int, prefix: str, count: int = 100) -> AsyncIterator[asyncio.Task[set[int]]]:
    """A claim that is being made meanwhile."""
    task = asyncio.create_task(claim(claims, source, fresh(prefix, count)))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_killed_redis_makes_claims_wait_and_they_go_on_by_themselves(server: RedisServer) -> None:
    async with started(server, Deployment()) as claims:
        await claim(claims, A, fresh("before", 1000))
        server.kill()
        async with waiting(claims, B, "before", 1000) as task:
            await until(lambda: not claims.ready)
            assert "Redis cannot be used" in claims.reason
            await asyncio.sleep(0.3)
            assert not task.done()
            server.start()
            assert await asyncio.wait_for(task, 10) == set(range(1000))
        assert claims.ready
        assert claims.reason == ""
        assert claims.errors > 0


async def test_nothing_acknowledged_is_lost_when_redis_is_killed_again_and_again() -> None:
    acknowledged = 0
    stop = False

    async def work(claims: Claims) -> None:
        nonlocal acknowledged
        while not stop:
            assert await claim(claims, A, fresh("e", 500, acknowledged)) == set()
            acknowledged += 500

    deployment = Deployment()
    # Without memory of its own work: what it had acknowledged must be in Redis' log. With `everysec` and a slow disk
    # Redis answers up to two seconds before it writes: that is what the memory is for.
    with RedisServer(options={"appendfsync": "always"}) as server:
        async with started(server, deployment, buckets=5000, remember_seconds=-1.0) as claims:
            worker = asyncio.create_task(work(claims))
            for _ in range(3):
                await asyncio.sleep(0.4)
                server.kill()
                at_kill = acknowledged
                server.start()
                await until(lambda at=at_kill: acknowledged > at or worker.done())
            stop = True
            await worker
            assert claims.repaired == 0
            lost = await claim(claims, B, fresh("e", acknowledged))
    assert acknowledged > 5000
    assert lost == set(range(acknowledged))


async def test_an_idle_client_notices_that_redis_is_gone(server: RedisServer) -> None:
    async with started(server, Deployment()) as claims:
        server.kill()
        await until(lambda: not claims.ready)
        server.start()
        await until(lambda: claims.ready)


async def test_a_client_that_starts_before_redis_waits_for_it() -> None:
    server = RedisServer()
    async with started(server, Deployment()) as claims:
        assert not claims.ready
        async with waiting(claims, A, "a") as task:
            with server:
                assert await asyncio.wait_for(task, 10) == set()


async def test_a_frozen_redis_is_away_until_it_answers_again(server: RedisServer) -> None:
    async with started(server, Deployment()) as claims:
        pid = server.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        try:
            async with waiting(claims, A, "a") as task:
                await until(lambda: not claims.ready)
                os.kill(pid, signal.SIGCONT)
                assert await asyncio.wait_for(task, 10) == set()
        finally:
            os.kill(pid, signal.SIGCONT)
        assert claims.repaired == 0


def cut_log(server: RedisServer, size: int) -> None:
    _log(server).open("r+b").close()
    os.truncate(_log(server), size)


def _log(server: RedisServer) -> Path:
    (log,) = server.directory.glob("appendonlydir/*.incr.aof")
    return log


@pytest.mark.parametrize("remembers", [True, False])
async def test_a_log_cut_by_a_power_failure_is_mended_from_the_workers_memory(
    server: RedisServer, remembers: bool
) -> None:
    deployment = Deployment()
    async with started(server, deployment, remember_seconds=10.0 if remembers else -1.0) as claims:
        await claim(claims, A, fresh("old", 1000))
        size = _log(server).stat().st_size
        await claim(claims, A, fresh("new", 1000))
        await claims.first_purchases(A, [(b"ann.....", 1)])
        server.kill()
        cut_log(server, size + 7)
        server.start()
        await until(lambda: not claims.ready)
        await until(lambda: claims.ready)
        assert claims.repaired == (2001 if remembers else 0)
        async with started(server, deployment) as other:
            assert len(await claim(other, B, fresh("old", 1000))) == 1000
            # Without the repair a resend owns what the cut took: this is what the test would miss.
            assert len(await claim(other, B, fresh("new", 1000))) == (1000 if remembers else 0)
            assert await other.first_purchases(B, [(b"ann.....", 1)]) == (set() if remembers else {0})


async def test_a_duplicate_does_not_take_the_identity_of_its_owner_when_redis_has_forgotten_both(
    server: RedisServer,
) -> None:
    """Its owner's worker died with Redis, and whoever reads the owner again must find it an owner still."""
    deployment = Deployment()
    async with started(server, deployment) as dies, started(server, deployment) as lives:
        await claim(dies, A, fresh("old", 10))
        size = _log(server).stat().st_size
        assert await claim(dies, A, fresh("twice", 500)) == set()
        await claim(lives, B, fresh("other", 20))
        assert len(await claim(lives, B, [*fresh("mine", 30), *fresh("twice", 500)])) == 500
        server.kill()
        await dies.close()
        cut_log(server, size)
        server.start()
        await until(lambda: not lives.ready)
        await until(lambda: lives.ready)
        assert lives.repaired == 50
        async with started(server, deployment) as successor:
            assert await claim(successor, A, fresh("twice", 500)) == set()
            assert len(await claim(successor, A, fresh("mine", 30))) == 30


async def test_a_bucket_without_expiry_cannot_be_left_by_a_log_that_was_cut(server: RedisServer) -> None:
    async with started(server, Deployment(), remember_seconds=-1.0) as claims:
        before = _log(server).stat().st_size
        await claim(claims, A, fresh("a", 300))
        size = _log(server).stat().st_size
        for part in (1, 2, 3, 5, 7):
            server.kill()
            cut_log(server, size - (size - before) * part // 8)
            size = _log(server).stat().st_size
            server.start()
            async with asking(server) as link:
                for key in await link.call("KEYS", "c{*"):
                    assert await link.call("PTTL", key) > 0


async def test_what_another_worker_took_before_the_repair_is_counted_as_a_conflict(server: RedisServer) -> None:
    deployment = Deployment()
    async with started(server, deployment) as claims:
        size = _log(server).stat().st_size
        await claim(claims, A, fresh("a", 100))
        await claims.close()
        server.kill()
        cut_log(server, size)
        server.start()
        async with started(server, deployment) as other:
            await claim(other, B, fresh("a", 50))
        await claims.start()
        assert (claims.repaired, claims.conflicts) == (100, 50)


async def test_after_a_restart_new_work_waits_until_the_others_have_repaired_theirs(server: RedisServer) -> None:
    async with started(server, Deployment(), settle_seconds=1.0) as claims:
        await asyncio.sleep(1.2)
        server.kill()
        server.start()
        begun = time.monotonic()
        await claim(claims, A, fresh("a", 1))
        assert time.monotonic() - begun > 0.9


async def test_memory_of_the_last_work_is_bounded_in_time_and_bytes(server: RedisServer) -> None:
    async with started(server, Deployment(), remember_seconds=0.3, remember_bytes=60_000) as claims:
        for number in range(10):
            await claim(claims, A, fresh(f"{number}", 500))
        server.restart()
        await until(lambda: claims.repaired > 0)
        assert claims.repaired <= 2000
        await until(lambda: claims.ready)
        before = claims.repaired
        await asyncio.sleep(0.5)
        await claim(claims, A, fresh("last", 10))
        server.restart()
        await until(lambda: claims.repaired > before)
        assert claims.repaired == before + 10


class _Race(Deployment):
    """Another worker is faster, between this one's look at Redis and its question whether claims have begun."""

    def __init__(self, server: RedisServer) -> None:
        super().__init__()
        self._server = server

    async def begun(self) -> bool:
        if not self.is_begun:
            async with asking(self._server) as link:
                await identity.keep(link, 1, self.identity, over=False)
            self.is_begun = True
        return True


async def test_of_two_workers_that_start_first_at_the_same_moment_both_may_claim(server: RedisServer) -> None:
    async with started(server, _Race(server)) as claims:
        assert await claim(claims, A, fresh("a", 1)) == set()


async def test_an_emptied_redis_stops_claims_until_it_holds_the_deployment_again(server: RedisServer) -> None:
    deployment = Deployment()
    async with started(server, deployment) as claims, asking(server) as link:
        await claim(claims, A, fresh("a", 100))
        await link.call("FLUSHALL")
        async with waiting(claims, B, "a") as task:
            await until(lambda: "launchpulse claims rebuild" in claims.reason)
            await asyncio.sleep(1.5)
            assert not claims.ready
            assert not task.done()
            assert await link.call("DBSIZE") == 0
            await link.call("SET", home_key(0), rebuilding(deployment.identity))
            await until(lambda: "is running" in claims.reason)
            await link.call("SET", home_key(0), deployment.identity)
            assert await asyncio.wait_for(task, 10) == set()


async def test_an_idle_client_notices_that_redis_was_emptied(server: RedisServer) -> None:
    async with started(server, Deployment()) as claims, asking(server) as link:
        await link.call("FLUSHALL")
        await until(lambda: "Redis is empty" in claims.reason)


async def test_an_empty_redis_is_refused_at_start_once_anybody_has_claimed(server: RedisServer) -> None:
    with pytest.raises(RedisIdentityError, match=r"is empty.*claims rebuild"):
        await make(server, Deployment(begun=True)).start()


async def test_the_redis_of_another_deployment_is_refused_at_start(server: RedisServer) -> None:
    async with started(server, Deployment("another")):
        pass
    with pytest.raises(RedisIdentityError, match="claims of another"):
        await make(server, Deployment("ours")).start()


async def test_another_redis_behind_the_same_address_stops_claims(server: RedisServer) -> None:
    async with started(server, Deployment("ours")) as claims:
        await claim(claims, A, fresh("a", 100))
        server.kill()
        for part in sorted(server.directory.rglob("*.aof")):
            part.write_bytes(b"")
        server.start()
        async with asking(server) as link:
            await link.call("SET", home_key(0), "another")
            async with waiting(claims, A, "b") as task:
                await until(lambda: "claims of another" in claims.reason)
                assert not task.done()
                assert await link.call("DBSIZE") == 1


async def test_a_crash_between_redis_and_the_settings_topic_is_made_good_at_the_next_start(server: RedisServer) -> None:
    deployment = Deployment()
    async with asking(server) as link:
        await link.call("SET", home_key(0), deployment.identity)
    async with started(server, deployment):
        assert deployment.is_begun


async def test_a_full_redis_makes_claims_wait_and_says_so(server: RedisServer) -> None:
    async with started(server, Deployment()) as claims, asking(server) as link:
        await link.call("CONFIG", "SET", "maxmemory", "1mb")
        async with waiting(claims, A, "a") as task:
            await until(lambda: "maxmemory" in claims.reason and not claims.ready)
            assert not task.done()
            await link.call("CONFIG", "SET", "maxmemory", "256mb")
            assert await asyncio.wait_for(task, 10) == set()


async def test_forgotten_scripts_are_loaded_again(server: RedisServer) -> None:
    async with started(server, Deployment()) as claims, asking(server) as link:
        await link.call("SCRIPT", "FLUSH")
        assert await asyncio.wait_for(claim(claims, A, fresh("a", 10)), 10) == set()


async def test_a_closed_connection_is_made_again_without_repair(server: RedisServer) -> None:
    async with started(server, Deployment()) as claims, asking(server) as link:
        await claim(claims, A, fresh("a", 10))
        await link.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        assert await asyncio.wait_for(claim(claims, B, fresh("a", 10)), 10) == set(range(10))
        assert claims.repaired == 0
