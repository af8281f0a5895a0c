"""One scene an alert about the pipeline."""

from __future__ import annotations

from tests.rules.scenes import WORKER, Scene, Series, counter, gauge

_BUDGET: Series = ("launchpulse_series_budget", {}, gauge((60, 100_000)))
_READ: Series = ("launchpulse_events_read_total", {"topic": "click", "partition": "0"}, counter((140, 600)))

SCENES = (
    Scene(
        alert="PipelineLate",
        series=(("launchpulse_lag_seconds", {"topic": "click"}, gauge((10, 1), (5, 90), (15, 1))),),
        quiet=9,
        pending=10,
        firing=12,
        resolved=20,
        labels={"topic": "click"},
        summary="click is 1m 30s behind the end of its log.",
        panel="Lag: events of people",
    ),
    Scene(
        alert="PipelineNotDraining",
        series=(("launchpulse_time_to_drain_seconds", {}, gauge((10, 0), (10, 3600), (15, 0))),),
        quiet=10.75,
        pending=11.5,
        firing=13,
        resolved=25,
        summary="At its present pace a worker needs 1h 0m 0s for its backlog.",
    ),
    Scene(
        alert="PipelineWorkerMissing",
        series=(
            ("up", {}, gauge((10, 1), (5, 0), (15, 1))),
            ("up", {"instance": "w2:6066"}, gauge((30, 1))),
        ),
        quiet=9,
        pending=10.25,
        firing=12,
        resolved=16,
        labels=WORKER,
        summary="w1:6066 does not answer; 1 of 2 workers do.",
    ),
    Scene(
        alert="PipelineRecovering",
        series=(("launchpulse_recovery_active", {}, gauge((10, 0), (10, 1), (15, 0))),),
        quiet=9,
        pending=11,
        firing=14,
        resolved=24,
        labels=WORKER,
        summary="w1:6066 has been recovering for more than two minutes.",
    ),
    Scene(
        alert="PipelineHeldBack",
        series=(("launchpulse_held_back_reasons", {}, gauge((10, 0), (10, 2), (15, 0))),),
        quiet=9,
        pending=10.25,
        firing=14,
        resolved=24,
        labels={"instance": WORKER["instance"]},
        summary="w1:6066 holds its picture back (reasons: 2), or has not renewed it; `held_back_by` of /api/campaigns "
        "names them.",
    ),
    Scene(
        alert="PipelineLedgerUnbalanced",
        series=(
            ("launchpulse_ledger_difference", {"topic": "sale", "partition": "3"}, gauge((10, 0), (10, 2), (10, 0))),
        ),
        quiet=9,
        pending=10.5,
        firing=14,
        resolved=22,
        labels={"topic": "sale", "partition": "3"},
        summary="sale/3: 2 records were read and neither counted nor refused.",
    ),
    Scene(
        alert="PipelineDeadLettersJump",
        series=(
            _READ,
            (
                "launchpulse_dead_letters_total",
                {"topic": "click", "partition": "0", "reason": "bad_time"},
                counter((80, 0), (20, 120), (40, 0)),
            ),
        ),
        quiet=79,
        pending=82,
        firing=86,
        resolved=110,
        labels={"topic": "click"},
        summary="click: 20% of the records of five minutes are refused.",
    ),
    Scene(
        alert="PipelineRedisFull",
        series=(("launchpulse_redis_memory_ratio", {}, gauge((10, 0.5), (10, 0.9), (10, 0.5))),),
        quiet=9,
        pending=10.5,
        firing=14,
        resolved=22,
        summary="Redis uses 90% of its memory.",
    ),
    Scene(
        alert="PipelineRedisEvicts",
        series=(("launchpulse_redis_evicted_keys", {}, gauge((10, 0), (20, 7))),),
        quiet=9,
        pending=None,
        firing=11,
        resolved=22,
        summary="Redis has thrown 7 keys away in five minutes.",
    ),
    Scene(
        alert="PipelineSeriesBudget",
        series=(
            _BUDGET,
            ("launchpulse_series", {}, gauge((10, 40_000), (20, 95_000), (10, 40_000))),
            ("launchpulse_channels_left_out", {}, gauge((60, 0))),
        ),
        quiet=9,
        pending=12,
        firing=20,
        resolved=32,
        labels=WORKER,
        summary="w1:6066 is near or over its series budget (0.95).",
    ),
)
