"""A worker that comes back to a backlog: every window in its `/metrics` is the recount's, for where the window ends."""

from __future__ import annotations

import pytest

from bench import lag
from tests.support.kafka import KafkaBroker

pytestmark = [pytest.mark.kafka, pytest.mark.faults]


def test_every_window_in_the_metrics_is_true_for_its_end_while_a_backlog_is_read(kafka_broker: KafkaBroker) -> None:
    found = lag.run(quick=True)
    print(found)
    assert found["wrong"] == []
    # Of a worker that is only looked at when it has read everything this would be no test.
    assert found["values_while_held_back"] > 0
    assert found["exact"] > found["between_bounds"]
    assert found["least_share_with_a_clock"] < 0.8


def test_a_drop_that_lag_had_faked_would_be_found() -> None:
    times = {"visit": [(pane * lag.PANE_MS, pane * lag.PANE_MS + 5) for pane in range(1, 61)], "click": []}
    samples = lag.Samples()
    end_ms = 60 * lag.PANE_MS + 9_000
    shown = lag.Shown("visits", "5m", 31.0, end_ms, end_ms, end_ms, True)
    samples.shown = [shown]
    assert lag.verdict(samples, times)["wrong"] == []
    for value in (30.0, 32.0, None):
        samples.shown = [lag.Shown("visits", "5m", value, end_ms, end_ms, end_ms, True)]
        assert len(lag.verdict(samples, times)["wrong"]) == 1
