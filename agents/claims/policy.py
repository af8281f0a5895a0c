"""Whether a Redis may be trusted with claims: it must never evict one, and must write each to its log.

A claim that is forgotten lets a resend be counted twice, silently; so what would forget is refused at start, by name.
"""

import math
from dataclasses import dataclass

from redis.exceptions import ResponseError

from agents.claims.errors import RedisPolicyError
from agents.claims.keys import BUCKETS_PER_HOUR
from agents.claims.link import Link, RedisAddress

LISTPACK_ENTRIES = 512
_LEAST_VERSION = (7, 0)
# used_memory grows by the claims, RSS by fragmentation and the rewriting of the AOF on top of it: measured 1.4 times.
RSS_PER_USED = 1.4
_NEARLY_FULL_RATIO = 0.85

# Bytes of an id (two listpack entries of 10 bytes, rounded up to jemalloc's classes) and of a bucket (its key, two
# dictionary entries, the object): measured on Redis 7.0 at 3-46 ids a bucket, within 3 %.
_ID_BYTES = 22.5
_BUCKET_BYTES = 120.0
# A bucket of more than LISTPACK_ENTRIES becomes a hash table.
_TABLE_ID_BYTES = 78.0
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with Redis: `fatal` ones stop the workers, the others are worth a warning."""

    setting: str
    fatal: bool
    message: str
    mend: str

    def __str__(self) -> str:
        return f"{self.message}: {self.mend}"


def memory_estimate(rate: float, horizon_ms: int, retention_ms: int, buckets_per_hour: int = BUCKETS_PER_HOUR) -> int:
    """Bytes of used_memory that one topic's claims take, when they have been taken for long enough.

    `rate` is its new ids a second on average, `horizon_ms` its horizon, `retention_ms` its `retention.ms`; two hours
    come on top (the hour itself, half an hour of jitter, segment.ms, an hour of grace). Redis needs RSS_PER_USED
    times as much.
    """
    hours = (horizon_ms + retention_ms) / _HOUR_MS + 2
    ids = rate * 3600
    if ids / buckets_per_hour > LISTPACK_ENTRIES:
        return round(hours * ids * _TABLE_ID_BYTES)
    touched = buckets_per_hour * -math.expm1(-ids / buckets_per_hour)
    return round(hours * (ids * _ID_BYTES + touched * _BUCKET_BYTES))


async def examine(address: RedisAddress) -> list[Finding]:
    """What is wrong with the Redis there, for `doctor`. Raises redis.RedisError or OSError when it cannot be asked."""
    link = await Link.open(address)
    try:
        return await findings(link)
    finally:
        await link.close()


async def require(link: Link) -> list[Finding]:
    """The findings that are not fatal. Raises RedisPolicyError for the first one that is."""
    found = await findings(link)
    for finding in found:
        if finding.fatal:
            raise RedisPolicyError(str(finding))
    return found


async def findings(link: Link) -> list[Finding]:
    """All that is wrong, worst first. Sets hash-max-listpack-entries where it is too low and Redis allows that."""
    server = await link.info("server")
    found = _server(server, await link.info("replication"), await link.info("cluster"))
    found += _memory(await link.info("memory"))
    found += await _log(link)
    found += await _listpacks(link)
    return sorted(found, key=lambda finding: not finding.fatal)


def _server(server: dict[str, str], replication: dict[str, str], cluster: dict[str, str]) -> list[Finding]:
    found = []
    version = server.get("redis_version", "0.0")
    if tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) < _LEAST_VERSION:
        found.append(
            Finding(
                "version",
                True,
                f"Redis is {version}",
                "use Redis 7.0 or Valkey 7.2 and newer",
            )
        )
    if replication.get("role", "master") != "master":
        found.append(
            Finding(
                "role",
                True,
                "Redis is a replica",
                "point LAUNCHPULSE_REDIS_URL at the primary",
            )
        )
    if cluster.get("cluster_enabled") == "1":
        found.append(
            Finding(
                "cluster-enabled",
                True,
                "Redis runs as a cluster",
                "use a Redis without cluster mode",
            )
        )
    return found


def _memory(memory: dict[str, str]) -> list[Finding]:
    found = []
    policy = memory.get("maxmemory_policy", "unknown")
    if policy != "noeviction":
        mend = "run CONFIG SET maxmemory-policy noeviction, and set it in redis.conf"
        found.append(Finding("maxmemory-policy", True, f"Redis' maxmemory-policy is {policy}", mend))
    used, limit = int(memory.get("used_memory", 0)), int(memory.get("maxmemory", 0))
    machine = int(memory.get("total_system_memory", 0))
    if limit and used > limit * _NEARLY_FULL_RATIO:
        full = used >= limit
        message = f"Redis uses {used >> 20} MiB of its maxmemory of {limit >> 20} MiB"
        found.append(Finding("maxmemory", full, message, "give it more; claims wait when it is full"))
    if machine and limit * RSS_PER_USED > machine:
        message = f"Redis' maxmemory of {limit >> 20} MiB may take {RSS_PER_USED} times that of {machine >> 20} MiB"
        found.append(Finding("maxmemory", False, message, "lower it, or use a larger machine"))
    if not limit:
        message = "Redis has no maxmemory, so the kernel may kill it when memory runs out"
        found.append(
            Finding(
                "maxmemory",
                False,
                message,
                f"set it to at most memory / {RSS_PER_USED}",
            )
        )
    return found


async def _log(link: Link) -> list[Finding]:
    if (await link.info("persistence")).get("aof_enabled") != "1":
        mend = "run CONFIG SET appendonly yes, and set it in redis.conf"
        return [
            Finding(
                "appendonly",
                True,
                "Redis' appendonly is no, so a restart forgets claims",
                mend,
            )
        ]
    try:
        fsync = await _config(link, "appendfsync")
    except ResponseError as refused:
        return [
            Finding(
                "appendfsync",
                False,
                f"appendfsync cannot be read ({refused})",
                "allow CONFIG GET, or see to it",
            )
        ]
    if fsync == "no":
        mend = "run CONFIG SET appendfsync everysec, and set it in redis.conf"
        return [
            Finding(
                "appendfsync",
                True,
                "Redis' appendfsync is no, so a power cut may forget minutes",
                mend,
            )
        ]
    return []


async def _listpacks(link: Link) -> list[Finding]:
    name = "hash-max-listpack-entries"
    mend = f"set {name} {LISTPACK_ENTRIES} in redis.conf"
    try:
        entries = await _config(link, name)
        if int(entries) < LISTPACK_ENTRIES:
            await link.call("CONFIG", "SET", name, LISTPACK_ENTRIES)
    except ResponseError as refused:
        return [Finding(name, False, f"{name} cannot be read or set ({refused})", mend)]
    return []


async def _config(link: Link, name: str) -> str:
    answer: list[bytes] = await link.call("CONFIG", "GET", name)
    if not answer:
        raise ResponseError(f"no setting {name}")
    return answer[1].decode()
