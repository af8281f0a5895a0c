"""The board "Pipeline": whether the service itself keeps up, for whoever runs it."""

from collections.abc import Iterator

from grafana_foundation_sdk.builders import bargauge, dashboard, table, timeseries

from grafana.elements import Column, Panel, bars, lines, query, rows
from grafana.frame import PIPELINE, Row, board
from grafana.queries import RATE, age_of_picture, ledger_difference, once, per_second
from grafana.style import BAD, CAREFUL, GOOD
from grafana.thresholds import LOOKBACK
from grafana.trust import trust

OF_PEOPLE = ("click", "open", "visit", "mention", "sale", "delivery", "impression")
OF_THE_BUSINESS = ("lead", "spend", "survey", "customer", "tactic")
_OF_WORKERS = '{job="launchpulse"}'


def pipeline() -> dashboard.Dashboard:
    """Throughput, lag, ledger, dead letters, Redis, and the workers one by one."""
    return board(
        PIPELINE,
        "The service itself: what comes in, how far behind it is, whether every event is accounted for, and how each "
        "worker does.",
        _rows(),
    )


def _rows() -> Iterator[Row]:
    yield "Live, fresh, complete?", trust()
    yield "What comes in", [*_throughput(), _results()]
    yield "How far behind", [*_lag(), _drain(), _freshness()]
    yield "Is every event accounted for?", [_ledger(), _dead_letters(), _reasons()]
    yield "Work and its limits", [_busy(), _claims(), _redis(), _rebalances(), _budget(), _render()]
    yield "Worker by worker", [_workers()]


def _throughput() -> Iterator[Panel]:
    for title, topics in (("Events of people", OF_PEOPLE), ("Statements of the business", OF_THE_BUSINESS)):
        panel = lines(title, "Records read, a second, by topic.", "eps", topics)
        yield panel.with_target(query(per_second("launchpulse_events_read_total", "topic", of=topics), "{{topic}}"))


def _results() -> timeseries.Panel:
    panel = lines(
        "What becomes of them",
        "Records a second, all topics: counted; duplicate (counted before); invalid (a dead letter).",
        "eps",
        ("counted", "duplicate", "invalid"),
    )
    return panel.with_target(query(per_second("launchpulse_events_total", "result"), "{{result}}"))


def _lag() -> Iterator[Panel]:
    for title, topics in (("Lag: events of people", OF_PEOPLE), ("Lag: statements", OF_THE_BUSINESS)):
        panel = lines(title, "Seconds that each topic is behind the end of its log.", "s", topics)
        metric = f'launchpulse_lag_seconds{{topic=~"{"|".join(topics)}"}}'
        yield panel.with_target(query(once(metric, "topic"), "{{topic}}"))


def _drain() -> timeseries.Panel:
    panel = lines(
        "Time to drain",
        "Seconds until the slowest worker has read its backlog at the present pace. No end in sight while it grows: "
        "add workers.",
        "s",
    )
    return panel.with_target(query(once("launchpulse_time_to_drain_seconds"), "slowest worker"))


def _freshness() -> timeseries.Panel:
    seconds = f"sum by (le) (rate(launchpulse_event_to_metric_seconds_bucket[{RATE}]))"
    panel = lines(
        "From event to picture",
        "Seconds from an event's Kafka time to the picture that shows it, of 50 and 95 %; and the age of the oldest "
        "picture.",
        "s",
        ("50%", "95%", "age"),
    )
    for ref_id, quantile in (("A", 0.5), ("B", 0.95)):
        panel = panel.with_target(query(f"histogram_quantile({quantile}, {seconds})", f"{quantile:.0%}", ref_id))
    return panel.with_target(query(age_of_picture(), "age of the picture", "C"))


def _ledger() -> timeseries.Panel:
    panel = lines(
        "Ledger",
        "read - (counted + duplicate + invalid), without signs, over all source partitions. Always 0; otherwise events "
        "were lost or doubled.",
        "short",
    )
    return panel.with_target(query(ledger_difference(), "difference"))


def _dead_letters() -> timeseries.Panel:
    panel = lines(
        "Refused and late",
        "Records a second: dead letters (refused); late (counted, over 15 minutes after their time); made by machines; "
        "tests.",
        "eps",
        ("dead letters", "late", "machines", "tests"),
    )
    for ref_id, metric, name in (
        ("A", 'launchpulse_events_total{result="invalid"}', "dead letters"),
        ("B", "launchpulse_events_late_total", "late"),
        ("C", "launchpulse_events_machine_total", "machines"),
        ("D", "launchpulse_events_test_total", "tests"),
    ):
        panel = panel.with_target(query(per_second(metric), name, ref_id))
    return panel


def _reasons() -> bargauge.Panel:
    panel = bars(
        "Dead letters by reason",
        "The eight commonest reasons, by topic, since the beginning; `launchpulse dead-letters list` has the records.",
        "short",
    )
    single = f"max by (topic, partition, reason) (last_over_time(launchpulse_dead_letters_total[{LOOKBACK}]))"
    expr = f"topk(8, sum by (topic, reason) ({single}))"
    return panel.with_target(query(expr, "{{topic}}: {{reason}}", instant=True))


