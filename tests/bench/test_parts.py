"""What is said of the machine beside a measurement."""

from __future__ import annotations

import os
import time

import pytest

from bench.parts import WORKER_CORE, Busy, full_or_not, on_core
from bench.report_parts import latency, screen


@pytest.mark.skipif((os.cpu_count() or 1) <= WORKER_CORE, reason="only one core")
def test_a_core_on_which_something_computes_is_busy() -> None:
    with on_core(WORKER_CORE):
        busy, until = Busy(), time.monotonic() + 0.5
        while time.monotonic() < until:
            pass
        shares = busy.shares()
    assert shares[str(WORKER_CORE)] > 0.8
    assert all(0 <= share <= 1 for share in shares.values())


def test_a_full_machine_is_said_so() -> None:
    assert full_or_not({"0": 1.0, "1": 0.9}).endswith("the machine was full, and what waits for it is late")
    assert "full" not in full_or_not({"0": 1.0, "1": 0.88})
    assert full_or_not({"0": 1.0, "1": 0.4}) == "core 0 was busy 100% of the time, core 1 was busy 40% of the time"
    assert full_or_not({}) == "how busy the cores were is not known"


def test_the_page_says_of_each_measurement_how_full_the_machine_was() -> None:
    spread = {"p50": 0.4, "p95": 0.8, "p99": 1.1, "max": 1.2, "count": 9}
    case = {"seconds": {"api_5m": spread}, "cores_busy": {"0": 0.99, "1": 0.4}}
    wanted = {"p50": 0.6, "p99": 1.2}
    page = latency({"wanted_seconds": wanted, "cases": {"a rush": case, "as kept before": {"seconds": {}}}})
    assert page.splitlines()[-1].startswith("With a rush, core 0 was busy 99% of the time")
    assert "as kept before" not in page
    viewers = {"campaigns": 3, "rate": 150.0, "alerts": 1, "wanted_more": 0.1, "more": {"200": 0.09}}
    found = {"wanted_seconds": wanted, "viewers": viewers, "events_per_second": 5e3, "seconds": {"owner": spread}}
    assert "Core 0 was busy 99% of the time" in screen(found | {"cores_busy": case["cores_busy"]})
    assert "busy" not in screen(found)
