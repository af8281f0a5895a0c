"""Server-sent events for live boards: whatever changes is sent once, and a pulse says how old what was sent is."""

import asyncio
import time

import orjson
from aiohttp import web

from agents.web.exchange import Exchange
from agents.web.questions import Question, alerts_of, campaigns_of, history_of, picture_of
from agents.web.responses import problem

PULSE_SECONDS = 1.0
EARLY_SECONDS = 0.4
"""A pulse goes so much earlier where a message goes anyway: most need none of their own."""

WRITE_SECONDS = 10.0
"""A viewer that takes nothing for so long is let go."""

LEAST_SECONDS = 0.1
"""Between two messages to the same viewer."""

MOST_VIEWERS = 1000

HEADERS = {"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}


class Viewers:
    """All that are connected to this worker. partitions: of the summaries topic, whose campaigns make the list.
    alerts: whether there is an Alertmanager to ask."""

    def __init__(self, exchange: Exchange, partitions: int, alerts: bool) -> None:
        self._exchange = exchange
        self._alerts = alerts
        self._lists = tuple(campaigns_of(partition) for partition in range(partitions))
        self._count = 0
        self._closing = False

    async def close(self, app: web.Application) -> None:
        """The server stops: viewers connect to another, or to this one when it is back."""
        self._closing = True

    async def serve(self, request: web.Request, campaign: str, window: str) -> web.StreamResponse:
        """Send what there is until the viewer leaves; 503 where there are too many."""
        if self._count >= MOST_VIEWERS or self._closing:
            return problem(503, "too_many_viewers", "this worker has no room for another viewer", {"Retry-After": "5"})
        questions = self._lists
        if campaign:
            alerts = (alerts_of(campaign),) if self._alerts else ()
            questions = picture_of(campaign, window), history_of(campaign), *alerts, *self._lists
        response = web.StreamResponse(headers=HEADERS)
        self._count += 1
        try:
            with self._exchange.follow(questions) as news:
                await response.prepare(request)
                await self._send_all(response, questions, news)
        except (ConnectionError, TimeoutError):
            pass
        finally:
            self._count -= 1
        return response

    async def _send_all(
        self, response: web.StreamResponse, questions: tuple[Question, ...], news: asyncio.Event
    ) -> None:
        loop = asyncio.get_running_loop()
        sent: dict[Question, bytes] = {}
        pulse_at = written_at = 0.0
        while not self._closing:
            await asyncio.sleep(max(0.0, written_at + LEAST_SECONDS - time.monotonic()))
            news.clear()
            parts = []
            for question in questions:
                answer = self._exchange.answers.get(question)
                if answer is not None and sent.get(question) is not answer.body:
                    sent[question] = answer.body
                    parts.append(b"event: " + question.kind.encode() + b"\ndata: " + answer.body + b"\n\n")
            now = time.monotonic()
            if now >= pulse_at - (EARLY_SECONDS if parts else 0.0):
                pulse_at = now + PULSE_SECONDS
                parts.append(b"event: pulse\ndata: " + orjson.dumps(self._ages(questions, now)) + b"\n\n")
            if parts:
                async with asyncio.timeout(WRITE_SECONDS):
                    await response.write(b"".join(parts))
                written_at = time.monotonic()
            # Cheaper than a timeout, hundreds of times a second.
            pulse = loop.call_later(pulse_at - time.monotonic(), news.set)
            await news.wait()
            pulse.cancel()

    def _ages(self, questions: tuple[Question, ...], now: float) -> dict[str, object]:
        """Milliseconds since its owner last said that this is how things stand; null where nobody has said anything.
        For the lists the number of partitions of which nobody has said anything for long."""
        told: dict[str, object] = {}
        silent = 0
        for question in questions:
            answer = self._exchange.answers.get(question)
            age_ms = None if answer is None else round((now - answer.said_at) * 1000)
            if question.kind != "campaigns":
                told[question.kind] = age_ms
            elif age_ms is None or age_ms > 10_000:
                silent += 1
        return told | {"silent": silent, "partitions": len(self._lists)}
