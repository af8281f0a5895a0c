"""Alerts on the live board as people see them, of a real Alertmanager."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from agents.web.alerts import AlertReader
from tests.browser.conftest import Open
from tests.browser.test_board import AXE, BAD_NAME, CUT, live, serious
from tests.rules.alertmanager import alertmanager
from tests.support.board import Stage, board

pytestmark = pytest.mark.asyncio(loop_scope="session")

DROP = {
    "alertname": "CampaignEngagementDrop", "kind": "kpi", "campaign": "aurora", "channel": "email",
    "severity": "critical", "owner": "Noor", "contact": "noor@example.com",
}  # fmt: skip
GREYED = """node => {
  for (; node; node = node.parentElement) if (getComputedStyle(node).filter !== "none") return true;
  return false;
}"""
FIGURES = ("#attention", "#heroes", ".funnel", ".changes ol")
SUMMARY = "aurora, email: the engagement rate is 3.1 %, it was 6.4 % half an hour ago (1,204 cases)"


async def test_alerts_stand_in_the_feed_with_owner_and_runbook_and_go_by_themselves(
    open_board: Open, tmp_path: Path
) -> None:
    with alertmanager(tmp_path, {}) as told:
        async with board(Stage(), alerts=AlertReader(told.url, lambda: None)) as port:
            page = await open_board(port, "?campaign=aurora")
            await live(page)
            alerts = page.locator("#alerts")
            await expect(alerts).to_contain_text("No alert is firing")
            told.alert(DROP, summary=SUMMARY, runbook="https://example.com/runbook")
            await expect(alerts.locator("li")).to_contain_text(SUMMARY, timeout=8_000)
            await expect(alerts.locator("li")).to_contain_text("Critical · 2 min. ago · Email · Noor · What to do")
            await expect(alerts.locator("a").nth(0)).to_have_attribute("href", "mailto:noor@example.com")
            await expect(alerts.locator("a").nth(1)).to_have_attribute("href", "https://example.com/runbook")
            await expect(alerts.locator("h2")).to_have_text("Alerts: 1")
            await page.keyboard.press("l")
            await expect(alerts).to_contain_text("Критично")
            told.alert(DROP, minutes=-1)
            await expect(alerts).to_contain_text("оповещений нет", timeout=8_000)
            await expect(alerts.locator("h2")).to_have_text("Оповещения")
        await expect(page.locator("#state")).to_have_attribute("data-state", "lost", timeout=8_000)


async def test_its_runbook_is_a_page_of_the_same_worker_wherever_the_rules_say_it_is(
    open_board: Open, tmp_path: Path
) -> None:
    with alertmanager(tmp_path, {}) as told:
        told.alert(DROP, summary=SUMMARY, runbook="http://127.0.0.1:9/runbooks/CampaignEngagementDrop")
        async with board(Stage(), alerts=AlertReader(told.url, lambda: None)) as port:
            page = await open_board(port, "?campaign=aurora")
            await live(page)
            async with page.expect_popup(timeout=12_000) as opened:
                await page.get_by_role("link", name="What to do").click(timeout=10_000)
            runbook = await opened.value
            assert runbook.url == f"http://127.0.0.1:{port}/runbooks/CampaignEngagementDrop"
            await expect(runbook.get_by_role("heading", level=1)).to_have_text("CampaignEngagementDrop")
            await expect(runbook.get_by_role("heading", name="Do", exact=True)).to_be_visible()
            await runbook.set_viewport_size({"width": 390, "height": 844})
            assert await runbook.evaluate("document.documentElement.scrollWidth") == 390
            await runbook.evaluate(AXE)
            assert await serious(runbook) == []


async def test_figures_that_are_stale_are_greyed_and_the_alerts_that_still_come_are_not(
    open_board: Open, tmp_path: Path
) -> None:
    stage = Stage()
    with alertmanager(tmp_path, {}) as told:
        told.alert(DROP, summary=SUMMARY)
        async with board(stage, alerts=AlertReader(told.url, lambda: None)) as port:
            page = await open_board(port, "?campaign=aurora")
            await live(page)
            await expect(page.locator(".alerts .what")).to_have_text(SUMMARY, timeout=8_000)
            assert await greyed(page) == dict.fromkeys((*FIGURES, "#alerts"), False)
            stage.silent = True
            await expect(page.locator("#state")).to_have_attribute("data-state", "stale", timeout=12_000)
            assert await greyed(page) == dict.fromkeys(FIGURES, True) | {"#alerts": False}
            told.alert(DROP | {"channel": "sms"}, summary="another one")
            await expect(page.locator("#alerts li")).to_have_count(2, timeout=8_000)
        await expect(page.locator("#state")).to_have_attribute("data-state", "lost", timeout=8_000)
        assert set((await greyed(page)).values()) == {True}


async def greyed(page: Page) -> dict[str, bool]:
    """Whether a part of the page, or what it stands in, is greyed."""
    return {place: await page.eval_on_selector(place, GREYED) for place in (*FIGURES, "#alerts")}


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 800), (1920, 1080)])
async def test_what_fires_is_seen_without_scrolling_the_worst_first(
    open_board: Open, tmp_path: Path, width: int, height: int
) -> None:
    with alertmanager(tmp_path, {}) as told:
        for number in range(6):
            told.alert(DROP | {"channel": f"place-{number}", "severity": "warning"}, summary=f"{SUMMARY}, {number}")
        told.alert(DROP, summary="the worst")
        async with board(Stage(), alerts=AlertReader(told.url, lambda: None)) as port:
            page = await open_board(port, "?campaign=aurora", width=width, height=height)
            await live(page)
            await expect(page.locator("#alerts h2")).to_have_text("Alerts: 7", timeout=8_000)
            first = page.locator("#alerts li").first
            await expect(first.locator(".what")).to_have_text("the worst")
            await expect(first).to_contain_text("Critical · 2 min. ago · Email · Noor")
            box = await first.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] < height
            await expect(page.locator("#alerts li:visible")).to_have_count(4)
            await page.locator("#alerts summary").click()
            await expect(page.locator("#alerts li:visible")).to_have_count(7)


async def test_script_in_an_alert_is_text_and_only_a_web_address_is_a_link(open_board: Open, tmp_path: Path) -> None:
    bad = DROP | {"alertname": BAD_NAME, "owner": BAD_NAME, "contact": "javascript:alert(3)@x", "severity": BAD_NAME}
    with alertmanager(tmp_path, {}) as told:
        told.alert(bad, summary=BAD_NAME, runbook="javascript:alert(4)")
        async with board(Stage(), alerts=AlertReader(told.url, lambda: None)) as port:
            page = await open_board(port, "?campaign=aurora")
            asked: list[str] = []
            page.on("dialog", lambda dialog: asked.append(dialog.message))
            await live(page)
            await expect(page.locator(".alerts .what")).to_have_text(BAD_NAME, timeout=8_000)
            await expect(page.locator(".alerts .when")).to_contain_text("What to do: javascript:alert(4)")
            assert await page.locator("img, body script").count() == 0
            assert await page.locator("a[href^='javascript']").count() == 0
            assert asked == []


async def test_without_an_alertmanager_nothing_is_said_of_alerts(open_board: Open) -> None:
    async with board(Stage()) as port:
        page = await open_board(port, "?campaign=aurora")
        await live(page)
        await expect(page.locator(".changes")).to_contain_text("Second mail brought forward")
        await expect(page.locator(".alerts")).to_be_hidden()


@pytest.mark.parametrize(("scheme", "locale"), [("light", "en-GB"), ("dark", "ru-RU")])
@pytest.mark.parametrize("width", [390, 1920])
async def test_one_that_does_not_answer_is_said_plainly_and_everything_can_be_read(
    open_board: Open, tmp_path: Path, scheme: str, locale: str, width: int
) -> None:
    with alertmanager(tmp_path, {}) as told:
        told.alert(DROP, summary=SUMMARY, runbook="grafana/runbooks/CampaignEngagementDrop.md")
        async with board(Stage(), alerts=AlertReader(told.url, lambda: None)) as port:
            page = await open_board(
                port, "?campaign=aurora", color_scheme=scheme, locale=locale, width=width, reduced_motion="reduce"
            )
            await live(page)
            await expect(page.locator(".alerts .what")).to_have_text(SUMMARY, timeout=8_000)
            assert await page.evaluate("document.documentElement.scrollWidth") == width
            assert await page.evaluate(CUT) == []
            await page.evaluate(AXE)
            assert await serious(page) == []
            told.stop()
            await expect(page.locator(".alerts .down")).to_contain_text("Alertmanager", timeout=10_000)
            await expect(page.locator(".alerts .what")).to_have_text(SUMMARY)
            assert await serious(page, "[['.alerts .old']]") == []
