"""Who owns an identity: exactly one (source, offset), the same one for ever, whoever asks and however often."""

import asyncio
import random
import struct
import time

import pytest

from agents.claims.client import Claims
from agents.claims.errors import ClaimsClosed
from agents.claims.keys import Keyring
from agents.claims.link import RedisAddress
from tests.redis.deployment import (
    HOUR_MS,
    KEEP_MS,
    RETENTION_MS,
    SEGMENT_MS,
    Deployment,
    Id,
    asking,
    claim,
    fresh,
    make,
    started,
    this_hour,
)
from tests.support.redis import RedisServer

CLICK, OPEN = 1, 2  # topic codes; a source number's lowest 6 bits


def source(partition: int, topic: int = CLICK) -> int:
    return partition << 6 | topic


async def test_the_first_to_claim_owns_and_the_others_lose(redis: RedisServer) -> None:
    deployment = Deployment()
    async with started(redis, deployment) as one, started(redis, deployment) as other:
        assert await claim(one, source(0), fresh("a", 3)) == set()
        assert await claim(other, source(1), fresh("a", 4)) == {0, 1, 2}


async def test_a_replayed_record_finds_itself_as_the_owner(redis: RedisServer) -> None:
    deployment = Deployment()
    async with started(redis, deployment) as one, started(redis, deployment) as other:
        await claim(one, source(0), fresh("a", 3))
        assert await claim(other, source(0), fresh("a", 3)) == set()


async def test_a_resend_in_the_same_slice_loses_to_the_earlier_record(redis: RedisServer) -> None:
    async with started(redis, Deployment()) as claims:
        ids = [(this_hour(), "", "a", 5), (this_hour(), "", "b", 6), (this_hour(), "", "a", 7)]
        assert await claim(claims, source(0), ids) == {2}
        assert await claim(claims, source(0), ids) == {2}


@pytest.mark.parametrize(
    ("later", "shop", "name"),
    [(1, "shop", "1"), (0, "mail", "1"), (0, "shop", "2")],
)
async def test_another_hour_source_or_id_is_no_resend(redis: RedisServer, later: int, shop: str, name: str) -> None:
    hour = this_hour()
    async with started(redis, Deployment()) as claims:
        await claim(claims, source(0), [(hour, "shop", "1", 1)])
        assert await claim(claims, source(0), [(hour + later, shop, name, 2)]) == set()


async def test_the_same_id_in_another_topic_is_no_resend(redis: RedisServer) -> None:
    async with started(redis, Deployment()) as claims:
        await claim(claims, source(0, CLICK), fresh("a", 1))
        assert await claim(claims, source(0, OPEN), fresh("a", 1)) == set()


async def test_the_same_place_in_another_incarnation_of_a_topic_is_another_owner(redis: RedisServer) -> None:
    async with started(redis, Deployment()) as claims:
        await claim(claims, source(0), fresh("a", 1))
        assert await claim(claims, 1 << 18 | source(0), fresh("a", 1)) == {0}


async def test_no_ids_ask_nothing(redis: RedisServer) -> None:
    claims = make(redis, Deployment())
    assert await claim(claims, source(0), []) == set()
    assert await claims.first_purchases(source(0), []) == set()


async def test_an_unbounded_retention_is_refused(redis: RedisServer) -> None:
    async with started(redis, Deployment()) as claims:
        with pytest.raises(ValueError, match="bounded"):
            await claims.claim(source(0), -1, SEGMENT_MS, HOUR_MS, fresh("a", 1))


