"""The page with the preflight of a campaign, as people see it."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import Open
from tests.support.board import Stage, board

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_board_leads_to_the_preflight_which_says_what_to_mend_in_both_languages(open_board: Open) -> None:
    async with board(Stage()) as port:
        page = await open_board(port, "?campaign=aurora")
        await page.click("#checks")
        await expect(page.locator('li[data-check="rate"] .todo')).to_contain_text("enter above")
        await expect(page.locator("#verdict")).to_have_text("Something could not be looked at")
        await page.fill("#rate", "4000")
        await page.click("#look")
        await expect(page.locator('li[data-check="rate"]')).to_contain_text("4000.0, en")
        assert page.url.endswith("/preflight/aurora?window=launch&rate=4000")
        await page.click("#language")
        await expect(page.locator("#verdict")).to_have_text("Проверено не всё")
        await expect(page).to_have_title("aurora · Проверка перед запуском")
        async with page.expect_download() as download:
            await page.click("#files button >> nth=1")
        assert (await download.value).suggested_filename == "aurora-hour.csv"


async def test_the_address_holds_the_rate_that_was_asked_so_that_it_can_be_shared(open_board: Open) -> None:
    async with board(Stage()) as port:
        page = await open_board(port, "preflight/aurora?rate=4000")
        await expect(page.locator("#rate")).to_have_value("4000")
        await expect(page.locator('li[data-check="rate"]')).to_contain_text("4000.0, en")
        await page.fill("#rate", "")
        await page.click("#look")
        await expect(page.locator('li[data-check="rate"]')).to_contain_text("None, en")
        assert page.url.endswith("/preflight/aurora")


async def test_without_a_rate_the_page_says_what_to_enter_and_no_command(open_board: Open) -> None:
    async with board(Stage()) as port:
        page = await open_board(port, "preflight/aurora", locale="ru-RU")
        await page.click("#look")
        todo = page.locator('li[data-check="rate"] .todo')
        await expect(todo).to_contain_text("сколько событий в секунду вы ждёте на пике")
        await expect(todo).not_to_contain_text("say it")


async def test_the_way_back_leads_to_the_window_that_one_came_from(open_board: Open) -> None:
    async with board(Stage()) as port:
        page = await open_board(port, "?campaign=aurora&window=24h")
        await page.click("#checks")
        await page.fill("#rate", "4000")
        await page.click("#look")
        await expect(page.locator('li[data-check="rate"]')).to_contain_text("4000.0, en")
        await page.click("#board")
        await expect(page.locator("#windows input:checked")).to_have_value("24h")
        assert page.url.endswith("/?campaign=aurora&window=24h")


async def test_a_phone_shows_the_way_back_to_the_board(open_board: Open) -> None:
    async with board(Stage()) as port:
        page = await open_board(port, "?campaign=aurora")
        await page.click("#checks")
        await page.set_viewport_size({"width": 390, "height": 844})
        await expect(page.locator("#back")).to_be_visible()
        tops = [box["y"] for id_ in ("back", "language") if (box := await page.locator(f"#{id_}").bounding_box())]
        assert max(tops) - min(tops) < 20, "the way back and the language stand in one row"
        assert await page.evaluate("document.documentElement.scrollWidth") == 390


async def test_what_was_asked_last_is_shown_even_where_what_was_asked_before_is_answered_later(
    open_board: Open,
) -> None:
    async with board(Stage()) as port:
        page = await open_board(port, "?campaign=aurora")
        held, answered = asyncio.Event(), asyncio.Event()

        async def late(route: Route) -> None:
            await held.wait()
            await route.continue_()
            answered.set()

        await page.route(re.compile(r"/preflight\?language=en$"), late)
        await page.click("#checks")
        await page.fill("#rate", "4000")
        await page.click("#look")
        await expect(page.locator('li[data-check="rate"]')).to_contain_text("4000.0, en")
        held.set()
        await answered.wait()
        await page.wait_for_timeout(300)
        await expect(page.locator('li[data-check="rate"]')).to_contain_text("4000.0, en")


async def test_nothing_can_be_entered_before_the_page_can_hold_it(open_board: Open) -> None:
    async with board(Stage()) as port:
        page = await open_board(port, "?campaign=aurora")
        held = asyncio.Event()

        async def late(route: Route) -> None:
            await held.wait()
            await route.continue_()

        await page.route("**/preflight/preflight.js", late)
        await page.click("#checks", no_wait_after=True)
        await expect(page.locator("#rate")).to_be_disabled()
        await expect(page.locator("#look")).to_be_disabled()
        held.set()
        await page.fill("#rate", "4000")
        await page.click("#look")
        await expect(page.locator('li[data-check="rate"]')).to_contain_text("4000.0, en")
