"""Slices, marks and takeover of the Faust extension on a real broker, with workers in processes of their own."""

from __future__ import annotations

import uuid
from itertools import pairwise
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from agents.kafka.positions import CommitNote
from agents.kafka.thread import FETCH_MIN_BYTES
from tests.kafka.cluster import Worker, committed, create_topics, produce, read_all, spread, wait_for, workers
from tests.support.kafka import KafkaBroker

pytestmark = pytest.mark.kafka
PARTITIONS = 4


def _total(*some: Worker) -> int:
    """What workers have counted together, each partition by its present owner."""
    counts: dict[str, int] = {}
    for worker in some:
        counts.update(worker.report().get("counts", {}))
    return sum(counts.values())


def _assert_contiguous(worker: Worker) -> None:
    runs: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for slice_ in worker.slices():
        assert slice_["last"] - slice_["first"] + 1 == slice_["n"]
        run = runs.setdefault((slice_["tp"][1], slice_["generation"]), [])
        run.append((slice_["first"], slice_["last"]))
    assert runs
    for run in runs.values():
        assert all(earlier[1] + 1 == later[0] for earlier, later in pairwise(run)), run


async def test_a_join_and_a_kill_cost_no_record_and_count_none_twice(kafka_broker: KafkaBroker, tmp_path: Path) -> None:
    app, address = f"join-{uuid.uuid4().hex[:8]}", kafka_broker.address
    await create_topics(address, app, PARTITIONS)
    await produce(address, f"{app}-src", spread(6_000, PARTITIONS))
    with workers() as started:
        first = Worker(tmp_path, "first", address, app, PARTITIONS)
        started.append(first)
        wait_for(lambda: _total(first) == 6_000, 30, first.report)
        second = Worker(tmp_path, "second", address, app, PARTITIONS)
        started.append(second)
        for _ in range(12):
            await produce(address, f"{app}-src", spread(400, PARTITIONS))
        wait_for(lambda: len(second.report().get("source", [])) == 2, 20, second.report)
        await produce(address, f"{app}-src", spread(400, PARTITIONS))
        wait_for(lambda: _total(first, second) == 11_200, 20, lambda: (first.report(), second.report()))
        first.end()
        await produce(address, f"{app}-src", spread(400, PARTITIONS))
        wait_for(lambda: _total(second) == 11_600, 20, second.report)
        for worker in started:
            _assert_contiguous(worker)
        counts = second.report()["counts"]
        assert len(counts) == 40
        assert set(counts.values()) == {290}


async def test_what_is_committed_is_the_mark_with_its_note(kafka_broker: KafkaBroker, tmp_path: Path) -> None:
    app, address = f"mark-{uuid.uuid4().hex[:8]}", kafka_broker.address
    await create_topics(address, app, 1)
    await produce(address, f"{app}-src", spread(500, 1))
    with workers() as started:
        worker = Worker(tmp_path, "only", address, app, 1)
        started.append(worker)
        wait_for(lambda: _total(worker) == 500, 30, worker.report)
        await produce(address, f"{app}-src", spread(100, 1))
        wait_for(lambda: _total(worker) == 600, 10, worker.report)
        last = worker.slices()[-1]
        wait_for(lambda: worker.report()["committed"]["0"] == last["first"], 10, worker.report)
        wait_for(lambda: worker.report()["ends"]["0"] == [600, 600, 599], 5, worker.report)
    note = (await committed(address, app))[0]
    times = {record.offset: record.timestamp for record in await read_all(address, f"{app}-src", 0)}
    assert note.offset == last["first"] > 0
    assert CommitNote.decode(note.metadata) == CommitNote(0, times[last["first"]], 599)


async def test_the_end_marks_of_transactions_cost_no_record(kafka_broker: KafkaBroker, tmp_path: Path) -> None:
    app, address = f"ends-{uuid.uuid4().hex[:8]}", kafka_broker.address
    await create_topics(address, app, 1)
    large = bytes(FETCH_MIN_BYTES // 20)  # 40 of these are fetched at once
    with workers() as started:
        worker = Worker(tmp_path, "only", address, app, 1)
        started.append(worker)
        wait_for(lambda: worker.report().get("source") == [0], 30, worker.report)
        async with AIOKafkaProducer(bootstrap_servers=address, transactional_id=app) as producer:
            for _ in range(20):
                async with producer.transaction():
                    for _ in range(40):
                        await producer.send(f"{app}-src", large, key=b"k", partition=0)
        wait_for(lambda: _total(worker) == 800, 10, worker.report)
        assert worker.report()["continuity"] == [0, 0, 0]
        assert worker.report()["ends"]["0"][0] == 820
