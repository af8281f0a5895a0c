"""`/api/campaigns/{id}/preflight`: any worker finds out what is right and what is not, for any campaign."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

import orjson

from agents.health import WorkerHealth
from agents.languages import Language
from agents.names import Names
from agents.operations.preflight import Alertmanager, Found, Kafka, contacts, preflight, worst
from agents.operations.preflight_parts import ask_alertmanager, ask_kafka
from agents.settings import Settings
from agents.telemetry import Telemetry
from agents.web.answers import PreflightAnswer, PreflightLine
from agents.web.questions import Question, arrived_of
from streams.events.campaigns import Campaign

OWNER_SECONDS = 5.0
"""How long the worker that owns the campaign may take."""

KEPT_SECONDS = 3.0
"""What Kafka and Alertmanager said is not asked again so soon, however many look."""

Ask = Callable[[Question, float], Awaitable[bytes | None]]
"""See `agents.web.exchange.Exchange.ask`."""


class PreflightDesk:
    """told: the catalogue's entry of a campaign, None where it has none."""

    def __init__(
        self,
        settings: Settings,
        told: Callable[[str], Campaign | None],
        ask: Ask,
        telemetry: Telemetry,
        health: Callable[[], WorkerHealth],
    ) -> None:
        self._settings = settings
        self._told = told
        self._ask = ask
        self._telemetry = telemetry
        self._health = health
        self._topics = {topic.name: name for name, topic in Names(settings).event_topics.items()}
        self._parts: tuple[float, Alertmanager | None, Kafka] | None = None
        self._asking = asyncio.Lock()

    async def look(self, campaign: str, rate: float | None, language: Language) -> PreflightAnswer:
        """Look at everything; what does not answer is a line. rate: events a second that are expected at the peak."""
        (alertmanager, kafka), arrived = await asyncio.gather(self._others(), self._arrived(campaign))
        told, health = self._told(campaign), self._health()
        found = Found(
            campaign,
            int(time.time() * 1000),
            self._settings.time_zone,
            told,
            arrived,
            self._topics,
            alertmanager,
            kafka,
            rate,
            self._telemetry.registry.get_sample_value("launchpulse_busy_ratio") or 0.0,
            health.reasons,
        )
        lines = preflight(found, language)
        shown = tuple(PreflightLine(**asdict(line)) for line in lines)
        name, told_where = (None, ()) if told is None else (told.name, contacts(told))
        return PreflightAnswer(campaign, name, worst(lines), found.now_ms, shown, told_where)

    async def _others(self) -> tuple[Alertmanager | None, Kafka]:
        async with self._asking:
            if self._parts is None or time.monotonic() - self._parts[0] >= KEPT_SECONDS:
                url = self._settings.alertmanager_url
                kafka = asyncio.create_task(ask_kafka(self._settings))
                alertmanager = None if url is None else await ask_alertmanager(url)
                self._parts = time.monotonic(), alertmanager, await kafka
            return self._parts[1:]

    async def _arrived(self, campaign: str) -> Any:
        body = await self._ask(arrived_of(campaign), OWNER_SECONDS)
        return None if body is None else orjson.loads(body)
