"""What an assignment finds: a partition whose log contradicts its commit is refused by name, never reset in silence."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndMetadata

from agents.kafka.positions import CommitNote
from tests.kafka.cluster import Worker, commit, create_topics, delete_before, produce, read_all, wait_for, workers
from tests.support.kafka import KafkaBroker

pytestmark = pytest.mark.kafka

NO_COMMIT, BEYOND, ANOTHER_TIME, FOREIGN, ACKNOWLEDGED, OVERTAKEN, IN_ORDER, OTHER_LIFE = range(8)
RECORDS = 30


async def test_partitions_that_contradict_their_commit_are_refused_by_name_and_the_others_read(
    kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    app, address = f"refuse-{uuid.uuid4().hex[:8]}", kafka_broker.address
    topic = f"{app}-src"
    await create_topics(address, app, 8)
    await produce(address, topic, [(part, b"k%d" % part, b"v") for part in range(8) for _ in range(RECORDS)])
    times = {part: (await read_all(address, topic, part))[10].timestamp for part in range(8)}
    notes = {
        BEYOND: (RECORDS + 5, CommitNote(0, times[BEYOND], RECORDS + 5)),
        ANOTHER_TIME: (10, CommitNote(0, times[ANOTHER_TIME] - 1, 15)),
        ACKNOWLEDGED: (10, CommitNote(0, times[ACKNOWLEDGED], 19)),
        OVERTAKEN: (10, CommitNote(0, times[OVERTAKEN], 18)),
        IN_ORDER: (10, CommitNote(0, times[IN_ORDER], 15)),
        OTHER_LIFE: (10, CommitNote(3, times[OTHER_LIFE], 15)),
    }
    await commit(
        address,
        app,
        {
            TopicPartition(topic, part): OffsetAndMetadata(offset, note.encode())
            for part, (offset, note) in notes.items()
        }
        | {TopicPartition(topic, FOREIGN): OffsetAndMetadata(10, "")},
    )
    await delete_before(address, {TopicPartition(topic, part): 20 for part in (ACKNOWLEDGED, OVERTAKEN)})
    read = {NO_COMMIT: 30, ACKNOWLEDGED: 10, IN_ORDER: 20, OTHER_LIFE: 30}
    with workers() as started:
        worker = Worker(tmp_path, "only", address, app, 8)
        started.append(worker)
        wait_for(lambda: len(worker.report().get("refusals", {})) == 4, 30, worker.report)
        counted = {f"k{part}": count for part, count in read.items()}
        wait_for(lambda: worker.report()["counts"] == counted, 10, worker.report)
        refusals = {int(where.rpartition("/")[2]): reason for where, reason in worker.report()["refusals"].items()}
        assert "beyond the log's end 30" in refusals[BEYOND]
        assert "has Kafka time" in refusals[ANOTHER_TIME]
        assert "was not written by Launchpulse" in refusals[FOREIGN]
        assert "retention overtook the reader: offsets 19..19" in refusals[OVERTAKEN]
        assert refusals.keys() == {BEYOND, ANOTHER_TIME, FOREIGN, OVERTAKEN}
        assert {slice_["tp"][1] for slice_ in worker.slices()} == read.keys()
