"""Consumer groups: who belongs to one, in which generation, and who takes over when a member is gone.

Kafka's classic protocol: a group is Empty, prepares a rebalance (waits for its members to join), completes it (waits
for the leader's assignment), is Stable. Timers run on the event loop's clock; every method is called on its loop.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import NamedTuple

from agents.demo.broker.errors import ErrorCode, Refused
from agents.demo.broker.members import JoinAnswer, JoinRequest, Member, SyncAnswer, settle


class GroupState(StrEnum):
    """Kafka's names, as DescribeGroups shows them."""

    EMPTY = "Empty"
    PREPARING = "PreparingRebalance"
    COMPLETING = "CompletingRebalance"
    STABLE = "Stable"


class Committed(NamedTuple):
    """A committed offset and the text that was committed with it."""

    offset: int
    metadata: str


class Group:
    """One consumer group and its committed offsets, by (topic, partition)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = GroupState.EMPTY
        self.generation = 0
        self.protocol_type = ""
        self.protocol = ""
        self.leader: str | None = None
        self.members: dict[str, Member] = {}
        self.offsets: dict[tuple[str, int], Committed] = {}
        self._pending: dict[str, asyncio.TimerHandle] = {}  # member ids given out, not joined yet
        self._timer: asyncio.TimerHandle | None = None

    # --- what members ask for

    def join(self, request: JoinRequest) -> asyncio.Future[JoinAnswer]:
        """Joins a member; the answer comes when all members joined or the rebalance timeout is over."""
        self._check_protocols(request)
        if request.instance_id is not None:
            member = self._static_member(request.instance_id, request.member_id)
            if member is None:
                return self._add(request)
            if request.member_id == "":
                return self._replace_static(member, request)
        elif request.member_id == "":
            return self._welcome(request)
        if request.member_id in self._pending:
            self._pending.pop(request.member_id).cancel()
            return self._add(request)
        return self._join_again(self._member(request.member_id), request)

    def sync(
        self, member_id: str, instance_id: str | None, generation: int, assignments: Iterable[tuple[str, bytes]]
    ) -> asyncio.Future[SyncAnswer]:
        """A member's assignment, which the leader brings; waits for the leader's."""
        if instance_id is not None:
            self._static_member(instance_id, member_id)
        member = self._checked(member_id, generation)
        if self.state == GroupState.PREPARING:
            raise Refused(ErrorCode.REBALANCE_IN_PROGRESS, "members are joining")
        answer: asyncio.Future[SyncAnswer] = asyncio.get_running_loop().create_future()
        if self.state == GroupState.STABLE:
            answer.set_result(SyncAnswer(ErrorCode.NONE, member.assignment))
            return answer
        settle(member.syncing, SyncAnswer(ErrorCode.REBALANCE_IN_PROGRESS))
        member.syncing = answer
        if member_id == self.leader:
            given = dict(assignments)
            self._stop_timer()
            self.state = GroupState.STABLE
            for other in self.members.values():
                other.assignment = given.get(other.id, b"")
                settle(other.syncing, SyncAnswer(ErrorCode.NONE, other.assignment))
                other.syncing = None
                other.alive()
        return answer

    def heartbeat(self, member_id: str, generation: int) -> ErrorCode:
        """NONE, or REBALANCE_IN_PROGRESS when the member must join again; `Refused` if it doesn't belong here."""
        self._checked(member_id, generation)
        return ErrorCode.REBALANCE_IN_PROGRESS if self.state == GroupState.PREPARING else ErrorCode.NONE

    def leave(self, member_id: str) -> None:
        """Removes a member at once."""
        pending = self._pending.pop(member_id, None)
        if pending is not None:
            pending.cancel()
            self._complete_if_joined()
            return
        self._remove(self._member(member_id))

    def check_commit(self, member_id: str, generation: int) -> None:
        """Raises `Refused` unless this member of this generation may commit. A group without members takes commits
        without a generation."""
        if generation < 0 and self.state == GroupState.EMPTY:
            return
        self._checked(member_id, generation)
        if self.state == GroupState.COMPLETING:
            raise Refused(ErrorCode.REBALANCE_IN_PROGRESS, "the new generation has no assignment yet")

    def clear_members(self) -> None:
        """Its broker stops: no member and no timer stays, the committed offsets and the generation's number do."""
        self._stop_timer()
        for handle in self._pending.values():
            handle.cancel()
        for member in self.members.values():
            member.dismiss(ErrorCode.UNKNOWN_MEMBER_ID)
        self._pending, self.members = {}, {}
        self.state, self.protocol, self.leader = GroupState.EMPTY, "", None

    # --- joining

    def _welcome(self, request: JoinRequest) -> asyncio.Future[JoinAnswer]:
        """A first join: with an id of its own at once, or (newer clients) after it has asked again with that id."""
        member_id = f"{request.client}-{uuid.uuid4()}"
        if not request.asks_twice:
            return self._add(request._replace(member_id=member_id))
        loop = asyncio.get_running_loop()
        self._pending[member_id] = loop.call_later(request.session_seconds, self._forget_pending, member_id)
        answer: asyncio.Future[JoinAnswer] = loop.create_future()
        answer.set_result(JoinAnswer.refusal(ErrorCode.MEMBER_ID_REQUIRED, member_id))
        return answer

    def _add(self, request: JoinRequest) -> asyncio.Future[JoinAnswer]:
        member_id = request.member_id or f"{request.instance_id}-{uuid.uuid4()}"
        member = self.members[member_id] = Member(member_id, request, self._session_over)
        self.protocol_type = request.protocol_type
        answer = member.await_join()
        self._prepare()
        return answer

    def _join_again(self, member: Member, request: JoinRequest) -> asyncio.Future[JoinAnswer]:
        unchanged = member.protocols == request.protocols
        member.update(request)
        answer = member.await_join()
        lost_answer = self.state == GroupState.COMPLETING and unchanged
        follower = self.state == GroupState.STABLE and unchanged and member.id != self.leader
        if lost_answer or follower:
            self._answer_join(member)
        else:
            self._prepare()
        return answer

    def _static_member(self, instance_id: str, member_id: str) -> Member | None:
        """The member of this instance id, None for a first join. `Refused` if `member_id` is not its id any more."""
        member = next((m for m in self.members.values() if m.instance_id == instance_id), None)
        if member is None and member_id:
            raise Refused(ErrorCode.UNKNOWN_MEMBER_ID, "no member of this instance id")
        if member is not None and member_id not in ("", member.id):
            raise Refused(ErrorCode.FENCED_INSTANCE_ID, "another member has this instance id now")
        return member

    def _replace_static(self, old: Member, request: JoinRequest) -> asyncio.Future[JoinAnswer]:
        """A static member started again: it takes its old place; its group only rebalances if the protocol changes."""
        new = Member(f"{request.instance_id}-{uuid.uuid4()}", request, self._session_over)
        new.assignment = old.assignment
        old.dismiss(ErrorCode.FENCED_INSTANCE_ID)
        self.members = {(new.id if m is old else m.id): (new if m is old else m) for m in self.members.values()}
        leader = self.leader
        if leader == old.id:
            self.leader = new.id
        answer = new.await_join()
        if self.state == GroupState.STABLE and self._select_protocol() == self.protocol:
            # A leader that came back is told its old id: it must not assign anew to the members that stayed.
            self._answer_join(new, leader=leader, with_members=False)
        else:
            self._prepare()
        return answer

    def _answer_join(self, member: Member, leader: str | None = None, with_members: bool = True) -> None:
        leader = leader or self.leader or ""
        roll = []
        if with_members and member.id == leader:
            roll = [(m.id, m.instance_id, m.protocols[self.protocol]) for m in self.members.values()]
        member.joined(JoinAnswer(ErrorCode.NONE, self.generation, self.protocol, leader, member.id, roll))

    # --- rebalancing

    def _prepare(self) -> None:
        if self.state != GroupState.PREPARING:
            self.state = GroupState.PREPARING
            for member in self.members.values():
                settle(member.syncing, SyncAnswer(ErrorCode.REBALANCE_IN_PROGRESS))
                member.syncing = None
                member.assignment = b""
            longest = max((m.rebalance_seconds for m in self.members.values()), default=0)
            self._start_timer(longest, self._complete)
        self._complete_if_joined()

    def _complete_if_joined(self) -> None:
        if self.state == GroupState.PREPARING and not self._pending and all(m.joining for m in self.members.values()):
            self._complete()

    def _complete(self) -> None:
        """All joined, or the time is over: those who did not join are out, static ones until their session ends."""
        self._stop_timer()
        for member in list(self.members.values()):
            if member.joining is None and member.instance_id is None:
                del self.members[member.id]
                member.dismiss(ErrorCode.UNKNOWN_MEMBER_ID)
        joined = [member for member in self.members.values() if member.joining is not None]
        if self.members and not joined:
            self._start_timer(max(m.rebalance_seconds for m in self.members.values()), self._complete)
            return
        self.generation += 1
        if not joined:
            self.state, self.protocol, self.leader = GroupState.EMPTY, "", None
            return
        self.state = GroupState.COMPLETING
        self.protocol = self._select_protocol()
        if self.leader not in {member.id for member in joined}:
            self.leader = joined[0].id
        for member in joined:
            self._answer_join(member)
        self._start_timer(max(m.rebalance_seconds for m in joined), self._drop_unsynced)

    def _drop_unsynced(self) -> None:
        """Who joined but never asked for its assignment is gone, the leader above all."""
        for member in list(self.members.values()):
            if member.syncing is None:
                del self.members[member.id]
                member.dismiss(ErrorCode.UNKNOWN_MEMBER_ID)
        self._prepare()

    def _select_protocol(self) -> str:
        """The protocol most members put first of those all of them know."""
        members = list(self.members.values())
        common = [name for name in members[0].protocols if all(name in m.protocols for m in members)]
        votes = [next(name for name in m.protocols if name in common) for m in members]
        return max(common, key=votes.count)

    def _remove(self, member: Member) -> None:
        del self.members[member.id]
        member.dismiss(ErrorCode.UNKNOWN_MEMBER_ID)
        if self.leader == member.id:
            self.leader = None
        self._prepare()

    def _session_over(self, member: Member) -> None:
        if self.members.get(member.id) is member:
            self._remove(member)

    def _forget_pending(self, member_id: str) -> None:
        self._pending.pop(member_id, None)
        self._complete_if_joined()

    # --- checks and the timer

    def _check_protocols(self, request: JoinRequest) -> None:
        others = [m for m in self.members.values() if m.id != request.member_id]
        fits = not others or (
            request.protocol_type == self.protocol_type
            and any(all(name in m.protocols for m in others) for name in request.protocols)
        )
        if not fits or not request.protocols or not request.protocol_type:
            raise Refused(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, "no protocol that all members know")

    def _member(self, member_id: str) -> Member:
        member = self.members.get(member_id)
        if member is None:
            raise Refused(ErrorCode.UNKNOWN_MEMBER_ID, f"group {self.name} has no member {member_id!r}")
        return member

    def _checked(self, member_id: str, generation: int) -> Member:
        """The member, whose session goes on; `Refused` if it is unknown or of another generation."""
        member = self._member(member_id)
        if generation != self.generation:
            text = f"group {self.name} is in generation {self.generation}, not {generation}"
            raise Refused(ErrorCode.ILLEGAL_GENERATION, text)
        member.alive()
        return member

    def _start_timer(self, seconds: float, callback: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, callback)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Groups(dict[str, Group]):
    """All groups by name. `min_session_ms` and `max_session_ms` bound the session timeout a member may ask for."""

    def __init__(self, min_session_ms: int, max_session_ms: int = 1_800_000) -> None:
        super().__init__()
        self.min_session_ms = min_session_ms
        self.max_session_ms = max_session_ms

    def existing(self, name: str) -> Group:
        """The group; `Refused` (UNKNOWN_MEMBER_ID, as Kafka says to a member) if there is none."""
        group = self.get(name)
        if group is None:
            raise Refused(ErrorCode.UNKNOWN_MEMBER_ID, f"no group {name}")
        return group

    def get_or_create(self, name: str) -> Group:
        """The group of this name; `Refused` for an empty name."""
        if not name:
            raise Refused(ErrorCode.INVALID_GROUP_ID, "a group needs a name")
        group = self.get(name)
        if group is None:
            group = self[name] = Group(name)
        return group

    def clear_members(self) -> None:
        """A stopped broker's members are gone; committed offsets and the count of generations stay."""
        for group in self.values():
            group.clear_members()

    def forget_topic(self, topic: str) -> None:
        """A deleted topic takes its committed offsets along."""
        for group in self.values():
            group.offsets = {where: kept for where, kept in group.offsets.items() if where[0] != topic}
