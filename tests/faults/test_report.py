"""The page of reliability says what was found, and of what was not measured yet which command does."""

from __future__ import annotations

from typing import Any

from tests.faults.limits import exceeded
from tests.faults.report import kinds_table, quantile, render

PART = {"compared": 10, "lost": 0, "doubled": 0, "doubled_allowed": 40, "people_figures": 5}
PART |= {"people_within_2_percent": 5, "people_largest_error": 0.012}
FAULTS = [
    {"kind": "kill", "lasted": 0.1, "again": 6.4, "longest": 6.2},
    {"kind": "kill", "lasted": 7.1, "again": 7.0, "longest": 7.0},
    {"kind": "join", "lasted": 0.0, "again": 0.9, "longest": 3.4},
    {"kind": "power cut", "lasted": 2.0, "again": 33.0, "longest": 31.5},
]


def _run(**changes: Any) -> dict[str, Any]:
    return {
        **PART,
        "name": "small-101",
        "form": "small",
        "seed": 101,
        "title": "small blocks",
        "session_seconds": 6,
        "blocks": 2_000,
        "faults": FAULTS,
        "events": 250_000,
        "resent": 37_500,
        "malformed": 2_500,
        "late": 2_500,
        "future": 1_250,
        "in_transactions": 9_000,
        "recovered": PART,
        "deaths": 0,
        "samples_per_second": 12.3,
        "statements_written": 1_000,
        "statements_kept": 900,
        "seconds": 300,
        "exceeded": [],
        **changes,
    }


def _figures(*runs: dict[str, Any]) -> dict[str, Any]:
    machine = {"cpu": "a cpu", "cores": 2, "memory_gib": 24.0, "kernel": "Linux 6.1"}
    told = {"date": "2026-11-24", "machine": machine, "versions": {"kafka": "4.3.1"}, "commit": "abc"}
    return {"faults": {"command": "python -m tests.faults", **told, "runs": list(runs)}}


def test_page_without_figures_names_the_commands_that_measure_them() -> None:
    page = render({})
    for command in ("make faults", "python -m tests.faults.guards", "python -m tests.faults.peers"):
        assert f"Not measured yet: `{command}`" in page


def test_page_says_which_runs_are_of_another_commit() -> None:
    again = _run(name="clock-104", measured={"date": "2026-11-29", "commit": "def"})
    same = _run(measured={"date": "2026-11-24", "commit": "abc"})
    page = render(_figures(same, _run(name="small-108"), again))
    assert "commit abc: a cpu" in page
    assert page.count("clock-104: on 2026-11-29, commit def.") == 1
    assert "small-101: on" not in page
    assert "small-108: on" not in page


def test_page_adds_up_runs_and_says_what_is_lost_and_doubled() -> None:
    power = _run(name="power-105", seed=105, lost=3, doubled=2, recovered={**PART, "lost": 3}, redis_bytes_lost=900)
    page = render(_figures(_run(), power))
    assert "**500,000 events, 8 faults: 3 lost, 2 counted twice.**" in page
    assert "2 (of at most 40)" in page
    assert "with 2 seeds" in page
    assert "15.0 % resent, 1.0 % malformed" in page
    assert "All of it was kept" in page


def test_page_shows_guards_and_peers_as_they_were_written() -> None:
    guard = {"guard": "gate", "switched_off_how": "a subclass", "caught_by": "harness", "command": "run it"}
    guard |= {"figures": {"lost": 12, "doubled": 0, "standstill_seconds": None}, "sentence": "Read twice | lost."}
    peer = {"name": "Faust Table", "version": "0.15.3", "settings": "defaults", "faults": 9, "events": 90_000}
    peer |= {"lost": 7_157, "doubled": 149_615, "crashes": 2, "standstill_seconds_max": 12.34, "note": None}
    page = render({"guards": [guard], "peers": [peer]})
    assert "| gate | a subclass | harness | lost 12; doubled 0 | `run it` |" in page
    assert "- gate: Read twice | lost." in page
    assert "| Faust Table 0.15.3 | defaults | 9 | 90,000 | 7,157 | 149,615 | 2 | 12.3 s |  |" in page


def test_kinds_have_their_median_and_longest_over_all_runs() -> None:
    header, rows = kinds_table([_run(), _run()])
    assert header[0] == "fault"
    assert rows[1] == ["kill", "4", "6.4 s", "7.0 s", "7.0 s"]
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.5) == 2.0
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.99) == 4.0


def test_every_limit_that_is_exceeded_is_told() -> None:
    told = exceeded(FAULTS, session_seconds=1.9)
    assert [text.split(":")[0] for text in told] == ["fault 2 (kill)", "fault 3 (join)", "fault 4 (power cut)"]
    assert exceeded(FAULTS[:2], session_seconds=6.0) == []
