"""Every metric of the service itself, named in one place, and those of them that a worker keeps by itself.

Two kinds: what `Telemetry` keeps in a private registry (what this process did), and what is read from a snapshot when
it is rendered (`FROM_SNAPSHOT`: the ledger, the lag, the ownership). All begin with `launchpulse_`.
"""

import platform
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.registry import Collector

from streams.counting.merge import Outcome


@dataclass(frozen=True, slots=True)
class Family:
    """A metric that is rendered from a snapshot: its name, its type (`gauge` or `counter`) and its help line."""

    name: str
    type: str
    help: str


EVENTS = Family("launchpulse_events_total", "counter", "Records of a source partition's log by what became of them.")
READ = Family("launchpulse_events_read_total", "counter", "Records read: counted, duplicate and invalid together.")
LATE = Family("launchpulse_events_late_total", "counter", "Counted events that came over 15 minutes after their time.")
MACHINE = Family("launchpulse_events_machine_total", "counter", "Counted events that machines made.")
TEST = Family("launchpulse_events_test_total", "counter", "Counted events marked as a test; in no KPI.")
DEAD_LETTERS = Family("launchpulse_dead_letters_total", "counter", "Records sent to the dead-letter topic, by reason.")
LEDGER_DIFFERENCE = Family(
    "launchpulse_ledger_difference", "gauge", "read - (counted + duplicate + invalid) of a source partition; always 0."
)
LAG_RECORDS = Family("launchpulse_consumer_lag_records", "gauge", "Records of a source partition not yet summarised.")
LAG_SECONDS = Family("launchpulse_lag_seconds", "gauge", "How far the slowest partition of a topic is behind its end.")
GENERATION = Family(
    "launchpulse_partition_generation",
    "gauge",
    "Generation of this worker's ownership of a summaries partition; the newest counts.",
)
SNAPSHOT_TIME = Family(
    "launchpulse_snapshot_timestamp_seconds",
    "gauge",
    "When the picture was taken. Of a worker that does not answer the last one stays.",
)
HELD_BACK = Family("launchpulse_held_back_reasons", "gauge", "Reasons why the picture is held back; 0 when it is live.")
SERIES = Family("launchpulse_series", "gauge", "Campaign series in this scrape.")
SERIES_BUDGET = Family("launchpulse_series_budget", "gauge", "Most campaign series that a scrape may have.")
LEFT_OUT = Family(
    "launchpulse_channels_left_out", "gauge", "Campaigns' channels, `all` included, that the budget left out."
)
CAMPAIGN_LEFT_OUT = Family(
    "launchpulse_campaign_channels_left_out",
    "gauge",
    "The same of the campaigns that miss the most, at most 100 of them.",
)
UNCLEAN = Family("launchpulse_labels_unclean", "gauge", "Names left out of this scrape because no label may hold them.")

FROM_SNAPSHOT = (
    EVENTS, READ, LATE, MACHINE, TEST, DEAD_LETTERS, LEDGER_DIFFERENCE, LAG_RECORDS, LAG_SECONDS, GENERATION,
    SNAPSHOT_TIME, HELD_BACK, SERIES, SERIES_BUDGET, LEFT_OUT, CAMPAIGN_LEFT_OUT, UNCLEAN,
)  # fmt: skip

_SECONDS = (0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60, 300)
_FINE_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)


