"""What `launchpulse doctor` looks at; each check answers, none raises for a part that is away or wrong."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from redis.exceptions import RedisError

from agents.claims import policy
from agents.claims.errors import PinMismatch, RedisRefused, SettingsTopicError
from agents.claims.link import Link
from agents.claims.pins import Pins, SettingsTopic, hash_key_fingerprint
from agents.connections import kafka_arguments, redis_address
from agents.kafka.login import KafkaLoginRefused
from agents.names import Names
from agents.operations.topics import TopicState, differences, open_admin, plan_topics, read_states
from agents.settings import Settings
from agents.settings_errors import SettingsError, one_line
from streams.counting.admissions import encode_admission

MOST_SKEW_MS = 2_000
Verdict = Literal["ok", "warning", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. `mend`: what to do, if anything. `unreachable`: the part did not answer."""

    part: str
    verdict: Verdict
    message: str
    mend: str = ""
    unreachable: bool = False


async def diagnose(settings: Settings, rate: float | None = None) -> list[Finding]:
    """All findings. `rate`: new events a second over all topics; None takes it from the logs."""
    findings = [_hash_key(settings), _data_dir(settings), await _port(settings)]
    kafka, states = await _kafka(settings)
    findings += kafka
    findings += await _redis(settings, states, rate)
    return findings


def _hash_key(settings: Settings) -> Finding:
    try:
        _ = settings.hash_key_bytes
    except SettingsError as error:
        mend = "head -c 32 /dev/urandom | xxd -p -c 64 > hash.key, keep it safe, set LAUNCHPULSE_HASH_KEY_FILE=hash.key"
        return Finding("hash key", "wrong", str(error), mend)
    return Finding("hash key", "ok", "is set")


def _data_dir(settings: Settings) -> Finding:
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".doctor"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        mend = "set LAUNCHPULSE_DATA_DIR to a directory that the worker may write"
        return Finding("data directory", "wrong", f"{folder} can't be written: {error.strerror}", mend)
    return Finding("data directory", "ok", f"{folder} can be written")


async def _port(settings: Settings) -> Finding:
    host, port = settings.web_host, settings.web_port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        if await _answers_as_ours(host, port):
            return Finding("web port", "ok", f"{host}:{port} is served by a worker")
        mend = "set LAUNCHPULSE_WEB_PORT to a free port (each worker on a host needs its own)"
        return Finding("web port", "wrong", f"{host}:{port} can't be taken: {error.strerror or error}", mend)
    return Finding("web port", "ok", f"{host}:{port} is free")


