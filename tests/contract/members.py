"""A group member made of bare requests, so that a test decides what it says and when it falls silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.protocol.commit import OffsetCommitRequest, OffsetFetchRequest
from aiokafka.protocol.coordination import FindCoordinatorRequest
from aiokafka.protocol.group import (
    HeartbeatRequest,
    JoinGroupRequest,
    LeaveGroupRequest,
    ProtocolMetadata,
    SyncGroupRequest,
)

from tests.contract.clients import Broker, Send, requesting

REBALANCE_IN_PROGRESS = 27
MEMBER_ID_REQUIRED = 79
NOT_YET = {14, 15, 16}  # Kafka's coordinator is still loading


def subscription(user_data: bytes) -> bytes:
    """What a consumer joins with, told apart by its user data. Kafka reads it: garbage gets no answer."""
    encoded: bytes = ProtocolMetadata(0, ["topic"], user_data).encode()
    return encoded


class RawMember:
    """One member of a group. Its id and generation are those of its last successful join."""

    def __init__(self, send: Send, group: str, instance: str | None, session_ms: int, rebalance_ms: int) -> None:
        self._send = send
        self.group = group
        self.instance = instance
        self.id = ""
        self.generation = -1
        self.session_ms = session_ms
        self.rebalance_ms = rebalance_ms

    async def join(self, protocols: Mapping[str, bytes] | None = None) -> Any:
        """Joins and waits for the answer, asking again with the id it is given first."""
        while True:
            answer = await self._send(
                JoinGroupRequest(
                    self.group,
                    self.session_ms,
                    self.rebalance_ms,
                    self.id,
                    self.instance,
                    "consumer",
                    list((protocols or {"range": subscription(b"")}).items()),
                )
            )
            if answer.error_code == MEMBER_ID_REQUIRED:
                self.id = answer.member_id
            elif answer.error_code in NOT_YET:
                await asyncio.sleep(0.1)
            else:
                break
        if answer.error_code == 0:
            self.id, self.generation = answer.member_id, answer.generation_id
        return answer

    async def sync(self, assignments: Mapping[str, bytes] | None = None) -> tuple[int, bytes]:
        """(error code, assignment); the leader brings the assignments."""
        given = list((assignments or {}).items())
        answer = await self._send(SyncGroupRequest(self.group, self.generation, self.id, self.instance, given))
        return answer.error_code, answer.member_assignment

    async def heartbeat(self) -> int:
        """The error code."""
        code: int = (await self._send(HeartbeatRequest(self.group, self.generation, self.id))).error_code
        return code

    async def leave(self) -> int:
        """The error code."""
        code: int = (await self._send(LeaveGroupRequest(self.group, self.id))).error_code
        return code

    async def commit(self, topic: str, offset: int, metadata: str = "", partition: int = 0) -> int:
        """The error code."""
        where = [(topic, [(partition, offset, metadata)])]
        answer = await self._send(OffsetCommitRequest(self.group, self.generation, self.id, -1, where))
        code: int = answer.topics[0][1][0][1]
        if code in NOT_YET:
            await asyncio.sleep(0.1)
            return await self.commit(topic, offset, metadata, partition)
        return code

    async def committed(self, topic: str, partition: int = 0) -> tuple[int, str]:
        """(offset, metadata)."""
        answer = await self._send(OffsetFetchRequest(self.group, [(topic, [partition])]))
        _, offset, metadata, code = answer.topics[0][1][0]
        assert (answer.error_code, code) == (0, 0)
        return offset, metadata

    async def keep_alive(self, until: asyncio.Task[Any]) -> None:
        """Heartbeats until a task has ended."""
        while not until.done():
            await self.heartbeat()
            await asyncio.sleep(0.2)


@asynccontextmanager
async def member(
    broker: Broker, group: str, *, instance: str | None = None, session_ms: int = 6000, rebalance_ms: int = 6000
) -> AsyncIterator[RawMember]:
    """A member on a connection of its own. The connection's end is no good-bye: its session goes on."""
    async with requesting(broker) as send:
        while (await send(FindCoordinatorRequest(group, 0))).error_code != 0:
            await asyncio.sleep(0.1)  # the first call makes Kafka create its offsets topic
        yield RawMember(send, group, instance, session_ms, rebalance_ms)


async def stable_pair(first: RawMember, second: RawMember) -> None:
    """Both in one generation, the first as leader, assigned b"first" and b"second"."""
    assert (await first.join()).error_code == 0
    assert (await first.sync({first.id: b"alone"}))[0] == 0
    joining = asyncio.create_task(second.join())
    await wait_for_rebalance(first)
    joined, other = await asyncio.gather(first.join(), joining)
    assert joined.leader_id == other.leader_id == first.id
    syncing = asyncio.create_task(second.sync())
    assert await first.sync({first.id: b"first", second.id: b"second"}) == (0, b"first")
    assert await syncing == (0, b"second")


async def wait_for_rebalance(one: RawMember) -> None:
    """Until the member is told to join again."""
    while await one.heartbeat() != REBALANCE_IN_PROGRESS:
        await asyncio.sleep(0.05)
