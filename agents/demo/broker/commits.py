"""Committed offsets (OffsetCommit, OffsetFetch) and what tools ask about groups."""

from __future__ import annotations

from typing import Any

from aiokafka.protocol import admin, commit

from agents.demo.broker.errors import ErrorCode, Refused
from agents.demo.broker.groups import Committed, GroupState
from agents.demo.broker.state import BrokerState
from agents.demo.broker.wire import serves

MAX_METADATA_BYTES = 4096  # Kafka's offset.metadata.max.bytes
NOTHING = Committed(-1, "")


@serves(commit, "OffsetCommitRequest", range(2, 4))
async def commit_offsets(state: BrokerState, request: Any, version: int, _client: str) -> tuple[Any, ...]:
    """Stores offsets with their metadata, from a member of the current generation or for a group without members."""
    code = ErrorCode.NONE
    generation = request.consumer_group_generation_id
    try:
        if generation >= 0 and request.consumer_group not in state.groups:
            raise Refused(ErrorCode.ILLEGAL_GENERATION, f"no group {request.consumer_group}")
        group = state.groups.get_or_create(request.consumer_group)
        group.check_commit(request.consumer_id, generation)
    except Refused as refused:
        code = refused.code
    topics = []
    for name, partitions in request.topics:
        answers = []
        for index, offset, metadata in partitions:
            one = code or _commit_error(state, name, index, metadata)
            if not one:
                group.offsets[name, index] = Committed(offset, metadata or "")
            answers.append((index, one))
        topics.append((name, answers))
    return (0, topics) if version >= 3 else (topics,)


def _commit_error(state: BrokerState, topic: str, partition: int, metadata: str | None) -> ErrorCode:
    if state.topics.log(topic, partition) is None:
        return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    if metadata is not None and len(metadata.encode()) > MAX_METADATA_BYTES:
        return ErrorCode.OFFSET_METADATA_TOO_LARGE
    return ErrorCode.NONE


@serves(commit, "OffsetFetchRequest", range(1, 4))
async def fetch_offsets(state: BrokerState, request: Any, version: int, _client: str) -> tuple[Any, ...]:
    """Committed offsets with their metadata, -1 where nothing was committed; all of the group when none are named."""
    group = state.groups.get(request.consumer_group)
    offsets = group.offsets if group is not None else {}
    wanted = request.topics
    if wanted is None:
        by_topic: dict[str, list[int]] = {}
        for topic, partition in offsets:
            by_topic.setdefault(topic, []).append(partition)
        wanted = list(by_topic.items())
    topics = [
        (topic, [(index, *offsets.get((topic, index), NOTHING), ErrorCode.NONE) for index in partitions])
        for topic, partitions in wanted
    ]
    if version == 1:
        return (topics,)
    return (topics, ErrorCode.NONE) if version == 2 else (0, topics, ErrorCode.NONE)


@serves(admin, "ListGroupsRequest", range(2))
async def list_groups(state: BrokerState, _request: Any, version: int, _client: str) -> tuple[Any, ...]:
    """The names of all groups."""
    groups = [(group.name, group.protocol_type) for group in state.groups.values()]
    return (0, ErrorCode.NONE, groups) if version >= 1 else (ErrorCode.NONE, groups)


@serves(admin, "DescribeGroupsRequest", range(3))
async def describe_groups(state: BrokerState, request: Any, version: int, _client: str) -> tuple[Any, ...]:
    """State and members of the named groups; a group that doesn't exist is "Dead", as in Kafka."""
    groups: list[tuple[Any, ...]] = []
    for name in request.groups:
        group = state.groups.get(name)
        if group is None:
            groups.append((ErrorCode.NONE, name, "Dead", "", "", []))
            continue
        members = [
            (m.id, m.client, state.host, m.protocols.get(group.protocol, b""), m.assignment)
            for m in group.members.values()
        ]
        groups.append((ErrorCode.NONE, name, str(group.state), group.protocol_type, group.protocol, members))
    return (0, groups) if version >= 1 else (groups,)


@serves(admin, "DeleteGroupsRequest", range(2))
async def delete_groups(state: BrokerState, request: Any, _version: int, _client: str) -> tuple[Any, ...]:
    """Deletes groups without members, and their committed offsets."""
    results = []
    for name in request.groups_names:
        group = state.groups.get(name)
        code = ErrorCode.NONE
        if group is None:
            code = ErrorCode.GROUP_ID_NOT_FOUND
        elif group.state != GroupState.EMPTY:
            code = ErrorCode.NON_EMPTY_GROUP
        else:
            del state.groups[name]
        results.append((name, code))
    return (0, results)
