"""Topics change under the workers: more partitions are read, a new log or a lost one is refused by name."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from agents.claims.pins import SettingsTopic
from agents.connections import kafka_arguments
from agents.names import Names
from agents.operations.topics import create_missing, grow, plan_topics
from tests.faults.deployment import Deployment
from tests.faults.events import Events
from tests.faults.processes import WorkerProcess, wait_for
from tests.faults.sending import send_all
from tests.kafka.exactness import administer, deployed
from tests.support.kafka import KafkaBroker

pytestmark = [pytest.mark.kafka, pytest.mark.faults]


def test_added_partitions_are_counted_within_a_minute(kafka_broker: KafkaBroker, tmp_path: Path) -> None:
    with deployed(tmp_path, kafka_broker) as deployment, deployment.sender(seed=41, rate=150) as sender:
        (worker,) = deployment.start("only")
        deployment.wait_counting()
        administer(deployment, lambda admin: _grow(admin, deployment, "visit", 5))
        seconds = wait_for(lambda: _partitions_read(worker, "visit") == {0, 1, 2, 3, 4}, 60, worker.tail)
        print(f"all partitions counted after {seconds:.1f} s")
        sender.finish()
        verdict = deployment.verdict()
        print(verdict)
        assert verdict.exact, f"{verdict}\n{worker.tail()}"


def test_topic_made_anew_and_records_lost_to_retention_are_refused_by_name_and_the_others_read(
    kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    with deployed(tmp_path, kafka_broker) as deployment:
        events = Events(42, deployment.application)
        _send(deployment, events, 3_000)
        (worker,) = deployment.start("only")
        deployment.verdict()
        assert worker.stop()[0] == 0
        _send(deployment, events, 1_000)
        lost = TopicPartition(f"{deployment.prefix}open", 1)
        administer(deployment, lambda admin: _delete_records(admin, lost))
        deployment.start("only")
        wait_for(lambda: _refused(worker, deployment) == {("open", 1)}, 40, worker.tail)
        _wait_read(worker, deployment, "sale")
        administer(deployment, lambda admin: _make_anew(admin, deployment, "sale"))
        _send(deployment, events, 1_000)
        refused = {("open", 1), ("sale", 0), ("sale", 1)}
        wait_for(lambda: _refused(worker, deployment) == refused, 60, lambda: (worker.reasons(), worker.tail()))
        # A new topic is a new assignment: where each partition is read from is then asked again, one after another.
        _wait_reasons(
            worker,
            f"{lost.topic}/1 is refused: retention overtook the reader",
            f"{deployment.prefix}sale/0 is refused",
            f"{deployment.prefix}sale/1 is refused",
            "made anew",
        )
        assert worker.get("/readyz")[0] == 503
        assert worker.get("/healthz")[0] == 200
        for topic in ("click", "visit", "mention"):
            _wait_read(worker, deployment, topic)


def test_topic_made_anew_while_no_worker_runs_is_refused_by_name_until_it_is_rebased(
    kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    with deployed(tmp_path, kafka_broker) as deployment:
        events = Events(43, deployment.application)
        _send(deployment, events, 2_000)
        (worker,) = deployment.start("only")
        _wait_read(worker, deployment, "sale")
        name = f"{deployment.prefix}sale"
        origin = SettingsTopic(Names(deployment.settings).settings, kafka_arguments(deployment.settings))
        wait_for(lambda: {(name, 0, 0), (name, 1, 0)} <= asyncio.run(origin.started()), 30, worker.tail)
        assert worker.stop()[0] == 0
        administer(deployment, lambda admin: _make_anew(admin, deployment, "sale"))
        _send(deployment, events, 1_000)
        deployment.start("only")
        wait_for(lambda: _refused(worker, deployment) == {("sale", 0), ("sale", 1)}, 40, worker.tail)
        _wait_reasons(worker, "made anew")
        _wait_read(worker, deployment, "click")
        before = _read(worker, "sale")
        assert worker.stop()[0] == 0
        assert asyncio.run(origin.rebase(name)) == 1
        deployment.start("only")
        wait_for(
            lambda: (
                not _refused(worker, deployment)
                and _read(worker, "sale") == before + deployment.recount(["sale"]).records
            ),
            40,
            worker.tail,
        )


def _wait_reasons(worker: WorkerProcess, *texts: str) -> None:
    def told() -> bool:
        reasons = "; ".join(worker.reasons())
        return all(text in reasons for text in texts)

    wait_for(told, 30, lambda: (worker.reasons(), worker.tail()))


def _wait_read(worker: WorkerProcess, deployment: Deployment, topic: str) -> None:
    want = deployment.recount([topic]).records
    wait_for(lambda: _read(worker, topic) == want, 20, lambda: (topic, want, _read(worker, topic)))


def _send(deployment: Deployment, events: Events, number: int) -> None:
    records = [events.record(time.time_ns() // 1_000_000) for _ in range(number)]
    assert send_all(deployment.broker.address, deployment.prefix, records) == number


async def _grow(admin: AIOKafkaAdminClient, deployment: Deployment, topic: str, partitions: int) -> None:
    await grow(admin, plan_topics(deployment.settings), deployment.prefix + topic, partitions)


async def _delete_records(admin: AIOKafkaAdminClient, tp: TopicPartition) -> None:
    """What retention does: nothing of the log is left."""
    await admin.delete_records({tp: RecordsToDelete(before_offset=-1)})


async def _make_anew(admin: AIOKafkaAdminClient, deployment: Deployment, topic: str) -> None:
    name = deployment.prefix + topic
    await admin.delete_topics([name])
    while name in await admin.list_topics():
        await asyncio.sleep(0.1)
    await asyncio.sleep(1.0)
    await create_missing(admin, plan_topics(deployment.settings, deployment.partitions), 1)


def _partitions_read(worker: WorkerProcess, topic: str) -> set[int]:
    return {
        int(dict(labels)["partition"])
        for (name, labels), value in worker.metrics().items()
        if name == "launchpulse_events_read_total" and dict(labels)["topic"] == topic and value
    }


def _read(worker: WorkerProcess, topic: str) -> int:
    return int(
        sum(
            value
            for (name, labels), value in worker.metrics().items()
            if name == "launchpulse_events_read_total" and dict(labels)["topic"] == topic
        )
    )


def _refused(worker: WorkerProcess, deployment: Deployment) -> set[tuple[str, int]]:
    return {
        (dict(labels)["topic"].removeprefix(deployment.prefix), int(dict(labels)["partition"]))
        for (name, labels), value in worker.metrics().items()
        if name == "launchpulse_partition_refused" and value
    }
