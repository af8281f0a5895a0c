"""The page with the preflight of a campaign, as people see it."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.conftest import Open
from tests.support.board import Stage, board


async def test_the_board_leads_to_the_preflight_which_says_what_to_mend_in_both_languages(open_board: Open) -> None:
    async with board(Stage()) as port:
        page = await open_board(port, "?campaign=aurora")
        await page.click("#checks")
        await expect(page.locator('li[data-check="rate"] .todo')).to_have_text("say it")
        await expect(page.locator("#verdict")).to_have_text("Something could not be looked at")
        await page.fill("#rate", "4000")
        await page.click("#look")
        await expect(page.locator('li[data-check="rate"]')).to_contain_text("4000.0, en")
        await page.click("#language")
        await expect(page.locator("#verdict")).to_have_text("Проверено не всё")
        async with page.expect_download() as download:
            await page.click("#files button >> nth=1")
        assert (await download.value).suggested_filename == "aurora-hour.csv"


async def test_a_phone_shows_the_way_back_to_the_board(open_board: Open) -> None:
    async with board(Stage()) as port:
        page = await open_board(port, "?campaign=aurora")
        await page.click("#checks")
        await page.set_viewport_size({"width": 390, "height": 844})
        await expect(page.locator("#back")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") == 390
