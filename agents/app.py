"""Wiring, and only that: `create_app(settings, deployment)` builds a worker out of its parts; nothing happens at
import."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import cast

import faust
import structlog
from faust.exceptions import NotReady
from faust.streams import current_event
from faust.types import TP, ConsumerMessage

from agents.campaign.campaigns import Campaigns
from agents.campaign.catalogue import CatalogueReader
from agents.campaign.show import Show
from agents.claims.client import Claims
from agents.claims.errors import ClaimsClosed
from agents.claims.pins import Deployment, SettingsTopic
from agents.connections import kafka_arguments, kafka_login, redis_address
from agents.ingest.dead_letter_log import DeadLetterLog
from agents.ingest.emitter import Emitter
from agents.ingest.ingest import Ingest, Limits
from agents.ingest.lag import Lag
from agents.ingest.progress_sender import ProgressSender
from agents.ingest.source_state import SourceState
from agents.ingest.started_sources import StartedSources
from agents.ingest.summaries_log import SummariesLog
from agents.kafka.app import MAX_REQUEST_BYTES, create_faust_app, slice_consumer, slice_topic
from agents.kafka.batches import send_batch
from agents.kafka.continuity import Continuity
from agents.kafka.records import Slice
from agents.kafka.slices import SliceConsumer
from agents.kafka.table import StatementTable
from agents.names import Names
from agents.sentiment.plugin import Plugin, leave_to_lexicon
from agents.settings import Settings
from agents.telemetry import Telemetry
from agents.vitals import Vitals
from streams.counting.blocks import MAX_OFFSETS
from streams.counting.facts import reconcile
from streams.counting.people import PersonHasher, unite
from streams.events.topic import Topic

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """A worker: the Faust app and what its health and its pictures are asked of."""

    app: faust.App
    claims: Claims
    campaigns: Campaigns
    show: Show
    vitals: Vitals
    telemetry: Telemetry

    @property
    def consumer(self) -> SliceConsumer:
        """The consumer of the app."""
        return slice_consumer(self.app)


def create_app(
    settings: Settings, origin: SettingsTopic, deployment: Deployment, retention: Mapping[str, tuple[int, int]]
) -> Parts:
    """Build a worker.

    deployment: what is pinned (see `claims.pins`). retention: `retention.ms` and `segment.ms` of each event topic, by
    name.
    """
    names = Names(settings)
    topics = names.event_topics
    zone = settings.time_zone
    hash_key = settings.hash_key_bytes
    telemetry = Telemetry()

    def incarnation(name: str) -> int:
        return deployment.incarnations.get(name, 0)

    app = create_faust_app(
        settings.application_id,
        settings.broker_list,
        datadir=settings.data_dir,
        slice_topics=[*topics, names.summaries],
        credentials=kafka_login(settings),
        incarnation=incarnation,
        started=origin.started,
        session_timeout_seconds=settings.session_timeout_seconds,
    )

    def consumer() -> SliceConsumer:
        return slice_consumer(app)

    async def send(topic: str, partition: int, records: object) -> list["asyncio.Future[object]"]:
        return await send_batch(app, topic, partition, records)  # type: ignore[arg-type]

    async def send_letter(
        topic: str, key: bytes, value: bytes | None, headers: list[tuple[str, bytes]]
    ) -> "asyncio.Future[object]":
        return asyncio.ensure_future(
            cast(Awaitable[object], await app.producer.send(topic, key, value, None, None, headers))
        )

    summaries = SummariesLog(names.summaries, settings.summaries_partitions, send)
    claims = Claims(
        redis_address(settings),
        origin,
        deployment.pins.keyring(hash_key),
    )
    states: dict[TP, SourceState] = {}
    emitter = Emitter(summaries, consumer, incarnation, telemetry, states)
    plugin = settings.sentiment_plugin
    ingest = Ingest(
        consumer=consumer,
        continuity=Continuity(consumer),
        claims=claims,
        dead_letters=DeadLetterLog(names.dead_letters, MAX_REQUEST_BYTES // 2, send_letter),
        emitter=emitter,
        telemetry=telemetry,
        states=states,
        limits={name: Limits(*retention[name], settings.max_event_bytes) for name in topics},
        incarnation=incarnation,
        zone=zone,
        person_hash=PersonHasher(hash_key),
        max_offsets=settings.test_block_offsets or MAX_OFFSETS,
        score_texts=Plugin(plugin, settings.sentiment_timeout_seconds, telemetry).fill if plugin else leave_to_lexicon,
    )
    incarnations = {topic.code: incarnation(name) for name, topic in topics.items()}
    panes = _table(app, "panes", settings.summaries_partitions, reconcile)
    people = _table(app, "people", settings.summaries_partitions, unite)
    campaigns = Campaigns(
        names.summaries,
        consumer,
        Continuity(consumer),
        panes,
        people,
        zone,
        settings.campaign_limit,
        telemetry,
        incarnations,
    )
    panes.on_lost = people.on_lost = campaigns.lost
    progress = ProgressSender(summaries, consumer, topics, incarnation, states)
    catalogue = CatalogueReader(names.catalogue, kafka_arguments(settings))
    codes = {topic.name: topic.code for topic in topics.values()}
    lag = Lag(consumer, topics, states).records_and_seconds
    vitals = Vitals(telemetry, consumer, lambda: app.rebalancing, claims, campaigns, lag)
    started = StartedSources(consumer, topics, incarnation, origin, deployment.started)
    show = Show(
        campaigns,
        codes,
        catalogue.campaigns,
        lag,
        incarnations,
        settings.summaries_partitions,
        begun=lambda: vitals.beat_at > 0,
    )

    for name, topic in topics.items():
        _ingest_agent(app, name, topic, ingest)
    _campaign_agent(app, names.summaries, settings.summaries_partitions, campaigns)
    for part in (
        emitter.run,
        campaigns.run,
        progress.run,
        catalogue.run,
        vitals.run,
        started.run,
    ):
        _background(app, part)
    return Parts(app, claims, campaigns, show, vitals, telemetry)


def _table(app: faust.App, name: str, partitions: int, reconcile: Callable[[bytes, bytes], bytes]) -> StatementTable:
    table = StatementTable(app, name=name, partitions=partitions, reconcile=reconcile)
    app.tables.add(table)
    return table


def _ingest_agent(app: faust.App, name: str, topic: Topic, ingest: Ingest) -> None:
    async def agent(stream: faust.StreamT[Slice]) -> None:
        async for records in stream:
            tp, generation = _origin()
            await _guarded(app, ingest.take(topic, tp, generation, records))

    app.agent(slice_topic(app, name), name=f"ingest-{name}")(agent)


def _campaign_agent(app: faust.App, name: str, partitions: int, campaigns: Campaigns) -> None:
    async def agent(stream: faust.StreamT[Slice]) -> None:
        async for records in stream:
            tp, generation = _origin()
            await _guarded(app, campaigns.take(tp, generation, records))

    app.agent(slice_topic(app, name, partitions), name="campaign")(agent)


def _origin() -> tuple[TP, int]:
    """The partition and the generation of the slice that the running agent has just been given."""
    message = cast(ConsumerMessage, cast("faust.EventT[Slice]", current_event()).message)
    return message.tp, cast(int, message.generation_id)


def _background(app: faust.App, part: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        await _guarded(app, part())

    app.task(run)


async def _guarded(app: faust.App, work: Awaitable[None]) -> None:
    """An exception in an agent would acknowledge its slice: stop the worker instead, so that the block is read
    again."""
    try:
        await work
    except asyncio.CancelledError:
        raise
    except ClaimsClosed:
        # The worker is stopping; what waited for Redis is read again by whoever comes next.
        return
    except BaseException as error:
        if isinstance(error, NotReady) and app.should_stop:
            # Faust stops the producer before those who send: what they had to say is said by whoever comes next.
            return
        log.exception("the worker stops")
        await app.crash(error)
        raise
