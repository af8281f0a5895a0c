"""The catalogue as it is now: every worker reads the whole compacted topic, since any campaign may become its own."""

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.events.campaigns import Campaign, decode_campaign
from streams.events.errors import CatalogueError

log = structlog.get_logger(__name__)

RETRY_SECONDS = 5.0


class CatalogueReader:
    """topic: the compacted catalogue. kafka: aiokafka's connection arguments. campaigns: what has been read so far,
    by id."""

    def __init__(self, topic: str, kafka: Mapping[str, Any]) -> None:
        self._topic = topic
        self._kafka = dict(kafka)
        self.campaigns: dict[str, Campaign] = {}

    async def run(self) -> None:
        """Read, and go on reading, until cancelled. What the broker's absence interrupts is begun again."""
        while True:
            try:
                await self._read()
            except KafkaError as error:
                log.warning("the catalogue cannot be read now", topic=self._topic, error=str(error))
            await asyncio.sleep(RETRY_SECONDS)

    async def _read(self) -> None:
        consumer = AIOKafkaConsumer(enable_auto_commit=False, auto_offset_reset="earliest", **self._kafka)
        await consumer.start()
        try:
            partition = TopicPartition(self._topic, 0)
            consumer.assign([partition])
            await consumer.seek_to_beginning(partition)
            async for record in consumer:
                self._take(record.key, record.value)
        finally:
            await consumer.stop()

    def _take(self, key: bytes | None, value: bytes | None) -> None:
        name = (key or b"").decode("utf-8", "replace")
        if value is None:
            self.campaigns.pop(name, None)
            return
        try:
            campaign = decode_campaign(value)
        except CatalogueError as error:
            log.warning("a catalogue entry is ignored", campaign=name, error=str(error))
            return
        self.campaigns[campaign.id] = campaign