@pytest.mark.parametrize("seed", range(4))
async def test_random_slices_and_replays_get_the_owners_of_a_model(redis: RedisServer, seed: int) -> None:
    rnd = random.Random(seed)
    deployment = Deployment()
    async with (
        started(redis, deployment, size=rnd.choice([7, 50, 500])) as one,
        started(redis, deployment, size=rnd.choice([7, 50, 500])) as other,
    ):
        owners: dict[tuple[int, str, str], tuple[int, int]] = {}
        logs: list[list[Id]] = [[], []]
        for _ in range(150):
            partition = rnd.randrange(2)
            log = logs[partition]
            if log and rnd.random() < 0.3:
                start = rnd.randrange(len(log))
                ids = log[start : start + rnd.randrange(1, 120)]
            else:
                ids = [_some_id(rnd, len(log) + number) for number in range(rnd.randrange(1, 120))]
                log.extend(ids)
            # A partition may be read by either worker: it moves, and zombies go on.
            lost = await claim(rnd.choice([one, other]), source(partition), ids)
            expected = {
                place
                for place, (hour, producer, name, offset) in enumerate(ids)
                if owners.setdefault((hour, producer, name), (partition, offset)) != (partition, offset)
            }
            assert lost == expected
    assert len(owners) > 1000


@pytest.mark.parametrize("seed", range(2))
async def test_workers_at_the_same_time_agree_on_one_owner_that_stays(redis: RedisServer, seed: int) -> None:
    rnd = random.Random(seed)
    deployment = Deployment()
    logs = [[_some_id(rnd, offset) for offset in range(3000)] for _ in range(2)]
    owned: dict[tuple[int, str, str], set[tuple[int, int]]] = {}
    lost_at: dict[tuple[int, int], set[bool]] = {}

    async def work(claims: Claims, partition: int, rnd: random.Random) -> None:
        starts = list(range(0, 3000, 100)) * 2
        rnd.shuffle(starts)
        for start in starts:
            ids = logs[partition][start : start + rnd.randrange(100, 250)]
            lost = await claim(claims, source(partition), ids)
            for place, (hour, producer, name, offset) in enumerate(ids):
                lost_at.setdefault((partition, offset), set()).add(place in lost)
                if place not in lost:
                    owned.setdefault((hour, producer, name), set()).add((partition, offset))

    async with started(redis, deployment, size=40) as one, started(redis, deployment, size=90) as other:
        await asyncio.gather(
            *(work(claims, partition, random.Random(rnd.random())) for claims in (one, other) for partition in (0, 1))
        )
    assert set(owned) == {entry[:3] for log in logs for entry in log}
    assert all(len(owners) == 1 for owners in owned.values())
    assert all(len(answers) == 1 for answers in lost_at.values())


def _some_id(rnd: random.Random, offset: int) -> Id:
    """From a pool so small that many come twice, in a few hours."""
    return this_hour() - rnd.randrange(2), rnd.choice(["", "shop"]), f"id-{rnd.randrange(900)}", offset


async def test_a_bucket_outlives_the_later_of_now_and_its_hour_by_the_whole_rule(redis: RedisServer) -> None:
    hours = [this_hour() - 800, this_hour() - 29, this_hour(), this_hour() + 23]
    ids = [(hour, "", f"id-{number}", number) for hour in hours for number in range(100)]
    async with started(redis, Deployment()) as claims, asking(redis) as link:
        before_ms = int(time.time() * 1000)
        await claim(claims, source(0), ids)
        after_ms = int(time.time() * 1000) + 1
        keys = await link.call("KEYS", "c{*")
        assert len(keys) > 300
        for key in keys:
            (hour,) = struct.unpack(">I", key[5:9])
            hour_end_ms = (hour + 1) * HOUR_MS
            expiry_ms = await link.call("PEXPIRETIME", key)
            assert max(before_ms, hour_end_ms) + KEEP_MS <= expiry_ms
            assert expiry_ms < max(after_ms, hour_end_ms) + KEEP_MS + HOUR_MS


async def test_an_hours_buckets_do_not_expire_all_at_once(redis: RedisServer) -> None:
    async with started(redis, Deployment()) as claims, asking(redis) as link:
        await claim(claims, source(0), fresh("a", 500))
        expiries = {await link.call("EXPIRETIME", key) for key in await link.call("KEYS", "c{*")}
    assert len(expiries) > 100
    assert max(expiries) - min(expiries) > 1800


