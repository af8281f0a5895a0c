"""The documents say what is there: every file, test, command, setting and metric that they name exists, and the other
way round every topic, KPI, setting and metric is documented."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from agents.cli.common import Exit
from agents.cli.main import app
from agents.settings import Settings
from agents.settings_errors import variable
from agents.telemetry import Telemetry
from agents.web.openapi import OPERATIONS
from streams.events.catalogue import TOPICS
from streams.events.topic import HOUR_MS
from streams.kpis.registry import GROUPS, KPIS
from tests.redis.test_claims_policy import LEAST_RIGHTS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

_CODE = re.compile(r"```[a-z]*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_PATH = re.compile(r"(?<![\w./-])((?:agents|streams|tests|docs|deploy|grafana|requirements|\.ci)/[\w./-]*)(?:::(\w+))?")
_FILE = re.compile(
    r"(?<![\w./-])([A-Z][\w-]*\.(?:md|toml|yml)|pyproject\.toml|docker-compose\.yml|Dockerfile|Makefile)\b"
)
_METRIC = re.compile(r"\b(?:launchpulse|campaign)_[a-z_]*[a-z]\b(?!\.)")
_SETTING = re.compile(r"\bLAUNCHPULSE_[A-Z_]*[A-Z]\b")
_COMMAND = re.compile(r"(?<![\w/.-])launchpulse((?: +[^\s;|&#`]+)+)")
_MODULE = re.compile(r"\bpython -m ([\w.]+)")
_TARGET = re.compile(r"\bmake ([a-z-]+(?: [a-z-]+)*)")


def test_the_pages_are_found() -> None:
    assert {"README.md", "CHANGELOG.md", "docs/operations.md", "docs/topics.md", "docs/adr/README.md"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_link_within_the_project_leads_to_a_file(name: str) -> None:
    page = ROOT / name
    inner = [link for link in _LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link and link[0] != "#"]
    assert [link for link in inner if not (page.parent / link.partition("#")[0]).exists()] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_file_and_test_that_is_named_exists(name: str) -> None:
    missing = []
    for code in code_of(name):
        for path, test in _PATH.findall(code):
            place = ROOT / path.rstrip(".")
            if not place.exists() or (test and test not in functions_of(place)):
                missing.append(f"{path}::{test}" if test else path)
        missing += [file for file in _FILE.findall(code) if "FILE" not in file and not (ROOT / file).exists()]
    # A pattern such as streams/events/<name>.py, and what is made on the way.
    allowed = {"streams/events/", "tests/unit/test_events_"}
    assert [path for path in missing if path not in allowed] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_command_that_is_named_exists_with_its_options(name: str) -> None:
    wrong = []
    for code in code_of(name):
        for said in _COMMAND.findall(code.replace("\\\n", " ").replace("SETUSER launchpulse", "")):
            problem = problem_of(said.split())
            if problem:
                wrong.append(f"launchpulse{said}: {problem}")
        wrong += [f"python -m {module}" for module in _MODULE.findall(code) if not module_exists(module)]
        wrong += [f"make {word}" for said in _TARGET.findall(code) for word in said.split() if word not in targets()]
    assert wrong == []


def test_a_command_or_option_that_does_not_exist_is_named() -> None:
    assert problem_of(["worker"]) == problem_of(["topics", "create", "--partitions", "12"]) == ""
    assert problem_of(["topics", "make"]) == "no command make"
    assert problem_of(["topics", "create", "--replicas=3"]) == "no option --replicas=3"


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_and_metric_that_is_named_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    settings = {variable(field) for field in Settings.model_fields}
    assert {found for found in _SETTING.findall(text) if found not in settings and found != "LAUNCHPULSE_"} == set()
    assert set(_METRIC.findall(text)) - metrics() == set()


def test_every_metric_is_documented() -> None:
    documented = set(_METRIC.findall((ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")))
    kpis = set(_METRIC.findall((ROOT / "docs" / "kpis.md").read_text(encoding="utf-8")))
    of_kpis = {kpi.metric for kpi in KPIS}
    assert of_kpis - kpis == set()
    assert metrics() - of_kpis - documented == set()


def test_every_topic_kpi_and_setting_is_documented() -> None:
    topics, kpis, settings = (
        (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8") for page in ("topics", "kpis", "settings")
    )
    assert [topic.name for topic in TOPICS if f"## `{topic.name}`" not in topics] == []
    assert [kpi.name for kpi in KPIS if f"`{kpi.name}`" not in kpis] == []
    assert [field for field in Settings.model_fields if f"`{variable(field)}`" not in settings] == []


def test_every_command_is_named_in_the_documents() -> None:
    text = " ".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [name for name in commands() if not re.search(rf"launchpulse {re.escape(name)}\b|`{name}`", text)] == []


def test_the_readme_lists_the_topics_and_kpis_that_there_are() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert topics_table() in readme, f"README.md needs:\n{topics_table()}"
    assert kpis_table() in readme, f"README.md needs:\n{kpis_table()}"


def test_the_paths_of_the_web_server_that_are_named_exist() -> None:
    paths = {operation.path for operation in OPERATIONS}
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        named = re.findall(r"(?:`|:6066)(/(?:metrics|healthz|readyz|api|openapi)[\w/{}.]*)", text)
        asked = {re.sub(r"^/api/campaigns/\w+(?=$|/)", "/api/campaigns/{id}", path.rstrip(".")) for path in named}
        assert asked - paths == set(), page


def test_the_reasons_of_readiness_that_operations_explain_are_those_of_the_code() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = page.partition("| reason |")[2].partition("\n\n")[0]
    reasons = [row.split("|")[1] for row in table.splitlines()[2:]]
    assert len(reasons) > 8
    code = " ".join(path.read_text(encoding="utf-8") for path in (ROOT / "agents").rglob("*.py"))
    for reason in reasons:
        for part in re.split(r"topic/3|\.\.\.|claims wait: |is refused: ?|`", reason):
            words = part.strip()
            assert len(words) < 8 or words.startswith(("with a name", "claims rebuild")) or words in code, words


def test_the_exit_codes_that_operations_name_are_those_of_the_command() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8").partition("## Exit codes")[2]
    assert {int(number) for number in re.findall(r"(?<!\d)(\d+) (?!ms)", page)} == {int(code) for code in Exit}


def test_the_rights_that_operations_give_to_the_user_of_redis_are_the_tested_ones() -> None:
    assert f" {LEAST_RIGHTS}\n" in (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def topics_table() -> str:
    """The README's table of topics."""
    rows = [
        f"| `{topic.name}` | {topic.description} | {'; '.join(topic.counts)} | {hours(topic.horizon_ms)} |"
        for topic in TOPICS
    ]
    return "\n".join(["| topic | an event | what is counted | may be late by |", "|---|---|---|---|", *rows])


