"""The table of statements on a real broker: zombies, compaction, and the order of tombstones."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndMetadata

from agents.kafka.positions import CommitNote
from tests.kafka.cluster import ROOT, Worker, commit, create_topics, produce, read_all, wait_for, workers
from tests.kafka.counting_worker import VALUE
from tests.support.kafka import KafkaBroker

pytestmark = pytest.mark.kafka

OWNER, ZOMBIE = b"\0\0\0\0ow", b"\0\0\0\0zo"
KEY = b"k"


class SlowWorker(Worker):
    """A counting worker whose first reading of the changelog takes longer than half its lag."""

    def __init__(self, directory: Path, broker: str, app: str) -> None:
        self._file, self._slices = directory / "slow.json", directory / "slow.slices"
        self.reading = directory / "slow.reading"
        self.log = directory / "slow.log"
        options = {
            "broker": broker,
            "app": app,
            "topic": f"{app}-src",
            "partitions": 1,
            "name": "slow",
            "directory": str(directory),
            "session_seconds": 20.0,
            "first_reading_seconds": 6.0,
            "lag_seconds": 10.0,
        }
        command = [sys.executable, "-m", "tests.kafka.slow_worker", json.dumps(options)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)


async def _compacted(address: str, topic: str) -> None:
    """Rolls the segment with a record of another key until the cleaner has taken the first record."""
    for _ in range(40):
        await produce(address, topic, [(0, b"filler" + uuid.uuid4().hex.encode(), VALUE.pack(0, 0))])
        if (await read_all(address, topic, 0))[0].offset > 0:
            return
        await asyncio.sleep(0.4)
    raise AssertionError("the changelog was not compacted")


async def test_the_furthest_statement_survives_a_zombie_and_compaction_and_is_replaced_before_others_are_deleted(
    kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    app, address = f"zombie-{uuid.uuid4().hex[:8]}", kafka_broker.address
    source, changelog = f"{app}-src", f"{app}-counts-changelog"
    quick = {"segment.ms": "300", "min.cleanable.dirty.ratio": "0.01", "max.compaction.lag.ms": "1000"}
    await create_topics(address, app, 1, quick)
    await produce(address, source, [(0, KEY, b"v")] * 21)
    # The zombie owned the partition first; what it says after the new owner is older, but stands behind in the log.
    for term, at in ((ZOMBIE, 10), (OWNER, 20), (ZOMBIE, 15)):
        await produce(address, changelog, [(0, term + KEY, VALUE.pack(at, at + 1))])
    await _compacted(address, changelog)
    await commit(address, app, {TopicPartition(source, 0): OffsetAndMetadata(21, CommitNote(0, None, 20).encode())})
    with workers() as started:
        worker = Worker(tmp_path, "heir", address, app, 1)
        started.append(worker)
        wait_for(lambda: worker.report().get("counts", {}).get("k") == 21, 30, worker.report)
        assert worker.report()["unstated"]["0"] >= 1
        await produce(address, source, [(0, KEY, b"v")])
        wait_for(lambda: worker.report()["counts"]["k"] == 22, 10, worker.report)
    log = [record for record in await read_all(address, changelog, 0) if record.key[6:] == KEY]
    own = next(record for record in log if record.key[:6] not in (OWNER, ZOMBIE))
    gone = {record.key[:6]: record.offset for record in log if record.value is None}
    assert VALUE.unpack(own.value) == (21, 22)
    assert gone.keys() == {OWNER, ZOMBIE}
    assert own.offset < min(gone.values())


async def test_a_recovery_that_takes_longer_than_half_the_lag_reads_on_to_what_was_stated_meanwhile(
    kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    app, address = f"slow-{uuid.uuid4().hex[:8]}", kafka_broker.address
    source, changelog = f"{app}-src", f"{app}-counts-changelog"
    await create_topics(address, app, 1)
    await produce(address, source, [(0, KEY, b"v")] * 21)
    await produce(address, changelog, [(0, OWNER + KEY, VALUE.pack(10, 11))])
    await commit(address, app, {TopicPartition(source, 0): OffsetAndMetadata(21, CommitNote(0, None, 20).encode())})
    with workers() as started:
        worker = SlowWorker(tmp_path, address, app)
        started.append(worker)
        wait_for(worker.reading.exists, 30, worker.log.read_text)
        # The owner of before states the key once more, behind the end that the recovery goes for.
        await produce(address, changelog, [(0, OWNER + KEY, VALUE.pack(20, 21))])
        wait_for(lambda: worker.report().get("events", {}).get("recovered 0") == 1, 30, worker.log.read_text)
        assert worker.report()["counts"] == {"k": 21}
        await produce(address, source, [(0, KEY, b"v")])
        wait_for(lambda: worker.report()["counts"]["k"] == 22, 20, worker.log.read_text)
    assert "reading on" in worker.log.read_text()
