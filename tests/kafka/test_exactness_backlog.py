"""A backlog freezes the picture and says so; no window ever shows a drop that was none."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.faults.events import CAMPAIGNS
from tests.faults.processes import WorkerProcess, wait_for
from tests.faults.recount import Recount
from tests.kafka.exactness import deployed
from tests.support.kafka import KafkaBroker

pytestmark = [pytest.mark.kafka, pytest.mark.faults]

CAMPAIGN = CAMPAIGNS[0]
PANE_MS = 10_000
BACKLOG_SECONDS = 20.0
HELD_SECONDS = 4.0


def test_windows_of_a_backlog_end_where_it_is_read_to_and_never_show_a_drop(
    kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    with deployed(tmp_path, kafka_broker) as deployment, deployment.sender(seed=81, rate=500) as sender:
        (worker,) = deployment.start("only")
        deployment.wait_counting()
        time.sleep(2.0)
        assert worker.stop()[0] == 0
        time.sleep(BACKLOG_SECONDS)
        redis = deployment.redis.pid
        assert redis is not None
        os.kill(redis, signal.SIGSTOP)  # so that the backlog stands still for a while
        try:
            deployment.start("only")
            wait_for(lambda: bool(_visits(worker)), 30, worker.tail)
            held = _sample(worker, time.monotonic() + HELD_SECONDS)
        finally:
            os.kill(redis, signal.SIGCONT)
        caught_up = held[-1:]
        while caught_up[-1]["held_back_by"]:
            caught_up += _sample(worker, time.monotonic() + 0.2)
            assert time.monotonic() - caught_up[0]["at"] < 60, worker.tail()
        live = _sample(worker, time.monotonic() + 2.0)
        sender.finish()
        found = deployment.recount()
        print(f"{len(held)} pictures held back, {len(caught_up)} catching up, {len(live)} live")
        assert all("to its end" in " ".join(sample["held_back_by"]) for sample in held)
        assert "not read to its end" in " ".join(held[-1]["held_back_by"])
        wrong = [text for sample in [*held, *caught_up, *live] if (text := _wrong(sample, found))]
        assert wrong == []
        assert live[-1]["taken_at_ms"] - live[-1]["end_ms"] < 5_000
        assert held[-1]["taken_at_ms"] - held[-1]["end_ms"] > BACKLOG_SECONDS * 1000
        verdict = deployment.verdict(found)
        print(verdict)
        assert verdict.exact, f"{verdict}\n{worker.tail()}"


def _sample(worker: WorkerProcess, until: float) -> list[dict[str, Any]]:
    """Pictures until that time of the monotonic clock, at least one."""
    samples: list[dict[str, Any]] = []
    while not samples or time.monotonic() < until:
        assert worker.alive, worker.tail()
        assert time.monotonic() < until + 20, worker.tail()
        if sample := _visits(worker):
            samples.append({**sample, "at": time.monotonic()})
        time.sleep(0.1)
    return samples


def _visits(worker: WorkerProcess) -> dict[str, Any]:
    """The visits of the last minute in one picture; empty where there are none to be seen."""
    answer = worker.json(f"/api/campaigns/{CAMPAIGN}")
    for channel in answer.get("channels", ()):
        for kpi in channel["kpis"]:
            if channel["channel"] == "all" and (kpi["kpi"], kpi["window"]) == ("visits", "1m"):
                return {name: answer[name] for name in ("held_back_by", "taken_at_ms")} | kpi
    return {}


def _wrong(sample: dict[str, Any], found: Recount) -> str | None:
    """What is wrong with a window: it must have all that Kafka had before its end, and nothing of other times."""
    start, end = sample["start_ms"], sample["end_ms"]
    last_pane_ends = -(-end // PANE_MS) * PANE_MS
    mine = [
        (time_ms, kafka_ms)
        for topic, campaign, _, time_ms, kafka_ms, fields in found.events
        if (topic, campaign) == ("visit", CAMPAIGN) and not fields.get("test")
    ]
    most = sum(1 for time_ms, _ in mine if (start or 0) <= time_ms < last_pane_ends)
    least = sum(1 for time_ms, kafka_ms in mine if (start or 0) <= time_ms < end and kafka_ms < end)
    if least <= sample["value"] <= most and sample["value"] > 0:
        return None
    return f"visits of {start}..{end} must be {least}..{most} and more than 0, were {sample['value']}"
