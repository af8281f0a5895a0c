"""Produce: checks a batch against its topic's settings and appends it."""

from __future__ import annotations

from typing import Any

import structlog
from aiokafka.errors import KafkaError
from aiokafka.protocol import produce

from agents.demo.broker.batches import Batch, Header, check, records
from agents.demo.broker.errors import CloseConnection, ErrorCode, Refused
from agents.demo.broker.state import BrokerState
from agents.demo.broker.topics import Topic
from agents.demo.broker.wire import serves

WARN_EVERY_MS = 10_000
_log = structlog.get_logger(__name__)


@serves(produce, "ProduceRequest", range(3, 8))
async def append(state: BrokerState, request: Any, version: int, _client: str) -> tuple[Any, ...] | None:
    """Appends one batch a partition. acks=0 gets no answer; an error then ends the connection, as in Kafka."""
    failed = ErrorCode.NONE
    topics = []
    for name, partitions in request.topics:
        answers = []
        for index, buffer in partitions:
            answer = _append(state, request, name, index, buffer)
            failed = answer[1] or failed
            answers.append(answer if version >= 5 else answer[:-1])
        topics.append((name, answers))
    if request.required_acks != 0:
        return (topics, 0)
    if failed:
        raise CloseConnection(f"an unacknowledged batch was refused ({failed.name})")
    return None


def _append(state: BrokerState, request: Any, name: str, index: int, buffer: bytes | None) -> tuple[Any, ...]:
    """(partition, error, base offset, append time or -1, log start)."""
    topic = state.topics.get(name)
    log = state.topics.log(name, index)
    if topic is None or log is None:
        return (index, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1, -1, -1)
    now_ms = state.now_ms()
    append_time = topic.settings.append_time
    try:
        if request.required_acks not in (-1, 0, 1):
            raise Refused(ErrorCode.INVALID_REQUIRED_ACKS, "acks are 0, 1 or all")
        if request.transactional_id:
            raise Refused(ErrorCode.INVALID_TXN_STATE, "this broker has no transactions")
        header = _accepted(topic, buffer or b"", now_ms)
        _make_room(state, len(buffer or b""), now_ms)
        offset = log.append(buffer or b"", header, now_ms, append_time)
    except Refused as refused:
        return (index, refused.code, -1, -1, log.start_offset)
    return (index, ErrorCode.NONE, offset, now_ms if append_time else -1, log.start_offset)


def _accepted(topic: Topic, buffer: bytes, now_ms: int) -> Header:
    """The header of a batch this topic takes, else `Refused`."""
    header = check(buffer)
    settings = topic.settings
    if len(buffer) > settings.max_message_bytes:
        text = f"a batch of {len(buffer)} bytes, topic {topic.name} takes {settings.max_message_bytes}"
        raise Refused(ErrorCode.MESSAGE_TOO_LARGE, text)
    if not settings.append_time and header.max_time_ms > now_ms + settings.latest_ahead_ms:
        raise Refused(ErrorCode.INVALID_TIMESTAMP, f"a record lies more than {settings.latest_ahead_ms} ms ahead")
    if settings.compacts:
        _check_keys(topic, Batch(buffer, header))
    return header


def _check_keys(topic: Topic, batch: Batch) -> None:
    try:
        keyless = any(record.key is None for record in records(batch))
    except KafkaError as error:
        raise Refused(ErrorCode.CORRUPT_MESSAGE, f"the batch's records can't be read: {error}") from error
    if keyless:
        raise Refused(ErrorCode.INVALID_RECORD, f"topic {topic.name} is compacted: a record needs a key")


def _make_room(state: BrokerState, size: int, now_ms: int) -> None:
    """Refuses a batch that does not fit into the memory cap even after retention did its work."""
    memory = state.topics.memory
    if memory.used + size <= memory.limit:
        return
    for topic in state.topics.values():
        topic.retain(now_ms)
    if memory.used + size <= memory.limit:
        return
    if now_ms - state.memory_warned_ms >= WARN_EVERY_MS:
        state.memory_warned_ms = now_ms
        largest = max(state.topics.values(), key=lambda topic: sum(log.size for log in topic.logs))
        _log.error(
            "embedded broker is full and refuses records (PolicyViolation): more memory or less retention helps",
            used_mb=memory.used >> 20,
            limit_mb=memory.limit >> 20,
            largest_topic=largest.name,
        )
    raise Refused(ErrorCode.POLICY_VIOLATION, f"the embedded broker's memory ({memory.limit >> 20} MB) is full")