class Telemetry:
    """What this process did and how it is, as Prometheus metrics of a registry of its own.

    release: the version shown in `launchpulse_build_info`; that of the installed package unless given.
    """

    def __init__(self, release: str | None = None) -> None:
        registry = self.registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self.processed = Counter(
            "launchpulse_processed",
            "Records that this process has worked on, repeats after a restart or a rebalance too.",
            ["topic", "result"],
            registry=registry,
        )
        self.claim_seconds = Histogram(
            "launchpulse_claim_seconds", "Time to claim one run of event ids.", buckets=_FINE_SECONDS, registry=registry
        )
        self.summaries = Counter("launchpulse_summaries_sent", "Summary records sent by ingest.", registry=registry)
        self.merged_records = Counter(
            "launchpulse_summaries_merged", "Records of the summaries topic merged here.", registry=registry
        )
        self.contributions = Counter(
            "launchpulse_contributions",
            "Contributions to table keys, by what became of them.",
            ["outcome"],
            registry=registry,
        )
        self.block_conflicts = Counter(
            "launchpulse_block_conflicts",
            "Contributions that start inside another block: the log was cut under us.",
            registry=registry,
        )
        self.event_to_metric = Histogram(
            "launchpulse_event_to_metric_seconds",
            "From the Kafka time of an event until every picture that is asked for shows it.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.busy = Gauge("launchpulse_busy_ratio", "Share of the time in which the loop works.", registry=registry)
        self.time_to_drain = Gauge(
            "launchpulse_time_to_drain_seconds",
            "Time until the backlog is read at the present pace.",
            registry=registry,
        )
        self.rebalances = Counter(
            "launchpulse_rebalances", "Rebalances that this worker took part in.", registry=registry
        )
        self.recovery = Gauge("launchpulse_recovery_active", "1 while tables are recovered.", registry=registry)
        self.redis_errors = Counter("launchpulse_redis_errors", "Calls to Redis that failed.", registry=registry)
        self.redis_memory = Gauge(
            "launchpulse_redis_memory_ratio", "Redis' used memory by its maxmemory; NaN: not known.", registry=registry
        )
        self.redis_evicted = Gauge(
            "launchpulse_redis_evicted_keys", "Keys that Redis has evicted since its start.", registry=registry
        )
        self.alertmanager_errors = Counter(
            "launchpulse_alertmanager_errors",
            "Questions to Alertmanager for live boards that failed.",
            registry=registry,
        )
        self.texts_unscored = Counter(
            "launchpulse_sentiment_unscored",
            "Texts that the sentiment plug-in was to score and did not, by reason; they count as unknown.",
            ["reason"],
            registry=registry,
        )
        self.labels_overflowed = Counter(
            "launchpulse_labels_overflowed",
            "Summaries of campaigns refused because their partition has all it admits.",
            registry=registry,
        )
        self.refused_campaigns = Gauge(
            "launchpulse_campaigns_refused",
            "Different campaigns refused, about, by summaries partition.",
            ["partition"],
            registry=registry,
        )
        self.refused_partition = Gauge(
            "launchpulse_partition_refused",
            "1 while a source partition refuses by name.",
            ["topic", "partition"],
            registry=registry,
        )
        self.render_seconds = Histogram(
            "launchpulse_render_seconds",
            "Time to render the campaigns of one picture.",
            buckets=_FINE_SECONDS,
            registry=registry,
        )
        info = Gauge("launchpulse_build_info", "1; the labels say what runs.", ["version", "python"], registry=registry)
        info.labels(release if release is not None else _installed(), platform.python_version()).set(1)

    def counted(self, topic: str, counted: int, duplicates: int, refused: int) -> None:
        """A run of records of `topic` has been folded."""
        processed = self.processed
        for result, number in (("counted", counted), ("duplicate", duplicates), ("invalid", refused)):
            if number:
                processed.labels(topic, result).inc(number)

    def claimed(self, seconds: float) -> None:
        """A run of ids has been claimed in `seconds`."""
        self.claim_seconds.observe(seconds)

    def unscored(self, reason: str, texts: int) -> None:
        """The sentiment plug-in has failed so many texts."""
        self.texts_unscored.labels(reason).inc(texts)

    def summaries_sent(self, records: int) -> None:
        """Ingest has sent so many summary records."""
        self.summaries.inc(records)

    def merged(self, records: int, outcomes: dict[Outcome, int], refused: int) -> None:
        """So many records of the summaries topic were merged. `outcomes` is taken: it is empty afterwards."""
        self.merged_records.inc(records)
        for outcome, number in outcomes.items():
            self.contributions.labels(outcome.name.lower()).inc(number)
        self.labels_overflowed.inc(refused)
        self.block_conflicts.inc(outcomes.get(Outcome.CONFLICT, 0))
        outcomes.clear()

    def visible(self, seconds: float) -> None:
        """Whoever asks for a picture now sees an event that Kafka received `seconds` ago."""
        self.event_to_metric.observe(max(0.0, seconds))

    def render(self) -> bytes:
        """The registry as text exposition 0.0.4, without `_created` series."""
        return generate_latest(_WithoutCreated(self.registry))

    def names(self) -> set[str]:
        """The names of all families that can be exposed, with `_total` where it belongs."""
        kept = {metric.name + ("_total" if metric.type == "counter" else "") for metric in self.registry.collect()}
        return kept | {family.name for family in FROM_SNAPSHOT}


class _WithoutCreated(Collector):
    """The same metrics without the series that say when each began: nobody asks for them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterable[Metric]:
        for metric in self._registry.collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric


def _installed() -> str:
    try:
        return version("launchpulse")
    except PackageNotFoundError:
        return "unknown"
