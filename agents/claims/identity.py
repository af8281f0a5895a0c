"""Whose claims Redis holds. The script compares it in every call; here it is set at the first start, and explained."""

from typing import Protocol

from agents.claims.errors import RedisIdentityError
from agents.claims.link import Link

_REBUILD = "run `launchpulse claims rebuild`"


class Origin(Protocol):
    """The deployment that the claims belong to; SettingsTopic is the real one.

    `begun` tells whether anybody has ever been allowed to claim: only before that may an empty Redis be taken for a
    new one.
    """

    @property
    def identity(self) -> str:
        """The random id of the deployment's settings record."""

    async def begun(self) -> bool:
        """Whether mark_begun was ever acknowledged, by any worker; asks afresh each time."""

    async def mark_begun(self) -> None:
        """Returns when begun() is true for every worker and every later start."""


def home_key(shard: int) -> bytes:
    """The key under which a shard keeps the id of its deployment."""
    return b"i{%d}" % shard


def rebuilding(identity: str) -> str:
    """What Redis holds instead of the identity during a rebuild, so that no worker takes its claims for whole."""
    return f"rebuilding {identity}"


async def held(link: Link, shards: int) -> set[bytes | None]:
    """What the shards hold: one value if all is well, None for a shard that holds nothing."""
    return set(await link.call_all([("GET", home_key(shard)) for shard in range(shards)]))


async def keep(link: Link, shards: int, identity: str, *, over: bool) -> None:
    """Makes Redis the keeper of that deployment's claims; `over` writes over what it held before."""
    for shard in range(shards):
        await link.call("SET", home_key(shard), identity, *(() if over else ("NX",)))


async def require(link: Link, origin: Origin, shards: int, may_be_new: bool) -> bool:
    """Checks that Redis holds this deployment's claims; returns whether it has only now been given them to keep.

    It is given them if it is empty, `may_be_new`, and claims have not begun. Raises RedisIdentityError otherwise, and
    what the origin raises when it cannot be asked.
    """
    found, new = await held(link, shards), False
    if None in found and may_be_new:
        new = not await origin.begun()
        if new:
            await keep(link, shards, origin.identity, over=False)
        # Also where claims have begun: another worker may have given Redis its id since we looked.
        found = await held(link, shards)
    if found != {origin.identity.encode()}:
        raise RedisIdentityError(_explain(found, origin.identity))
    # Before the first claim, and after Redis has the id: else an empty Redis could be taken for a new one later.
    if may_be_new and (new or not await origin.begun()):
        await origin.mark_begun()
    return new


def _explain(found: set[bytes | None], identity: str) -> str:
    if rebuilding(identity).encode() in found:
        return "`launchpulse claims rebuild` is running, or was broken off: let it end, or start it again"
    others = sorted(value.decode("utf-8", "replace") for value in found if value not in (None, identity.encode()))
    if others:
        return (
            f"Redis holds the claims of {others[0]}, not of {identity}: give each deployment a Redis or a database "
            f"number of its own; if this one is empty then, {_REBUILD}"
        )
    return f"Redis is empty, but events have been counted with claims in it: {_REBUILD}"
