"""What is made of the rounds: ratios are of runs of one round, and the page says what the figures say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bench.contenders.meter import Meter
from bench.contenders.registry import CONTENDERS, by_name
from bench.report import plots, render
from bench.throughput import EVENTS, LEAST_EVENTS, log_of, size_of, summary


def run(per_second: float) -> dict[str, float]:
    return {"per_second": per_second, "per_cpu_second": per_second * 2}


ROUNDS = [
    {"loop": run(100_000), "ours-B": run(300_000), "faust-table": run(2_000)},
    {"loop": run(200_000), "ours-B": run(400_000), "faust-table": run(2_000)},
    {"loop": run(400_000), "faust-table": run(4_000)},
]
FIGURES: dict[str, Any] = {
    "throughput": {
        "machine": {
            "cpu": "a CPU", "cores": 2, "memory_gib": 4.0, "system": "Linux", "kernel": "6", "python": "3.11.7",
            "date": "2026-11-24", "commit": "abc",
        },
        "shape": {"seed": 8, "campaigns": 100, "per_second": 25_000},
        "events": 3_000_000, "compression": "none", "versions": {"aiokafka": "0.14.0"}, "left_out": {},
        "checksums": {mix: {"records": 30_000, "sha256": "00ff"} for mix in ("five", "twelve")},
        "failures": ["round 3: ours-B counted wrong"], "rounds": ROUNDS,
        "summary": summary(ROUNDS),
    }
}  # fmt: skip


def test_a_ratio_is_of_two_runs_of_one_round() -> None:
    found = summary(ROUNDS)
    assert found["ours-B"]["ratio"] == {"median": 2.5, "min": 2.0, "max": 3.0}
    assert found["loop"]["ratio"] == {"median": 1.0, "min": 1.0, "max": 1.0}


def test_a_round_without_a_figure_is_left_out() -> None:
    found = summary(ROUNDS)
    assert (found["ours-B"]["rounds"], found["loop"]["rounds"]) == (2, 3)


def test_without_the_baseline_there_is_no_ratio() -> None:
    assert summary([{"ours-B": run(1)}])["ours-B"]["ratio"] is None


def test_slow_contenders_get_a_beginning_of_the_log() -> None:
    sizes = {contender.name: size_of(contender, EVENTS) for contender in CONTENDERS}
    assert sizes["loop"] == sizes["ours-C"] == EVENTS
    assert LEAST_EVENTS <= sizes["faust-table"] < sizes["quix-window"] < EVENTS


def test_all_contenders_but_one_of_ours_count_the_same_stream_of_five_topics() -> None:
    assert {contender.name for contender in CONTENDERS if log_of(contender, EVENTS)[0] != "five"} == {"ours-C12"}


def test_an_unknown_contender_is_refused_by_name() -> None:
    with pytest.raises(KeyError, match="nobody"):
        by_name(["loop", "nobody"])


def test_the_page_is_the_same_from_the_figures_as_they_are_kept() -> None:
    measured = {**FIGURES["throughput"], "checksums": dict(reversed(FIGURES["throughput"]["checksums"].items()))}
    kept = json.loads(json.dumps({"throughput": measured}, sort_keys=True))
    assert render({"throughput": measured}) == render(kept)


def test_the_page_tells_ratios_spread_and_whoever_failed() -> None:
    page = render(FIGURES)
    assert "| **this service: durable windows** | B | 2.50 (2.00 … 3.00) | 350 (300 … 400) | 700 |" in page
    assert "175 × the Faust Table" in page
    assert "round 3: ours-B counted wrong" in page
    assert "The mix of twelve topics (bench/mix.py): 25 % `impression`, 20 % `visit`, 20 % `delivery`, 16 %" in page
    assert "SHA-256 of the first 30,000 records of five topics (bench/stream.py): `00ff`" in page
    assert render(FIGURES) == page
    assert next(bar[0] for bar in plots(FIGURES)[0]["bars"]).startswith("this service: durable windows")


def test_warm_up_is_dropped_and_the_end_is_when_everything_is_counted() -> None:
    meter = Meter(1_000)
    for _ in range(9):
        meter.add(100)
    assert not meter.done
    meter.add(100)
    assert meter.done
    assert meter._begun is not None
    assert meter._begun[0] == 100
    assert meter._ended is not None
    assert meter._ended[0] == 1_000
