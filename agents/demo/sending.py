"""Sending a simulated launch: at a rate, with a real producer, and into the account only what was acknowledged."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

from aiokafka import AIOKafkaProducer

from agents.demo.account import Account, Record
from agents.demo.simulator import Simulator
from agents.demo.story import MARKETS, PHASES
from streams.events.campaigns import encode_campaign, parse_campaign

TICK_SECONDS = 0.05
MAX_BEHIND_SECONDS = 0.5
"""A sender that was held up for longer does not make good for it: the rate is what the broker and machine can take."""


def wall_clock_ms() -> int:
    """Epoch milliseconds."""
    return time.time_ns() // 1_000_000


class Sender:
    """Sends what a simulator makes; `account` has what the broker has acknowledged.

    rate: events a second, the mean over the story. prefix: put before the topics' names.
    """

    def __init__(
        self,
        simulator: Simulator,
        producer: AIOKafkaProducer,
        rate: float,
        prefix: str = "",
        clock_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self._simulator = simulator
        self._producer = producer
        self._rate = rate
        self._prefix = prefix
        self._clock_ms = clock_ms
        self._waiting: deque[tuple[asyncio.Future[object], Record]] = deque()
        self.account = Account()

    async def run(self, seconds: float | None, stop: asyncio.Event) -> None:
        """Send for so many seconds (None: without end) or until `stop` is set, then wait for what is under way.

        Raises KafkaError where the broker has refused a record.
        """
        began = last = time.monotonic()
        due = 0.0
        while not stop.is_set() and (seconds is None or time.monotonic() - began < seconds):
            now = time.monotonic()
            due += min(now - last, MAX_BEHIND_SECONDS) * self._rate * self._simulator.phase(self._clock_ms()).rate
            last = now
            while due >= 1.0:
                due -= 1.0
                await self._send(self._simulator.record(self._clock_ms()))
            self._enter()
            await asyncio.sleep(TICK_SECONDS)
        await self._producer.flush()
        await asyncio.gather(*(future for future, _ in self._waiting))
        self._enter()

    async def _send(self, record: Record) -> None:
        topic = self._prefix + record.topic
        self._waiting.append((await self._producer.send(topic, record.value, record.key), record))

    def _enter(self) -> None:
        while self._waiting and self._waiting[0][0].done():
            future, record = self._waiting.popleft()
            future.result()
            self.account.add(record)


async def send_catalogue(producer: AIOKafkaProducer, topic: str, began_ms: int, story_seconds: float) -> None:
    """Put the simulated campaigns into the catalogue: their names, their owners, and when they launch."""
    starts_at = datetime.fromtimestamp(began_ms / 1000 + PHASES[0].until * story_seconds, UTC)
    for market in MARKETS:
        entry = {"id": market.campaign, "name": market.name, "owner": market.owner, "starts_at": starts_at.isoformat()}
        await producer.send_and_wait(topic, encode_campaign(parse_campaign(entry)), market.campaign.encode())
