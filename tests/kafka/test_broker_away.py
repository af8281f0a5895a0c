"""A broker that dies and comes back: workers wait for it, and no group is left that owns nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kafka.cluster import Worker, create_topics, produce, spread, wait_for, workers
from tests.support.kafka import KafkaBroker

pytestmark = pytest.mark.kafka
ALL = [0, 1, 2, 3]


@pytest.fixture
def own_broker(kafka_broker: KafkaBroker) -> Iterator[KafkaBroker]:
    """A broker that this test may kill. (The session's one is asked for only so that missing parts skip the test.)"""
    with KafkaBroker() as broker:
        yield broker


def _counts_all(worker: Worker) -> None:
    wait_for(lambda: sum(worker.report().get("counts", {}).values()) == 400, 40, worker.report)
    assert worker.report()["source"] == ALL
    assert worker.report()["unowned"] == []


async def test_workers_started_as_the_broker_dies_own_all_partitions_soon_after_it_is_back(
    own_broker: KafkaBroker, tmp_path: Path
) -> None:
    address = own_broker.address
    await create_topics(address, "early", 4)
    await create_topics(address, "late", 4)
    for app in ("early", "late"):
        await produce(address, f"{app}-src", spread(400, 4))
    with workers() as started:
        early = Worker(tmp_path, "early", address, "early", 4, watched_seconds=3.0)
        started.append(early)
        time.sleep(2.0)  # it has imported, connected, and is about to join
        own_broker.kill()
        late = Worker(tmp_path, "late", address, "late", 4, watched_seconds=3.0)
        started.append(late)
        time.sleep(3.0)
        own_broker.start()
        for worker in (early, late):
            _counts_all(worker)
