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

RETRY_SECONDS = 2.0
"""After so long without the broker the catalogue is read anew: a change is to be seen within five seconds."""


class CatalogueReader:
    """topic: the compacted catalogue. kafka: aiokafka's connection arguments.

    Attributes:
        campaigns: what has been read so far, by id. An entry is the same object until it says something else.
    """

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
            # What the log says of a campaign before its end may be long superseded: it is not for anybody to see.
            end = (await consumer.end_offsets([partition]))[partition]
            read: dict[str, Campaign] = {}
            while await consumer.position(partition) < end:
                for record in (await consumer.getmany(partition, timeout_ms=1000)).get(partition, ()):
                    _take(read, record.key, record.value)
            self._replace(read)
            async for record in consumer:
                _take(self.campaigns, record.key, record.value)
        finally:
            await consumer.stop()

    def _replace(self, read: Mapping[str, Campaign]) -> None:
        for name in self.campaigns.keys() - read.keys():
            del self.campaigns[name]
        for name, campaign in read.items():
            _put(self.campaigns, name, campaign)


def _take(campaigns: dict[str, Campaign], key: bytes | None, value: bytes | None) -> None:
    name = (key or b"").decode("utf-8", "replace")
    if value is None:
        campaigns.pop(name, None)
        return
    try:
        campaign = decode_campaign(value)
    except CatalogueError as error:
        log.warning("a catalogue entry is ignored", campaign=name, error=str(error))
        return
    _put(campaigns, campaign.id, campaign)


def _put(campaigns: dict[str, Campaign], name: str, campaign: Campaign) -> None:
    # Whoever has worked something out of the same entry need not do it again.
    if campaigns.get(name) != campaign:
        campaigns[name] = campaign
