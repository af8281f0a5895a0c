"""The metrics page: the campaigns of a picture are rendered once, in a thread, however many scrapers ask."""

import asyncio
import time

from agents.campaign.snapshot import Snapshot
from agents.telemetry import Telemetry
from agents.web.metrics import MetricsText


class MetricsPage:
    """Renders pictures; the process's own metrics behind them are fresh in every answer."""

    def __init__(self, telemetry: Telemetry, series_budget: int) -> None:
        self._telemetry = telemetry
        self._text = MetricsText(series_budget)
        self._rendered: tuple[Snapshot, bytes] | None = None
        self._rendering = asyncio.Lock()

    async def body(self, snapshot: Snapshot) -> bytes:
        """Text exposition 0.0.4 of this picture and of the process."""
        async with self._rendering:
            if self._rendered is None or self._rendered[0] is not snapshot:
                began = time.perf_counter()
                text = await asyncio.to_thread(self._text.render, snapshot)
                self._telemetry.render_seconds.observe(time.perf_counter() - began)
                self._rendered = snapshot, text
            campaigns = self._rendered[1]
        # In the thread too: to copy megabytes takes milliseconds.
        return await asyncio.to_thread(lambda: campaigns + self._telemetry.render())
