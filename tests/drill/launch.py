"""A simulated launch at its own pace, which goes from phase to phase when it is told, and what has been sent of it."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import msgspec
import orjson
from aiokafka import AIOKafkaProducer

from agents.connections import kafka_arguments
from agents.demo.account import Outcome, Record
from agents.demo.parts import Parts
from agents.demo.plans import catalogue
from agents.demo.sending import Sender, send_catalogue, wall_clock_ms
from agents.demo.simulator import Simulator
from agents.demo.story import LAUNCH_HOURS, PHASES, TOPIC_WEIGHTS
from agents.names import Names
from grafana import thresholds as at
from streams.events.campaigns import Target
from tests.drill.sent import Sent, drop_there_since

CAMPAIGN = "aurora"
CHANNEL = "email"
TARGET = 0.5
"""Of the engagement rate there: above it in calm hours, far below it in bad ones."""

TOPICS = tuple(topic for topic in TOPIC_WEIGHTS if topic != "delivery")
"""No messages: what becomes of them has alerts of its own."""

HOUR_SECONDS = 3_600
MINUTE_SECONDS = 60
_ENGAGED = ("clicks", "engaged_visits", "mentions_")
_EXPOSED = ("impressions", "visits")


class Launch:
    """What a Sender asks of a simulator. Hours of the story are hours here, so a phase stays until another is played.

    below_since: the monotonic second from which on the last minute of what was sent to CHANNEL has been below TARGET by
    more than chance explains; None while it is not.
    """

    def __init__(self, rate: float) -> None:
        began_ms = wall_clock_ms()
        self._simulator = Simulator(1, began_ms, rate, LAUNCH_HOURS * HOUR_SECONDS, TOPICS)
        self._skipped = 0.0
        self._minute: deque[tuple[float, int, int]] = deque()
        self._sent: list[Sent] = []
        self.below_since: float | None = None

    @property
    def due_seconds(self) -> float:
        """When the next record is due, in seconds since the beginning."""
        return self._simulator.due_seconds - self._skipped

    def play(self, name: str) -> None:
        """Go on in the middle of this phase."""
        begins = 0.0
        for phase in PHASES:
            if phase.name == name:
                here = self.due_seconds
                self._simulator.due_seconds = (begins + phase.until) / 2 * HOUR_SECONDS
                self._skipped = self._simulator.due_seconds - here
                return
            begins = phase.until
        raise ValueError(name)

    def record(self, now_ms: int) -> Record:
        """The next record."""
        record = self._simulator.record(now_ms)
        self._note(record)
        return record

    def drop_since(self, began: float) -> float | None:
        """The monotonic second from which on an engagement drop that began then is there in what was sent to CHANNEL;
        None while it is not."""
        return drop_there_since(self._sent, began, time.monotonic())

    def _note(self, record: Record) -> None:
        now = time.monotonic()
        if record.outcome is Outcome.COUNTED and "late" not in record.flags and _place(record) == (CAMPAIGN, CHANNEL):
            engaged = sum(number for name, number in record.adds if name.startswith(_ENGAGED))
            exposed = sum(number for name, number in record.adds if name in _EXPOSED)
            visits = sum(number for name, number in record.adds if name == "visits")
            self._minute.append((now, engaged, exposed))
            self._sent.append(Sent(now, engaged, exposed, visits))
        while self._minute and self._minute[0][0] < now - MINUTE_SECONDS:
            self._minute.popleft()
        due = TARGET * sum(exposed for _, _, exposed in self._minute)
        short = sum(engaged for _, engaged, _ in self._minute) - due
        if due < at.TARGET_EXPECTED or short >= -at.TARGET_Z * math.sqrt(due):
            self.below_since = None
        elif self.below_since is None:
            self.below_since = now


@asynccontextmanager
async def launched(parts: Parts, rate: float) -> AsyncIterator[Launch]:
    """A calm launch of the simulator's campaigns, live from now on. CAMPAIGN has one target, CHANNEL's; none has a
    budget, which is made for a story that is told faster."""
    launch, stop, now = Launch(rate), asyncio.Event(), datetime.now(UTC).replace(microsecond=0)
    launch.play("rush")
    target = Target(kpi="engagement_rate", window="1m", channel=CHANNEL, min=TARGET)
    async with AIOKafkaProducer(**kafka_arguments(parts.settings), enable_idempotence=True, linger_ms=10) as producer:
        planned = [
            msgspec.structs.replace(
                one,
                starts_at=now,
                ends_at=now + timedelta(days=1),
                budget=None,
                targets=[target] if one.id == CAMPAIGN else [],
            )
            for one in catalogue(wall_clock_ms(), LAUNCH_HOURS * HOUR_SECONDS, rate=rate, topics=TOPICS)
        ]
        await send_catalogue(producer, Names(parts.settings).catalogue, planned)
        sending = asyncio.create_task(Sender(launch, producer).run(None, stop))
        try:
            yield launch
        finally:
            stop.set()
            await sending


def _place(record: Record) -> tuple[str, str]:
    return record.campaign, orjson.loads(record.value or b"{}").get("channel", "")
