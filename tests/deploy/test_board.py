"""The boards: generated from the registry, complete, as committed, readable by everybody; links lead somewhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from agents.telemetry import Telemetry
from agents.web.metrics import render_metrics
from grafana.build import FOLDER, boards, main
from grafana.frame import panel_id
from grafana.launch import HEADLINES
from grafana.pipeline import OF_PEOPLE, OF_THE_BUSINESS
from grafana.queries import CHOSEN, MOST_LINES, WINDOWS, judged, kpi_value, sample_of, sample_size, shown_window, target
from grafana.reference import render
from grafana.thresholds import RUNBOOKS_URL
from streams.events.campaigns import Campaign
from streams.events.topic import TOPIC_CODES
from streams.kpis.kpi import Kpi
from streams.kpis.registry import GROUP_OF, KPI_BY_NAME, KPIS
from tests.deploy.boards import BOARDS, expressions, filled, marks, panels_of
from tests.unit.kpi_pictures import planned_campaign, snapshot
from tests.unit.test_moments import STARTS, made
from tests.unit.test_targets import TOLD

each_kpi = pytest.mark.parametrize("kpi", KPIS, ids=lambda kpi: kpi.name)
OKABE_ITO = {"#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#0072B2", "#D55E00", "#F0E442"}
"""The colours of Okabe and Ito, as they published them."""
BLUE, ORANGE, VERMILLION = "#0072B2", "#E69F00", "#D55E00"
each_board = pytest.mark.parametrize("board", BOARDS)


def titled(board: str, title: str) -> dict[str, Any]:
    """The one panel of that title."""
    (found,) = [panel for panel in panels_of(board) if panel["title"] == title]
    return found


def texts(value: object, key: str) -> Iterator[str]:
    """Every text under that key, however deep."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == key and isinstance(inner, str):
                yield inner
            yield from texts(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner, key)


def timed() -> Campaign:
    """A catalogue entry with targets, owners, and a start and an end."""
    return msgspec.structs.replace(TOLD, starts_at=STARTS, ends_at=STARTS.replace(year=STARTS.year + 1))


def test_the_committed_boards_are_what_the_registry_makes() -> None:
    assert main(["--check"]) == 0
    assert {path.name for path in FOLDER.iterdir()} == set(boards())


def test_a_board_that_was_edited_by_hand_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in boards():
        shutil.copy(FOLDER / name, tmp_path)
    assert main(["--check", str(tmp_path)]) == 0
    (tmp_path / "launch.json").write_text("{}")
    assert main(["--check", str(tmp_path)]) == 1
    assert "launch.json" in capsys.readouterr().err
    assert (tmp_path / "launch.json").read_text() == "{}"


@each_board
def test_it_is_live_and_nobody_edits_it(board: str) -> None:
    content = BOARDS[board]
    assert content["uid"] == f"launchpulse-{board}"
    assert content["editable"] is False
    assert content["refresh"] in ("1s", "5s")
    names = [variable["name"] for variable in content["templating"]["list"]]
    assert names == ["datasource", "campaign", "channel", "window"]


def test_the_ten_headlines_are_of_ten_kinds_and_have_target_trend_and_sample_size() -> None:
    assert len(set(HEADLINES)) == 10
    assert len({GROUP_OF[name] for name in HEADLINES}) >= 8
    for name in HEADLINES:
        kpi = KPI_BY_NAME[name]
        shown = [query["expr"] for query in titled("launch", kpi.title)["targets"]]
        assert shown[:4] == [judged(kpi, None), judged(kpi, True), judged(kpi, False), target(kpi)]
        if (sample := sample_of(kpi)) is not None:
            assert shown[4] == sample_size(kpi, sample, CHOSEN)
        assert [query["expr"] for query in titled("launch", f"{kpi.title}: trend")["targets"]] == [
            kpi_value(kpi),
            target(kpi),
        ]


@each_kpi
def test_every_kpi_has_a_panel_with_its_formula_and_its_sample_size(kpi: Kpi) -> None:
    found = [panel for panel in panels_of("campaign") if panel["targets"][0]["expr"] == kpi_value(kpi)]
    assert found
    for panel in found:
        assert panel["title"] == kpi.title
        assert kpi.formula_text in panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        shown = [query["expr"] for query in panel["targets"]]
        sample = sample_of(kpi)
        assert shown == [kpi_value(kpi), *([] if sample is None else [sample_size(kpi, sample)])]


