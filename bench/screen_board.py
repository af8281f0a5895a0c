"""A live board in a headless Chromium, the system's own, and when it showed which number of orders.

The page notes it itself, by its own clock, in the moment in which the number in the DOM has changed: no question from
outside is in the figure.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Browser, Page, async_playwright
from playwright.async_api import TimeoutError as NotInTime

from bench.parts import program

LIVE = 'body:has(#state[data-state="live"])'
NUMBER = "#heroes b[data-kpi=orders]"
WATCH = """selector => {
  const node = document.querySelector(selector);
  const note = () => window.shown.push([Number(node.dataset.value || 0), performance.timeOrigin + performance.now()]);
  window.shown = [];
  new MutationObserver(note).observe(node, { attributes: true, attributeFilter: ["data-value"] });
  note();
}"""
CLOCK = "performance.timeOrigin + performance.now()"
LIVE_MS = 120_000
LOOK_SECONDS = 0.2
CLOCK_LOOKS = 9

Shown = tuple[int, float]
"""How many orders the page showed, and since when, epoch seconds by its own clock."""


def chromium_path() -> str:
    """Raises NotInstalled where there is none."""
    return program("Chromium", "chromium", "chromium-browser", "google-chrome")


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Raises NotInstalled."""
    path = chromium_path()
    async with async_playwright() as playwright:
        # A container's root may not use Chromium's sandbox; all it ever sees is the board.
        chromium = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield chromium
        finally:
            await chromium.close()


@dataclass(slots=True)
class Board:
    """An open board that is live, and watched."""

    page: Page
    shown: list[Shown]

    @classmethod
    async def open(cls, chromium: Browser, address: str) -> Board:
        """Raises RuntimeError, with what it says, where it does not become live."""
        # In a context of its own a page is in front; without motion, so that drawing takes no core from the workers.
        context = await chromium.new_context(reduced_motion="reduce", locale="en-GB")
        page = await context.new_page()
        await page.goto(address)
        try:
            await page.wait_for_selector(f"{LIVE} {NUMBER}", timeout=LIVE_MS)
        except NotInTime:
            said = [await page.inner_text(place) for place in ("#state", "#notice")]
            raise RuntimeError(f"the board at {address} is not live: {': '.join(said)}") from None
        await page.evaluate(WATCH, NUMBER)
        return cls(page, [])

    async def until(self, number: int, seconds: float) -> list[Shown]:
        """Everything that was shown, once so many orders are, or after so long."""
        deadline = time.monotonic() + seconds
        while True:
            self.shown += [(int(many), at / 1000) for many, at in await self.page.evaluate("window.shown.splice(0)")]
            if time.monotonic() > deadline or any(many >= number for many, _ in self.shown):
                return self.shown
            await asyncio.sleep(LOOK_SECONDS)

    async def clock_off(self) -> float:
        """Seconds by which the page's clock is ahead of this process's, as the quickest of some questions says."""
        looks = []
        for _ in range(CLOCK_LOOKS):
            began = time.time()
            there = float(await self.page.evaluate(CLOCK)) / 1000
            ended = time.time()
            looks.append((ended - began, there - (began + ended) / 2))
        return min(looks)[1]
