"""The Faust app with every setting that Launchpulse relies on, and its topics.

Faust's defaults are for single events and many small services; each difference says why.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import cast

import faust
from faust.auth import Credentials
from yarl import URL

from agents.kafka.assignor import CompleteAssignor
from agents.kafka.calm import silence_debug_lines
from agents.kafka.headers import read_any_header
from agents.kafka.options import SliceOptions
from agents.kafka.slices import SliceConsumer, SliceSchema
from agents.kafka.transport import SliceTransport

SLICES_IN_CHANNEL = 16
SLICE_MAX_RECORDS = 10_000
MAX_REQUEST_BYTES = 4_000_000


def create_faust_app(
    application_id: str,
    brokers: Sequence[str],
    *,
    datadir: Path,
    slice_topics: Iterable[str],
    credentials: Credentials | None = None,
    incarnation: Callable[[str], int] = lambda topic: 0,
    started: Callable[[], Awaitable[frozenset[tuple[str, int, int]]]] | None = None,
    session_timeout_seconds: float = 15.0,
    request_timeout_seconds: float = 30.0,
    commit_interval_seconds: float = 1.0,
    fetch_max_wait_ms: int = 100,
    watched_seconds: float = 10.0,
    producer_linger_seconds: float = 0.005,
    producer_compression: str | None = "lz4",
) -> faust.App:
    """A Faust app whose consumer hands over slices, whose producer is idempotent and whose tables are statements.

    Args:
        application_id: also the group's id and the prefix of the changelogs' names.
        brokers: `host:port` of one broker or more.
        datadir: a directory of this worker's own.
        slice_topics: the event topics and the summaries topic; the changelogs are added by themselves.
        incarnation: a topic's present incarnation, 0 for the first.
        started: see `SliceOptions`; None where it is not known.
        session_timeout_seconds: after a kill, how long until others take over; at most `request_timeout_seconds`.
        watched_seconds: how long after a rebalance, and how often, it is checked that every source partition has an
            owner.
    """
    silence_debug_lines()
    read_any_header()
    app = faust.App(
        application_id,
        broker=[URL(f"kafka://{broker}") for broker in brokers],
        broker_credentials=credentials,
        datadir=str(datadir),
        store="memory://",
        PartitionAssignor=CompleteAssignor,
        autodiscover=False,
        # Faust's own web server serves table data.
        web_enabled=False,
        worker_redirect_stdouts=False,
        # Topics are made by `launchpulse topics` with their settings.
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        # Waiting for events in flight at a rebalance gains nothing: blocks are read again.
        stream_wait_empty=False,
        stream_buffer_maxsize=32,
        broker_session_timeout=session_timeout_seconds,
        # A worker hears at its next heartbeat that another has come, and those that have heard wait for it.
        broker_heartbeat_interval=min(1.0, session_timeout_seconds / 4),
        broker_request_timeout=request_timeout_seconds,
        broker_rebalance_timeout=max(10.0, session_timeout_seconds),
        # While Redis is away nothing is fetched: that must not cost the membership. Heartbeats tell who is dead.
        broker_max_poll_interval=3600.0,
        broker_commit_interval=commit_interval_seconds,
        # Commits follow the marks, once an interval, not the number of events.
        broker_commit_every=10**9,
        broker_max_poll_records=SLICE_MAX_RECORDS,
        consumer_auto_offset_reset="earliest",  # for changelogs; the positions of others are found by `positions`
        consumer_metadata_max_age_ms=30_000,
        producer_acks=-1,
        producer_linger=producer_linger_seconds,
        producer_max_batch_size=262_144,
        producer_max_request_size=MAX_REQUEST_BYTES,
        producer_compression_type=producer_compression,
        producer_request_timeout=request_timeout_seconds,
        producer_metadata_max_age_ms=30_000,
        producer_threaded=False,
    )
    options = SliceOptions(
        frozenset(slice_topics), fetch_max_wait_ms, watched_seconds=watched_seconds, incarnation=incarnation
    )
    if started is not None:
        options.started = started
    transport = SliceTransport(
        app.conf.broker_consumer,
        app,
        options,
    )
    app.transport = transport
    app.producer_transport = transport
    # Faust's producer buffer holds back streams at 100 messages.
    app.producer.buffer.max_messages = 10_000
    return app


def slice_topic(app: faust.App, name: str, partitions: int | None = None) -> faust.TopicT:
    """A topic whose agent gets slices; `current_event().message` has their `tp` and `generation_id`."""
    return app.topic(name, schema=SliceSchema(), partitions=partitions, maxsize=SLICES_IN_CHANNEL)


def slice_consumer(app: faust.App) -> SliceConsumer:
    """The app's consumer."""
    return cast(SliceConsumer, app.consumer)
