"""After a lost Redis: every identity of the logs is owned again, by the copy that was first, before anybody works."""

import asyncio
import json
import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.structs import TopicPartition

from agents.claims.errors import RedisIdentityError, SettingsTopicError
from agents.claims.identity import home_key
from agents.claims.keys import Keyring
from agents.claims.link import RedisAddress
from agents.claims.rebuild import LogToRead, Progress, rebuild
from streams.counting.sources import source_number
from streams.events.catalogue import topic_by_name
from tests.redis.deployment import RETENTION_MS, SEGMENT_MS, Deployment, asking, make, started
from tests.support.kafka import KafkaBroker
from tests.support.redis import RedisServer

pytestmark = pytest.mark.kafka

NOW_MS = int(time.time() * 1000)
HOUR = NOW_MS // 3_600_000
HASH_KEY = b"a secret of the tests"
CLICK, SALE = topic_by_name("click"), topic_by_name("sale")


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """An empty Redis."""
    with RedisServer() as own:
        yield own


@pytest.fixture
async def logs(kafka_broker: KafkaBroker) -> list[LogToRead]:
    """Empty event topics: click with three partitions, sale with one."""
    prefix = f"rebuild-{secrets.token_hex(4)}-"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_broker.address)
    await admin.start()
    stamped = {"message.timestamp.type": "LogAppendTime"}
    await admin.create_topics(
        [NewTopic(f"{prefix}{name}", count, 1, topic_configs=stamped) for name, count in (("click", 3), ("sale", 1))]
    )
    await admin.close()
    return [LogToRead(topic, f"{prefix}{topic.name}", RETENTION_MS, SEGMENT_MS) for topic in (CLICK, SALE)]


def person_hash(person: str) -> bytes:
    """Eight bytes for a short name."""
    return person.encode().ljust(8)


def click(name: str) -> dict[str, Any]:
    return {"id": name, "time": NOW_MS, "campaign": "spring", "channel": "email"}


def sale(name: str, person: str, **more: Any) -> dict[str, Any]:
    return click(name) | {"amount": 5, "currency": "EUR", "person": person} | more


async def send(broker: KafkaBroker, records: list[tuple[str, int, Any]]) -> None:
    """One after the other, each acknowledged: their order in time is their order here."""
    async with AIOKafkaProducer(bootstrap_servers=broker.address, acks="all") as producer:
        for topic, partition, event in records:
            value = event if isinstance(event, bytes) or event is None else json.dumps(event).encode()
            await producer.send_and_wait(topic, value, key=b"k", partition=partition)


async def run(server: RedisServer, broker: KafkaBroker, logs: list[LogToRead], **more: Any) -> Progress:
    return await rebuild(
        RedisAddress(server.url),
        "this deployment",
        Keyring(HASH_KEY, 200, 50),
        {"bootstrap_servers": broker.address},
        logs,
        max_event_bytes=100_000,
        person_hash=person_hash,
        **more,
    )


async def lost(server: RedisServer, topic_code: int, partition: int, ids: list[tuple[str, int]]) -> set[int]:
    """What a worker is told that reads these (id, offset) again."""
    async with started(server, Deployment(begun=True)) as claims:
        return await claims.claim(
            source_number(topic_code, partition),
            RETENTION_MS,
            SEGMENT_MS,
            CLICK.horizon_ms or 0,
            [(HOUR, "", name, offset) for name, offset in ids],
        )


async def test_of_copies_in_several_partitions_the_earliest_owns_again(
    server: RedisServer, kafka_broker: KafkaBroker, logs: list[LogToRead]
) -> None:
    name = logs[0].name
    order = [(2, "a"), (0, "b"), (0, "a"), (1, "b"), (1, "c"), (2, "c"), (0, "a")]
    await send(kafka_broker, [(name, partition, click(copy)) for partition, copy in order])
    progress: list[tuple[int, int]] = []
    done = await run(server, kafka_broker, logs, progress=lambda now: progress.append((now.read, now.total)))
    assert (done.total, done.read, done.claimed, done.duplicates, done.invalid) == (7, 7, 7, 4, 0)
    assert progress[-1] == (7, 7)
    assert await lost(server, CLICK.code, 0, [("b", 0), ("a", 1), ("a", 2)]) == {1, 2}
    assert await lost(server, CLICK.code, 1, [("b", 0), ("c", 1)]) == {0}
    assert await lost(server, CLICK.code, 2, [("a", 0), ("c", 1)]) == {1}


async def test_what_a_worker_would_refuse_is_not_claimed(
    server: RedisServer, kafka_broker: KafkaBroker, logs: list[LogToRead]
) -> None:
    name = logs[0].name
    await send(kafka_broker, [(name, 0, b"nonsense"), (name, 0, None), (name, 0, click("a")), (name, 0, b"{}")])
    done = await run(server, kafka_broker, logs)
    assert (done.read, done.claimed, done.invalid) == (4, 1, 3)


