"""The board of the demo: two real workers, each with campaigns of its own, one of which is killed."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Open
from tests.demo.running import RunningDemo

pytestmark = pytest.mark.asyncio(loop_scope="session")

STATE = "#state"


async def test_one_worker_shows_all_campaigns_and_the_board_outlives_its_worker(
    open_board: Open, tmp_path: Path
) -> None:
    with RunningDemo(tmp_path, "--workers", "2", "--rate", "60") as demo:
        await asyncio.to_thread(demo.wait_for, "engagement ", 90)
        (port,) = set(re.findall(r"board http://127\.0\.0\.1:(\d+)/", demo.output))
        page = await open_board(int(port))
        live = expect(page.locator(STATE))
        await expect(page.locator("#campaign option")).to_have_count(3, timeout=30_000)
        for campaign in ("aurora", "borealis", "zarya"):
            await page.locator("#campaign").select_option(campaign)
            await expect(page.locator("#about")).to_contain_text(campaign, timeout=15_000)
            await live.to_have_attribute("data-state", "live", timeout=15_000)
        orders = page.locator("#heroes [data-kpi=orders]")
        before = await orders.inner_text()
        await expect(orders).not_to_have_text(before, timeout=30_000)
        demo.kill_part("worker-1-data")
        await live.to_have_attribute("data-state", "lost", timeout=15_000)
        await live.to_have_attribute("data-state", "live", timeout=60_000)
