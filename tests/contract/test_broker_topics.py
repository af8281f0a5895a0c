"""What administrators do: topics created, described, grown, altered, deleted; records deleted; groups listed."""

from __future__ import annotations

from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import InvalidPartitionsError, OffsetOutOfRangeError, PolicyViolationError
from aiokafka.protocol.admin import DeleteGroupsRequest

from agents.demo.broker.topics import DEFAULTS
from tests.contract.clients import (
    Broker,
    admin_client,
    consuming,
    eventually,
    new_topic,
    producing,
    read_to_end,
    requesting,
    unique,
)
from tests.contract.members import member

UNKNOWN_TOPIC, INVALID_TOPIC, EXISTS, INVALID_PARTITIONS, INVALID_REPLICATION, INVALID_CONFIG = 3, 17, 36, 37, 38, 40


async def create(admin: AIOKafkaAdminClient, *topics: NewTopic, **options: Any) -> list[int]:
    """The error codes of a CreateTopics request."""
    answer = await admin.create_topics(list(topics), **options)
    return [error[1] for error in answer.topic_errors]


async def settings_of(admin: AIOKafkaAdminClient, topic: str, *names: str) -> dict[str, tuple[str, bool]]:
    """name -> (value, whether it was set for this topic)."""
    wanted = dict.fromkeys(names, "") if names else None
    (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic, wanted)])
    ((code, _, _, _, entries),) = answer.resources
    assert code == 0
    return {entry[0]: (entry[1], entry[3] == 1) for entry in entries}


async def test_a_topic_is_created_described_and_deleted_with_all_it_held(broker: Broker) -> None:
    topic = await new_topic(broker, partitions=3)
    async with admin_client(broker) as admin:
        (described,) = await admin.describe_topics([topic])
        assert sorted(p["partition"] for p in described["partitions"]) == [0, 1, 2]
        assert topic in await admin.list_topics()
        async with producing(broker) as producer:
            await producer.send_and_wait(topic, b"gone soon", partition=0)
        async with member(broker, unique("group")) as tool:
            assert await tool.commit(topic, 1) == 0
            await admin.delete_topics([topic])

            async def unknown() -> bool:
                (found,) = await admin.describe_topics([topic])
                return bool(found["error_code"] == UNKNOWN_TOPIC)

            await eventually(unknown)
            assert await create(admin, NewTopic(topic, 1, 1)) == [0]

            async def forgotten() -> bool:
                return await tool.committed(topic) == (-1, "")

            await eventually(forgotten)

        async def there() -> bool:
            (found,) = await admin.describe_topics([topic])
            return len(found["partitions"]) == 1

        await eventually(there)
    assert await read_to_end(broker, topic) == []


async def test_a_topic_that_does_not_exist_is_not_made_by_asking_for_it(broker: Broker) -> None:
    name = unique("contract")
    async with admin_client(broker) as admin:
        (described,) = await admin.describe_topics([name])
        assert described["error_code"] == UNKNOWN_TOPIC
        assert name not in await admin.list_topics()
        answer = await admin.delete_topics([name])
        assert answer.topic_error_codes[0][1] == UNKNOWN_TOPIC


async def test_impossible_topics_are_refused_by_reason(broker: Broker) -> None:
    topic = await new_topic(broker)
    async with admin_client(broker) as admin:
        assert await create(admin, NewTopic(topic, 1, 1)) == [EXISTS]
        assert await create(admin, NewTopic("no spaces", 1, 1)) == [INVALID_TOPIC]
        assert await create(admin, NewTopic("x" * 250, 1, 1)) == [INVALID_TOPIC]
        assert await create(admin, NewTopic(unique("contract"), 0, 1)) == [INVALID_PARTITIONS]
        assert await create(admin, NewTopic(unique("contract"), 1, 3)) == [INVALID_REPLICATION]
        for name, value in (("no.such.setting", "1"), ("retention.ms", "soon"), ("cleanup.policy", "burn")):
            asked = NewTopic(unique("contract"), 1, 1, topic_configs={name: value})
            assert await create(admin, asked) == [INVALID_CONFIG], (name, value)


async def test_a_name_that_differs_only_in_dots_and_underscores_is_refused(broker: Broker) -> None:
    name = unique("contract")
    async with admin_client(broker) as admin:
        assert await create(admin, NewTopic(f"{name}.a", 1, 1)) == [0]
        assert await create(admin, NewTopic(f"{name}_a", 1, 1)) == [INVALID_TOPIC]


async def test_validating_a_topic_creates_none(broker: Broker) -> None:
    name = unique("contract")
    async with admin_client(broker) as admin:
        assert await create(admin, NewTopic(name, 1, 1), validate_only=True) == [0]
        assert name not in await admin.list_topics()


async def test_settings_are_described_with_what_was_set_and_the_defaults(broker: Broker) -> None:
    topic = await new_topic(broker, message_timestamp_type="LogAppendTime", retention_ms="86400000")
    async with admin_client(broker) as admin:
        every = await settings_of(admin, topic)
        assert every["message.timestamp.type"] == ("LogAppendTime", True)
        assert every["retention.ms"] == ("86400000", True)
        assert every["cleanup.policy"] == ("delete", False)
        assert every["max.message.bytes"] == ("1048588", False)
        few = await settings_of(admin, topic, "segment.ms", "min.cleanable.dirty.ratio")
        assert few == {"segment.ms": ("604800000", False), "min.cleanable.dirty.ratio": ("0.5", False)}


