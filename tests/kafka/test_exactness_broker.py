"""The broker dies: a worker that was just starting, and those that run, go on counting; nothing is lost or doubled."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kafka.exactness import deployed
from tests.support.kafka import KafkaBroker

pytestmark = [pytest.mark.kafka, pytest.mark.faults]

STARTS_SECONDS = 2.0
AWAY_SECONDS = 3.0


@pytest.fixture
def own_broker(kafka_broker: KafkaBroker) -> Iterator[KafkaBroker]:
    """A broker that this test may kill. (The session's one is asked for only so that missing parts skip the test.)"""
    with KafkaBroker(heap_mb=384) as broker:
        yield broker


def test_worker_started_as_the_broker_is_killed_counts_soon_after_it_is_back(
    own_broker: KafkaBroker, tmp_path: Path
) -> None:
    with deployed(tmp_path, own_broker) as deployment, deployment.sender(seed=21, rate=300) as sender:
        deployment.start("early")
        time.sleep(STARTS_SECONDS)
        own_broker.kill()
        deployment.start("late")
        time.sleep(AWAY_SECONDS)
        assert all(worker.alive for worker in deployment.workers.values()), deployment.tails()
        own_broker.start()
        seconds = deployment.wait_counting(30.0)
        print(f"counting {seconds:.1f} s after the broker was back")
        time.sleep(2.0)
        own_broker.kill()
        time.sleep(1.0)
        own_broker.start()
        print(f"counting {deployment.wait_counting(30.0):.1f} s after the broker was back again")
        sender.finish()
        verdict = deployment.verdict()
        print(verdict)
        assert verdict.exact, f"{verdict}\n{deployment.tails()}"
        assert verdict.records == sender.sent
