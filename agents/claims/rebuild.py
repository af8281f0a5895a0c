"""Claims every identity in the event topics' logs again, for a Redis that lost its claims.

The records are taken in the order of their Kafka timestamps, within a partition in the order of its log: of the
copies of an event, the one that was there first becomes the owner again, as it nearly always had been.

What the logs no longer hold cannot be claimed again: a resend of an event whose record has expired counts once more.
First purchases older than the logs are gone too; they are what Redis is backed up for.
"""

import heapq
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from agents.claims.client import Claims
from agents.claims.errors import RedisIdentityError, SettingsTopicError
from agents.claims.identity import held, keep, rebuilding
from agents.claims.keys import Keyring
from agents.claims.link import Link, RedisAddress
from streams.counting.sources import source_number
from streams.events.decode import Accepted, decode
from streams.events.forms import joined
from streams.events.topic import Topic

_CHUNK = 4000
_FETCH = 2000


class LogToRead(NamedTuple):
    """An event topic to read: its Kafka name, `retention.ms`, `segment.ms` and incarnation."""

    topic: Topic
    name: str
    retention_ms: int
    segment_ms: int
    incarnation: int = 0


@dataclass(slots=True)
class Progress:
    """How far it is: `read` of `total` offsets, `claimed` records, `duplicates` among them, `invalid` records."""

    total: int
    read: int = 0
    claimed: int = 0
    duplicates: int = 0
    invalid: int = 0


@dataclass(frozen=True, slots=True)
class _Rebuilding:
    """The Origin under which a rebuild claims: the workers, which look for the identity itself, stay out."""

    identity: str

    async def begun(self) -> bool:
        return True

    async def mark_begun(self) -> None:
        return None


@dataclass(slots=True)
class _Partition:
    log: LogToRead
    source: int
    position: int
    end: int
    records: deque[ConsumerRecord] = field(default_factory=deque)


async def rebuild(
    address: RedisAddress,
    identity: str,
    keyring: Keyring,
    kafka: Mapping[str, Any],
    logs: Sequence[LogToRead],
    *,
    max_event_bytes: int,
    person_hash: Callable[[str], bytes],
    progress: Callable[[Progress], None] = lambda _: None,
) -> Progress:
    """Fills a Redis that is empty (or ours, or half rebuilt) with what the logs hold, then gives it its identity.

    Workers may run: they wait until it is done, and then go on. `person_hash` is what the workers know people
    by (8 bytes); `progress` is called after each chunk. Raises RedisIdentityError when Redis holds another
    deployment's claims, RedisPolicyError when it would forget claims, redis.RedisError when it is away at the start,
    SettingsTopicError when a topic is missing, KafkaError when the broker is.
    """
    await _begin(address, identity, keyring.shards)
    claims = Claims(address, _Rebuilding(rebuilding(identity)), keyring, settle_seconds=0.0)
    await claims.start()
    try:
        done = await _read(claims, kafka, logs, max_event_bytes, person_hash, progress)
    finally:
        await claims.close()
    await _finish(address, identity, keyring.shards)
    return done


async def _begin(address: RedisAddress, identity: str, shards: int) -> None:
    marker = rebuilding(identity)
    link = await Link.open(address)
    try:
        others = await held(link, shards) - {None, marker.encode(), identity.encode()}
        if others:
            raise RedisIdentityError(f"Redis holds the claims of {others}: use an empty Redis or database number")
        await keep(link, shards, marker, over=True)
    finally:
        await link.close()


async def _finish(address: RedisAddress, identity: str, shards: int) -> None:
    link = await Link.open(address)
    try:
        await keep(link, shards, identity, over=True)
    finally:
        await link.close()


async def _read(
    claims: Claims,
    kafka: Mapping[str, Any],
    logs: Sequence[LogToRead],
    max_bytes: int,
    person_hash: Callable[[str], bytes],
    progress: Callable[[Progress], None],
) -> Progress:
    consumer = AIOKafkaConsumer(enable_auto_commit=False, auto_offset_reset="earliest", **kafka)
    try:
        await consumer.start()
        partitions = await _partitions(consumer, kafka, logs)
        done = Progress(sum(partition.end - partition.position for partition in partitions.values()))
        total = done.total
        async for chunk in _in_time_order(consumer, partitions):
            await _claim(claims, chunk, max_bytes, person_hash, done)
            done.read = total - sum(partition.end - partition.position for partition in partitions.values())
            progress(done)
        return done
    finally:
        await consumer.stop()


