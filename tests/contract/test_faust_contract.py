"""What agents/kafka relies on in faust, mode and aiokafka: another version must fail here, by name, not in a launch."""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import inspect
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer.subscription_state import SubscriptionState, TopicPartitionState
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.protocol.admin import DescribeGroupsRequest
from aiokafka.record.default_records import DefaultRecord
from faust.assignor.partition_assignor import PartitionAssignor
from faust.tables.recovery import RebalanceAgain, Recovery
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage
from mode.utils.queues import FlowControlEvent, FlowControlQueue

from tests.contract.faust_names import SOURCES, VERSIONS


def _resolve(name: str) -> Any:
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return inspect.unwrap(getattr(found, "fun", found))


@pytest.mark.parametrize(("package", "pinned"), VERSIONS.items())
def test_the_installed_version_is_the_one_that_was_read(package: str, pinned: str) -> None:
    assert version(package) == pinned


@pytest.mark.parametrize("name", SOURCES)
def test_the_source_of_a_private_name_has_not_changed(name: str) -> None:
    digest = hashlib.sha256(inspect.getsource(_resolve(name)).encode()).hexdigest()[:12]
    assert digest == SOURCES[name], f"{name} is not what agents/kafka was written against"


def test_recovery_lets_sources_flow_before_it_seeks_and_clears_the_queues_after() -> None:
    source = inspect.getsource(Recovery.on_recovery_completed)
    steps = ["resume_partitions(", "perform_seek()", "flow_control.resume()", "on_rebalance_end()"]
    assert sorted(steps, key=source.index) == steps


async def test_a_recovery_that_is_told_to_begin_while_it_completes_begins_anew_and_does_not_complete() -> None:
    app = faust.App("again", broker="kafka://127.0.0.1:1", store="memory://", autodiscover=False)
    recovery, completed = Recovery(app, app.tables), asyncio.Event()

    async def completing() -> None:
        recovery.signal_recovery_start.set()
        while recovery.signal_recovery_start.is_set():
            await recovery.sleep(0.001)
        completed.set()

    with pytest.raises(RebalanceAgain):
        await asyncio.wait_for(recovery._wait(completing()), 1)
    assert not completed.is_set()


def test_aiokafkas_own_records_have_what_is_read_of_a_slice() -> None:
    record = DefaultRecord(7, 8, 1, b"k", None, [("h", b"v")])
    found = (record.offset, record.timestamp, record.timestamp_type, record.key, record.value, record.headers)
    assert found == (7, 8, 1, b"k", None, [("h", b"v")])


async def test_resuming_the_flow_clears_what_was_queued() -> None:
    flow = FlowControlEvent()
    queue: FlowControlQueue[int] = FlowControlQueue(maxsize=4, flow_control=flow, clear_on_resume=True)
    queue.put_nowait(1)
    flow.resume()
    assert queue.empty()


def test_faust_notes_an_offset_as_committed_even_where_the_commit_failed() -> None:
    async def commit(offsets: object) -> bool:
        return False

    async def flush() -> None:
        return None

    tp, noted = TP("t", 0), dict[TP, int]()
    monitor = SimpleNamespace(on_tp_commit=lambda offsets: None)
    consumer = SimpleNamespace(
        log=SimpleNamespace(dev=lambda *_: None, info=lambda *_: None, warning=lambda *_: None, isEnabledFor=bool),
        assignment=lambda: {tp},
        in_transaction=False,
        app=SimpleNamespace(producer=SimpleNamespace(flush=flush), monitor=monitor),
        _commit=commit,
        _committed_offset=noted,
    )
    loop = asyncio.new_event_loop()
    try:
        did = loop.run_until_complete(driver.Consumer._commit_offsets(consumer, {tp: 7}))  # type: ignore[arg-type]
    finally:
        loop.close()
    assert (did, noted) == (False, {tp: 7})


def test_fausts_own_producer_is_not_idempotent() -> None:
    producer = SimpleNamespace(app=SimpleNamespace(in_transaction=False))
    assert driver.Producer._settings_extra(producer) == {}  # type: ignore[arg-type]


def test_a_leader_without_metadata_assigns_nothing_and_says_nothing() -> None:
    cluster = SimpleNamespace(partitions_for_topic=lambda topic: None)
    assert PartitionAssignor._get_copartitioned_groups({"t"}, cluster, {"member": ["t"]}) == {}  # type: ignore[arg-type]


def test_the_driver_hard_codes_how_long_a_fetch_waits_and_hands_the_attribute_on_at_start() -> None:
    assert "fetch_max_wait_ms=1500" in inspect.getsource(driver.AIOKafkaConsumerThread._create_worker_consumer)
    assert "fetch_max_wait_ms=self._fetch_max_wait_ms" in inspect.getsource(AIOKafkaConsumer.start)


def test_a_batch_takes_one_record_larger_than_itself_and_none_when_it_is_closed() -> None:
    large, closed = BatchBuilder(64, 0), BatchBuilder(64, 0)
    assert large.append(timestamp=None, key=b"k", value=b"v" * 200) is not None
    assert large.append(timestamp=None, key=b"k", value=b"v") is None
    closed.close()
    assert closed.append(timestamp=None, key=b"k", value=b"v") is None


async def test_a_partitions_state_in_aiokafka_has_what_is_read_of_it() -> None:
    subscription = SubscriptionState()
    subscription.assign_from_user({TopicPartition("t", 0)})
    assignment = subscription.subscription.assignment
    assert assignment.tps == {TopicPartition("t", 0)}
    state = assignment.state_value(TopicPartition("t", 0))
    assert isinstance(state, TopicPartitionState)
    assert (state.highwater, state.timestamp, state.has_valid_position) == (None, None, False)
    state.seek(5)
    assert (state.position, state.has_valid_position) == (5, True)


async def test_an_aiokafka_consumer_has_the_parts_that_are_reached_into() -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers="127.0.0.1:1")
    for name in (
        "_client",
        "_subscription",
        "_coordinator",
        "_closed",
        "_fetch_max_wait_ms",
        "_fetch_min_bytes",
        "_max_poll_records",
    ):
        assert hasattr(consumer, name), name
    await consumer.stop()


def test_a_description_of_a_group_has_its_members_and_their_assignments_where_they_are_read() -> None:
    request = DescribeGroupsRequest(groups=["g"], include_authorized_operations=False)
    schema = request.prepare({15: (0, 5)}).RESPONSE_TYPE.SCHEMA
    groups = schema.fields[schema.names.index("groups")].array_of
    assert groups.names[:6] == ("error_code", "group", "state", "protocol_type", "protocol", "members")
    assert groups.fields[5].array_of.names[4] == "member_assignment"
    packed = ConsumerProtocolMemberAssignment(0, [("t", [1, 2])], b"").encode()
    assert ConsumerProtocolMemberAssignment.decode(packed).assignment == [("t", [1, 2])]


def test_a_consumer_message_takes_its_parts_in_this_order() -> None:
    assert list(inspect.signature(ConsumerMessage).parameters)[:12] == [
        "topic",
        "partition",
        "offset",
        "timestamp",
        "timestamp_type",
        "headers",
        "key",
        "value",
        "checksum",
        "serialized_key_size",
        "serialized_value_size",
        "tp",
    ]


def test_an_app_asks_its_schema_for_the_value_of_a_message() -> None:
    assert {"app", "message"} <= inspect.signature(faust.Schema.loads_value).parameters.keys()
    assert {"app", "message"} <= inspect.signature(faust.Schema.loads_key).parameters.keys()
