"""Live boards as a service of a worker: what it answers, and the exchange with the other workers."""

import asyncio
import contextlib
from typing import Protocol

import orjson
from mode import Service

from agents.campaign.live import Live
from agents.campaign.series import Series, Span
from agents.campaign.show import Arrived
from agents.campaign.snapshot import CampaignSnapshot
from agents.claims.link import RedisAddress
from agents.web import live
from agents.web.alerts import AlertReader
from agents.web.exchange import Exchange
from agents.web.history import describe_history
from agents.web.questions import ALERTS, ARRIVED, PICTURE, Question, span_in
from agents.web.relay import Relay


class Figures(Protocol):
    """What is asked of the worker; see `agents.campaign.show.Show`."""

    async def live(self, campaign: str, window: str | None) -> Live | None:
        """A campaign in a window, or its history; None where another worker owns it."""

    def newest(self, campaign: str) -> int | None:
        """Another number than before where something has come since of a campaign that this worker owns."""

    async def series(self, campaign: str, span: Span) -> Series | None:
        """A campaign's history in steps; None where another worker owns it."""

    def arrived(self, campaign: str) -> Arrived | None:
        """What has come of a campaign; None where another worker owns it."""

    def owned_campaigns(self, partition: int) -> tuple[int, tuple[CampaignSnapshot, ...]] | None:
        """The generation and the campaigns of a partition; None where another worker owns it."""


class Responder:
    """Answers of this worker as bytes; what has not changed is not written again."""

    def __init__(self, figures: Figures, partitions: int, alerts: AlertReader | None) -> None:
        self._figures = figures
        self._partitions = partitions
        self._alerts = alerts

    async def respond(self, question: Question) -> tuple[int, bytes] | None:
        """See `agents.web.exchange.Respond`."""
        if question.kind == "campaigns":
            owned = self._figures.owned_campaigns(int(question.name))
            return None if owned is None else (owned[0], live.campaigns(int(question.name), self._partitions, owned[1]))
        if question.kind == ALERTS:
            return None if self._alerts is None else (0, self._alerts.of(question.name))
        if question.kind == ARRIVED:
            arrived = self._figures.arrived(question.name)
            return None if arrived is None else (arrived.generation, live.arrived(arrived))
        if (span := span_in(question.window)) is not None:
            series = await self._figures.series(question.name, span)
            return None if series is None else (series.generation, await asyncio.to_thread(_history, span, series))
        shown = await self._figures.live(question.name, question.window or None)
        if shown is None:
            return None
        body = live.picture(shown, question.window) if question.window else live.history(shown)
        return shown.generation, body

    def newest(self, question: Question) -> int | None:
        """See `agents.web.exchange.Newest`."""
        return self._figures.newest(question.name) if question.kind == PICTURE else None


def _history(span: Span, series: Series) -> bytes:
    """The answer, `null` for a campaign that nobody has heard of."""
    return orjson.dumps(None if series.campaign is None else describe_history(span, series))


class BoardService(Service):
    """Runs the exchange as long as the worker runs. redis: None where there is only this worker. alerts: None where
    there is no Alertmanager."""

    def __init__(
        self, figures: Figures, partitions: int, redis: RedisAddress | None, alerts: AlertReader | None
    ) -> None:
        super().__init__()
        self._alerts = alerts
        responder = Responder(figures, partitions, alerts)
        self.exchange = Exchange(responder.respond, None if redis is None else Relay(redis), responder.newest)
        self._running: list[asyncio.Task[None]] = []

    async def on_start(self) -> None:
        """Begin to answer."""
        self._running.append(asyncio.create_task(self.exchange.run(), name="boards"))
        if self._alerts is not None:
            self._running.append(asyncio.create_task(self._alerts.run(), name="alerts"))

    async def on_stop(self) -> None:
        """Stop answering."""
        for task in self._running:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
