"""What only the embedded broker does: its memory cap, its command, its stop and start."""

from __future__ import annotations

import asyncio
import signal
import sys

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import PolicyViolationError
from structlog.testing import capture_logs

from agents.demo.broker import EmbeddedBroker
from agents.demo.redis_server import EmbeddedRedis
from tests.contract.clients import Broker, admin_client, consuming, new_topic, producing, read_to_end, unique
from tests.contract.members import member
from tests.support.kafka import ROOT


async def test_a_full_broker_refuses_records_names_the_reason_and_takes_them_again_when_there_is_room() -> None:
    async with EmbeddedBroker(memory_mb=4) as embedded:
        broker = Broker("embedded", embedded.address)
        topic = await new_topic(broker)
        async with producing(broker) as producer:
            for _ in range(4):
                await producer.send_and_wait(topic, b"x" * 900_000)
            with capture_logs() as logs, pytest.raises(PolicyViolationError):
                await producer.send_and_wait(topic, b"x" * 900_000)
            assert embedded.memory_used <= 4 << 20
            (entry,) = [entry for entry in logs if entry["log_level"] == "error"]
            assert (entry["limit_mb"], entry["largest_topic"]) == (4, topic)
            async with admin_client(broker) as admin:
                await admin.delete_topics([topic])
            assert embedded.memory_used == 0
            other = await new_topic(broker)
            await producer.send_and_wait(other, b"x" * 900_000)


async def test_a_full_broker_makes_room_by_retention_first() -> None:
    async with EmbeddedBroker(memory_mb=4) as embedded:
        broker = Broker("embedded", embedded.address)
        topic = await new_topic(broker, retention_bytes="2000000")
        async with producing(broker) as producer:
            for _ in range(30):
                await producer.send_and_wait(topic, b"x" * 900_000)


async def test_stopped_and_started_it_has_the_same_address_records_and_commits() -> None:
    embedded = EmbeddedBroker()
    await embedded.start()
    broker = Broker("embedded", embedded.address)
    topic, group = await new_topic(broker), unique("group")
    async with producing(broker) as producer:
        await producer.send_and_wait(topic, b"kept")
    async with member(broker, group) as one:
        assert await one.commit(topic, 1, "note") == 0
    await embedded.stop()
    await embedded.start()
    assert embedded.address == broker.address
    assert [r.value for r in await read_to_end(broker, topic)] == [b"kept"]
    async with member(broker, group) as one:
        assert await one.committed(topic) == (1, "note")
    await embedded.stop()


async def test_clients_live_through_a_stop_and_a_start() -> None:
    embedded = EmbeddedBroker()
    await embedded.start()
    broker = Broker("embedded", embedded.address)
    topic = await new_topic(broker)
    async with producing(broker, enable_idempotence=True) as producer, consuming(broker) as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        await producer.send_and_wait(topic, b"before")
        assert (await consumer.getone()).value == b"before"
        await embedded.stop()
        sending = await producer.send(topic, b"meanwhile")
        await asyncio.sleep(0.5)
        await embedded.start()
        assert (await asyncio.wait_for(sending, 10)).offset == 1
        assert (await asyncio.wait_for(consumer.getone(), 10)).value == b"meanwhile"
    await embedded.stop()


async def test_a_connection_that_speaks_something_else_is_ended_and_others_go_on() -> None:
    async with EmbeddedBroker() as embedded:
        host, port = embedded.address.split(":")
        for rubbish in (
            b"GET / HTTP/1.1\r\n\r\n",
            b"\x00\x00\x00\x0c" + b"\xff" * 12,
            b"\x00\x00\x00\x0a\x00\x03\x00\x05xxxx\x00\x05",
        ):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(rubbish)
            assert await asyncio.wait_for(reader.read(), 5) == b""
            writer.close()
            await writer.wait_closed()
        await new_topic(Broker("embedded", embedded.address))


async def test_the_command_prints_its_address_serves_and_stops_at_sigterm() -> None:
    command = [sys.executable, "-m", "agents.demo.broker", "--port", "0", "--memory-mb", "16"]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    address = (await asyncio.wait_for(process.stdout.readline(), 10)).decode().strip()
    broker = Broker("embedded", address)
    topic = await new_topic(broker)
    async with producing(broker) as producer, consuming(broker) as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        await producer.send_and_wait(topic, b"hello")
        assert (await consumer.getone()).value == b"hello"
        process.send_signal(signal.SIGTERM)  # with clients connected
        assert await asyncio.wait_for(process.wait(), 5) == 0


def test_the_embedded_redis_never_evicts_writes_a_file_and_leaves_nothing_behind() -> None:
    from redis import Redis

    with EmbeddedRedis() as server, Redis.from_url(server.url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        assert client.config_get("bind")["bind"] == "127.0.0.1"
        directory = server._directory
        assert directory is not None
        assert directory.exists()
    assert not directory.exists()
