"""A headless Chromium, the system's own. Whatever a page complains about in its console fails the test."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from tests.conftest import missing

NONSENSE = re.compile(r"\b(?:null|undefined|NaN|Infinity|Invalid Date)\b|\[object")
"""What a script writes where it has nothing to say: no page may."""

Open = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Started once, so these tests share a loop too. Each has contexts of its own, as if it were the first to come."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        missing(FileNotFoundError("no Chromium on the path: python -m tests.support.install brings it"))
    async with async_playwright() as playwright:
        # A container's root may not use Chromium's sandbox; all it ever sees is the board.
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_board(browser: Browser) -> AsyncIterator[Open]:
    """Opens `/` and what comes behind it on a port, in a browser that was never there before. unauthorised: the test
    means to be refused, which Chromium writes into the console."""
    complaints: list[str] = []

    async def opened(
        port: int, query: str = "", *, width: int = 1280, height: int = 900, unauthorised: bool = False, **options: Any
    ) -> Page:
        context = await browser.new_context(
            viewport={"width": width, "height": height}, **({"locale": "en-GB", "color_scheme": "light"} | options)
        )

        def heard(message: ConsoleMessage) -> None:
            # Chromium itself says so where a worker is gone, as at the end of every test.
            gone = "net::ERR_" in message.text or (unauthorised and " 401 " in message.text)
            if message.type in ("error", "warning") and not gone:
                complaints.append(f"{message.type}: {message.text}")

        page = await context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(f"not caught: {error}"))
        await page.goto(f"http://127.0.0.1:{port}/{query}")
        return page

    yield opened
    pages = [page for context in browser.contexts for page in context.pages]
    nonsense = [said for page in pages for said in NONSENSE.findall(await page.inner_text("body"))]
    for context in browser.contexts:
        await context.close()
    assert (complaints, nonsense) == ([], [])
