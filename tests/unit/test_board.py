"""The live board without a browser: what is sent, to whom, and what the files hold."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest
from pydantic import SecretStr

from agents.campaign.live import CHANNEL_TABLE, FUNNEL, Live, common_window, people_on_board, window_for
from agents.web import events, live
from agents.web.api import describe_campaign
from agents.web.board_files import FOLDER, PREFIX, board_files, meanings_files, runbook_files, translated_files
from agents.web.questions import WINDOW_NAMES, Question, alerts_of, campaigns_of, history_of, picture_of, unpacked
from streams.events.channels import CHANNELS
from streams.kpis.registry import GROUPS, KPI_BY_NAME, KPIS
from tests.support.board import TOLD, Stage, board, shown, steps
from tests.unit.kpi_pictures import NOW_MS, WebOptions, snapshot

MOST_BYTES = 100_000


def told(window: str, stage: Stage | None = None) -> Any:
    campaign = (stage or Stage()).campaigns["aurora"]
    return orjson.loads(live.picture(Live(campaign, 1, NOW_MS, ()), window))


@pytest.mark.parametrize("window", WINDOW_NAMES)
def test_a_picture_says_of_every_kpi_what_the_api_says(window: str) -> None:
    campaign = shown()
    api = describe_campaign(snapshot(campaign), campaign).channels
    sent = told(window)
    by_channel = {"all": sent["kpis"]} | {one["channel"]: one["kpis"] for one in sent["channels"]}
    assert sent["kpis"].keys() == {kpi.name for kpi in KPIS}
    for channel in api:
        said = {(one.kpi, one.window): one for one in channel.kpis}
        for name, (shown_in, value, cases, judged, why) in by_channel[channel.channel].items():
            one = said[name, shown_in]
            assert value == (one.value if one.amounts is None else one.amounts or None)
            assert (cases, judged, why) == (one.sample_size, one.judged, one.why or "")


def test_a_kpi_that_makes_no_sense_in_the_window_is_shown_in_the_next_longer_one() -> None:
    assert window_for(KPI_BY_NAME["engagement_rate"], "5m") == "5m"
    assert window_for(KPI_BY_NAME["net_revenue"], "5m") == "1h"
    assert window_for(KPI_BY_NAME["nps"], "1h") == "7d"
    assert window_for(KPI_BY_NAME["churn_rate"], "launch") == "30d"


@pytest.mark.parametrize("window", WINDOW_NAMES)
def test_what_stands_side_by_side_is_of_one_window_which_is_named(window: str) -> None:
    sent = told(window)
    together = sent["funnel"] or sent
    assert {together["kpis"][kpi.name][0] for kpi in FUNNEL} == {together["window"]}
    for channel in sent["channels"]:
        assert {channel["kpis"][kpi.name][0] for kpi in CHANNEL_TABLE} == {sent["table_window"]}


def test_a_funnel_of_a_minute_is_that_of_the_hour_since_nobody_orders_by_the_minute() -> None:
    assert told("1m")["funnel"]["window"] == "1h"
    assert told("24h")["funnel"] is None
    assert common_window((KPI_BY_NAME["visits"], KPI_BY_NAME["spend"]), "1m") == "today"
    assert common_window((KPI_BY_NAME["net_revenue"], KPI_BY_NAME["mentions_per_minute"]), "launch") == "month"


def test_every_figure_of_a_board_finds_the_people_that_its_formula_counts() -> None:
    for window in WINDOW_NAMES:
        people = people_on_board(window, TOLD)
        for kpi in KPIS:
            assert {int(kind) for kind in kpi.people} <= people[window_for(kpi, window)]
        for together in (FUNNEL, CHANNEL_TABLE):
            for kpi in together:
                assert {int(kind) for kind in kpi.people} <= people[common_window(together, window)]
        assert {target.window for target in TOLD.targets} <= people.keys()


def test_an_hour_is_told_in_steps_and_a_quotient_of_few_cases_is_left_out() -> None:
    sent = orjson.loads(live.history(Live(shown(), 1, NOW_MS, (), steps())))
    assert sent["step_ms"] == 60_000
    assert sent["series"]["visits"] == [20 + 3 * at for at in range(60)]
    assert sent["series"]["visit_to_sale_rate"][-1] == round(59 / 197, 4)
    assert sent["series"]["net_sentiment"] == [None] * 60
    assert sent["changes"][0]["title"] == "Second mail brought forward"


def test_a_campaign_that_nobody_knows_is_told_as_unknown() -> None:
    assert orjson.loads(live.picture(Live(None, 1, NOW_MS, ()), "launch"))["unknown"] is True


@pytest.mark.parametrize("question", [picture_of("a|b ж", "1h"), history_of("|"), campaigns_of(3)])
def test_a_question_is_read_as_it_was_packed(question: Question) -> None:
    assert unpacked(question.packed()) == question


@pytest.mark.parametrize(
    "text",
    [
        *("", "picture", "picture|2h|aurora", "history|1h|aurora", "campaigns||x", "campaigns||²", "secrets||aurora"),
        alerts_of("aurora").packed(),
    ],
)
def test_what_is_no_question_of_other_workers_is_not_answered(text: str) -> None:
    assert unpacked(text) is None


def test_the_whole_board_is_small_and_takes_nothing_from_elsewhere() -> None:
    files = board_files()
    assert sum(len(file.body) for file in files.values()) <= MOST_BYTES
    addresses = {found for file in files.values() for found in re.findall(rb"https?://[^\"' )]+", file.body)}
    assert addresses <= {b"http://www.w3.org/2000/svg"}


def test_no_script_makes_markup_of_text() -> None:
    for path in FOLDER.glob("*.js"):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", path.read_text()), path


def test_every_group_and_channel_has_its_russian_word() -> None:
    russian = (FOLDER / "ru.js").read_text()
    blocks = dict(re.findall(r"export const (\w+) = \{(.*?)\n\};", russian, re.DOTALL))
    names = {name: set(re.findall(r'(?:^|[\s{])"?(\w[\w ]*)"?: "', block)) for name, block in blocks.items()}
    assert names["GROUPS"] == {title for title, _ in GROUPS}
    assert names["CHANNELS"] == {*CHANNELS, "all"}


def test_both_languages_have_the_same_words() -> None:
    words = (FOLDER / "words.js").read_text()
    english, russian = (re.search(rf"const {name} = \{{(.*?)\n\}};", words, re.DOTALL)[1] for name in ("EN", "RU"))  # type: ignore[index]
    assert re.findall(r"(?:^|[,{]) *(\w+): ", english, re.M) == re.findall(r"(?:^|[,{]) *(\w+): ", russian, re.M)


def test_each_group_shows_its_own_kpis() -> None:
    view = (FOLDER / "view.js").read_text()
    block = re.search(r"const SHOWN = \{(.*?)\n\};", view, re.DOTALL)
    assert block is not None
    rows = re.findall(r'"?(\w[\w ]*)"?: \[(.*?)\]', block[1])
    assert [title for title, _ in rows] == [title for title, _ in GROUPS]
    for _, names in rows:
        assert set(re.findall(r'"(\w+)"', names)) <= KPI_BY_NAME.keys()


async def events_of(port: int, query: str, seconds: float = 1.5, **headers: str) -> AsyncIterator[tuple[str, Any]]:
    async with (
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
        session.get(f"{PREFIX}events?{query}", headers=headers) as response,
    ):
        assert response.status == 200
        assert response.headers["Content-Type"].startswith("text/event-stream")
        try:
            async with asyncio.timeout(seconds):
                while line := await response.content.readuntil(b"\n\n"):
                    kind, data = line.decode().removeprefix("event: ").rstrip().split("\ndata: ", 1)
                    yield kind, orjson.loads(data)
        except TimeoutError:
            return


async def test_a_viewer_gets_the_picture_the_history_the_lists_and_a_pulse() -> None:
    async with board(Stage()) as port:
        got = [event async for event in events_of(port, "campaign=aurora&window=1h")]
    kinds = [kind for kind, _ in got]
    assert kinds.count("picture") == kinds.count("history") == 1
    assert sorted(data["partition"] for kind, data in got if kind == "campaigns") == [0, 1]
    assert next(data for kind, data in got if kind == "picture")["kpis"]["orders"][1] == 3 * 10
    assert [data for kind, data in got if kind == "pulse"][-1]["picture"] < 1000


async def test_a_change_is_sent_once_and_nothing_is_sent_again_without_one() -> None:
    stage = Stage()
    async with board(stage) as port:
        pictures = []
        async for kind, data in events_of(port, "campaign=aurora", 3.0):
            if kind == "picture":
                pictures.append(data["held_back_by"])
                stage.held_back_by = ("click/0 is not read to its end",)
    assert pictures == [[], ["click/0 is not read to its end"]]


@pytest.mark.parametrize("query", ["window=2h", f"campaign={'x' * 129}"])
async def test_a_wrong_question_is_refused(query: str) -> None:
    async with board(Stage()) as port, aiohttp.ClientSession() as session:
        response = await session.get(f"http://127.0.0.1:{port}{PREFIX}events?{query}")
        assert (response.status, (await response.json())["error"]) == (400, "bad_parameter")


async def test_with_a_token_the_files_are_open_and_the_figures_are_not() -> None:
    options = WebOptions(web_token=SecretStr("correct horse"))
    async with board(Stage(), options) as port, aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        for path in (*board_files(), *translated_files(), *meanings_files(), *runbook_files()):
            async with session.get(path, headers={"Host": "board.example"}) as response:
                assert response.status == 200
                assert "script-src 'self'" in response.headers["Content-Security-Policy"]
                assert "unsafe" not in response.headers["Content-Security-Policy"]
        async with session.get(f"{PREFIX}events?campaign=aurora") as response:
            assert response.status == 401
        got = [kind async for kind, _ in events_of(port, "campaign=aurora", Authorization="Bearer correct horse")]
        assert "picture" in got


async def test_without_a_token_a_foreign_page_cannot_read_the_figures() -> None:
    async with board(Stage()) as port, aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        response = await session.get(f"{PREFIX}events", headers={"Host": "evil.example"})
        assert response.status == 403


async def test_too_many_viewers_are_told_to_come_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST_VIEWERS", 1)
    async with board(Stage()) as port, aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        async with session.get(f"{PREFIX}events") as first:
            await first.content.readuntil(b"\n\n")
            async with session.get(f"{PREFIX}events") as second:
                assert (second.status, second.headers["Retry-After"]) == (503, "5")
        async with asyncio.timeout(5):
            while True:
                async with session.get(f"{PREFIX}events") as again:
                    if again.status == 200:
                        return
                await asyncio.sleep(0.1)
