"""The claims client: asks Redis who owns an identity, and waits as long as Redis cannot be asked.

Nothing is ever counted unchecked. While Redis is away, full, empty, or another deployment's, a claim waits (which holds
ingest back), `ready` is false and `reason` says why; once Redis can be used again, it goes on by itself.
"""

import asyncio
import logging
import random
from collections.abc import Sequence
from importlib.resources import files

from redis.exceptions import AuthenticationError, AuthorizationError, RedisError, ResponseError

from agents.claims import identity, policy
from agents.claims.errors import ClaimsClosed, RedisRefused
from agents.claims.identity import Origin
from agents.claims.keys import Batch, Keyring, losers
from agents.claims.link import AWAY, Link, RedisAddress
from agents.claims.recent import Call, Recent
from agents.claims.room import Room, look

log = logging.getLogger(__name__)

HOUR_MS = 3_600_000
FOR_EVER = -1
_SCRIPT = files(__package__).joinpath("claim.lua").read_text("utf-8")
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.05, 1.0
_BEAT_SECONDS = 1.0
# Asks only whether Redis is there and still the deployment's own. An ACL allows no key of another form.
_NOTHING = Call(Batch(0, b"c{0}", b"", ()), FOR_EVER)


class Claims:
    """Who owns an event id, and which sale is a person's first.

    Args:
        address: Redis.
        origin: the deployment; Redis must hold its identity.
        keyring: the pinned form of keys.
        remember_seconds: how much of its latest work it claims again when Redis was restarted (an AOF that is synced
            every second may have lost two).
        remember_bytes: the most memory that takes; older work is forgotten first.
        settle_seconds: how long it then waits before new work, so that the other workers have claimed theirs again too.

    `errors` counts failed connections and calls, `claimed` ids asked for.
    """

    def __init__(
        self,
        address: RedisAddress,
        origin: Origin,
        keyring: Keyring,
        *,
        remember_seconds: float = 10.0,
        remember_bytes: int = 64 << 20,
        settle_seconds: float = 2.0,
    ) -> None:
        self._address, self._origin, self._keyring = address, origin, keyring
        self._recent = Recent(remember_seconds, remember_bytes)
        self._settle_seconds = settle_seconds
        self._link: Link | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._open, self._lost = asyncio.Event(), asyncio.Event()
        self._run_id, self._script = "", b""
        self._failures = 0
        self._closed = False
        self._begun = False
        self.reason = "claims have not been started"
        self.errors = self.claimed = 0
        self.room = Room()

    @property
    def repaired(self) -> int:
        """Ids claimed again after restarts of Redis."""
        return self._recent.repaired

    @property
    def conflicts(self) -> int:
        """Those of them that somebody else owned by then: each may be counted twice."""
        return self._recent.conflicts

    @property
    def ready(self) -> bool:
        """Whether claims are being answered; `reason` says why not."""
        return self._link is not None

    async def start(self) -> None:
        """Connects if Redis is there, else goes on trying in the background.

        Raises RedisPolicyError or RedisIdentityError when it answers but must not be used, redis.AuthenticationError
        when it does not let us in, and what the origin raises when it cannot be asked.
        """
        self._closed = False
        self._open.clear()
        try:
            await self._connect()
        except (AuthenticationError, AuthorizationError):
            raise
        except AWAY as error:
            self._failed(error)
        self._keeper = asyncio.create_task(self._keep(), name="claims")

    async def close(self) -> None:
        """Ends the connection; claims that wait raise ClaimsClosed."""
        self._closed = True
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None
        link, self._link = self._link, None
        if link is not None:
            await link.close()
        self.reason = "claims have been closed"
        self._open.set()

    async def claim(
        self,
        source: int,
        retention_ms: int,
        segment_ms: int,
        horizon_ms: int,
        ids: Sequence[tuple[int, str, str, int]],
    ) -> set[int]:
        """Claims identities for the records of one source partition; returns the indices of those that others own.

        `source` is the source number (topic code in its lowest 6 bits); `ids` are (hour since 1970 of the time as
        sent, the `source` field or "", the id, the record's offset). `retention_ms` and `segment_ms` are the topic's
        `retention.ms` and `segment.ms`, `horizon_ms` its horizon, all >= 0. The same records get the same answer
        again, at any time. Waits while Redis cannot be used. Raises ClaimsClosed.
        """
        return await self.claim_for([source] * len(ids), source & 63, retention_ms, segment_ms, horizon_ms, ids)

    async def claim_for(
        self,
        sources: Sequence[int],
        topic: int,
        retention_ms: int,
        segment_ms: int,
        horizon_ms: int,
        ids: Sequence[tuple[int, str, str, int]],
    ) -> set[int]:
        """Like claim, for records of several partitions of one topic, in the order of `ids`."""
        if min(retention_ms, segment_ms, horizon_ms) < 0:
            raise ValueError(
                f"retention, segment and horizon must be bounded, got {retention_ms} {segment_ms} {horizon_ms}"
            )
        keep_ms = horizon_ms + retention_ms + segment_ms + HOUR_MS
        return await self._claim([Call(batch, keep_ms) for batch in self._keyring.identities(topic, sources, ids)])

    async def first_purchases(self, source: int, buyers: Sequence[tuple[bytes, int]]) -> set[int]:
        """The indices of the sales that are the first ever of their person, for all workers, also when asked again.

        `buyers` are (8-byte hash of the person, offset of the sale), of sales that own their identity. Never expires.
        """
        return await self.first_purchases_for([source] * len(buyers), buyers)

    async def first_purchases_for(self, sources: Sequence[int], buyers: Sequence[tuple[bytes, int]]) -> set[int]:
        """Like first_purchases, for sales of several partitions, in the order of `buyers`."""
        later = await self._claim([Call(batch, FOR_EVER) for batch in self._keyring.people(sources, buyers)])
        return set(range(len(buyers))) - later

    async def _claim(self, calls: Sequence[Call]) -> set[int]:
        if not calls:
            return set()
        while True:
            await self._open.wait()
            if self._closed:
                raise ClaimsClosed("claims have been closed")
            link = self._link
            if link is None:
                continue
            replies = await self._ask(link, calls)
            if replies is None:
                continue
            lost = losers([call.batch for call in calls], replies)
            # Before any repair: the answer woke this task, and a new link takes longer than that.
            self._recent.add(asyncio.get_running_loop().time(), calls, lost)
            self._failures = 0
            self.claimed += sum(len(call.batch.places) for call in calls)
            return lost

    async def _ask(self, link: Link, calls: Sequence[Call]) -> list[bytes] | None:
        """The script's replies; None when Redis could not be used, which has been dealt with."""
        try:
            return await self._run(link, calls)
        except (*AWAY, ResponseError) as error:
            await self._drop(link, error)
            return None
        except BaseException:
            # Cancelled while it was being sent: the link is of no use any more.
            if not link.alive:
                await self._drop(link, None)
            raise

    async def _run(self, link: Link, calls: Sequence[Call]) -> list[bytes]:
        deployment = self._origin.identity
        answers = await link.call_all(
            [
                (
                    b"EVALSHA",
                    self._script,
                    2,
                    batch.prefix,
                    identity.home_key(batch.shard),
                    deployment,
                    keep_ms,
                    batch.records,
                )
                for batch, keep_ms in calls
            ]
        )
        for answer in answers:
            if isinstance(answer, ResponseError):
                raise answer
        return answers

    async def _drop(self, link: Link, error: BaseException | None) -> None:
        """Gives the link up, once for all who have asked through it."""
        if self._link is not link:
            return
        self._link = None
        self._open.clear()
        if error is None:
            self.reason = "connecting to Redis again"
        else:
            self._failed(error)
        self._lost.set()
        await link.close()

    def _failed(self, error: BaseException) -> None:
        self.errors += 1
        self._failures += 1
        self._say(str(error) if isinstance(error, RedisRefused) else f"Redis cannot be used: {_line(error)}")

    def _say(self, reason: str) -> None:
        if reason != self.reason:
            log.warning("claims wait: %s", reason)
        self.reason = reason

    async def _keep(self) -> None:
        """Makes the connection again with a growing pause, and asks an idle Redis whether it is still there."""
        while True:
            if self._link is None:
                self._lost.clear()
                longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** min(self._failures, 10))
                await asyncio.sleep(longest * random.uniform(0.5, 1.0))
                try:
                    await self._connect()
                except (
                    Exception
                ) as error:  # Whatever it is: a keeper that ends would leave the worker waiting for ever.
                    self._failed(error)
                continue
            try:
                # Not wait_for: that of Python 3.11 takes a cancellation for the event where both come at once.
                async with asyncio.timeout(_BEAT_SECONDS):
                    await self._lost.wait()
            except TimeoutError:
                await self._beat()

    async def _beat(self) -> None:
        link = self._link
        if link is None:
            return
        try:
            if await self._ask(link, [_NOTHING]) is not None:
                self._failures = 0
                self.room = await look(link)
        except Exception as error:  # As above.
            await self._drop(link, error)

    async def _connect(self) -> None:
        """Opens a link, checks that Redis may be used, and mends what a restart of it may have lost."""
        link = await Link.open(self._address)
        try:
            for finding in await policy.require(link):
                log.info("redis: %s", finding)
            server = await link.info("server")
            self._script = await link.call("SCRIPT", "LOAD", _SCRIPT)
            new = await identity.require(link, self._origin, self._keyring.shards, may_be_new=not self._begun)
            self._begun = True
            restarted = self._run_id not in ("", server["run_id"])
            if restarted:
                count = await self._recent.repair(lambda calls: self._run(link, calls))
                log.warning("Redis was restarted: %d ids have been claimed again", count)
            await asyncio.sleep(0 if new else self._settling(restarted, int(server["uptime_in_seconds"])))
        except BaseException:
            await link.close()
            raise
        self._run_id = server["run_id"]
        self._link = link
        self.reason = ""
        self._lost.clear()
        self._open.set()
        log.info("claims are ready")

    def _settling(self, restarted: bool, uptime_seconds: int) -> float:
        """Seconds to wait for other workers' repairs; a worker that has just been started sees it by the uptime."""
        return self._settle_seconds if restarted else max(0.0, self._settle_seconds - uptime_seconds)


def _line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if isinstance(error, RedisError) and text else text or type(error).__name__
