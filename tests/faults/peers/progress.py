"""Whether a peer counts, seen from outside: committed records that arrive in each partition of its changelog."""

from __future__ import annotations

import asyncio
import threading
import time

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

FETCH_MS = 200


class Progress:
    """Reads the changelog along, from a thread of its own, through every death of the broker.

    A partition stands still from one committed record of it to the next. Time in which the broker is away is left out:
    then nobody can count.
    """

    def __init__(self, address: str, topic: str, partitions: int) -> None:
        self._address, self._topic, self._partitions = address, topic, partitions
        self._lock = threading.Lock()
        self._grown: dict[int, float] = {}
        self._records = dict.fromkeys(range(partitions), 0)
        self._clock = False
        self.longest_seconds = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="progress", daemon=True)

    def __enter__(self) -> Progress:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def records(self) -> dict[int, int]:
        """Committed records seen so far, by partition."""
        with self._lock:
            return dict(self._records)

    def start_clock(self) -> None:
        """From now on a partition without new records stands still (also: the broker is back)."""
        with self._lock:
            self._clock = True
            self._grown = dict.fromkeys(self._records, time.monotonic())

    def stop_clock(self, open_ends: bool) -> None:
        """The broker goes away, or all is read. open_ends: what stands still now counts, though it has not ended."""
        with self._lock:
            if self._clock and open_ends:
                self.longest_seconds = max(self.longest_seconds, time.monotonic() - min(self._grown.values()))
            self._clock = False

    def quiet_seconds(self) -> float:
        """Since when no partition has grown."""
        with self._lock:
            return time.monotonic() - max(self._grown.values(), default=time.monotonic())

    def _grow(self, partition: int, records: int) -> None:
        with self._lock:
            now = time.monotonic()
            if self._clock:
                self.longest_seconds = max(self.longest_seconds, now - self._grown[partition])
            self._grown[partition] = now
            self._records[partition] += records

    async def _run(self) -> None:
        while not self._stop.is_set():
            try:
                async with AIOKafkaConsumer(
                    bootstrap_servers=self._address,
                    enable_auto_commit=False,
                    auto_offset_reset="earliest",
                    isolation_level="read_committed",
                    fetch_max_wait_ms=FETCH_MS,
                    metadata_max_age_ms=2_000,
                ) as consumer:
                    while self._topic not in await consumer.topics() and not self._stop.is_set():
                        await asyncio.sleep(0.3)
                    await self._follow(consumer)
            except KafkaError:
                await asyncio.sleep(0.3)

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        tps = [TopicPartition(self._topic, number) for number in range(self._partitions)]
        consumer.assign(tps)
        for tp in tps:
            # After a reconnection it goes on behind what it has seen; the exact place does not matter for the clock.
            if self._records[tp.partition]:
                await consumer.seek_to_end(tp)
            else:
                await consumer.seek_to_beginning(tp)
        while not self._stop.is_set():
            for tp, records in (await consumer.getmany(timeout_ms=FETCH_MS)).items():
                self._grow(tp.partition, len(records))