def _busy() -> timeseries.Panel:
    panel = (
        lines(
            "Busy share",
            "Share of the time in which a worker's loop works: the busiest, and the mean of all. Near 100 % it takes "
            "more workers.",
            "percentunit",
            ("busiest", "mean"),
        )
        .min(0)
        .max(1)
    )
    shares = f"last_over_time(launchpulse_busy_ratio[{LOOKBACK}])"
    return panel.with_target(query(f"max({shares})", "busiest")).with_target(query(f"avg({shares})", "mean", "B"))


def _claims() -> timeseries.Panel:
    panel = lines(
        "Redis: time to claim",
        "Seconds to claim a run of event ids in Redis, of 50 and 95 %. It bounds the throughput.",
        "s",
        ("50%", "95%"),
    )
    seconds = f"sum by (le) (rate(launchpulse_claim_seconds_bucket[{RATE}]))"
    for ref_id, quantile in (("A", 0.5), ("B", 0.95)):
        panel = panel.with_target(query(f"histogram_quantile({quantile}, {seconds})", f"{quantile:.0%}", ref_id))
    return panel


def _redis() -> timeseries.Panel:
    panel = lines(
        "Failures",
        "A minute, all workers: calls to Redis that failed; blocks in conflict (a log was cut under us); campaigns "
        "refused because a partition is full; texts that the sentiment plug-in did not score. And the keys that Redis "
        "has thrown away since its start: anything but 0 means that it forgets claims.",
        "short",
        ("Redis", "conflicts", "refused", "texts", "thrown"),
    )
    for ref_id, metric, name in (
        ("A", "launchpulse_redis_errors_total", "Redis"),
        ("B", "launchpulse_block_conflicts_total", "conflicts"),
        ("C", "launchpulse_labels_overflowed_total", "refused"),
    ):
        panel = panel.with_target(query(f"sum(increase({metric}[{RATE}]))", name, ref_id))
    # A counter by reason begins with the first that fails.
    texts = f"sum(increase(launchpulse_sentiment_unscored_total[{RATE}])) or vector(0)"
    panel = panel.with_target(query(texts, "texts", "D"))
    return panel.with_target(query(once("launchpulse_redis_evicted_keys"), "thrown away", "E"))


def _rebalances() -> timeseries.Panel:
    panel = lines(
        "Rebalances and recovery",
        "Rebalances of the group in five minutes (each worker counts its own, the most counts here), and how many "
        "workers recover their tables now. Figures may stand still meanwhile.",
        "short",
        ("rebalances", "recovering"),
    )
    panel = panel.with_target(query("max(increase(launchpulse_rebalances_total[5m]))", "rebalances"))
    return panel.with_target(query(f"sum(last_over_time(launchpulse_recovery_active[{LOOKBACK}]))", "recovering", "B"))


def _budget() -> timeseries.Panel:
    panel = lines(
        "How full",
        "How much of its series budget the fullest worker uses: at 100 % channels are left out, see docs/metrics.md. "
        "And how much of its memory Redis uses: at 100 % nothing more is counted.",
        "percentunit",
        ("series", "Redis"),
    ).min(0)
    used = f"last_over_time(launchpulse_series[{LOOKBACK}]) / last_over_time(launchpulse_series_budget[{LOOKBACK}])"
    panel = panel.with_target(query(f"max({used})", "series of the fullest worker"))
    return panel.with_target(query(once("launchpulse_redis_memory_ratio"), "Redis' memory", "B"))


def _render() -> timeseries.Panel:
    panel = lines("Time to render", "Seconds to render the campaigns of one picture, of 95 %.", "s")
    seconds = f"sum by (le) (rate(launchpulse_render_seconds_bucket[{RATE}]))"
    return panel.with_target(query(f"histogram_quantile(0.95, {seconds})", "95%"))


def _workers() -> table.Panel:
    def own(metric: str) -> str:
        return f"max by (instance) (last_over_time({metric}[{LOOKBACK}]))"

    columns = [
        Column(f"max by (instance) (up{_OF_WORKERS})", "Answers", steps=((None, BAD), (1, GOOD))),
        Column(f"time() - {own('launchpulse_snapshot_timestamp_seconds')}", "Age of the picture", "s"),
        Column(own("launchpulse_busy_ratio"), "Busy", "percentunit", ((None, GOOD), (0.8, CAREFUL), (0.95, BAD))),
        Column(f"max by (instance) (rate(process_cpu_seconds_total{_OF_WORKERS}[{RATE}]))", "CPUs"),
        Column(own(f"process_resident_memory_bytes{_OF_WORKERS}"), "Memory", "bytes"),
        Column(f"sum by (instance) (rate(launchpulse_processed_total[{RATE}]))", "Events", "eps"),
        Column(
            f"count by (instance) (last_over_time(launchpulse_partition_generation[{LOOKBACK}]))", "Partitions owned"
        ),
        Column(own("launchpulse_recovery_active"), "Recovers", steps=((None, GOOD), (1, CAREFUL))),
        Column("max by (instance) (increase(launchpulse_redis_errors_total[5m]))", "Redis failures in 5 min"),
        Column(own("launchpulse_series"), "Series"),
    ]
    return rows(
        "Workers",
        "A row for each worker that Prometheus scrapes. Events are what it has worked on, repeats included.",
        columns,
        {"instance": "Worker"},
        sort=("Worker", False),
    )
