"""Alerts on a board in Russian: every summary that Prometheus writes has its Russian sentence, in the page itself."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from agents.web.kpi_words import kpi_words
from grafana.rules import ALERTS
from streams.events.channels import CHANNELS
from streams.kpis.registry import KPIS
from tests.browser.conftest import Open
from tests.rules.campaign_scenes import SCENES, SCENES_OF_ALL_CHANNELS
from tests.rules.pipeline_scenes import SCENES as PIPELINE_SCENES
from tests.rules.scenes import Scene
from tests.support.board import Stage, board
from tests.support.russian import foreign

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVERY_SCENE = (*SCENES, *SCENES_OF_ALL_CHANNELS, *PIPELINE_SCENES)
"""What promtool has seen each alert say."""

NAMES = {"aurora", "w1", "Redis", "Community", "held_back_by", "api", "campaigns", "click", "spend", "sale"}
"""What is called so in Russian, too: of campaigns, workers, topics, unknown channels and the API."""

SAID = """async ([alerts, titles]) => {
  const { summaryOf } = await import('/board/words.js');
  return alerts.map(one => summaryOf(one, new Map(titles)));
}"""

EXACTLY = {
    "aurora, Все каналы: вовлечённость за последнюю минуту — 53,33% от цели: "
    "80 из 150 вовлечений, контактов 1 тыс., больше всего: Почта.",
    "aurora, Все каналы: Окупаемость маркетинга (MROI) с запуска — 50%; "
    "цель каталога — не меньше 100%, случаев: 320, больше всего: Реклама в соцсетях.",
    "aurora, Почта: события click больше не приходят, ожидалось 120; с запуска пришло 1,8 тыс.",
    "click отстаёт от конца журнала на 1 мин 30 с.",
    "w1:6066: бюджет рядов почти или уже исчерпан (0,95).",
}


async def summaries(page: Page, *alerts: dict[str, str]) -> list[dict[str, str | None]]:
    """What the page says of them, and in which other language."""
    words = kpi_words("ru")
    titles = [(kpi.name, {"title": words[kpi.name].title}) for kpi in KPIS]
    return list(await page.evaluate(SAID, [list(alerts), titles]))


def told(scene: Scene) -> dict[str, str]:
    """As a worker tells it to the board."""
    return {
        "name": scene.alert,
        "summary": scene.summary,
        "kpi": scene.labels.get("kpi", ""),
        "window": scene.labels.get("window", ""),
    }


async def russian(open_board: Open, port: int) -> Page:
    page = await open_board(port, "?campaign=aurora", locale="ru-RU")
    await expect(page.locator("#state")).to_have_attribute("data-state", "live", timeout=15_000)
    return page


async def test_every_alert_that_there_is_speaks_russian_and_loses_no_number(open_board: Open) -> None:
    assert {scene.alert for scene in EVERY_SCENE} == {alert.name for alert in ALERTS}
    async with board(Stage()) as port:
        found = await summaries(await russian(open_board, port), *map(told, EVERY_SCENE))
    for scene, said in zip(EVERY_SCENE, found, strict=True):
        text = said["text"] or ""
        assert "lang" not in said, scene.alert
        assert foreign(text) <= NAMES, text
        assert digits(text) == digits(scene.summary), text
    texts = {said["text"] for said in found}
    assert texts >= EXACTLY


async def test_what_is_optional_in_a_summary_may_be_missing(open_board: Open) -> None:
    missed = {"name": "CampaignTargetMissed", "kpi": "customer_acquisition_cost", "window": "30d"}
    cost = kpi_words("ru")[missed["kpi"]].title
    silent = {"name": "CampaignSourceSilent"}
    async with board(Stage()) as port:
        said = await summaries(
            await russian(open_board, port),
            silent | {"summary": "aurora, sms: no open arrives any more; 0 have come since the launch."},
            missed | {"summary": "aurora, all: CAC this month at 12.5 EUR; the industry's target is at most 9 EUR."},
            missed
            | {"summary": "au, ro: ra, all: CAC today at 2.5k EUR; its own target is at most 900 EUR (7 buyers)."},
        )
    assert [one["text"] for one in said] == [
        "aurora, SMS: события open больше не приходят; с запуска пришло 0.",
        f"aurora, Все каналы: {cost} за последние тридцать дней — 12,5 EUR; по отрасли — не больше 9 EUR.",
        f"au, ro: ra, Все каналы: {cost} за последние тридцать дней — 2,5 тыс. EUR; цель каталога — не больше 900 EUR, "
        "случаев: 7.",
    ]


async def test_channels_have_their_russian_names_in_alerts(open_board: Open) -> None:
    text = "aurora, {}: reach in five minutes is at 10% of the last hour's median of 1k people."
    alerts = [{"name": "CampaignReachStalls", "summary": text.format(channel)} for channel in (*CHANNELS, "all")]
    async with board(Stage()) as port:
        found = await summaries(await russian(open_board, port), *alerts)
    for said in found:
        assert foreign(said["text"] or "") <= {"aurora", "SMS"}


async def test_what_nobody_foresaw_stays_as_it_came_and_says_that_it_is_english(open_board: Open) -> None:
    async with board(Stage()) as port:
        said = await summaries(
            await russian(open_board, port),
            {"name": "SomebodysOwn", "summary": "aurora is out of stock"},
            {"name": "CampaignEngagementDrop", "summary": "engagement fell"},
            {"name": "SomebodysOwn", "summary": ""},
        )
    assert said == [
        {"text": "aurora is out of stock", "lang": "en"},
        {"text": "engagement fell", "lang": "en"},
        {"text": "SomebodysOwn", "lang": "en"},
    ]


def digits(text: str) -> list[str]:
    """Its digits in the order of their size: sentences may turn them round."""
    return sorted(letter for letter in text if letter.isdigit())
