"""`/healthz` and `/readyz`: does the loop beat, and may this worker be relied on. Readiness never gates scraping.

Probes carry no token, so both answer without one; the reasons are told only to who may see the rest.
"""

from typing import Protocol

from aiohttp import web

from agents.web.answers import Live, Ready
from agents.web.responses import json_response
from agents.web.security import is_authorised


class Health(Protocol):
    """What is known of a worker: `live` (its loop beats), `ready`, and why it is not, one sentence each."""

    @property
    def live(self) -> bool:
        """Whether the worker does its work at all; false means that it must be started anew."""

    @property
    def ready(self) -> bool:
        """Whether it is not rebalancing, not recovering, not refusing, and Redis answers."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is not ready; empty when it is."""


def live_response(health: Health) -> web.Response:
    """200 while the worker lives, else 503."""
    return json_response(Live(health.live), status=200 if health.live else 503)


def ready_response(request: web.Request, health: Health) -> web.Response:
    """200 when the worker is ready, else 503; with the reasons for who may see them."""
    reasons = health.reasons if is_authorised(request) else ()
    return json_response(Ready(health.ready, reasons), status=200 if health.ready else 503)
