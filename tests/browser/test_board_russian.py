"""The live board in Russian, as people see it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from playwright.async_api import Page, Request, Route, expect

from agents.web.kpi_words import kpi_words
from streams.kpis.registry import KPIS
from tests.browser.conftest import Open
from tests.support.board import Stage, board, shown
from tests.support.russian import foreign

pytestmark = pytest.mark.asyncio(loop_scope="session")

DEFINITIONS = "**/board/kpis*.json"
NAMES = {"Maria", "Ida", "support"}
"""Owners, as the catalogue names them."""


async def live(page: Page) -> None:
    await expect(page.locator("#state")).to_have_attribute("data-state", "live", timeout=15_000)


# The focus is there as after a real click: the dialog gives it back, and the page hears keys again.
DIALOGS = """async names => {
  const found = [];
  for (const name of names) found.push(await explained(name));
  return found;
  async function explained(name) {
  const one = document.querySelector(`#groups button:has(b[data-kpi=${name}])`);
  one.closest('details')?.setAttribute('open', '');
  one.focus();
  one.click();
  const dialog = document.querySelector('dialog');
  const began = performance.now();
  while (dialog.textContent.includes('…') && performance.now() - began < 5000) await new Promise(requestAnimationFrame);
  const said = [...dialog.querySelectorAll('dt')].map(term => [term.textContent, term.nextSibling.textContent]);
  said.push(['', dialog.querySelector('h2').textContent]);
  dialog.close();
  return [name, Object.fromEntries(said)];
  }
}"""


async def dialogs(page: Page, *names: str) -> dict[str, dict[str, str]]:
    """KPI -> term -> what its explanation says, its title under ""; each is opened and closed again."""
    return dict(await page.evaluate(DIALOGS, names))


async def dialog_of(page: Page, name: str) -> dict[str, str]:
    return (await dialogs(page, name))[name]


async def test_every_explanation_is_in_russian_from_title_to_formula(open_board: Open) -> None:
    async with board(Stage()) as port:
        page = await open_board(port, "?campaign=aurora", locale="ru-RU")
        await live(page)
        for name, said in (await dialogs(page, *(kpi.name for kpi in KPIS))).items():
            words = kpi_words("ru")[name]
            assert (said[""], said["Смысл"], said["Формула"]) == (words.title, words.text, words.formula)
            assert foreign(" ".join([*said, *said.values()])) <= NAMES, name
        assert await page.locator("dialog [lang=en]").count() == 0


async def test_a_figure_without_value_says_why_in_russian(open_board: Open) -> None:
    campaign = shown()
    everything = {
        name: replace(sums, counters={}, people={}, spend=None, spend_at_ms=None, converted={})
        for name, sums in campaign.channels[0].windows.items()
    }
    empty = replace(campaign, channels={0: replace(campaign.channels[0], windows=everything)})
    async with board(Stage({"aurora": empty}, held_back_by=("visit/3 is not read to its end",))) as port:
        page = await open_board(port, "?campaign=aurora&window=30d", locale="ru-RU")
        await expect(page.locator("#notice")).to_contain_text("visit/3 ещё не дочитан до конца", timeout=15_000)
        assert "никто не ушёл" in (await dialog_of(page, "lifetime_value"))["последние 30 дней"]
        reasons = await page.eval_on_selector_all("#groups [title]", "all => all.map(one => one.title)")
        assert len(reasons) > 20
        assert [reason for reason in reasons if not re.match("[а-яё]", reason, re.I)] == []


async def test_a_change_of_language_brings_its_words_and_asks_for_no_others(open_board: Open) -> None:
    asked: list[str] = []

    def heard(request: Request) -> None:
        if "kpis" in request.url or "meanings" in request.url:
            asked.append(request.url.rpartition("/")[2])

    async with board(Stage()) as port:
        page = await open_board(port, "?campaign=aurora")
        await live(page)
        page.on("request", heard)
        assert (await dialog_of(page, "nps_answers"))["Formula"] == "promoters + passives + detractors"
        await page.keyboard.press("l")
        await expect(page.locator("html")).to_have_attribute("lang", "ru")
        assert (await dialog_of(page, "nps_answers"))["Формула"] == "сторонники + нейтральные + критики"
        await page.keyboard.press("l")
        await expect(page.locator("html")).to_have_attribute("lang", "en")
        assert (await dialog_of(page, "nps_answers"))[""] == "Answers about recommending"
        assert asked == ["meanings.json", "kpis.ru.json", "meanings.ru.json", "kpis.json"]


async def test_a_meaning_that_does_not_come_is_said_so_and_asked_for_again(open_board: Open) -> None:
    async with board(Stage()) as port:
        page = await open_board(port, "?campaign=aurora")
        await live(page)
        await page.route("**/board/meanings*.json", lambda route: route.abort())
        said = await dialog_of(page, "orders")
        assert (said["Meaning"], said["Formula"], said[""]) == ("cannot be loaded now", "–", "Orders")
        await page.unroute("**/board/meanings*.json")
        assert (await dialog_of(page, "orders"))["Meaning"] == kpi_words("en")["orders"].text


@pytest.mark.parametrize("answer", [None, "a proxy's page", '{"error": "not_found"}'])
async def test_where_the_words_do_not_come_the_board_keeps_its_language(open_board: Open, answer: str | None) -> None:
    async def refuse(route: Route) -> None:
        await (route.abort() if answer is None else route.fulfill(body=answer))

    async with board(Stage()) as port:
        page = await open_board(port, "?campaign=aurora")
        await live(page)
        await page.route(DEFINITIONS, refuse)
        async with page.expect_request(DEFINITIONS):
            await page.keyboard.press("l")
        await page.wait_for_timeout(300)
        await expect(page.locator("html")).to_have_attribute("lang", "en")
        await expect(page.locator(".funnel h2")).to_have_text("Funnel")
        await page.unroute(DEFINITIONS)
        await page.keyboard.press("l")
        await expect(page.locator(".funnel h2")).to_have_text("Воронка")
