"""Health of a worker: alive as long as its heart beats, whether or not anybody has ever asked for a picture."""

import time
from types import SimpleNamespace
from typing import Any, cast

from agents.health import STUCK_SECONDS, WorkerHealth, health_of


def health(beat_at: float) -> WorkerHealth:
    consumer = SimpleNamespace(generation=3, refusals={}, ownership=SimpleNamespace(unowned=set()))
    parts = SimpleNamespace(
        app=SimpleNamespace(rebalancing=False),
        consumer=consumer,
        claims=SimpleNamespace(ready=True, reason=""),
        vitals=SimpleNamespace(beat_at=beat_at),
    )
    return health_of(cast(Any, parts))


def test_a_worker_whose_heart_beats_is_live_and_ready() -> None:
    assert health(time.monotonic()) == WorkerHealth(True, True, ())


def test_a_worker_whose_heart_has_stopped_is_not_live() -> None:
    assert not health(time.monotonic() - STUCK_SECONDS - 1).live


def test_a_worker_that_recovers_its_tables_is_live_and_not_ready() -> None:
    assert health(0.0) == WorkerHealth(True, False, ("its tables are being recovered",))
