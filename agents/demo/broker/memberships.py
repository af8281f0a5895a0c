"""The requests of group members: JoinGroup, SyncGroup, Heartbeat, LeaveGroup."""

from __future__ import annotations

from typing import Any

from aiokafka.protocol import group as protocol

from agents.demo.broker.errors import ErrorCode, Refused
from agents.demo.broker.members import JoinAnswer, JoinRequest, SyncAnswer
from agents.demo.broker.state import BrokerState
from agents.demo.broker.wire import serves


@serves(protocol, "JoinGroupRequest", range(2, 6))
async def join(state: BrokerState, request: Any, version: int, client: str) -> tuple[Any, ...]:
    """Joins and waits for the new generation; the leader gets the roll of members."""
    asked = JoinRequest(
        member_id=request.member_id,
        instance_id=request.group_instance_id if version >= 5 else None,
        client=client,
        session_seconds=request.session_timeout / 1000,
        rebalance_seconds=request.rebalance_timeout / 1000,
        protocol_type=request.protocol_type,
        protocols=dict(request.group_protocols),
        asks_twice=version >= 4,
    )
    try:
        if not state.groups.min_session_ms <= request.session_timeout <= state.groups.max_session_ms:
            raise Refused(ErrorCode.INVALID_SESSION_TIMEOUT, f"session timeout {request.session_timeout} ms")
        known = request.group in state.groups or not request.member_id
        group = state.groups.get_or_create(request.group) if known else state.groups.existing(request.group)
        answer = await group.join(asked)
    except Refused as refused:
        answer = JoinAnswer.refusal(refused.code, request.member_id)
    roll = answer.roll if version >= 5 else [(member_id, metadata) for member_id, _, metadata in answer.roll]
    return (0, answer.code, answer.generation, answer.protocol, answer.leader, answer.member_id, roll)


@serves(protocol, "SyncGroupRequest", range(4))
async def sync(state: BrokerState, request: Any, version: int, _client: str) -> tuple[Any, ...]:
    """The member's assignment, once the leader has brought it."""
    try:
        group = state.groups.existing(request.group)
        instance_id = request.group_instance_id if version >= 3 else None
        answer = await group.sync(request.member_id, instance_id, request.generation_id, request.group_assignment)
    except Refused as refused:
        answer = SyncAnswer(refused.code)
    return (0, answer.code, answer.assignment) if version >= 1 else (answer.code, answer.assignment)


@serves(protocol, "HeartbeatRequest", range(3))
async def heartbeat(state: BrokerState, request: Any, version: int, _client: str) -> tuple[Any, ...]:
    """A sign of life; the answer says whether to join again."""
    try:
        code = state.groups.existing(request.group).heartbeat(request.member_id, request.generation_id)
    except Refused as refused:
        code = refused.code
    return (0, code) if version >= 1 else (code,)


@serves(protocol, "LeaveGroupRequest", range(3))
async def leave(state: BrokerState, request: Any, version: int, _client: str) -> tuple[Any, ...]:
    """Leaves at once."""
    code = ErrorCode.NONE
    try:
        state.groups.existing(request.group).leave(request.member_id)
    except Refused as refused:
        code = refused.code
    return (0, code) if version >= 1 else (code,)
