"""The producer: sends events at a rate from a thread of its own, through every fault."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaProducer

from tests.faults.events import Events, Record

TICK_SECONDS = 0.05


class Sender:
    """Sends until it is stopped; what it has sent is acknowledged, once each, however often the broker dies.

    rate: records a second. The log has the truth, so there is no account here but the number `sent`.
    """

    def __init__(self, address: str, prefix: str, events: Events, rate: float) -> None:
        self._address, self._prefix, self._events = address, prefix, events
        self.rate = rate
        self.sent = 0
        self._error: BaseException | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._main, name="sender", daemon=True)

    def __enter__(self) -> Sender:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(90)

    def finish(self) -> int:
        """Stops, waits for all acknowledgements (at most 90 s) and returns how many records were sent."""
        self.__exit__()
        if self._error is not None:
            raise self._error
        assert not self._thread.is_alive(), "the broker has not acknowledged everything"
        return self.sent

    def _main(self) -> None:
        try:
            asyncio.run(self._run())
        except BaseException as error:
            self._error = error

    async def _run(self) -> None:
        async with idempotent(self._address) as producer:
            last, due = time.monotonic(), 0.0
            while not self._stop.is_set():
                now = time.monotonic()
                due, last = due + min(now - last, 0.5) * self.rate, now
                while due >= 1:
                    due -= 1
                    record = self._events.record(time.time_ns() // 1_000_000)
                    await post(producer, self._prefix, record)
                    self.sent += 1
                await asyncio.sleep(TICK_SECONDS)
            await producer.flush()


def idempotent(address: str, **options: Any) -> AIOKafkaProducer:
    """A producer whose records stand in the log once each."""
    return AIOKafkaProducer(
        bootstrap_servers=address,
        acks="all",
        enable_idempotence=True,
        linger_ms=20,
        metadata_max_age_ms=2_000,
        **options,
    )


async def post(producer: AIOKafkaProducer, prefix: str, record: Record) -> asyncio.Future[Any]:
    """Hands one record to the producer, with its truth."""
    sent: asyncio.Future[Any] = await producer.send(
        prefix + record.topic, record.value, record.key, headers=record.headers
    )
    return sent


def send_all(address: str, prefix: str, records: Iterable[Record], **options: Any) -> int:
    """Sends these records and waits for all acknowledgements; returns how many there were."""

    async def send() -> int:
        number = 0
        async with idempotent(address, **options) as producer:
            for number, record in enumerate(records, 1):  # noqa: B007
                await post(producer, prefix, record)
            await producer.flush()
        return number

    return asyncio.run(send())