@each_kpi
def test_a_panel_shows_only_windows_that_the_kpi_and_its_sample_size_have(kpi: Kpi) -> None:
    shown = {shown_window(kpi, window) for window in WINDOWS}
    assert shown <= set(kpi.exported)
    assert set(kpi.exported) <= set(WINDOWS)
    if (sample := sample_of(kpi)) is not None:
        assert shown <= set(sample.exported)


def test_a_window_that_a_kpi_lacks_is_replaced_by_the_next_longer() -> None:
    assert shown_window(KPI_BY_NAME["clicks"], "1m") == "1m"
    assert shown_window(KPI_BY_NAME["reach"], "1m") == "5m"
    assert shown_window(KPI_BY_NAME["orders"], "5m") == "1h"
    assert shown_window(KPI_BY_NAME["mentions_per_minute"], "launch") == "today"


@each_board
def test_every_panel_asks_the_chosen_source_and_says_what_it_shows(board: str) -> None:
    for panel in panels_of(board):
        assert panel["datasource"]["uid"] == "${datasource}"
        assert all(query["datasource"]["uid"] == "${datasource}" for query in panel["targets"])
        assert len(panel["description"]) > 20
        letters = [query["refId"] for query in panel["targets"]]
        assert len(set(letters)) == len(letters)


@each_board
def test_freshness_and_completeness_come_first_and_are_always_open(board: str) -> None:
    row, *first = BOARDS[board]["panels"][:9]
    assert (row["type"], row["collapsed"]) == ("row", False)
    asked = " ".join(panel["targets"][0]["expr"] for panel in first if panel["type"] != "row")
    for metric in ("held_back_reasons", "lag_seconds", "snapshot_timestamp_seconds", "ledger_difference"):
        assert f"launchpulse_{metric}" in asked


@pytest.mark.parametrize("board", ["launch", "campaign", "portfolio"])
def test_problems_come_before_any_kpi_and_name_their_owners(board: str) -> None:
    titles = [panel["title"] for panel in panels_of(board)]
    (problems,) = [place for place, title in enumerate(titles) if title.startswith("Targets missed")]
    assert problems <= 8
    assert "owner" in panels_of(board)[problems]["targets"][3]["expr"]


