"""The metrics page: the campaigns of a picture are rendered once, in a thread, however many scrapers ask."""

import asyncio
import time

from agents.campaign.snapshot import Snapshot
from agents.telemetry import Telemetry
from agents.web.metrics import render_metrics


class MetricsPage:
    """Renders pictures; the process's own metrics behind them are fresh in every answer."""

    def __init__(self, telemetry: Telemetry, series_budget: int) -> None:
        self._telemetry = telemetry
        self._budget = series_budget
        self._rendered: tuple[Snapshot, bytes] | None = None
        self._rendering = asyncio.Lock()

    async def body(self, snapshot: Snapshot) -> bytes:
        """Text exposition 0.0.4 of this picture and of the process."""
        async with self._rendering:
            if self._rendered is None or self._rendered[0] is not snapshot:
                began = time.perf_counter()
                text = await asyncio.to_thread(render_metrics, snapshot, self._budget)
                self._telemetry.render_seconds.observe(time.perf_counter() - began)
                self._rendered = snapshot, text
            campaigns = self._rendered[1]
        return campaigns + await asyncio.to_thread(self._telemetry.render)
