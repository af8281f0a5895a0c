"""The transport: Faust's aiokafka driver with the slice consumer and a producer that is idempotent and patient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiokafka.errors import KafkaConnectionError
from faust.transport.drivers import aiokafka as driver
from faust.types import AppT
from mode import get_logger
from yarl import URL

from agents.kafka.calm import backoff_seconds
from agents.kafka.options import SliceOptions
from agents.kafka.slices import SliceConsumer

logger = get_logger(__name__)


class IdempotentProducer(driver.Producer):
    """acks=all and idempotence, which Faust's own has in its exactly-once mode only.

    Without it a request that timed out can arrive after its repetition and put an old statement behind a new one of
    the same term.
    """

    def _settings_extra(self) -> Mapping[str, Any]:
        return {**super()._settings_extra(), "acks": "all", "enable_idempotence": True}

    async def create_topic(self, *args: Any, **kwargs: Any) -> None:
        """Makes nothing: topics are made by `launchpulse topics`, with their settings, never by Faust in passing."""

    async def on_start(self) -> None:
        """Starts, waiting with backoff for a broker that is away, instead of dying."""
        attempt = 0
        while not self.should_stop:
            try:
                await super().on_start()
            except KafkaConnectionError as error:
                delay = backoff_seconds(attempt := attempt + 1)
                logger.warning("no broker for the producer yet (%s); next attempt in %.1f s", error, delay)
                producer, self._producer = self._producer, None
                if producer is not None:
                    await producer.stop()
                await self.sleep(delay)
            else:
                return


class SliceTransport(driver.Transport):
    """options: what its consumers are told."""

    Consumer = SliceConsumer
    Producer = IdempotentProducer

    def __init__(self, url: list[URL], app: AppT, options: SliceOptions) -> None:
        super().__init__(url, app)
        self.options = options
