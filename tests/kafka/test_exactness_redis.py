"""Redis is killed: ingest waits and says why, counts nothing unchecked, loses nothing, and goes on by itself."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.faults.deployment import Deployment
from tests.faults.processes import wait_for
from tests.faults.recount import NOT_CLAIMED
from tests.kafka.exactness import deployed
from tests.support.kafka import KafkaBroker

pytestmark = [pytest.mark.kafka, pytest.mark.faults]


def claimed(deployment: Deployment) -> int:
    """Records read of the topics whose events are claimed: all but those of spend, which may be stated twice."""
    return sum(read for (topic, _), read in deployment.read_by_source().items() if topic != NOT_CLAIMED)


def stands_still(deployment: Deployment) -> bool:
    """Whether nothing more of these is counted for a second."""
    before = claimed(deployment)
    time.sleep(1.0)
    return claimed(deployment) == before


def test_killed_redis_holds_counting_back_and_costs_nothing(kafka_broker: KafkaBroker, tmp_path: Path) -> None:
    with deployed(tmp_path, kafka_broker) as deployment, deployment.sender(seed=31, rate=400) as sender:
        (worker,) = deployment.start("only")
        deployment.wait_counting()
        time.sleep(1.0)
        deployment.redis.kill()
        waiting = wait_for(lambda: any("claims wait" in reason for reason in worker.reasons()), 10, worker.reasons)
        assert worker.get("/readyz")[0] == 503
        assert worker.get("/healthz")[0] == 200
        # What was claimed before comes into the picture yet, on a busy machine some seconds later.
        wait_for(lambda: stands_still(deployment), 15, lambda: claimed(deployment))
        held = claimed(deployment)
        time.sleep(2.0)
        assert claimed(deployment) == held, "something was counted unchecked"
        deployment.redis.start()
        counting = deployment.wait_counting(30.0)
        print(f"not ready {waiting:.1f} s after the kill, counting {counting:.1f} s after the restart")
        sender.finish()
        verdict = deployment.verdict()
        print(verdict)
        assert verdict.exact, f"{verdict}\n{worker.tail()}"
