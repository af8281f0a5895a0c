"""How full the Redis of the claims is, and whether it has thrown any key away."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from redis.exceptions import ResponseError

from agents.claims.link import Link


@dataclass(frozen=True, slots=True)
class Room:
    """used_ratio: used memory by `maxmemory`, or by the machine's where there is no limit; NaN while it is not known.
    evicted_keys: since Redis was started."""

    used_ratio: float = nan
    evicted_keys: int = 0


async def look(link: Link) -> Room:
    """What INFO says; nothing is known where the ACL does not allow it. Raises what a lost connection raises."""
    try:
        memory, stats = await link.info("memory"), await link.info("stats")
    except ResponseError:
        return Room()
    limit = int(memory.get("maxmemory", 0)) or int(memory.get("total_system_memory", 0))
    ratio = int(memory.get("used_memory", 0)) / limit if limit else nan
    return Room(ratio, int(stats.get("evicted_keys", 0)))
