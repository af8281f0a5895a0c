"""Topics, records and workers for the tests of the Faust extension on a real broker."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.structs import ConsumerRecord, OffsetAndMetadata

ROOT = Path(__file__).parents[2]
Record = tuple[int, bytes, bytes | None]  # partition, key, value


async def create_topics(address: str, app: str, partitions: int, changelog: Mapping[str, str] | None = None) -> None:
    """A source topic `app`-src and the changelog of the counting worker's table."""
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    source = NewTopic(f"{app}-src", partitions, 1, topic_configs={"message.timestamp.type": "LogAppendTime"})
    settings = {"cleanup.policy": "compact", **(changelog or {})}
    table = NewTopic(f"{app}-counts-changelog", partitions, 1, topic_configs=settings)
    async with AsyncExitStack() as stack:
        await admin.start()
        stack.push_async_callback(admin.close)
        await admin.create_topics([source, table])


async def produce(address: str, topic: str, records: list[Record]) -> None:
    """Sends in order and waits for all acknowledgements."""
    async with AIOKafkaProducer(bootstrap_servers=address, acks="all") as producer:
        for partition, key, value in records:
            await producer.send(topic, value, key=key, partition=partition)


def spread(count: int, partitions: int, keys: int = 40) -> list[Record]:
    """`count` records over `keys` keys, each key in one partition."""
    return [(i % keys % partitions, b"k%d" % (i % keys), b"v") for i in range(count)]


async def read_all(address: str, topic: str, partition: int) -> list[ConsumerRecord]:
    """Every record of a partition, from its start to its present end."""
    tp = TopicPartition(topic, partition)
    found: list[ConsumerRecord] = []
    async with AIOKafkaConsumer(bootstrap_servers=address, enable_auto_commit=False) as consumer:
        consumer.assign([tp])
        end = (await consumer.end_offsets([tp]))[tp]
        consumer.seek(tp, (await consumer.beginning_offsets([tp]))[tp])
        while await consumer.position(tp) < end:
            found += (await consumer.getmany(tp, timeout_ms=500)).get(tp, [])
    return found


async def commit(address: str, group: str, notes: Mapping[TopicPartition, OffsetAndMetadata]) -> None:
    """Commits for a group that has no members."""
    async with AIOKafkaConsumer(bootstrap_servers=address, group_id=group, enable_auto_commit=False) as consumer:
        consumer.assign(list(notes))
        await consumer.commit(notes)


async def committed(address: str, group: str) -> dict[int, OffsetAndMetadata]:
    """What a group has committed, by partition (of all its topics)."""
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    async with AsyncExitStack() as stack:
        await admin.start()
        stack.push_async_callback(admin.close)
        return {tp.partition: note for tp, note in (await admin.list_consumer_group_offsets(group)).items()}


async def delete_before(address: str, offsets: Mapping[TopicPartition, int]) -> None:
    """What retention does: the logs then start at `offsets`."""
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    async with AsyncExitStack() as stack:
        await admin.start()
        stack.push_async_callback(admin.close)
        await admin.delete_records({tp: RecordsToDelete(before_offset=offset) for tp, offset in offsets.items()})


class Worker:
    """A counting worker in a process of its own; its output is in `directory`/NAME.log."""

    def __init__(self, directory: Path, name: str, broker: str, app: str, partitions: int, **options: Any) -> None:
        self._file = directory / f"{name}.json"
        self._slices = directory / f"{name}.slices"
        chosen = {
            "broker": broker,
            "app": app,
            "topic": f"{app}-src",
            "partitions": partitions,
            "name": name,
            **options,
        }
        command = [
            sys.executable,
            "-m",
            "tests.kafka.counting_worker",
            json.dumps({**chosen, "directory": str(directory)}),
        ]
        with (directory / f"{name}.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)

    def report(self) -> dict[str, Any]:
        """What it wrote last, at most 0.2 s old while it lives; empty before the first."""
        if not self._file.exists():
            return {}
        found: dict[str, Any] = json.loads(self._file.read_text())
        return found if found["pid"] == self.process.pid else {}

    def slices(self) -> list[dict[str, Any]]:
        """Every slice that its agent took, in order."""
        return [json.loads(line) for line in self._slices.read_text().splitlines()]

    def end(self) -> None:
        """Kills it, where it still runs."""
        self.process.kill()
        self.process.wait()


@contextmanager
def workers() -> Iterator[list[Worker]]:
    """A list of workers that are killed at the end, whatever happens."""
    started: list[Worker] = []
    try:
        yield started
    finally:
        for worker in started:
            worker.end()


def wait_for(condition: Callable[[], bool], seconds: float, what: Callable[[], object]) -> None:
    """Waits until the condition holds; AssertionError with what was seen after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s; seen: {what()}"
        time.sleep(0.1)
