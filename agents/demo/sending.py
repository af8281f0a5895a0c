"""Sending a simulated launch: at a rate, with a real producer, and into the account only what was acknowledged."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Iterable

from aiokafka import AIOKafkaProducer

from agents.demo.account import Account, Record
from agents.demo.simulator import Simulator
from streams.events.campaigns import Campaign, encode_campaign

TICK_SECONDS = 0.05
MAX_BEHIND_SECONDS = 0.5
"""A sender that was held up for longer does not make good for it: it tells the whole story, but slower."""


def wall_clock_ms() -> int:
    """Epoch milliseconds."""
    return time.time_ns() // 1_000_000


class Sender:
    """Sends what a simulator makes; `account` has what the broker has acknowledged.

    prefix: put before the topics' names.
    """

    def __init__(
        self,
        simulator: Simulator,
        producer: AIOKafkaProducer,
        prefix: str = "",
        clock_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self._simulator = simulator
        self._producer = producer
        self._prefix = prefix
        self._clock_ms = clock_ms
        self._waiting: deque[tuple[asyncio.Future[object], Record]] = deque()
        self.account = Account()

    async def run(self, seconds: float | None, stop: asyncio.Event) -> None:
        """Send what is due in so many seconds (None: without end) or until `stop` is set, then wait for what is under
        way. Raises KafkaError where the broker has refused a record."""
        simulator, last, told = self._simulator, time.monotonic(), 0.0
        end = math.inf if seconds is None else seconds
        while not stop.is_set() and simulator.due_seconds < end:
            now = time.monotonic()
            told += min(now - last, MAX_BEHIND_SECONDS)
            last = now
            while simulator.due_seconds < min(told, end):
                await self._send(simulator.record(self._clock_ms()))
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


async def send_catalogue(producer: AIOKafkaProducer, topic: str, campaigns: Iterable[Campaign]) -> None:
    """Put the simulated campaigns into the catalogue: names, owners, plans, targets, and what must arrive."""
    for campaign in campaigns:
        await producer.send_and_wait(topic, encode_campaign(campaign), campaign.id.encode())