async def test_later_claims_leave_a_buckets_expiry_alone(redis: RedisServer) -> None:
    async with started(redis, Deployment(), buckets=1) as claims, asking(redis) as link:
        await claim(claims, source(0), fresh("a", 10))
        (key,) = await link.call("KEYS", "c{*")
        first = await link.call("PEXPIRETIME", key)
        await claims.claim(source(0), 10 * RETENTION_MS, SEGMENT_MS, HOUR_MS, fresh("b", 10))
        assert await link.call("PEXPIRETIME", key) == first


async def test_a_bucket_that_comes_back_after_its_expiry_gets_an_expiry_again(redis: RedisServer) -> None:
    async with started(redis, Deployment(), buckets=1) as claims, asking(redis) as link:
        await claim(claims, source(0), fresh("a", 10))
        (key,) = await link.call("KEYS", "c{*")
        await link.call("DEL", key)
        await claim(claims, source(0), fresh("a", 10))
        assert await link.call("PTTL", key) > KEEP_MS


async def test_a_persons_first_sale_is_the_first_one_claimed_and_stays_it(redis: RedisServer) -> None:
    ann, bob, eve = b"ann.....", b"bob.....", b"eve....."
    deployment = Deployment()
    async with started(redis, deployment) as one, started(redis, deployment) as other:
        for _ in range(2):
            assert await one.first_purchases(source(0), [(ann, 1), (bob, 2), (ann, 3)]) == {0, 1}
            assert await other.first_purchases(source(1), [(bob, 1), (eve, 2)]) == {1}


async def test_first_purchases_never_expire(redis: RedisServer) -> None:
    async with started(redis, Deployment()) as claims, asking(redis) as link:
        await claims.first_purchases(source(0), [(struct.pack(">Q", n * 7919), n) for n in range(200)])
        keys = await link.call("KEYS", "p{*")
        assert len(keys) > 40
        assert {await link.call("PTTL", key) for key in keys} == {-1}


async def test_shards_keep_their_keys_apart_and_give_the_same_answers(redis: RedisServer) -> None:
    keyring = Keyring(b"a secret of the tests", 200, 50, shards=3)
    claims = Claims(RedisAddress(redis.url), Deployment(), keyring)
    await claims.start()
    try:
        assert await claim(claims, source(0), fresh("a", 300)) == set()
        assert await claim(claims, source(1), fresh("a", 200) + fresh("b", 200)) == set(range(200))
        async with asking(redis) as link:
            homes = sorted(await link.call("KEYS", "i{*"))
            tags = {key[:4] for key in await link.call("KEYS", "c{*")}
    finally:
        await claims.close()
    assert homes == [b"i{0}", b"i{1}", b"i{2}"]
    assert tags == {b"c{0}", b"c{1}", b"c{2}"}


async def test_a_cancelled_claim_leaves_no_answer_for_the_next_one(redis: RedisServer) -> None:
    async with started(redis, Deployment()) as claims:
        await claim(claims, source(0), fresh("taken", 5000))
        for turns in range(12):
            task = asyncio.create_task(claim(claims, source(1), fresh("taken", 5000)))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            assert await claim(claims, source(2), fresh(f"new-{turns}", 5000)) == set()
        assert claims.errors == 0


async def test_the_first_claim_of_all_is_answered_only_after_claims_are_known_to_have_begun(redis: RedisServer) -> None:
    deployment = Deployment()
    async with started(redis, deployment):
        assert deployment.is_begun


async def test_a_closed_client_can_be_started_again(redis: RedisServer) -> None:
    claims = make(redis, Deployment())
    for _ in range(2):
        await claims.start()
        assert await claim(claims, source(0), fresh("a", 1)) == set()
        await claims.close()
        assert not claims.ready


async def test_closing_ends_a_claim_that_waits(redis: RedisServer) -> None:
    claims = make(redis, Deployment())
    waiting = asyncio.create_task(claim(claims, source(0), fresh("a", 1)))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await claims.close()
    with pytest.raises(ClaimsClosed):
        await waiting
