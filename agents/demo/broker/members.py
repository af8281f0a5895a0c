"""A member of a consumer group, and what it asks and is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from agents.demo.broker.errors import ErrorCode

T = TypeVar("T")


class JoinRequest(NamedTuple):
    """What a member joins with. `protocols`: name -> its subscription; `asks_twice`: it can take an id first."""

    member_id: str
    instance_id: str | None
    client: str
    session_seconds: float
    rebalance_seconds: float
    protocol_type: str
    protocols: dict[str, bytes]
    asks_twice: bool


class JoinAnswer(NamedTuple):
    """The generation a member belongs to; `roll` is (member id, instance id, subscription) and given to the leader."""

    code: ErrorCode
    generation: int
    protocol: str
    leader: str
    member_id: str
    roll: list[tuple[str, str | None, bytes]]

    @classmethod
    def refusal(cls, code: ErrorCode, member_id: str) -> JoinAnswer:
        """The answer that only says why not."""
        return cls(code, -1, "", "", member_id, [])


class SyncAnswer(NamedTuple):
    """A member's assignment, in the bytes the leader wrote."""

    code: ErrorCode
    assignment: bytes = b""


class Member:
    """One member. Its session ends after `session_seconds` without a sign of life, unless it waits for an answer."""

    def __init__(self, member_id: str, request: JoinRequest, session_over: Callable[[Member], None]) -> None:
        self.id = member_id
        self.instance_id = request.instance_id
        self.client = request.client
        self.assignment = b""
        self.joining: asyncio.Future[JoinAnswer] | None = None
        self.syncing: asyncio.Future[SyncAnswer] | None = None
        self._session_over = session_over
        self._loop = asyncio.get_running_loop()
        self.update(request)
        self._deadline = self._loop.time() + self.session_seconds
        self._timer = self._loop.call_at(self._deadline, self._check_session)

    def update(self, request: JoinRequest) -> None:
        """Takes the timeouts and subscriptions of a newer join."""
        self.session_seconds = request.session_seconds
        self.rebalance_seconds = request.rebalance_seconds
        self.protocols = request.protocols

    def await_join(self) -> asyncio.Future[JoinAnswer]:
        """The answer to the member's newest join; an older one that still waits is told to start again."""
        settle(self.joining, JoinAnswer.refusal(ErrorCode.UNKNOWN_MEMBER_ID, self.id))
        self.joining = self._loop.create_future()
        return self.joining

    def joined(self, answer: JoinAnswer) -> None:
        """Answers the join that waits."""
        settle(self.joining, answer)
        self.joining = None
        self.alive()

    def alive(self) -> None:
        """A sign of life."""
        self._deadline = self._loop.time() + self.session_seconds

    def dismiss(self, code: ErrorCode) -> None:
        """It is no member any more: whatever it waits for is answered with `code`."""
        self._timer.cancel()
        settle(self.joining, JoinAnswer.refusal(code, self.id))
        settle(self.syncing, SyncAnswer(code))
        self.joining = self.syncing = None

    def _check_session(self) -> None:
        # The timer is not moved at every heartbeat: it looks, and comes back when there was one.
        if self.joining is not None or self.syncing is not None:
            self.alive()
        if self._loop.time() < self._deadline:
            self._timer = self._loop.call_at(self._deadline, self._check_session)
        else:
            self._session_over(self)


def settle(future: asyncio.Future[T] | None, answer: T) -> None:
    """Answers whoever waits, if someone does."""
    if future is not None and not future.done():
        future.set_result(answer)