async def test_a_binary_cloud_event_is_claimed_again_under_the_id_in_its_headers(
    server: RedisServer, kafka_broker: KafkaBroker, logs: list[LogToRead]
) -> None:
    told = {"specversion": "1.0", "id": "a", "time": datetime.fromtimestamp(NOW_MS / 1000, UTC).isoformat()}
    headers = [(f"ce_{name}", text.encode()) for name, text in told.items()]
    async with AIOKafkaProducer(bootstrap_servers=kafka_broker.address, acks="all") as producer:
        data = json.dumps({"campaign": "spring", "channel": "email"}).encode()
        await producer.send_and_wait(logs[0].name, data, key=b"k", partition=0, headers=headers)
    done = await run(server, kafka_broker, logs)
    assert (done.read, done.claimed, done.invalid) == (1, 1, 0)
    assert await lost(server, CLICK.code, 0, [("a", 0), ("a", 1)]) == {1}


async def test_first_purchases_are_claimed_again_but_not_by_refunds_tests_or_resends(
    server: RedisServer, kafka_broker: KafkaBroker, logs: list[LogToRead]
) -> None:
    name = logs[1].name
    events = [
        sale("0", "ann", kind="refund"),
        sale("1", "ann", test=True),
        sale("2", "ann"),
        sale("3", "ann"),
        sale("2", "ann"),
        sale("5", "bob", new_customer=True),
    ]
    await send(kafka_broker, [(name, 0, event) for event in events])
    await run(server, kafka_broker, logs)
    ann, bob = person_hash("ann"), person_hash("bob")
    async with started(server, Deployment(begun=True), buckets=200) as claims:
        source = source_number(SALE.code, 0)
        assert await claims.first_purchases(source, [(ann, 2), (ann, 3), (bob, 9)]) == {0, 2}


async def test_workers_wait_for_the_rebuild_and_go_on_by_themselves(
    server: RedisServer, kafka_broker: KafkaBroker, logs: list[LogToRead]
) -> None:
    name = logs[0].name
    await send(kafka_broker, [(name, 0, click(str(number))) for number in range(50)])
    waiting: list[bool] = []
    async with started(server, Deployment()) as claims, asking(server) as link:
        await link.call("FLUSHALL")
        task = asyncio.create_task(
            claims.claim(source_number(CLICK.code, 1), RETENTION_MS, SEGMENT_MS, 0, [(HOUR, "", "7", 0)])
        )
        await asyncio.sleep(0.2)
        await run(server, kafka_broker, logs, progress=lambda _: waiting.append(task.done()))
        assert waiting
        assert not any(waiting)
        assert await asyncio.wait_for(task, 10) == {0}


async def test_logs_whose_start_was_deleted_are_read_from_what_is_left(
    server: RedisServer, kafka_broker: KafkaBroker, logs: list[LogToRead]
) -> None:
    name = logs[0].name
    await send(kafka_broker, [(name, 0, click(str(number))) for number in range(10)])
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_broker.address)
    await admin.start()
    await admin.delete_records({TopicPartition(name, 0): RecordsToDelete(before_offset=6)})
    await admin.close()
    done = await run(server, kafka_broker, logs)
    assert (done.total, done.read, done.claimed) == (4, 4, 4)


async def test_more_records_than_a_fetch_keep_their_order_in_time(
    server: RedisServer, kafka_broker: KafkaBroker, logs: list[LogToRead]
) -> None:
    name, count = logs[0].name, 6000
    async with AIOKafkaProducer(bootstrap_servers=kafka_broker.address, acks="all", linger_ms=5) as producer:
        for partition in (1, 0):
            for number in range(count):
                await producer.send(name, json.dumps(click(str(number))).encode(), partition=partition)
            await producer.flush()
            await asyncio.sleep(0.01)
    done = await run(server, kafka_broker, logs)
    assert (done.read, done.claimed, done.duplicates) == (2 * count, 2 * count, count)
    assert await lost(server, CLICK.code, 1, [(str(number), number) for number in range(count)]) == set()


async def test_a_rebuild_that_was_broken_off_leaves_redis_closed_to_workers_and_can_be_done_again(
    server: RedisServer, kafka_broker: KafkaBroker, logs: list[LogToRead]
) -> None:
    def break_off(_: Progress) -> None:
        raise KeyboardInterrupt

    await send(kafka_broker, [(logs[0].name, 0, click("a"))])
    with pytest.raises(KeyboardInterrupt):
        await run(server, kafka_broker, logs, progress=break_off)
    with pytest.raises(RedisIdentityError, match="claims rebuild"):
        await make(server, Deployment()).start()
    await run(server, kafka_broker, logs)
    assert await lost(server, CLICK.code, 0, [("a", 0)]) == set()


async def test_another_deployments_redis_is_left_alone(
    server: RedisServer, kafka_broker: KafkaBroker, logs: list[LogToRead]
) -> None:
    async with asking(server) as link:
        await link.call("SET", home_key(0), "another")
        with pytest.raises(RedisIdentityError, match="another"):
            await run(server, kafka_broker, logs)
        assert await link.call("GET", home_key(0)) == b"another"


async def test_a_missing_event_topic_is_refused_by_name(server: RedisServer, kafka_broker: KafkaBroker) -> None:
    with pytest.raises(SettingsTopicError, match="nowhere-click does not exist"):
        await run(server, kafka_broker, [LogToRead(CLICK, "nowhere-click", RETENTION_MS, SEGMENT_MS)])