def kpis_table() -> str:
    """The README's table of KPIs."""
    rows = [f"| {title} | {', '.join(kpi.title.lower() for kpi in kpis)} |" for title, kpis in GROUPS]
    return "\n".join(["| group | KPIs |", "|---|---|", *rows])


def hours(horizon_ms: int | None) -> str:
    """A horizon in words."""
    if horizon_ms is None:
        return "anything"
    number = horizon_ms // HOUR_MS
    return f"{number // 24} days" if number % 24 == 0 else f"{number} hours"


def code_of(name: str) -> Iterator[str]:
    """The code of a page, in blocks and within sentences."""
    for block, span in _CODE.findall((ROOT / name).read_text(encoding="utf-8")):
        yield block or span


@lru_cache
def functions_of(path: Path) -> frozenset[str]:
    """The functions that a test file defines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def problem_of(words: list[str]) -> str:
    """What is wrong with the words behind `launchpulse`; empty where nothing is. Upper case stands for anything."""
    command: Any = typer.main.get_command(app)
    rest = list(words)
    while hasattr(command, "commands") and rest and re.fullmatch(r"[a-z][a-z-]*", rest[0]):
        if rest[0] not in command.commands:
            return f"no command {rest[0]}"
        command = command.commands[rest.pop(0)]
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    unknown = [word for word in rest if word.startswith("--") and word.partition("=")[0] not in known | {"--help"}]
    return f"no option {unknown[0]}" if unknown else ""


def commands() -> list[str]:
    """The commands; those of a group by both names."""
    top: Any = typer.main.get_command(app)
    return [
        f"{name} {inner}" if inner else name
        for name, command in top.commands.items()
        for inner in getattr(command, "commands", [""])
    ]


def module_exists(module: str) -> bool:
    """Whether `python -m` finds it, in this project or installed."""
    path = ROOT.joinpath(*module.split("."))
    return path.with_suffix(".py").exists() or (path / "__main__.py").exists() or module == "pytest"


@lru_cache
def targets() -> frozenset[str]:
    """The Makefile's targets."""
    return frozenset(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@lru_cache
def metrics() -> frozenset[str]:
    """The names of all families that a worker can expose, without those of the Prometheus client itself."""
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "agents" / "web").glob("*.py"))
    campaigns = set(re.findall(r'"(campaign_[a-z_]+)"', sources))
    own = {name for name in Telemetry("test").names() if name.startswith("launchpulse_")}
    return frozenset(campaigns | own | {kpi.metric for kpi in KPIS})
