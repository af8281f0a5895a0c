"""The board in Russian: every KPI has its words, and every reason that workers give has its sentence."""

import ast
import inspect
import re
import textwrap
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from fnmatch import fnmatch
from functools import cache, partial
from itertools import combinations, product
from pathlib import Path
from typing import Any, get_args

import aiohttp
import orjson
import pytest

from agents.campaign.show import Show
from agents.languages import Language
from agents.web.board_files import FOLDER, PREFIX, board_files
from agents.web.kpi_words import kpi_words
from agents.web.live import definitions
from streams.counting.windows import WINDOWS, WindowSums
from streams.events.campaigns import Campaign, Target
from streams.events.measures import Measure, money_key
from streams.kpis.registry import KPIS
from streams.kpis.targets import judge
from streams.kpis.why import why
from tests.support.board import Stage, board
from tests.support.russian import foreign
from tests.unit.kpi_pictures import CONVERTED, COUNTERS, NOW_MS, PLAN, planned, planned_campaign
from tests.unit.owned_campaigns import NOW, count, hear, owned, show

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = {"baseline_revenue_per_day", "budget", "customers_at_start", "ends_at", "gross_margin", "starts_at"}
"""Fields that are to be filled in: called as they stand in the catalogue."""

MOST_BYTES = 100_000

TWO_CURRENCIES = {money_key(Measure.REVENUE, currency): 5_000_000 for currency in ("EUR", "USD")}
NO_RATE: dict[str, Any] = {"converted": None, "spend": None, "missing_rates": frozenset({"USD", "GBP"})}
WHOLE = planned("launch")

# What of a window's sums can be missing or nothing.
LACKS: list[dict[str, Any]] = [
    {"counters": {}, "launch": {}, "converted": {}},
    {"people": {}},
    {"currency": None, "converted": None, "spend": None},
    {"currency": None, "converted": None, "spend": None, "counters": COUNTERS | TWO_CURRENCIES},
    NO_RATE,
    {"spend": {}},
    {"spend": {"media": 0}},
    {"spend": None},
    {"spend_at_ms": None},
    {"start_ms": 0},
    {"start_ms": NOW_MS - 3_600_000},
    {"launch_at_end": False},
    {"converted": {Measure.REFUNDED: 1_000_000}},
    {"counters": {key: found for key, found in COUNTERS.items() if "CANCELLED" not in repr(key)}},
    {"plan": None},
    *({"plan": replace(PLAN, **{field: None})} for field in PLAN.__slots__ if field not in ("rates", "currency")),
    {"plan": replace(PLAN, starts_at_ms=NOW_MS, ends_at_ms=NOW_MS + 1)},
    {"plan": replace(PLAN, customers_at_start=0), "launch": {}},
    {"whole": WHOLE},
    {"whole": replace(WHOLE, converted=None, missing_rates=frozenset({"USD"}))},
    {"whole": replace(WHOLE, converted=CONVERTED | {Measure.REVENUE: 0})},
]


def kinds_of_emptiness() -> Iterator[WindowSums]:
    """Every window with nothing missing, with each lack, and with each two of them."""
    for one, other in ({}, {}), *(({}, lack) for lack in LACKS), *combinations(LACKS, 2):
        for window in WINDOWS:
            yield planned(window.name, **(one | other))


@cache
def reasons_without_value() -> frozenset[str]:
    """All that `why` says of all KPIs where they have no value."""
    sums_of_windows = list(kinds_of_emptiness())
    return frozenset(why(kpi, sums) for kpi, sums in product(KPIS, sums_of_windows) if kpi.formula(sums) in (None, {}))


def reasons_of_targets() -> set[str]:
    """What is said of targets that are not judged: nothing counted, too few cases, several currencies."""
    kpis = ("average_order_value", "net_revenue")
    targets = [Target(kpi=kpi, window="launch", min=Decimal(1), min_volume=5_000) for kpi in kpis]
    told = Campaign(id="aurora", targets=targets)
    mixed = WindowSums(TWO_CURRENCIES, {}, 0, 1, launch=TWO_CURRENCIES)
    return {one.why for sums in (None, WHOLE, mixed) for one in judge(told, partial(_always, sums))} - {""}


def _always(sums: WindowSums | None, *_: object) -> WindowSums | None:
    return sums


async def reasons_for_being_behind() -> set[str]:
    """What a worker says of figures that are held back, at any time of its life."""
    silent, late = owned(), owned()
    count(late, Measure.CLICKS, 4, NOW - 1000)
    hear(late, behind={"click": 120_000})
    taken = [await show(silent).take(NOW), await show(late).take(NOW), await show(late).take(NOW + 3_600_000)]
    return {reason for one in taken for reason in one.partial}


