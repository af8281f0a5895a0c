"""A Redis that would forget claims is refused by name; what claims cost there is what the estimate says."""

import asyncio
import subprocess
from pathlib import Path

import pytest
from redis.exceptions import AuthenticationError

from agents.claims.client import Claims
from agents.claims.errors import RedisPolicyError
from agents.claims.keys import Keyring
from agents.claims.link import AWAY, Link, RedisAddress
from agents.claims.policy import examine, memory_estimate
from agents.demo.ports import LOOPBACK, any_port
from tests.redis.deployment import HOUR_MS, Deployment, asking, claim, fresh, make, started
from tests.support.redis import RedisServer

# What docs and the refusals of a worker rely on: claims need no more rights than these.
LEAST_RIGHTS = (
    "~c{* ~p{* ~i{* +ping +info +get +set +hsetnx +hget +hlen +pexpireat +time +evalsha +script|load +config|get"
)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("maxmemory-policy", "allkeys-lru"), ("appendonly", "no"), ("appendfsync", "no")],
)
async def test_a_redis_that_would_forget_claims_is_refused_by_name(setting: str, value: str) -> None:
    with RedisServer(options={setting: value}) as server:
        with pytest.raises(RedisPolicyError, match=rf"{setting} is {value}.*CONFIG SET {setting}"):
            await make(server, Deployment()).start()
        fatal = [finding.setting for finding in await examine(RedisAddress(server.url)) if finding.fatal]
        assert fatal == [setting]


async def test_a_redis_that_may_be_used_has_no_findings(redis: RedisServer) -> None:
    assert await examine(RedisAddress(redis.url)) == []


async def test_a_replica_is_refused(redis: RedisServer) -> None:
    with (
        RedisServer(options={"replicaof": f"{LOOPBACK} {redis.port}"}) as replica,
        pytest.raises(RedisPolicyError, match="replica"),
    ):
        await make(replica, Deployment()).start()


async def test_small_buckets_are_given_room_at_start(redis: RedisServer) -> None:
    async with asking(redis) as link:
        await link.call("CONFIG", "SET", "hash-max-listpack-entries", 64)
        async with started(redis, Deployment(), buckets=1) as claims:
            await claim(claims, 1, fresh("a", 400))
        (key,) = await link.call("KEYS", "c{*")
        assert await link.call("OBJECT", "ENCODING", key) == b"listpack"


async def test_a_redis_without_a_limit_or_nearly_full_is_worth_a_warning(redis: RedisServer) -> None:
    async with asking(redis) as link:
        used = int((await link.info("memory"))["used_memory"])
        try:
            for limit in (0, int(used * 1.1)):
                await link.call("CONFIG", "SET", "maxmemory", limit)
                findings = await examine(RedisAddress(redis.url))
                assert [(finding.setting, finding.fatal) for finding in findings] == [("maxmemory", False)]
        finally:
            await link.call("CONFIG", "SET", "maxmemory", "256mb")


async def test_claims_need_only_the_documented_rights(redis: RedisServer) -> None:
    async with asking(redis) as link:
        await link.call("CONFIG", "SET", "hash-max-listpack-entries", 512)
        await link.call("ACL", "SETUSER", "launchpulse", "reset", "on", ">right", *LEAST_RIGHTS.split())
        try:
            address = RedisAddress(f"redis://launchpulse@{LOOPBACK}:{redis.port}/0", password="right")
            claims = Claims(address, Deployment(), Keyring(b"key", 10, 10))
            await claims.start()
            assert await claim(claims, 1, fresh("a", 50)) == set()
            assert await claims.first_purchases(1, [(b"ann.....", 1)]) == {0}
            await claims.close()
        finally:
            await link.call("ACL", "DELUSER", "launchpulse")


async def test_without_the_right_to_read_settings_the_rest_is_still_checked(redis: RedisServer) -> None:
    async with asking(redis) as link:
        await link.call("ACL", "SETUSER", "blind", "reset", "on", ">right", *LEAST_RIGHTS.split(), "-config|get")
        try:
            address = RedisAddress(f"redis://blind@{LOOPBACK}:{redis.port}/0", password="right")
            found = [(finding.setting, finding.fatal) for finding in await examine(address)]
            assert found == [("appendfsync", False), ("hash-max-listpack-entries", False)]
            await link.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
            assert (await examine(address))[0].setting == "maxmemory-policy"
        finally:
            await link.call("CONFIG", "SET", "maxmemory-policy", "noeviction")
            await link.call("ACL", "DELUSER", "blind")