async def _partitions(
    consumer: AIOKafkaConsumer, kafka: Mapping[str, Any], logs: Sequence[LogToRead]
) -> dict[TopicPartition, _Partition]:
    places = await _places(kafka, logs)
    consumer.assign(list(places))
    starts, ends = await consumer.beginning_offsets(list(places)), await consumer.end_offsets(list(places))
    for place, start in starts.items():
        consumer.seek(place, start)
    return {
        place: _Partition(
            log, source_number(log.topic.code, place.partition, log.incarnation), starts[place], ends[place]
        )
        for place, log in places.items()
    }


async def _places(kafka: Mapping[str, Any], logs: Sequence[LogToRead]) -> dict[TopicPartition, LogToRead]:
    admin = AIOKafkaAdminClient(**kafka)
    try:
        await admin.start()
        # All topics, since a question for one that is missing would make it on a broker that makes topics by itself.
        known = {topic["topic"]: topic["partitions"] for topic in await admin.describe_topics()}
    finally:
        await admin.close()
    for log in logs:
        if log.name not in known:
            raise SettingsTopicError(f"topic {log.name} does not exist: run `launchpulse topics create`")
    return {TopicPartition(log.name, part["partition"]): log for log in logs for part in known[log.name]}


async def _in_time_order(
    consumer: AIOKafkaConsumer, partitions: Mapping[TopicPartition, _Partition]
) -> AsyncIterator[list[tuple[_Partition, ConsumerRecord]]]:
    """Chunks of all partitions' records, merged by Kafka timestamp, up to the ends that the partitions had at first.

    Holds at most one fetch a partition, so memory does not grow with the logs.
    """
    chunk: list[tuple[_Partition, ConsumerRecord]] = []
    while True:
        hungry = {place: part for place, part in partitions.items() if not part.records and part.position < part.end}
        if hungry:
            for place, records in (await consumer.getmany(*hungry, timeout_ms=200, max_records=_FETCH)).items():
                part = partitions[place]
                part.records.extend(record for record in records if record.offset < part.end)
            for place, part in hungry.items():
                if not part.records:
                    # The rest may be markers or compacted away: only the consumer's position tells.
                    part.position = min(part.end, await consumer.position(place))
            if any(not part.records and part.position < part.end for part in hungry.values()):
                continue
        waiting = [part for part in partitions.values() if part.records]
        if not waiting:
            if chunk:
                yield chunk
            return
        chunk.extend(_merged(waiting))
        if len(chunk) >= _CHUNK:
            yield chunk
            chunk = []


def _merged(waiting: Sequence[_Partition]) -> Iterator[tuple[_Partition, ConsumerRecord]]:
    """Takes records in time order until one partition has none left: its next one may be earlier than the others'."""
    heap = [(part.records[0].timestamp, place) for place, part in enumerate(waiting)]
    heapq.heapify(heap)
    while True:
        _, place = heap[0]
        part = waiting[place]
        record = part.records.popleft()
        part.position = record.offset + 1
        yield part, record
        if not part.records:
            if part.position < part.end:
                return
            heapq.heappop(heap)
            if not heap:
                return
        else:
            heapq.heapreplace(heap, (part.records[0].timestamp, place))


async def _claim(
    claims: Claims,
    chunk: Sequence[tuple[_Partition, ConsumerRecord]],
    max_bytes: int,
    person_hash: Callable[[str], bytes],
    done: Progress,
) -> None:
    by_topic: dict[str, list[tuple[_Partition, int, Accepted]]] = {}
    for part, record in chunk:
        accepted = decode(part.log.topic, joined(record.value, record.headers), record.timestamp, max_bytes)
        if not isinstance(accepted, Accepted):
            done.invalid += 1
        elif part.log.topic.horizon_ms is not None:
            by_topic.setdefault(part.log.name, []).append((part, record.offset, accepted))
    for rows in by_topic.values():
        log = rows[0][0].log
        lost = await claims.claim_for(
            [part.source for part, _, _ in rows],
            log.topic.code,
            log.retention_ms,
            log.segment_ms,
            log.topic.horizon_ms or 0,
            [(accepted.hour, accepted.event.source or "", accepted.event.id, offset) for _, offset, accepted in rows],
        )
        done.claimed += len(rows)
        done.duplicates += len(lost)
        await _first_purchases(claims, [row for place, row in enumerate(rows) if place not in lost], person_hash)


async def _first_purchases(
    claims: Claims, rows: Sequence[tuple[_Partition, int, Accepted]], person_hash: Callable[[str], bytes]
) -> None:
    sources, buyers = [], []
    for part, offset, accepted in rows:
        event = accepted.event
        if event.person is not None and part.log.topic.needs_first_purchase(event):
            sources.append(part.source)
            buyers.append((person_hash(event.person), offset))
    await claims.first_purchases_for(sources, buyers)