async def _answers_as_ours(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(f"GET /healthz HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
                answer = await reader.read(2_048)
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    return b"launchpulse" in answer.lower()


async def _kafka(settings: Settings) -> tuple[list[Finding], Mapping[str, TopicState]]:
    plans = plan_topics(settings)
    try:
        async with open_admin(settings) as admin:
            states = await read_states(admin, (plan.name for plan in plans))
            brokers = len((await admin.describe_cluster())["brokers"])
    except KafkaLoginRefused as refused:
        return [Finding("kafka", "wrong", str(refused), "mend what it names")], {}
    except (KafkaError, OSError) as error:
        mend = "start it, or set LAUNCHPULSE_BROKERS and LAUNCHPULSE_KAFKA_SECURITY_PROTOCOL"
        text = one_line(str(error) or type(error).__name__)
        return [Finding("kafka", "wrong", f"{settings.brokers} can't be reached: {text}", mend, unreachable=True)], {}
    findings = [Finding("kafka", "ok", f"{settings.brokers} answers, {brokers} broker{'s' if brokers != 1 else ''}")]
    if brokers > 2 and settings.replication_factor < 3:
        mend = "set LAUNCHPULSE_REPLICATION_FACTOR=3 before topics are created"
        findings.append(Finding("replication", "warning", "a cluster, but topics are to have one replica", mend))
    found = [each for plan in plans for each in differences(plan, states.get(plan.name), settings.replication_factor)]
    findings += [
        Finding(f"topic {each.topic}", "wrong" if each.fatal else "warning", each.message, each.mend) for each in found
    ]
    if not found:
        findings.append(Finding("topics", "ok", f"all {len(plans)} are as they should be"))
    names = Names(settings)
    if names.summaries in states:
        findings.append(await _broker_clock(settings, names.summaries))
    if names.settings in states:
        findings.append(await _pins(settings, names.settings))
    return findings, states


async def _broker_clock(settings: Settings, topic: str) -> Finding:
    """Compares clocks by a record that says nothing: the broker answers with the time at which it appended it."""
    producer = AIOKafkaProducer(acks="all", **kafka_arguments(settings))
    try:
        await producer.start()
        before_ms = time.time_ns() // 1_000_000
        sent = await producer.send_and_wait(topic, encode_admission(None), partition=0)
        after_ms = time.time_ns() // 1_000_000
    except (KafkaError, OSError) as error:
        return Finding("kafka's clock", "warning", f"can't be read: {one_line(str(error) or type(error).__name__)}")
    finally:
        await producer.stop()
    return _skew("kafka's clock", sent.timestamp, before_ms, after_ms)


def _skew(part: str, there_ms: int, before_ms: int, after_ms: int) -> Finding:
    ahead_ms = there_ms - after_ms if there_ms > after_ms else min(0, there_ms - before_ms)
    if abs(ahead_ms) > MOST_SKEW_MS:
        word = "ahead of" if ahead_ms > 0 else "behind"
        mend = "let NTP set the clocks of both hosts (chrony, systemd-timesyncd)"
        return Finding(part, "warning", f"is {abs(ahead_ms) / 1000:.1f} s {word} this host's", mend)
    return Finding(part, "ok", f"differs by at most {(abs(ahead_ms) + after_ms - before_ms) / 1000:.1f} s")


async def _pins(settings: Settings, topic: str) -> Finding:
    try:
        deployment = await SettingsTopic(topic, kafka_arguments(settings)).read()
        if deployment is None:
            return Finding("pinned settings", "ok", "nothing is pinned yet: the first worker's start does it")
        Pins(
            hash_key=hash_key_fingerprint(settings.hash_key_bytes),
            reporting_time_zone=settings.reporting_time_zone,
            summaries_partitions=settings.summaries_partitions,
        ).require_equal(deployment.pins, topic)
    except (PinMismatch, SettingsTopicError) as error:
        return Finding("pinned settings", "wrong", str(error), "set it back to what is pinned")
    except SettingsError:
        return Finding("pinned settings", "warning", "can't be compared without the hash key")
    except KafkaError as error:
        return Finding("pinned settings", "warning", f"can't be read: {one_line(str(error) or type(error).__name__)}")
    return Finding("pinned settings", "ok", "are the same here")


async def _redis(settings: Settings, states: Mapping[str, TopicState], rate: float | None) -> list[Finding]:
    address = redis_address(settings)
    try:
        wrong = await policy.examine(address)
        link = await Link.open(address)
        try:
            memory = await link.info("memory")
            before_ms = time.time_ns() // 1_000_000
            seconds, micros = await link.call("TIME")
            after_ms = time.time_ns() // 1_000_000
        finally:
            await link.close()
    except RedisRefused as refused:
        return [Finding("redis", "wrong", str(refused), "mend what it names")]
    except (RedisError, OSError) as error:
        mend = "start it, or set LAUNCHPULSE_REDIS_URL and LAUNCHPULSE_REDIS_PASSWORD_FILE"
        text = one_line(str(error) or type(error).__name__)
        return [Finding("redis", "wrong", f"can't be used: {text}", mend, unreachable=True)]
    findings = [Finding("redis", "ok", "answers")]
    findings += [
        Finding(f"redis {each.setting}", "wrong" if each.fatal else "warning", each.message, each.mend)
        for each in wrong
    ]
    findings.append(_skew("redis' clock", int(seconds) * 1000 + int(micros) // 1000, before_ms, after_ms))
    findings.append(await _claims_memory(settings, states, rate, memory))
    return findings


async def _claims_memory(
    settings: Settings, states: Mapping[str, TopicState], rate: float | None, memory: Mapping[str, str]
) -> Finding:
    topics = {name: topic for name, topic in Names(settings).event_topics.items() if name in states}
    try:
        rates = (
            await _rates(settings, {n: states[n].partitions for n in topics})
            if rate is None
            else {n: rate / len(topics) for n in topics}
        )
    except (KafkaError, OSError):
        return Finding("redis memory", "warning", "can't be estimated while Kafka does not answer", "use --rate")
    need = sum(
        policy.memory_estimate(rates[name], topic.horizon_ms, int(states[name].configs["retention.ms"]))
        for name, topic in topics.items()
        if topic.horizon_ms is not None
    )
    limit = int(memory.get("maxmemory", 0)) or int(int(memory.get("total_system_memory", 0)) / policy.RSS_PER_USED)
    message = (
        f"claims take about {need >> 20} MiB at {sum(rates.values()):.1f} events/s "
        f"({round(need * policy.RSS_PER_USED) >> 20} MiB of the host's memory), {limit >> 20} MiB are allowed"
    )
    if need > limit:
        return Finding("redis memory", "wrong", message, "raise maxmemory, or shorten the event topics' retention.ms")
    return Finding("redis memory", "ok", message)


async def _rates(settings: Settings, partitions: Mapping[str, int]) -> dict[str, float]:
    """Records a second of each topic, over what its log holds; 0 for an empty one."""
    consumer = AIOKafkaConsumer(enable_auto_commit=False, auto_offset_reset="none", **kafka_arguments(settings))
    await consumer.start()
    try:
        return {
            name: await _rate(consumer, [TopicPartition(name, number) for number in range(count)])
            for name, count in partitions.items()
        }
    finally:
        await consumer.stop()


async def _rate(consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> float:
    now_ms = time.time_ns() // 1_000_000
    starts, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    records: int = sum(ends[tp] - starts[tp] for tp in partitions)
    first = await consumer.offsets_for_times(dict.fromkeys(partitions, 0))
    times = [found.timestamp for found in first.values() if found is not None]
    if not records or not times:
        return 0.0
    # A log of a few seconds says nothing about an hour: take at least one.
    span_seconds: float = max(3600.0, (now_ms - min(times)) / 1000)
    return records / span_seconds
