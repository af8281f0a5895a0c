"""The board "Launch": generated from the registry, complete, and as committed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from grafana.build import FOLDER, boards, main
from grafana.queries import WINDOWS, kpi_value, sample_size, shown_window
from streams.kpis.kpi import Kpi
from streams.kpis.registry import KPI_BY_NAME, KPIS

BOARD: dict[str, Any] = json.loads(boards()["launch.json"])
PANELS: list[dict[str, Any]] = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
each_kpi = pytest.mark.parametrize("kpi", KPIS, ids=lambda kpi: kpi.name)


def panels_of(kpi: Kpi) -> list[dict[str, Any]]:
    """The panels that show the KPI itself."""
    return [panel for panel in PANELS if panel["targets"][0]["expr"] == kpi_value(kpi)]


def test_the_committed_board_is_what_the_registry_makes() -> None:
    assert main(["--check"]) == 0


def test_a_board_that_was_edited_by_hand_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(FOLDER / "launch.json", tmp_path)
    assert main(["--check", str(tmp_path)]) == 0
    (tmp_path / "launch.json").write_text("{}")
    assert main(["--check", str(tmp_path)]) == 1
    assert "launch.json" in capsys.readouterr().err
    assert (tmp_path / "launch.json").read_text() == "{}"


def test_it_is_live_and_nobody_edits_it() -> None:
    assert BOARD["editable"] is False
    assert BOARD["refresh"] == "1s"
    assert [variable["name"] for variable in BOARD["templating"]["list"]] == [
        "datasource",
        "campaign",
        "channel",
        "window",
    ]


@each_kpi
def test_every_kpi_has_a_panel_with_its_formula_and_its_sample_size(kpi: Kpi) -> None:
    panels = panels_of(kpi)
    assert panels
    for panel in panels:
        assert panel["title"] == kpi.title
        assert kpi.formula_text in panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        shown = [target["expr"] for target in panel["targets"]]
        if kpi.denominator:
            assert shown == [kpi_value(kpi), sample_size(kpi, KPI_BY_NAME[kpi.denominator])]
        else:
            assert len(shown) == 1


@each_kpi
def test_a_panel_shows_only_windows_that_the_kpi_and_its_sample_size_have(kpi: Kpi) -> None:
    shown = {shown_window(kpi, window) for window in WINDOWS}
    assert shown <= set(kpi.exported)
    assert set(kpi.exported) <= set(WINDOWS)
    if kpi.denominator:
        assert shown <= set(KPI_BY_NAME[kpi.denominator].exported)


def test_a_window_that_a_kpi_lacks_is_replaced_by_the_next_longer() -> None:
    assert shown_window(KPI_BY_NAME["clicks"], "1m") == "1m"
    assert shown_window(KPI_BY_NAME["reach"], "1m") == "5m"
    assert shown_window(KPI_BY_NAME["orders"], "5m") == "1h"
    assert shown_window(KPI_BY_NAME["mentions_per_minute"], "launch") == "today"


def test_every_panel_asks_the_chosen_source() -> None:
    for panel in PANELS:
        assert panel["datasource"]["uid"] == "${datasource}"
        assert all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"])
        assert panel["description"]


def test_freshness_and_completeness_come_first() -> None:
    first = " ".join(panel["targets"][0]["expr"] for panel in PANELS[:6])
    for metric in ("held_back_reasons", "lag_seconds", "snapshot_timestamp_seconds", "ledger_difference"):
        assert f"launchpulse_{metric}" in first


def test_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken
        assert at["x"] + at["w"] <= 24
        taken |= cells
