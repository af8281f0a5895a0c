"""The producer: sends events at a rate from a thread of its own, through every fault."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from tests.faults.events import Events, Record

TICK_SECONDS = 0.05
IN_TRANSACTION = "in a transaction"
"""The header of what is sent in one."""
IN_ONE, ABORTED, PAUSE_SECONDS, RETRY_SECONDS = 20, 0.25, 0.2, 0.5
"""Events of a transaction, the share of those that are aborted, between two, and after one that failed."""


class Sender:
    """Sends until it is stopped; what it has sent is acknowledged, once each, however often the broker dies.

    rate: records a second. The log has the truth, so there is no account here but the number `sent`.
    in_transactions: events that a second producer sends, beside the rate; they are not in the account.
    """

    def __init__(
        self, address: str, prefix: str, events: Events, rate: float, in_transactions: Events | None = None
    ) -> None:
        self._address, self._prefix, self._events = address, prefix, events
        self._in_transactions = in_transactions
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
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._send())
            if self._in_transactions is not None:
                tasks.create_task(self._send_in_transactions(self._in_transactions))

    async def _send(self) -> None:
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

    async def _send_in_transactions(self, events: Events) -> None:
        """What the broker's death leaves open, the next producer of the same name aborts."""
        rng = random.Random(self._prefix)
        while not self._stop.is_set():
            try:
                async with idempotent(self._address, transactional_id=f"{self._prefix}sender") as producer:
                    while not self._stop.is_set():
                        await transaction(producer, self._prefix, events, IN_ONE, aborted=rng.random() < ABORTED)
                        await asyncio.sleep(PAUSE_SECONDS)
            except KafkaError:
                await asyncio.sleep(RETRY_SECONDS)


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


async def transaction(producer: AIOKafkaProducer, prefix: str, events: Events, records: int, aborted: bool) -> None:
    """Sends so many records in one; of an aborted one all of them stand in the log, too."""
    await producer.begin_transaction()
    for _ in range(records):
        record = events.record(time.time_ns() // 1_000_000)
        await post(producer, prefix, replace(record, extra=(*record.extra, (IN_TRANSACTION, b"1"))))
    if aborted:
        await producer.flush()
        await producer.abort_transaction()
    else:
        await producer.commit_transaction()


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