def test_the_launch_board_begins_with_whose_it_is() -> None:
    first = next(panel for panel in panels_of("launch"))
    assert first["title"] == "Owner"
    (query,) = first["targets"]
    assert query["expr"] == 'max by (owner, name) (last_over_time(campaign_info{campaign="$campaign"}[15s]))'
    assert query["legendFormat"] == "{{owner}}"


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool here")
@pytest.mark.parametrize("board", ["launch", "campaign", "portfolio"])
def test_the_alerts_are_of_the_campaign_and_of_the_pipeline_with_owner_and_runbook(board: str, tmp_path: Path) -> None:
    panel = titled(board, "Alerts")
    assert "Not all of it is sent" in panel["description"]
    links = {
        one["matcher"]["options"]: [link["url"] for link in each["value"]]
        for one in panel["fieldConfig"]["overrides"]
        for each in one["properties"]
        if each["id"] == "links"
    }
    assert links["Alert"] == ["http://127.0.0.1:6066/runbooks/${__value.raw}"]
    assert links["Campaign"] == [
        "/d/launchpulse-campaign?var-campaign=${__value.raw}&var-channel=${__data.fields.Channel}"
    ]
    (query,) = panel["targets"]
    expr = filled(query["expr"], "5m", "aurora", "all")
    drop = 'alertname="Drop", campaign="aurora", channel="email", kind="kpi", owner="Noor", severity="critical"'
    late = 'alertname="Late", kind="pipeline", severity="critical"'
    other = drop.replace("aurora", "zarya")
    given = [f'{{alertstate="firing", contact="#mail", {labels}}}' for labels in (drop, late, other)]
    given.append(f'{{alertstate="pending", {drop.replace("Drop", "Waits")}}}')
    shown = [drop, late] if board != "portfolio" else [drop, late, other]
    test = {
        "interval": "1s",
        "input_series": [{"series": f"ALERTS{one}", "values": "1"} for one in given],
        "promql_expr_test": [
            {"expr": expr, "eval_time": "0s", "exp_samples": [{"labels": f"{{{one}}}", "value": 1} for one in shown]}
        ],
    }
    path = tmp_path / "alerts.yml"
    path.write_text(yaml.safe_dump({"rule_files": [], "tests": [test]}))
    done = subprocess.run(["promtool", "test", "rules", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@each_kpi
def test_a_kpi_is_shown_in_its_own_unit(kpi: Kpi) -> None:
    units = {
        "ratio": "percentunit", "per_minute": "cpm", "seconds": "s", "months": "suffix: months", "factor": "suffix: ×",
        "score": "suffix: points", "count": "short", "people": "short", "money": "short",
    }  # fmt: skip
    panels = [panel for board in ("launch", "campaign") for panel in panels_of(board)]
    shown = [panel for panel in panels if panel["title"] in (kpi.title, f"{kpi.title}: trend")]
    assert len(shown) >= (3 if kpi.name in HEADLINES else 1)
    for panel in shown:
        assert panel["fieldConfig"]["defaults"]["unit"] == units[kpi.kind]


@each_board
def test_what_the_figures_stand_on_is_blue_while_all_is_well_and_no_more_when_it_is_not(board: str) -> None:
    lights = {
        "Live?": [(None, BLUE), (1, ORANGE)],
        "Age of the picture": [(None, BLUE), (5, ORANGE), (30, VERMILLION)],
        "Behind the events": [(None, BLUE), (5, ORANGE), (30, VERMILLION)],
        "Lost or doubled": [(None, BLUE), (1, VERMILLION)],
        "Workers": [(None, VERMILLION), (1, BLUE)],
    }
    for title, steps in lights.items():
        panel = next(panel for panel in panels_of(board) if (panel["type"], panel["title"]) == ("stat", title))
        found = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        assert [(step["value"], step["color"]) for step in found] == steps, title
        assert panel["fieldConfig"]["defaults"]["color"]["mode"] == "thresholds"
        assert panel["options"]["colorMode"] == "background"


@each_board
def test_every_panel_has_a_number_of_its_own(board: str) -> None:
    rows = [panel for panel in BOARDS[board]["panels"] if panel["type"] == "row"]
    numbers = [panel["id"] for panel in [*rows, *panels_of(board)]]
    assert 0 not in numbers
    assert len(set(numbers)) == len(numbers)


@each_kpi
def test_the_panel_of_a_kpi_is_found_by_its_number(kpi: Kpi) -> None:
    (found,) = [panel for panel in panels_of("campaign") if panel["id"] == panel_id(kpi.name)]
    assert found["title"] == kpi.title


@each_board
def test_panels_do_not_overlap(board: str) -> None:
    taken: set[tuple[int, int]] = set()
    rows = [panel for panel in BOARDS[board]["panels"] if panel["type"] == "row"]
    for panel in [*rows, *panels_of(board)]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


@each_board
def test_only_colours_that_colour_blind_people_tell_apart_are_used(board: str) -> None:
    content = BOARDS[board]
    used = {*texts(content, "fixedColor"), *texts(content["panels"], "color"), *texts(content, "iconColor")}
    assert used
    assert used <= {*OKABE_ITO, "#999999", "text"}
    modes = {*texts([panel["fieldConfig"] for panel in panels_of(board)], "mode")}
    assert not {mode for mode in modes if "palette" in mode or "continuous" in mode}


@each_board
def test_every_other_board_is_one_click_away_and_keeps_what_was_chosen(board: str) -> None:
    ways = BOARDS[board]["links"]
    others = {content["uid"] for name, content in BOARDS.items() if name != board}
    assert {way["url"] for way in ways} == {f"/d/{uid}" for uid in others}
    assert all(way["includeVars"] and way["keepTime"] for way in ways)


def test_every_link_in_a_panel_leads_to_a_board_with_variables_that_it_has() -> None:
    known = {content["uid"]: {one["name"] for one in content["templating"]["list"]} for content in BOARDS.values()}
    urls = [url for board in BOARDS for url in texts(panels_of(board), "url")]
    urls = [url for url in urls if not url.startswith(f"{RUNBOOKS_URL}/")]
    assert len(urls) >= 7
    for url in urls:
        found = re.fullmatch(r"/d/([\w-]+)\?(.*)", url)
        assert found, url
        assert {part.partition("=")[0].removeprefix("var-") for part in found[2].split("&")} <= known[found[1]]


def test_every_alert_leads_to_a_board_and_to_a_panel_that_are_there() -> None:
    known = {content["uid"]: {one["name"] for one in content["templating"]["list"]} for content in BOARDS.values()}
    numbers = {BOARDS[board]["uid"]: {str(panel["id"]) for panel in panels_of(board)} for board in BOARDS}
    files = sorted((FOLDER.parent / "prometheus").glob("*.rules.yml"))
    rules = [rule for file in files for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]
    addresses = [rule["annotations"]["dashboard"] for rule in rules if "alert" in rule]
    assert addresses
    for address in addresses:
        found = re.fullmatch(r"http://[\w.:]+/d/([\w-]+)(?:\?(.*))?", address)
        assert found, address
        given = dict(part.split("=", 1) for part in (found[2] or "").split("&") if part)
        # One panel, or by the alert's topic one of several.
        led_to = re.findall(r"(?:^|\}\})(\d+)(?:$|\{\{)", given.pop("viewPanel", ""))
        assert {name.removeprefix("var-") for name in given} <= known[found[1]]
        assert led_to, address
        assert set(led_to) <= numbers[found[1]], address


def test_every_metric_that_a_board_names_is_one_that_a_worker_exports() -> None:
    tactics = (made(1, "Mail"),)
    campaign = replace(planned_campaign("aurora"), told=timed(), tactics=tactics)
    telemetry = Telemetry()
    exposed = (render_metrics(snapshot(campaign), 100_000) + telemetry.render()).decode()
    exported = {re.split(r"[{ ]", line, maxsplit=1)[0] for line in exposed.splitlines() if not line.startswith("#")}
    exported |= telemetry.names() | {"up", "ALERTS"}  # the last two are Prometheus' own
    for name, expr, _ in expressions("5m", "aurora", "all"):
        plain = re.sub(r'"[^"]*"', '""', expr)
        named = set(re.findall(r"\b((?:campaign|launchpulse|process)_\w+|up|ALERTS)(?=[{\[])", plain))
        assert named, name
        assert named <= exported, name
    for name, expr in marks("aurora"):
        assert set(re.findall(r"\bcampaign_\w+", expr)) <= exported, name


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool here")
def test_every_expression_parses_in_every_window(tmp_path: Path) -> None:
    wanted = {expr for window in WINDOWS for _, expr, _ in expressions(window, "aurora", "email")}
    wanted |= {expr for _, expr in marks("aurora")}
    rules = [{"record": f"board:expression:{number}", "expr": expr} for number, expr in enumerate(sorted(wanted))]
    path = tmp_path / "boards.rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "boards", "rules": rules}]}))
    checked = subprocess.run(["promtool", "check", "rules", str(path)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert f"SUCCESS: {len(wanted)} rules found" in checked.stdout


def test_the_topics_of_the_pipeline_are_all_that_there_are_and_few_enough_to_tell_apart() -> None:
    assert sorted((*OF_PEOPLE, *OF_THE_BUSINESS)) == sorted(TOPIC_CODES)
    assert max(len(OF_PEOPLE), len(OF_THE_BUSINESS)) <= MOST_LINES


@each_board
def test_the_page_of_the_boards_names_every_panel_and_what_it_means(board: str) -> None:
    page = render()
    assert f"## {BOARDS[board]['title']}\n\n{BOARDS[board]['description']}" in page
    for panel in panels_of(board):
        if not panel["title"].endswith(": trend"):
            assert f"- **{panel['title']}**: " in page


def test_the_marks_are_the_moments_themselves_in_milliseconds() -> None:
    for content in BOARDS.values():
        assert [mark["name"] for mark in content["annotations"]["list"]] == ["Launch starts", "Launch ends", "Tactics"]
        for mark in content["annotations"]["list"]:
            assert mark["enable"] is True
            assert not mark.get("hide")
            assert mark["useValueForTime"] is True
            assert mark["expr"].endswith("* 1000")
    assert json.dumps(BOARDS["launch"]["annotations"]).count("campaign_tactic_timestamp_seconds") == 1