def sentences(function: Callable[..., Any]) -> Iterator[str]:
    """The words that a function's source can answer with: its texts with a space, but its docstring."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield from [node.value] if " " in node.value.strip() else []


def unsaid(functions: Iterable[Callable[..., Any]], reasons: Iterable[str]) -> set[str]:
    """The sentences of these functions that none of the reasons holds."""
    said = "\n".join(reasons)
    return {text for function in functions for text in sentences(function) if text not in said}


@cache
def patterns() -> dict[str, str]:
    """Pattern -> the Russian words, as ru.js has them."""
    russian = (FOLDER / "ru.js").read_text(encoding="utf-8")
    block = re.search(r"export const WHYS = \[\n(.*?)\n\];", russian, re.DOTALL)
    assert block is not None
    found = re.findall(r'^  \[/(.+)/, "(.+)"\],$', block[1], re.MULTILINE)
    assert len(found) == len(block[1].split("\n"))
    return dict(found)


def fitting(reason: str) -> list[str]:
    return [pattern for pattern in patterns() if re.search(pattern, reason)]


def test_the_russian_file_has_exactly_the_kpis_of_the_registry_in_their_order() -> None:
    assert list(kpi_words("ru")) == [kpi.name for kpi in KPIS]


@pytest.mark.parametrize("part", ["title", "text", "formula"])
def test_title_meaning_and_formula_of_every_kpi_are_in_russian(part: str) -> None:
    said = {name: getattr(words, part) for name, words in kpi_words("ru").items()}
    # The ratio of two abbreviations is called by them.
    assert {name for name, text in said.items() if not re.search("[а-яё]", text)} <= {"ltv_to_cac"}
    assert {name: foreign(text) for name, text in said.items() if foreign(text)} == {}
    assert [name for name, text in said.items() if text != text.strip() or "  " in text] == []
    if part != "formula":
        assert len(set(said.values())) == len(said)


def test_both_languages_are_told_the_same_kpis_under_the_same_headings() -> None:
    english, russian = orjson.loads(definitions()), orjson.loads(definitions("ru"))
    keys = [english["fields"].index(field) for field in ("name", "unit", "kind")]
    assert english["fields"] == russian["fields"]
    assert list(english["groups"]) == list(russian["groups"])
    for title, kpis in english["groups"].items():
        assert [[kpi[at] for at in keys] for kpi in kpis] == [
            [kpi[at] for at in keys] for kpi in russian["groups"][title]
        ]


async def test_the_definitions_are_served_in_both_languages_and_always_asked_for_anew() -> None:
    async with board(Stage()) as port, aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        for path, first in (("kpis.json", "Gross revenue"), ("kpis.ru.json", "Валовая выручка")):
            async with session.get(f"{PREFIX}{path}") as response:
                assert response.status == 200
                assert response.headers["Cache-Control"] == "no-cache"
                assert response.headers["Content-Type"] == "application/json"
                assert (await response.json())["groups"]["Sales revenue"][0][1] == first


def test_a_russian_board_is_small_too() -> None:
    files = {path: file.body for path, file in board_files().items()} | {f"{PREFIX}kpis.json": definitions("ru")}
    assert sum(map(len, files.values())) <= MOST_BYTES


async def test_what_kpis_mean_is_served_in_both_languages() -> None:
    async with board(Stage()) as port, aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        for language, path in zip(get_args(Language), ("meanings.json", "meanings.ru.json"), strict=True):
            async with session.get(f"{PREFIX}{path}") as response:
                assert (response.status, response.headers["Content-Type"]) == (200, "application/json")
                told = await response.json()
            words = kpi_words(language)
            assert told == {name: [words[name].text, words[name].formula] for name in (kpi.name for kpi in KPIS)}


def test_what_the_board_is_made_of_is_packed_with_the_package() -> None:
    packed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["package-data"]
    web = ROOT / "agents" / "web"
    inside = [path.relative_to(web) for path in web.rglob("*") if path.is_file() and path.parent != web]
    files = [str(path) for path in inside if path.parts[0] != "__pycache__"]
    assert "board_words/kpis_ru.json" in files
    assert [name for name in files if not any(fnmatch(name, pattern) for pattern in packed["agents.web"])] == []


def test_every_way_to_have_no_value_is_driven() -> None:
    needs = {need for kpi in KPIS for need in kpi.needs}
    assert unsaid({why, *needs}, reasons_without_value()) == set()


async def test_every_way_to_be_held_back_is_driven() -> None:
    assert unsaid([Show._held_back], await reasons_for_being_behind()) == set()


async def test_every_reason_has_one_russian_form_and_every_form_its_reason() -> None:
    reasons = reasons_without_value() | reasons_of_targets() | await reasons_for_being_behind()
    assert {reason: fitting(reason) for reason in reasons if len(fitting(reason)) != 1} == {}
    assert {pattern for reason in reasons for pattern in fitting(reason)} == patterns().keys()
    for pattern, text in patterns().items():
        assert re.search("[а-яё]", text), pattern
        assert foreign(text) <= CATALOGUE, pattern


def test_nothing_but_names_stays_english_in_a_reason() -> None:
    for reason in reasons_without_value():
        (pattern,) = fitting(reason)
        found = re.search(pattern, reason)
        assert found is not None
        kept = found[1] if found.groups() else ""
        assert kept in CATALOGUE or re.fullmatch(r"([A-Z]{3}(, )?)*", kept), reason


def test_nothing_that_a_board_shows_is_called_by_two_names() -> None:
    places = [*FOLDER.glob("*.js"), FOLDER.parent / "preflight_page" / "preflight.js"]
    places += [ROOT / "agents" / "operations" / "preflight_words.py", FOLDER.parent / "board_words" / "kpis_ru.json"]
    for path in places:
        assert re.findall(r"(?i)обработчик\w*|\bдоск\w*", path.read_text(encoding="utf-8")) == [], path


def test_a_campaign_that_lacks_nothing_gives_no_reason() -> None:
    everything = planned_campaign("aurora").channels[0]
    for kpi in KPIS:
        sums = everything.sums(kpi.reads, kpi.windows[-1])
        assert sums is not None
        assert kpi.formula(sums) not in (None, {}), kpi.name
