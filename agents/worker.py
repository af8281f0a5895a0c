"""Running a worker: what must be right before it may start, then Faust."""

import asyncio
import logging
import os
import socket
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NoReturn

import faust
import structlog
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
)
from mode import Service
from mode.types import ServiceT

from agents.app import Parts, create_app
from agents.campaign.series import Span
from agents.campaign.snapshot import Snapshot
from agents.claims.client import Claims
from agents.claims.errors import ClaimsError, RedisLoginRefused
from agents.claims.link import AWAY, Link
from agents.claims.pins import Deployment, Pins, SettingsTopic, hash_key_fingerprint
from agents.claims.policy import require
from agents.collector import collect_less
from agents.connections import kafka_arguments, redis_address
from agents.health import WorkerHealth, health_of
from agents.kafka.calm import backoff_seconds
from agents.kafka.login import KafkaLoginRefused
from agents.languages import Language
from agents.logs import configure_logs, log_config
from agents.names import Names
from agents.operations.topics import checked_topics
from agents.settings import Settings
from agents.web.alerts import AlertReader
from agents.web.answers import PreflightAnswer
from agents.web.app import build_web
from agents.web.board_routes import add_board
from agents.web.board_service import BoardService
from agents.web.events import Viewers
from agents.web.exchange import Exchange
from agents.web.preflight import OWNER_SECONDS, PreflightDesk
from agents.web.questions import series_of
from agents.web.server import WebServer, WebServerRefused
from streams.counting.campaign_panes import ALL_WINDOWS

log = structlog.get_logger(__name__)

STOP_SECONDS = 10.0

NOT_ALLOWED = (ClusterAuthorizationFailedError, GroupAuthorizationFailedError, TopicAuthorizationFailedError)
"""What Kafka's ACL refuses: somebody has to allow it, waiting does not help."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a worker stands on: the pinned deployment, and how long each event topic keeps its records."""

    origin: SettingsTopic
    deployment: Deployment
    retention: Mapping[str, tuple[int, int]]


async def prepare(settings: Settings) -> Ground:
    """Check Redis' policy, the topics and the pins; waits for a broker that is not there yet.

    Raises RedisRefused, KafkaLoginRefused, TopicsError or PinMismatch, in one line, where the worker must not start.
    """
    await check_redis(settings)
    attempt = 0
    while True:
        try:
            retention = await checked_topics(settings)
            origin = SettingsTopic(Names(settings).settings, kafka_arguments(settings))
            deployment = await origin.agree(
                Pins(
                    hash_key=hash_key_fingerprint(settings.hash_key_bytes),
                    reporting_time_zone=settings.reporting_time_zone,
                    summaries_partitions=settings.summaries_partitions,
                )
            )
        except (KafkaLoginRefused, *NOT_ALLOWED):
            raise
        except KafkaError as error:
            attempt += 1
            delay = backoff_seconds(attempt)
            log.warning(
                "the broker cannot be reached yet", brokers=settings.brokers, error=str(error), retry_seconds=delay
            )
            await asyncio.sleep(delay)
        else:
            return Ground(origin, deployment, retention)


async def check_redis(settings: Settings) -> None:
    """Raises RedisPolicyError where Redis answers and would lose claims, RedisLoginRefused where it does not let us in.
    One that is away is waited for later."""
    try:
        link = await Link.open(redis_address(settings))
    except RedisLoginRefused:
        raise
    except AWAY as error:
        log.warning("Redis cannot be reached yet", error=str(error))
        return
    try:
        await require(link)
    except RedisLoginRefused:
        raise
    except AWAY as error:
        log.warning("Redis does not answer yet", error=str(error))
    finally:
        await link.close()


def check_port(settings: Settings) -> None:
    """Raises WebServerRefused, in one line, where the web server could not listen."""
    try:
        socket.create_server((settings.web_host, settings.web_port), reuse_port=False).close()
    except OSError as error:
        raise WebServerRefused(
            f"LAUNCHPULSE_WEB_PORT {settings.web_port} of {settings.web_host} cannot be had: {error.strerror}"
        ) from error


