"""The load: how the stream gets into Kafka, as a backlog at once or live at a rate."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from itertools import islice
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from bench.stream import MINUTE_MS, Shape, planned

BATCH_BYTES = 65_536


def base_for(shape: Shape, count: int, now_ms: int) -> int:
    """The latest whole minute at which a log of `count` events may begin so that it ends before `now_ms`."""
    begin = now_ms - count * 1000 // shape.per_second
    return begin - begin % MINUTE_MS


@dataclass(slots=True)
class Sent:
    """What `send` has written. `ends`: records of each (topic, partition)."""

    base_ms: int
    records: int
    seconds: float
    ends: dict[tuple[str, int], int]


async def send(address: str, prefix: str, shape: Shape, count: int, base_ms: int, compression: str = "none") -> Sent:
    """Write the first `count` records to the topics behind `prefix`, as fast as it goes.

    Batches are built here, so that the producer costs a microsecond a record. Uncompressed by default: else every
    contender's figure would hold the cost of its own lz4.
    """
    # Where a topic has just been made its leaders may not be known yet.
    await log_ends(address, prefix, shape)
    began = time.monotonic()
    kind = None if compression == "none" else compression
    producer = AIOKafkaProducer(
        bootstrap_servers=address, acks=1, max_batch_size=BATCH_BYTES, compression_type=kind, request_timeout_ms=120_000
    )
    await producer.start()
    ends: dict[tuple[str, int], int] = {}
    waiting: set[asyncio.Future[object]] = set()
    try:
        open_batches: dict[tuple[int, int], Any] = {}
        written = 0

        async def leave(place: tuple[int, int]) -> None:
            batch = open_batches.pop(place)
            batch.close()
            waiting.add(await producer.send_batch(batch, prefix + shape.topics[place[0]], partition=place[1]))
            if len(waiting) >= 256:
                done, left = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                waiting.clear()
                waiting.update(left)
                for future in done:
                    future.result()

        for record in islice(planned(shape), count):
            place = (record.topic, record.partition)
            value = record.value(base_ms)
            batch = open_batches.get(place)
            if batch is None:
                batch = open_batches[place] = producer.create_batch()
            if batch.append(key=record.key, value=value, timestamp=None) is None:
                await leave(place)
                batch = open_batches[place] = producer.create_batch()
                assert batch.append(key=record.key, value=value, timestamp=None) is not None
            written += 1
            name = (shape.topics[record.topic], record.partition)
            ends[name] = ends.get(name, 0) + 1
        for place in list(open_batches):
            await leave(place)
        await asyncio.gather(*waiting)
    finally:
        await producer.stop()
    return Sent(base_ms, written, time.monotonic() - began, ends)


async def log_ends(address: str, prefix: str, shape: Shape) -> dict[tuple[str, int], int]:
    """How many records each (topic, partition) has, as the broker says."""
    async with AIOKafkaConsumer(bootstrap_servers=address, enable_auto_commit=False) as consumer:
        partitions = range(shape.partitions)
        tps = [TopicPartition(prefix + topic, partition) for topic in shape.topics for partition in partitions]
        consumer.assign(tps)
        found = await consumer.end_offsets(tps)
    return {(tp.topic.removeprefix(prefix), tp.partition): end for tp, end in found.items()}


class Pace:
    """Live load: `run` sends events of now at a rate until `stop`; each carries the time at which it was sent."""

    def __init__(self, address: str, prefix: str, shape: Shape, rate: float) -> None:
        self._address, self._prefix, self._shape, self.rate = address, prefix, shape, rate
        self.sent = 0
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Send no more; `run` returns when the broker has all."""
        self._stopped.set()

    async def run(self, tick_seconds: float = 0.01) -> int:
        """Send until stopped; returns how many were sent. The rate may be changed meanwhile."""
        stream, topics = planned(self._shape), self._shape.topics
        async with AIOKafkaProducer(
            bootstrap_servers=self._address, acks="all", enable_idempotence=True, linger_ms=5
        ) as producer:
            last, due = time.monotonic(), 0.0
            while not self._stopped.is_set():
                now = time.monotonic()
                due, last = due + min(now - last, 1.0) * self.rate, now
                now_ms = time.time_ns() // 1_000_000
                for record in islice(stream, int(due)):
                    # A resend of an event of now is a new one: it would carry another time.
                    value = record.value(now_ms - record.time_ms)
                    await producer.send(self._prefix + topics[record.topic], value, record.key, record.partition)
                    self.sent += 1
                due -= int(due)
                await asyncio.sleep(tick_seconds)
            await producer.flush()
        return self.sent
