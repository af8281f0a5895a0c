"""Health: whether a worker lives and whether it is ready, with the reasons. Readiness never gates scraping."""

import time
from dataclasses import dataclass

from agents.app import Parts

STUCK_SECONDS = 60.0
"""A worker whose vitals were looked at, and then not for so long, is stuck and must be started anew."""


@dataclass(frozen=True, slots=True)
class WorkerHealth:
    """See `agents.web.health.Health`."""

    live: bool
    ready: bool
    reasons: tuple[str, ...]


def health_of(parts: Parts) -> WorkerHealth:
    """The health of a worker now."""
    reasons = tuple(_reasons(parts))
    beat_at = parts.vitals.beat_at
    return WorkerHealth(not beat_at or time.monotonic() - beat_at < STUCK_SECONDS, not reasons, reasons)


def _reasons(parts: Parts) -> list[str]:
    app, consumer = parts.app, parts.consumer
    reasons = []
    if not consumer.generation:
        reasons.append("it has not joined the group yet")
    elif app.rebalancing:
        reasons.append("the group is rebalancing")
    elif not parts.vitals.beat_at:
        reasons.append("its tables are being recovered")
    if not parts.claims.ready:
        reasons.append(f"claims wait: {parts.claims.reason}")
    reasons += [f"{tp.topic}/{tp.partition} is refused: {why}" for tp, why in sorted(consumer.refusals.items())]
    unowned = sorted(consumer.ownership.unowned)
    if unowned:
        reasons.append("nobody owns " + ", ".join(f"{tp.topic}/{tp.partition}" for tp in unowned))
    return reasons
