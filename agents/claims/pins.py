"""What must never differ between the workers of a deployment, and the compacted topic that keeps it.

The topic `{application id}-settings` has one partition. Its records:

    pins/<id>           what the first worker wrote at the first start. Each writer uses a key of its own: were it one
                        key, compaction would keep the last writer's. The one at the lowest offset holds, for ever;
                        its id is the identity that Redis keeps.
    incarnation/<topic> how often an event topic was made anew, written by `launchpulse topics rebase`; the last one
                        holds.
    begun/<id>          somebody has been allowed to claim, so an empty Redis is no longer a new one.
    started/<topic>/<partition>/<incarnation>
                        the group has committed an offset there: where none is committed any more, the topic was made
                        anew, since Kafka deletes a topic's commits with it.
"""

import asyncio
import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from agents.claims.errors import PinMismatch, SettingsTopicError
from agents.claims.keys import BUCKETS_PER_HOUR, Keyring
from streams.counting.summaries import FORMAT

FORMAT_VERSION = FORMAT
_PINS, _INCARNATION, _BEGUN, _STARTED = b"pins/", b"incarnation/", b"begun/", b"started/"

Started = tuple[str, int, int]
"""Topic, partition and incarnation of a source of which an offset has been committed."""
# An owner has three bytes for topic code, partition and incarnation.
MAX_INCARNATION = 63
_PATIENCE_TRIES, _PATIENCE_SECONDS = 10, 0.2
_SETTING_OF = {
    "summaries_partitions": "LAUNCHPULSE_SUMMARIES_PARTITIONS",
    "reporting_time_zone": "LAUNCHPULSE_REPORTING_TIME_ZONE",
    "hash_key": "LAUNCHPULSE_HASH_KEY",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """The pinned settings. `hash_key` is the key's fingerprint (hash_key_fingerprint), never the key."""

    hash_key: str
    reporting_time_zone: str = "UTC"
    summaries_partitions: int = 8
    format_version: int = FORMAT_VERSION
    claims_buckets_per_hour: int = BUCKETS_PER_HOUR
    claims_person_buckets: int = 1 << 18
    claims_shards: int = 1

    def __post_init__(self) -> None:
        for pin in fields(self):
            if not isinstance(getattr(self, pin.name), pin.type if isinstance(pin.type, type) else object):
                raise SettingsTopicError(f"{pin.name} must be of type {pin.type}, got {getattr(self, pin.name)!r}")

    def require_equal(self, pinned: "Pins", where: str) -> None:
        """Raises PinMismatch naming the first setting in which this worker differs from what is pinned `where`."""
        for pin in fields(self):
            here, there = getattr(self, pin.name), getattr(pinned, pin.name)
            if here != there:
                setting = _SETTING_OF.get(pin.name, pin.name)
                raise PinMismatch(
                    f"{setting} must stay {there!r}, got {here!r}: it was pinned at the first start (topic {where}) "
                    "and cannot change; set it back, or begin anew under another LAUNCHPULSE_APPLICATION_ID"
                )

    def keyring(self, hash_key: bytes) -> Keyring:
        """The keys of claims under these pins; `hash_key` is the secret itself."""
        return Keyring(hash_key, self.claims_buckets_per_hour, self.claims_person_buckets, self.claims_shards)


def hash_key_fingerprint(hash_key: bytes) -> str:
    """16 hexadecimal digits that tell two keys apart and do not give the key away."""
    return hashlib.blake2b(hash_key, digest_size=8, person=b"lp-pin").hexdigest()


@dataclass(frozen=True, slots=True)
class Deployment:
    """What the settings topic says. `identity` is the first writer's random id; a topic without incarnation has 0."""

    identity: str
    pins: Pins
    incarnations: Mapping[str, int] = field(default_factory=dict)
    begun: bool = False
    started: frozenset[Started] = frozenset()


class SettingsTopic:
    """The settings topic of one deployment; also the Origin of its claims, once agree has been called.

    `kafka` are aiokafka's connection arguments (bootstrap_servers, security_protocol, ssl_context, ...). Every method
    raises aiokafka's KafkaError when the broker cannot be reached, and SettingsTopicError when the topic is missing
    or unreadable.
    """

    def __init__(self, topic: str, kafka: Mapping[str, Any]) -> None:
        self.topic, self._kafka = topic, kafka
        self._partition = TopicPartition(topic, 0)
        self._deployment: Deployment | None = None

    @property
    def identity(self) -> str:
        """The deployment's random id. Raises SettingsTopicError before agree."""
        if self._deployment is None:
            raise SettingsTopicError(f"the settings in {self.topic} have not been read yet")
        return self._deployment.identity

    async def agree(self, pins: Pins) -> Deployment:
        """Pins these settings if none are pinned yet. Raises PinMismatch if others are."""
        deployment = await self.read()
        if deployment is None:
            identity = secrets.token_hex(16)
            await self._write(_PINS + identity.encode(), asdict(pins) | {"written_ms": time.time_ns() // 1_000_000})
            # Another worker may have been a moment earlier: whoever stands first in the log is right, for both.
            deployment = await self.read()
            if deployment is None:
                raise SettingsTopicError(f"topic {self.topic} does not keep what is written to it: is it compacted?")
        pins.require_equal(deployment.pins, self.topic)
        self._deployment = deployment
        return deployment

    async def read(self) -> Deployment | None:
        """What is pinned; None when nothing is."""
        first: tuple[str, Pins] | None = None
        incarnations: dict[str, int] = {}
        begun: set[str] = set()
        started: set[Started] = set()
        async with self._records() as records:
            async for record in records:
                key, value = record.key or b"", record.value
                if value is None:
                    continue
                if key.startswith(_PINS) and first is None:
                    first = key[len(_PINS) :].decode(), self._pins(value)
                elif key.startswith(_INCARNATION):
                    incarnations[key[len(_INCARNATION) :].decode()] = int(value)
                elif key.startswith(_BEGUN):
                    begun.add(key[len(_BEGUN) :].decode())
                elif key.startswith(_STARTED):
                    topic, partition, incarnation = key[len(_STARTED) :].decode().rsplit("/", 2)
                    started.add((topic, int(partition), int(incarnation)))
        if first is None:
            return None
        return Deployment(first[0], first[1], incarnations, first[0] in begun, frozenset(started))

    async def begun(self) -> bool:
        """Whether any worker of this deployment has ever been allowed to claim."""
        deployment = await self.read()
        return deployment is not None and deployment.begun

    async def mark_begun(self) -> None:
        """Returns when the broker has acknowledged that claims have begun."""
        await self._write(_BEGUN + self.identity.encode(), {})

    async def started(self) -> frozenset[Started]:
        """The sources of which any worker has ever committed an offset; asks afresh each time."""
        deployment = await self.read()
        return frozenset() if deployment is None else deployment.started

    async def mark_started(self, sources: Iterable[Started]) -> None:
        """Returns when started() has these sources for every worker and every later start."""
        for topic, partition, incarnation in sources:
            await self._write(_STARTED + f"{topic}/{partition}/{incarnation}".encode(), {})

    async def rebase(self, topic: str) -> int:
        """Gives an event topic its next incarnation, and returns it; to be called while no worker runs."""
        deployment = await self.read()
        if deployment is None:
            raise SettingsTopicError(f"nothing is pinned in {self.topic} yet: there is nothing to rebase")
        incarnation = deployment.incarnations.get(topic, 0) + 1
        if incarnation > MAX_INCARNATION:
            raise SettingsTopicError(
                f"topic {topic} has been made anew {MAX_INCARNATION} times: use another topic_prefix"
            )
        await self._write(_INCARNATION + topic.encode(), incarnation)
        return incarnation

    def _pins(self, value: bytes) -> Pins:
        try:
            written = orjson.loads(value)
            version = written["format_version"]
            # Before anything else: another version's record may well have other fields.
            if version != FORMAT_VERSION:
                raise PinMismatch(f"format_version must stay {version!r}, this launchpulse writes {FORMAT_VERSION!r}")
            return Pins(**{pin.name: written[pin.name] for pin in fields(Pins)})
        except (ValueError, KeyError, TypeError) as error:
            raise SettingsTopicError(
                f"the pins in {self.topic} cannot be read ({type(error).__name__}: {error})"
            ) from error

    @asynccontextmanager
    async def _records(self) -> AsyncIterator[AsyncIterator[ConsumerRecord]]:
        consumer = AIOKafkaConsumer(enable_auto_commit=False, auto_offset_reset="none", **self._kafka)
        try:
            await consumer.start()
            await self._require_topic(consumer)
            consumer.assign([self._partition])
            yield self._read(consumer)
        finally:
            await consumer.stop()

    async def _require_topic(self, consumer: AIOKafkaConsumer) -> None:
        # A topic made a moment ago may not be known to every broker yet.
        for _ in range(_PATIENCE_TRIES):
            if self.topic in await consumer.topics():
                return
            await asyncio.sleep(_PATIENCE_SECONDS)
        raise SettingsTopicError(f"topic {self.topic} does not exist: run `launchpulse topics create`")

    async def _read(self, consumer: AIOKafkaConsumer) -> AsyncIterator[ConsumerRecord]:
        end = (await consumer.end_offsets([self._partition]))[self._partition]
        await consumer.seek_to_beginning(self._partition)
        # By position, not by record: the last offsets may have been compacted away.
        while await consumer.position(self._partition) < end:
            for records in (await consumer.getmany(self._partition, timeout_ms=200)).values():
                for record in records:
                    yield record

    async def _write(self, key: bytes, value: Any) -> None:
        producer = AIOKafkaProducer(acks="all", enable_idempotence=True, **self._kafka)
        try:
            await producer.start()
            await producer.send_and_wait(self.topic, orjson.dumps(value), key=key, partition=0)
        finally:
            await producer.stop()
