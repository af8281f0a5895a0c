"""All bad input by name through a real Kafka, in one run: nothing stops a partition, nothing costs another event."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.structs import ConsumerRecord

from tests.faults.bad_input import BIG, CODECS, BadInput
from tests.faults.deployment import SUMMARIES, Deployment
from tests.faults.events import OK, TOPICS, TRUTH, Record
from tests.faults.logs import read_topics
from tests.faults.processes import WorkerProcess, wait_for
from tests.faults.sending import send_all
from tests.kafka.exactness import administer, deployed
from tests.support.kafka import KafkaBroker

pytestmark = [pytest.mark.kafka, pytest.mark.faults]

FLOOD = 50_000
LIMIT = 20


def test_every_case_of_bad_input_gets_its_reason_or_is_counted_and_costs_no_other_event(
    kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    with deployed(tmp_path, kafka_broker, campaign_limit=LIMIT) as deployment:
        address, prefix = kafka_broker.address, deployment.prefix
        _allow_large_records(deployment)
        cases = BadInput(deployment.application, time.time_ns() // 1_000_000)
        _send(deployment, [cases.big()], compression_type="gzip", max_request_size=2 * BIG)
        sent = 1
        for codec in (None, *CODECS):
            sent += _send(deployment, cases.all(), compression_type=codec, max_request_size=2_000_000)
        (worker,) = deployment.start("only")
        deployment.verdict()  # the sound campaigns have their places before the flood comes
        sent += send_all(address, prefix, cases.flood(FLOOD))
        sent += _send(deployment, cases.all(), max_request_size=2_000_000)
        found = deployment.recount()
        verdict = deployment.verdict(found, limited=True)
        print(verdict)
        assert verdict.exact, f"{verdict}\n{worker.tail()}"
        assert verdict.records == sent
        refused = pytest.approx(FLOOD - SUMMARIES * LIMIT, rel=0.05)
        # Sketches are stated once a second, and the gauge is set once a second.
        wait_for(lambda: _refused_campaigns(worker) == refused, 10, lambda: (refused, _refused_campaigns(worker)))
        _check_dead_letters(deployment)
        assert worker.reasons() == []


def _refused_campaigns(worker: WorkerProcess) -> float:
    return sum(value for (name, _), value in worker.metrics().items() if name == "launchpulse_campaigns_refused")


def _send(deployment: Deployment, records: list[Record], **options: object) -> int:
    return send_all(deployment.broker.address, deployment.prefix, records, **options)


def _allow_large_records(deployment: Deployment) -> None:
    configs = {"message.timestamp.type": "LogAppendTime", "retention.ms": "86400000", "segment.ms": "3600000"}
    configs["max.message.bytes"] = str(2 * BIG)
    kind = ConfigResourceType.TOPIC
    resources = [ConfigResource(kind, deployment.prefix + topic, configs=configs) for topic in TOPICS]
    administer(deployment, lambda admin: admin.alter_configs(resources))


def _check_dead_letters(deployment: Deployment) -> None:
    letters = f"{deployment.application}-dead-letters"
    logs = read_topics(deployment.broker.address, [letters, *(deployment.prefix + topic for topic in TOPICS)])
    kept = {_origin(record): record for record in logs.pop(letters)}
    refused = {
        (record.topic, record.partition, record.offset): record
        for records in logs.values()
        for record in records
        if dict(record.headers)[TRUTH] != OK.encode()
    }
    assert kept.keys() == refused.keys()
    for origin, record in refused.items():
        _check_dead_letter(record, kept[origin])


def _check_dead_letter(record: ConsumerRecord, letter: ConsumerRecord) -> None:
    own, original = letter.headers[: -len(record.headers)], letter.headers[-len(record.headers) :]
    told = dict(own)
    assert tuple(original) == tuple(record.headers)
    assert told["launchpulse.reason"] == dict(record.headers)[TRUTH], told
    assert told["launchpulse.key"] == record.key
    assert told["launchpulse.detail"]
    if record.value is not None and len(record.value) > BIG:
        assert told["launchpulse.truncated"] == str(len(record.value)).encode()
        assert 0 < len(letter.value) < len(record.value)
        assert record.value.startswith(letter.value)
    else:
        assert letter.value == record.value
        assert "launchpulse.truncated" not in told


def _origin(letter: ConsumerRecord) -> tuple[str, int, int]:
    headers: Mapping[str, bytes] = dict(reversed(letter.headers))
    return (
        headers["launchpulse.topic"].decode(),
        int(headers["launchpulse.partition"]),
        int(headers["launchpulse.offset"]),
    )