def run_worker(settings: Settings) -> NoReturn:
    """Run a worker until it is stopped. Ends the process with Faust's exit code; raises what `prepare` raises."""
    collect_less()
    configure_logs(settings.log_level, settings.log_format)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    check_port(settings)
    ground = asyncio.run(prepare(settings))
    parts = create_app(settings, ground.origin, ground.deployment, ground.retention)
    worker = Worker(
        parts.app,
        *services(settings, parts),
        loglevel=settings.log_level.upper(),
        logging_config=log_config(settings.log_level, settings.log_format),
        redirect_stdouts=False,
    )
    code: str | int | None = 1
    try:
        worker.execute_from_commandline()
    except SystemExit as ended:
        code = ended.code
    except (ClaimsError, WebServerRefused) as refused:
        sys.stderr.write(f"launchpulse: {refused}\n")
    finally:
        logging.shutdown()
        # Not by returning: the sketches' binding would complain, a line each, of every sketch that is still in memory.
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)


def services(settings: Settings, parts: Parts) -> list[Service]:
    """What runs beside Faust: the claims' connection, live boards, and the web server, which answers while tables are
    recovered."""
    url = settings.alertmanager_url
    alerts = None if url is None else AlertReader(url, parts.telemetry.alertmanager_errors.inc)
    boards = BoardService(parts.show, settings.summaries_partitions, redis_address(settings), alerts)
    app = build_web(WebState(parts, settings, boards.exchange), settings)
    add_board(app, Viewers(boards.exchange, settings.summaries_partitions, alerts is not None))
    return [ClaimsService(parts.claims), boards, WebServer(settings.web_host, settings.web_port, app)]


class Worker(faust.Worker):
    """Faust's worker, whose stop has a deadline: it comes behind the app, so that it is stopped, and begins, first."""

    def on_init_dependencies(self) -> Iterable[ServiceT]:
        """The services, the app, the deadline; stopped in the opposite order."""
        return [*super().on_init_dependencies(), StopDeadline(STOP_SECONDS)]


class StopDeadline(Service):
    """Ends the process where stopping takes too long. It is the last to be started and so the first to be stopped.

    Faust's stop can wait for ever for a consumer that has crashed. Nothing is lost by ending at once: whoever owns the
    partitions next reads their blocks again from the start.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    async def on_stop(self) -> None:
        """From now on the worker has only so long."""
        self._timer.start()

    @staticmethod
    def _end() -> None:
        log.error("stopping took too long: ending the process", seconds=STOP_SECONDS)
        os._exit(1)


class ClaimsService(Service):
    """The claims' connection, opened and closed with the worker."""

    def __init__(self, claims: Claims) -> None:
        super().__init__()
        self._claims = claims

    async def on_start(self) -> None:
        """Connect, or go on trying in the background. Raises what makes Redis unusable for good."""
        await self._claims.start()

    async def on_stop(self) -> None:
        """End the connection; claims that wait are given up, and their blocks are read again by the next owner."""
        await self._claims.close()


class WebState:
    """What the web application asks of a worker."""

    def __init__(self, parts: Parts, settings: Settings, exchange: Exchange) -> None:
        self._parts = parts
        self._exchange = exchange
        self._desk = PreflightDesk(settings, parts.show.told, exchange.ask, parts.telemetry, self.health)
        self.telemetry = parts.telemetry

    async def snapshot(self, campaign: str | None = None, windows: frozenset[str] = ALL_WINDOWS) -> Snapshot:
        """A picture of now; see `Show.picture`."""
        return await self._parts.show.picture(campaign, windows)

    async def series(self, campaign: str, span: Span) -> bytes | None:
        """A campaign's history, whoever owns it; see `Show.series`."""
        return await self._exchange.ask(series_of(campaign, span), OWNER_SECONDS)

    async def preflight(self, campaign: str, rate: float | None, language: Language) -> PreflightAnswer:
        """Whether a campaign may be launched."""
        return await self._desk.look(campaign, rate, language)

    def health(self) -> WorkerHealth:
        """Whether the worker lives, and whether it is ready."""
        return health_of(self._parts)
