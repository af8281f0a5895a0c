"""Vitals: what the worker's own metrics say of its state, looked at once a second."""

import asyncio
import time
from collections.abc import Callable, Mapping

from agents.campaign.campaigns import Campaigns
from agents.claims.client import Claims
from agents.kafka.slices import SliceConsumer
from agents.telemetry import Telemetry

PERIOD_SECONDS = 1.0


class Vitals:
    """lag: see `Snapshot.lag`. rebalancing: whether the group is.

    Attributes:
        beat_at: when they were looked at last, by the monotonic clock; 0 until the tables have been recovered.
    """

    def __init__(
        self,
        telemetry: Telemetry,
        consumer: Callable[[], SliceConsumer],
        rebalancing: Callable[[], bool],
        claims: Claims,
        campaigns: Campaigns,
        lag: Callable[[], Mapping[tuple[str, int], tuple[int, float]]],
    ) -> None:
        self._telemetry = telemetry
        self._consumer = consumer
        self._rebalancing = rebalancing
        self._claims = claims
        self._campaigns = campaigns
        self._lag = lag
        self.beat_at = 0.0
        self._generation = 0
        self._redis_errors = 0
        self._backlog: tuple[float, int] | None = None

    async def run(self) -> None:
        """Look once a second, until cancelled."""
        busy, at = time.thread_time(), time.monotonic()
        self.beat_at = at
        while True:
            await asyncio.sleep(PERIOD_SECONDS)
            now_busy, now = time.thread_time(), time.monotonic()
            self._telemetry.busy.set(min(1.0, (now_busy - busy) / (now - at)))
            busy, at = now_busy, now
            self._look(now)
            self.beat_at = now

    def _look(self, now: float) -> None:
        telemetry, consumer = self._telemetry, self._consumer()
        if consumer.generation != self._generation:
            telemetry.rebalances.inc()
            self._generation = consumer.generation
        telemetry.recovery.set(1 if self._rebalancing() else 0)
        telemetry.redis_errors.inc(self._claims.errors - self._redis_errors)
        self._redis_errors = self._claims.errors
        telemetry.redis_memory.set(self._claims.room.used_ratio)
        telemetry.redis_evicted.set(self._claims.room.evicted_keys)
        telemetry.refused_partition.clear()
        for tp in consumer.refusals:
            telemetry.refused_partition.labels(tp.topic, str(tp.partition)).set(1)
        telemetry.refused_campaigns.clear()
        for partition, owned in self._campaigns.owned.items():
            refused = owned.views.refused
            if refused:
                telemetry.refused_campaigns.labels(str(partition)).set(refused)
        self._drain(now)

    def _drain(self, now: float) -> None:
        """At the pace of the last second; 0 while there is no backlog, infinite while it grows."""
        backlog = sum(records for records, _ in self._lag().values())
        before, self._backlog = self._backlog, (now, backlog)
        if before is None or backlog == 0:
            self._telemetry.time_to_drain.set(0)
            return
        pace = (before[1] - backlog) / (now - before[0])
        self._telemetry.time_to_drain.set(backlog / pace if pace > 0 else float("inf"))