async def test_a_wrong_password_is_refused_and_not_told(redis: RedisServer) -> None:
    address = RedisAddress(f"redis://default@{LOOPBACK}:{redis.port}/0", password="wrong-secret")
    async with asking(redis) as link:
        await link.call("CONFIG", "SET", "requirepass", "right")
        try:
            with pytest.raises(AuthenticationError) as error:
                await Claims(address, Deployment(), Keyring(b"key", 10, 10)).start()
        finally:
            await link.call("CONFIG", "SET", "requirepass", "")
    assert "wrong-secret" not in f"{error.value}{address}"


async def test_tls_is_spoken_and_a_certificate_of_another_authority_refused(tmp_path: Path) -> None:
    for name in ("ours", "other"):
        command = (
            f"openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=test -addext subjectAltName=IP:{LOOPBACK}"
        )
        where = ["-keyout", str(tmp_path / f"{name}.key"), "-out", str(tmp_path / f"{name}.pem")]
        subprocess.run([*command.split(), *where], check=True, capture_output=True)
    port = any_port()
    files = {"tls-cert-file": str(tmp_path / "ours.pem"), "tls-key-file": str(tmp_path / "ours.key")}
    with RedisServer(options={"tls-port": str(port), "tls-auth-clients": "no", **files}):
        url = f"rediss://{LOOPBACK}:{port}/0"
        link = await Link.open(RedisAddress(url, ca_file=str(tmp_path / "ours.pem")))
        assert await link.call("PING") == b"PONG"
        await link.close()
        for ca_file in (str(tmp_path / "other.pem"), None):
            with pytest.raises(AWAY):
                await Link.open(RedisAddress(url, ca_file=ca_file))


async def _held_bytes(link: Link) -> int:
    """What the data takes: the least of some readings, without the buffers of clients and of the log."""
    readings = []
    for _ in range(20):
        memory = await link.info("memory")
        buffers = int(memory["mem_clients_normal"]) + int(memory["mem_aof_buffer"])
        readings.append(int(memory["used_memory"]) - buffers)
        await asyncio.sleep(0.05)
    return min(readings)


@pytest.mark.parametrize(("ids_a_bucket", "most"), [(16, 31.0), (20, 30.0), (24, 29.0), (40, 27.0)])
async def test_an_id_costs_what_the_design_says_and_what_the_estimate_says(ids_a_bucket: int, most: float) -> None:
    count = 160_000
    buckets = count // ids_a_bucket
    with RedisServer() as own:
        async with started(own, Deployment(), buckets=buckets, remember_seconds=-1.0) as claims, asking(own) as link:
            before = await _held_bytes(link)
            for start in range(0, count, 4000):
                await claim(claims, 1, fresh("id", 4000, start))
            used = await _held_bytes(link) - before
    assert used / count <= most
    # One hour of them: no horizon, an hour less than no retention.
    estimate = memory_estimate(count / 3600, 0, -HOUR_MS, buckets)
    assert estimate == pytest.approx(used, rel=0.1)


def test_estimate_grows_with_rate_horizon_and_retention() -> None:
    base = memory_estimate(1000, 30 * HOUR_MS, 24 * HOUR_MS)
    # The design's rule of thumb: rate x (horizon + retention + 2 h) x 27 bytes.
    assert base == pytest.approx(1000 * 3600 * 56 * 27, rel=0.1)
    assert memory_estimate(1000, 86 * HOUR_MS, 24 * HOUR_MS) == pytest.approx(2 * base, rel=0.001)
    assert memory_estimate(2000, 30 * HOUR_MS, 24 * HOUR_MS) > 1.7 * base
    # Few ids lie alone in their buckets; too many make their buckets hash tables.
    assert memory_estimate(1, HOUR_MS, 0) / (3600 * 3) > 130
    assert memory_estimate(20_000, HOUR_MS, 0) / (20_000 * 3600 * 3) == 78
