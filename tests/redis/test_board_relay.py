"""Live boards of several workers over a real Redis: what one owns the other shows, as long as somebody looks."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from agents.claims.link import RedisAddress
from agents.web import exchange
from agents.web.exchange import IDLE_SECONDS, Exchange
from agents.web.questions import Question, history_of, picture_of
from agents.web.relay import KEEP_MS, Relay, Told
from tests.redis.deployment import asking
from tests.support.redis import RedisServer

AURORA = picture_of("aurora", "launch")


class Worker:
    """Owns what stands in `owned`: question -> generation and body."""

    def __init__(self, server: RedisServer, owned: dict[Question, tuple[int, bytes]] | None = None) -> None:
        self.owned = owned or {}
        self.asked: list[Question] = []
        self.exchange = Exchange(self._respond, Relay(RedisAddress(server.url, timeout_seconds=1.0)))

    async def _respond(self, question: Question) -> tuple[int, bytes] | None:
        self.asked.append(question)
        return self.owned.get(question)

    def shows(self, question: Question = AURORA) -> bytes | None:
        answer = self.exchange.answers.get(question)
        return None if answer is None else answer.body


@asynccontextmanager
async def running(*workers: Worker) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(worker.exchange.run()) for worker in workers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(holds: Callable[[], bool], seconds: float = 8.0) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.02)


async def keys_of(server: RedisServer) -> set[bytes]:
    async with asking(server) as link:
        return set(await link.call("KEYS", "b{*"))


async def test_what_another_worker_owns_is_shown_and_followed(redis: RedisServer) -> None:
    owner, viewer = Worker(redis, {AURORA: (1, b'{"orders":1}')}), Worker(redis)
    async with running(owner, viewer):
        with viewer.exchange.follow((AURORA,)):
            await until(lambda: viewer.shows() == b'{"orders":1}')
            owner.owned[AURORA] = 1, b'{"orders":2}'
            await until(lambda: viewer.shows() == b'{"orders":2}')


async def test_what_has_changed_is_told_at_once_and_not_when_others_are_heard_next(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "RELAY_SECONDS", 4.0)
    monkeypatch.setattr(exchange, "RETELL_SECONDS", 60.0)
    owner, viewer = Worker(redis, {AURORA: (1, b"0")}), Relay(RedisAddress(redis.url))

    async def heard(body: bytes, seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while (said := (await viewer.hear({AURORA: b""})).get(AURORA)) is None or said.body != body:
                await viewer.ask([AURORA])
                await asyncio.sleep(0.02)

    await viewer.ask([AURORA])
    async with running(owner):
        await heard(b"0", 10)
        for number in (b"1", b"2"):
            owner.owned[AURORA] = 1, number
            await heard(number, 2)
    await viewer.close()


async def test_nothing_is_made_and_nothing_stands_in_redis_when_nobody_looks(redis: RedisServer) -> None:
    owner, viewer = Worker(redis, {AURORA: (1, b"{}")}), Worker(redis)
    async with running(owner, viewer):
        await asyncio.sleep(IDLE_SECONDS + 0.5)
        assert owner.asked == []
        assert await keys_of(redis) == set()
        with viewer.exchange.follow((AURORA,)):
            await until(lambda: viewer.shows() is not None)
            assert await keys_of(redis) == {b"b{asked}", b"b{said}picture|launch|aurora"}
        await until(lambda: not owner.exchange._wanted, 12)
        made = len(owner.asked)
        await asyncio.sleep(KEEP_MS / 1000 + 0.5)
        assert len(owner.asked) == made
        assert await keys_of(redis) == set()
        assert viewer.shows() is None


async def test_own_campaigns_need_no_redis_and_the_others_come_back_with_it() -> None:
    with RedisServer() as server:
        own = history_of("zarya")
        owner = Worker(server, {AURORA: (1, b"other")})
        viewer = Worker(server, {own: (1, b"own")})
        server.kill()
        async with running(owner, viewer):
            with viewer.exchange.follow((AURORA, own)):
                await until(lambda: viewer.shows(own) == b"own")
                assert viewer.shows() is None
                server.start()
                await until(lambda: viewer.shows() == b"other", 15)


async def test_an_owner_that_has_lost_a_campaign_cannot_overwrite_the_next_one(redis: RedisServer) -> None:
    zombie, owner = (Relay(RedisAddress(redis.url)) for _ in range(2))
    await zombie.tell([Told(AURORA, 9, 1, b"before")])
    await owner.tell([Told(AURORA, 10, 1, b"now")])
    await zombie.tell([Told(AURORA, 9, 2, b"late")])
    assert (await owner.hear({AURORA: b""}))[AURORA].body == b"now"
    await asyncio.gather(zombie.close(), owner.close())


async def test_a_picture_that_is_known_is_not_sent_again_but_its_age_is(redis: RedisServer) -> None:
    relay = Relay(RedisAddress(redis.url))
    await relay.tell([Told(AURORA, 1, 1, b"figures")])
    first = (await relay.hear({AURORA: b""}))[AURORA]
    await asyncio.sleep(0.3)
    again = (await relay.hear({AURORA: first.stamp}))[AURORA]
    assert (first.body, again.body) == (b"figures", None)
    assert 0.2 < again.age_seconds - first.age_seconds < 2
    await relay.close()


async def test_when_the_owner_falls_silent_the_last_picture_stays_and_grows_old(redis: RedisServer) -> None:
    owner, viewer = Worker(redis, {AURORA: (1, b"last")}), Worker(redis)
    async with running(viewer):
        with viewer.exchange.follow((AURORA,)):
            async with running(owner):
                await until(lambda: viewer.shows() == b"last")
            said_at = viewer.exchange.answers[AURORA].said_at
            await asyncio.sleep(3)
            assert viewer.shows() == b"last"
            assert viewer.exchange.answers[AURORA].said_at - said_at < 2.5


async def test_the_rights_that_the_documents_name_are_enough(redis: RedisServer) -> None:
    rights = (
        "~b{* +ping +evalsha +script|load +time +set "  # those of the claims, then docs/board.md
        "+zadd +zremrangebyscore +zrange +getrange +pttl"
    )
    async with asking(redis) as link:
        await link.call("ACL", "SETUSER", "board", "reset", "on", ">secret", *rights.split())
    address = RedisAddress(redis.url.replace("redis://", "redis://board@"), password="secret")
    relay = Relay(address)
    assert await relay.ask([AURORA]) == [AURORA]
    await relay.tell([Told(AURORA, 1, 1, b"figures")])
    assert (await relay.hear({AURORA: b""}))[AURORA].body == b"figures"
    await relay.close()
    async with asking(redis) as link:
        await link.call("ACL", "DELUSER", "board")
