"""What administrators ask for: topics created, deleted, grown, their settings, records deleted."""

from __future__ import annotations

from collections import Counter
from typing import Any

from aiokafka.protocol import admin

from agents.demo.broker.errors import ErrorCode, Refused
from agents.demo.broker.state import BrokerState
from agents.demo.broker.topics import DEFAULTS, Topic, parse_settings
from agents.demo.broker.wire import serves

TOPIC, BROKER = 2, 4  # resource types
FROM_TOPIC, FROM_DEFAULT = 1, 5  # where a setting's value comes from


@serves(admin, "CreateTopicsRequest", range(4))
async def create_topics(state: BrokerState, request: Any, version: int, _client: str) -> tuple[Any, ...]:
    """Creates topics (or only checks them). One replica is all there is."""
    only_check = version >= 1 and bool(request.validate_only)
    times = Counter(asked[0] for asked in request.create_topic_requests)
    errors = []
    for name, partitions, replicas, assignment, settings in request.create_topic_requests:
        refused: Refused | None = None
        try:
            if times[name] > 1:
                raise Refused(ErrorCode.INVALID_REQUEST, "the request names this topic more than once")
            _create(state, name, _partitions(state, partitions, replicas, assignment), dict(settings or ()), only_check)
        except Refused as error:
            refused = error
        errors.append(_outcome(name, refused, with_text=version >= 1))
    return (0, errors) if version >= 2 else (errors,)


def _partitions(state: BrokerState, partitions: int, replicas: int, assignment: list[Any] | None) -> int:
    if assignment:
        return len(assignment)
    if replicas not in (-1, 1):
        raise Refused(ErrorCode.INVALID_REPLICATION_FACTOR, f"{replicas} replicas: there is one broker")
    if partitions == 0 or partitions < -1:
        raise Refused(ErrorCode.INVALID_PARTITIONS, "a topic has at least one partition")
    return state.default_partitions if partitions == -1 else partitions


def _create(state: BrokerState, name: str, partitions: int, settings: dict[str, str | None], only_check: bool) -> None:
    if only_check:
        state.topics.check_new(name)
        parse_settings(settings)
    else:
        state.topics.create(name, partitions, settings)


@serves(admin, "DeleteTopicsRequest", range(4))
async def delete_topics(state: BrokerState, request: Any, version: int, _client: str) -> tuple[Any, ...]:
    """Deletes topics, their records and the offsets committed for them."""
    errors = []
    for name in request.topics:
        deleted = state.topics.delete(name)
        state.groups.forget_topic(name)
        errors.append((name, ErrorCode.NONE if deleted else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION))
    return (0, errors) if version >= 1 else (errors,)


@serves(admin, "CreatePartitionsRequest", range(2))
async def create_partitions(state: BrokerState, request: Any, _version: int, _client: str) -> tuple[Any, ...]:
    """Adds partitions to topics."""
    errors = []
    for name, (count, _assignment) in request.topic_partitions:
        refused: Refused | None = None
        topic = state.topics.get(name)
        try:
            if topic is None:
                raise _unknown_topic(name)
            if count <= len(topic.logs):
                raise Refused(ErrorCode.INVALID_PARTITIONS, f"topic {name} has {len(topic.logs)} partitions already")
            if not request.validate_only:
                topic.grow(count)
        except Refused as error:
            refused = error
        errors.append(_outcome(name, refused, with_text=True))
    return (0, errors)


@serves(admin, "DescribeConfigsRequest", range(3))
async def describe_configs(state: BrokerState, request: Any, version: int, _client: str) -> tuple[Any, ...]:
    """All settings of topics, or those named; and the broker's own few."""
    resources: list[tuple[Any, ...]] = []
    for kind, name, wanted in request.resources:
        topic = state.topics.get(name) if kind == TOPIC else None
        if kind == TOPIC and topic is None:
            unknown = _unknown_topic(name)
            resources.append((unknown.code, unknown.text, kind, name, []))
            continue
        values = {**DEFAULTS, **topic.overrides} if topic else _broker_settings(state)
        entries = [
            _entry(setting, value, topic is not None and setting in topic.overrides, version)
            for setting, value in values.items()
            if wanted is None or setting in wanted
        ]
        resources.append((ErrorCode.NONE, None, kind, name, entries))
    return (0, resources)


def _entry(name: str, value: str, own: bool, version: int) -> tuple[Any, ...]:
    """(name, value, read only, where from, secret, synonyms); before version 1 whether it is the default."""
    if version == 0:
        return (name, value, False, not own, False)
    return (name, value, False, FROM_TOPIC if own else FROM_DEFAULT, False, [])


def _broker_settings(state: BrokerState) -> dict[str, str]:
    return {
        "auto.create.topics.enable": str(state.auto_create_topics).lower(),
        "group.min.session.timeout.ms": str(state.groups.min_session_ms),
        "group.max.session.timeout.ms": str(state.groups.max_session_ms),
        "message.max.bytes": DEFAULTS["max.message.bytes"],
        "num.partitions": str(state.default_partitions),
    }


@serves(admin, "AlterConfigsRequest", range(2))
async def alter_configs(state: BrokerState, request: Any, _version: int, _client: str) -> tuple[Any, ...]:
    """Replaces all settings of topics by those given; the broker's own can't be changed."""
    answers = []
    for kind, name, entries in request.resources:
        code, text = ErrorCode.NONE, None
        topic = state.topics.get(name) if kind == TOPIC else None
        try:
            if kind != TOPIC:
                raise Refused(ErrorCode.INVALID_REQUEST, "only topics have settings that can be changed")
            if topic is None:
                raise _unknown_topic(name)
            _alter(topic, dict(entries), bool(request.validate_only))
        except Refused as refused:
            code, text = refused.code, refused.text
        answers.append((code, text, kind, name))
    return (0, answers)


def _alter(topic: Topic, settings: dict[str, str | None], only_check: bool) -> None:
    if only_check:
        parse_settings(settings)
    else:
        topic.alter(settings)


@serves(admin, "DeleteRecordsRequest", range(2))
async def delete_records(state: BrokerState, request: Any, _version: int, _client: str) -> tuple[Any, ...]:
    """Moves the start of logs to an offset (-1: to their end)."""
    topics = []
    for name, partitions in request.topics:
        topics.append((name, [_delete_records(state, name, index, offset) for index, offset in partitions]))
    return (0, topics)


def _delete_records(state: BrokerState, name: str, index: int, offset: int) -> tuple[int, int, ErrorCode]:
    """(partition, start of the log from now on, error)."""
    topic = state.topics.get(name)
    log = state.topics.log(name, index)
    if topic is None or log is None:
        return (index, -1, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    if not topic.settings.deletes:
        return (index, -1, ErrorCode.POLICY_VIOLATION)
    if not -1 <= offset <= log.end_offset:
        return (index, -1, ErrorCode.OFFSET_OUT_OF_RANGE)
    log.delete_before(log.end_offset if offset == -1 else offset)
    return (index, log.start_offset, ErrorCode.NONE)


def _unknown_topic(name: str) -> Refused:
    return Refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"no topic {name}")


def _outcome(name: str, refused: Refused | None, with_text: bool) -> tuple[Any, ...]:
    code = refused.code if refused else ErrorCode.NONE
    return (name, code, refused.text if refused else None) if with_text else (name, code)
