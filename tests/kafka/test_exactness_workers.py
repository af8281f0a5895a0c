"""Workers die, freeze and stop: an independent recount agrees to the event."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.faults.deployment import SESSION_SECONDS
from tests.faults.processes import Series
from tests.kafka.exactness import deployed
from tests.support.kafka import KafkaBroker

pytestmark = [pytest.mark.kafka, pytest.mark.faults]


def test_three_workers_one_killed_one_frozen_beyond_its_session_lose_and_double_nothing(
    kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    with (
        deployed(tmp_path, kafka_broker, test_block_offsets=300) as deployment,
        deployment.sender(seed=11, rate=300) as sender,
    ):
        deployment.start("w1", "w2", "w3")
        deployment.wait_counting()
        w1, w2 = deployment.workers["w1"], deployment.workers["w2"]
        w1.kill()
        time.sleep(1.0)
        deployment.start("w1")
        deployment.wait_counting()
        w2.freeze()
        time.sleep(SESSION_SECONDS + 3.0)
        deployment.wait_counting()
        w2.resume()
        time.sleep(2.0)
        deployment.wait_counting()
        sender.finish()
        verdict = deployment.verdict()
        print(verdict)
        assert verdict.exact, f"{verdict}\n{deployment.tails()}"
        assert verdict.records == sender.sent > 3_000


def test_workers_stopped_in_the_middle_end_with_0_and_their_counters_never_fall(
    kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    with deployed(tmp_path, kafka_broker) as deployment, deployment.sender(seed=12, rate=400) as sender:
        deployment.start("w1", "w2")
        deployment.wait_counting()
        time.sleep(2.0)
        before = _counters(deployment.scrape())
        for worker in deployment.live:
            code, seconds = worker.stop()
            print(f"{worker.name}: exit code {code} after {seconds:.1f} s")
            assert code == 0, worker.tail()
            assert seconds < 10
        deployment.start("w1", "w2")
        while not (after := _counters(deployment.scrape())) or deployment.unready():
            assert _falls(before, after) == {}
        deployment.wait_counting()
        sender.finish()
        verdict = deployment.verdict()
        print(verdict)
        after = _counters(deployment.scrape())
        assert before.keys() <= after.keys()
        assert _falls(before, after) == {}
        assert verdict.exact, f"{verdict}\n{deployment.tails()}"


def _counters(scraped: dict[Series, float]) -> dict[Series, float]:
    """What is counted for good: not what a process has done since its start."""
    names = ("campaign_events_total", "launchpulse_events_total", "launchpulse_events_read_total")
    return {series: value for series, value in scraped.items() if series[0] in names}


def _falls(before: dict[Series, float], after: dict[Series, float]) -> dict[Series, tuple[float, float]]:
    assert before
    return {
        series: (value, after[series]) for series, value in before.items() if series in after and after[series] < value
    }