async def test_settings_of_an_unknown_topic_are_refused(broker: Broker) -> None:
    async with admin_client(broker) as admin:
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, unique("contract"))])
        assert answer.resources[0][0] == UNKNOWN_TOPIC


async def test_every_setting_the_embedded_broker_knows_is_kafkas_with_its_default(broker: Broker) -> None:
    topic = await new_topic(broker)
    async with admin_client(broker) as admin:
        found = {name: value for name, (value, _) in (await settings_of(admin, topic)).items()}
    for name, value in DEFAULTS.items():
        assert found[name] == value, name


async def test_altered_settings_replace_the_old_ones_and_take_effect(broker: Broker) -> None:
    topic = await new_topic(broker, max_message_bytes="1000", retention_ms="3600000")
    async with admin_client(broker) as admin:
        asked = ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": "5000"})
        (answer,) = await admin.alter_configs([asked])
        assert answer.resources[0][0] == 0

        async def altered() -> bool:
            found = await settings_of(admin, topic, "max.message.bytes", "retention.ms")
            return found == {"max.message.bytes": ("5000", True), "retention.ms": ("604800000", False)}

        await eventually(altered)
    async with producing(broker) as producer:
        await producer.send_and_wait(topic, b"x" * 3000)


async def test_partitions_can_be_added_and_never_taken_away(broker: Broker) -> None:
    topic = await new_topic(broker, partitions=2)
    async with admin_client(broker) as admin:

        async def grow(count: int) -> int:
            answer = await admin.create_partitions({topic: NewPartitions(count)})
            code: int = answer.topic_errors[0][1]
            return code

        assert await grow(4) == 0
        for count in (4, 3):
            with pytest.raises(InvalidPartitionsError):
                await grow(count)

        async def grown() -> bool:
            (found,) = await admin.describe_topics([topic])
            return len(found["partitions"]) == 4

        await eventually(grown)
    async with producing(broker) as producer:
        assert (await producer.send_and_wait(topic, b"new", partition=3)).offset == 0


async def test_deleted_records_move_the_logs_start(broker: Broker) -> None:
    topic = await new_topic(broker)
    where = TopicPartition(topic, 0)
    async with producing(broker) as producer:
        for number in range(5):
            await producer.send_and_wait(topic, b"%d" % number)
    async with admin_client(broker) as admin, consuming(broker, auto_offset_reset="none") as consumer:
        assert await admin.delete_records({where: RecordsToDelete(before_offset=3)}) == {where: 3}
        assert await consumer.beginning_offsets([where]) == {where: 3}
        consumer.assign([where])
        consumer.seek(where, 1)
        with pytest.raises(OffsetOutOfRangeError):
            await consumer.getone()
        assert await admin.delete_records({where: RecordsToDelete(before_offset=-1)}) == {where: 5}
        with pytest.raises(OffsetOutOfRangeError):
            await admin.delete_records({where: RecordsToDelete(before_offset=6)})
    assert await read_to_end(broker, topic) == []
    async with producing(broker) as producer:
        assert (await producer.send_and_wait(topic, b"next")).offset == 5


async def test_the_start_may_lie_inside_a_batch(broker: Broker) -> None:
    topic = await new_topic(broker, retention_ms="-1")
    where = TopicPartition(topic, 0)
    async with producing(broker) as producer:
        batch = producer.create_batch()
        for number in range(5):
            batch.append(key=None, value=b"%d" % number, timestamp=1_700_000_000_000 + number)
        batch.close()
        await (await producer.send_batch(batch, topic, partition=0))
    async with admin_client(broker) as admin, consuming(broker) as consumer:
        await admin.delete_records({where: RecordsToDelete(before_offset=3)})
        assert await consumer.beginning_offsets([where]) == {where: 3}
        assert (await consumer.offsets_for_times({where: 0}))[where].offset == 3
    assert [record.offset for record in await read_to_end(broker, topic)] == [3, 4]


async def test_records_of_a_compacted_topic_can_not_be_deleted(broker: Broker) -> None:
    topic = await new_topic(broker, cleanup_policy="compact")
    async with producing(broker) as producer:
        await producer.send_and_wait(topic, b"kept", key=b"k")
    async with admin_client(broker) as admin:
        with pytest.raises(PolicyViolationError):
            await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(before_offset=1)})


async def test_groups_are_listed_described_and_deleted_once_they_are_empty(broker: Broker) -> None:
    group = unique("group")
    async with admin_client(broker) as admin, requesting(broker) as send, member(broker, group) as one:

        async def described() -> tuple[str, int]:
            (answer,) = await admin.describe_consumer_groups([group])
            _, name, state, _, _, members = answer.groups[0]
            assert name == group
            return state, len(members)

        async def delete() -> int:
            code: int = (await send(DeleteGroupsRequest([group]))).results[0][1]
            return code

        assert await delete() == 69
        await one.join()
        await one.sync({one.id: b"all"})
        assert group in [name for name, _ in await admin.list_consumer_groups()]
        assert await described() == ("Stable", 1)
        assert await delete() == 68
        await one.leave()
        assert await described() == ("Empty", 0)
        assert await delete() == 0
        assert group not in [name for name, _ in await admin.list_consumer_groups()]
