"""The short form of the faults, as `python -m tests.faults --short` runs it, and that a loss would fail it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.faults import __main__ as faults
from tests.faults.forms import SHORT
from tests.faults.kinds import WORKERS_CHANGE
from tests.support.kafka import KafkaBroker

MATTER = {"kill", "freeze", "broker", "redis", "network cut", WORKERS_CHANGE}


@pytest.mark.kafka
@pytest.mark.faults
def test_one_fault_of_every_kind_that_matters_loses_nothing_and_doubles_nothing(
    kafka_broker: KafkaBroker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The broker of the session is asked for only so that missing parts skip the test: this one is killed.
    status = faults.main(["--short", "--state", str(tmp_path)])
    print(said := capsys.readouterr().out)
    (kept,) = json.loads((tmp_path / "state.json").read_text()).values()
    figures = kept["figures"]
    assert status == 0, said
    assert figures["lost"] == figures["doubled"] == figures["recovered"]["lost"] == figures["recovered"]["doubled"] == 0
    assert figures["counted"] > 15_000
    assert figures["compared"] > 10_000
    assert min(figures["kpis"], figures["recovered"]["kpis"]) > 10_000
    assert {fault["kind"] for fault in figures["faults"]} == MATTER - {WORKERS_CHANGE} | {"join", "leave"}


def test_short_plan_has_a_fault_of_every_kind_that_matters() -> None:
    assert {kind for run in SHORT for kind in run.faults} == MATTER
