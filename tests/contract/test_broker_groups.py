"""Consumer groups: joining, leaving, dying, static members, and who may commit what."""

from __future__ import annotations

import asyncio
import time

from aiokafka import TopicPartition

from tests.contract.clients import Broker, consuming, eventually, new_topic, producing, unique
from tests.contract.members import member, stable_pair, subscription, wait_for_rebalance

ILLEGAL_GENERATION, INCONSISTENT_PROTOCOL, UNKNOWN_MEMBER, INVALID_SESSION_TIMEOUT = 22, 23, 25, 26
REBALANCE_IN_PROGRESS, FENCED_INSTANCE = 27, 82


async def test_two_consumers_share_the_partitions_and_the_one_left_takes_all(broker: Broker) -> None:
    topic, group = await new_topic(broker, partitions=4), unique("group")
    options = {"group_id": group, "heartbeat_interval_ms": 200, "session_timeout_ms": 6000}
    async with consuming(broker, topic, **options) as stays:
        async with consuming(broker, topic, **options) as leaves:

            async def shared() -> bool:
                await stays.getmany(timeout_ms=50)
                return len(stays.assignment()) == 2 and len(leaves.assignment()) == 2

            await eventually(shared)
            assert not stays.assignment() & leaves.assignment()

        async def alone() -> bool:
            return len(stays.assignment()) == 4

        await eventually(alone)


async def test_a_consumer_goes_on_where_its_group_committed(broker: Broker) -> None:
    topic, group = await new_topic(broker), unique("group")
    where = TopicPartition(topic, 0)
    async with producing(broker) as producer:
        for number in range(10):
            await producer.send_and_wait(topic, b"%d" % number)
    async with consuming(broker, topic, group_id=group, enable_auto_commit=False) as consumer:
        assert (await consumer.getone()).offset == 0
        await consumer.commit({where: (7, "where the block began")})
    async with consuming(broker, topic, group_id=group, enable_auto_commit=False) as consumer:
        assert (await consumer.getone()).offset == 7
        assert await consumer.committed(where) == 7


async def test_the_leader_gets_the_roll_and_its_assignments_reach_all(broker: Broker) -> None:
    group = unique("group")
    async with member(broker, group) as first, member(broker, group) as second:
        alone = await first.join({"range": subscription(b"A")})
        assert (alone.group_protocol, alone.leader_id) == ("range", first.id)
        assert [tuple(entry) for entry in alone.members] == [(first.id, None, subscription(b"A"))]
        await first.sync({first.id: b"all"})
        joining = asyncio.create_task(second.join({"range": subscription(b"B"), "roundrobin": subscription(b"C")}))
        await wait_for_rebalance(first)
        joined, other = await asyncio.gather(
            first.join({"roundrobin": subscription(b"D"), "range": subscription(b"A")}), joining
        )
        assert joined.generation_id == other.generation_id == alone.generation_id + 1
        # One vote each: the protocol is one both know.
        assert joined.group_protocol == other.group_protocol
        assert {entry[0] for entry in joined.members} == {first.id, second.id}
        assert not other.members


async def test_a_silent_member_is_out_after_its_session_timeout_and_not_before(broker: Broker) -> None:
    group = unique("group")
    async with member(broker, group) as first, member(broker, group, session_ms=1500) as second:
        await stable_pair(first, second)
        began = time.monotonic()
        while await first.heartbeat() == 0:
            await asyncio.sleep(0.1)
        assert 1.0 < time.monotonic() - began < 5
        alone = await first.join()
        assert [entry[0] for entry in alone.members] == [first.id]
        await first.sync({first.id: b"all"})
        assert await second.heartbeat() == UNKNOWN_MEMBER
        assert (await second.sync())[0] == UNKNOWN_MEMBER


async def test_heartbeats_keep_a_member(broker: Broker) -> None:
    async with member(broker, unique("group"), session_ms=1000) as one:
        await one.join()
        await one.sync({one.id: b"all"})
        for _ in range(10):
            assert await one.heartbeat() == 0
            await asyncio.sleep(0.25)


async def test_a_dead_leader_is_replaced(broker: Broker) -> None:
    group = unique("group")
    async with member(broker, group, session_ms=1500) as leader, member(broker, group) as heir:
        await stable_pair(leader, heir)
        while await heir.heartbeat() != REBALANCE_IN_PROGRESS:
            await asyncio.sleep(0.1)
        joined = await heir.join()
        assert joined.leader_id == heir.id
        assert await heir.sync({heir.id: b"all"}) == (0, b"all")


async def test_leaving_starts_a_rebalance_at_once(broker: Broker) -> None:
    group = unique("group")
    async with member(broker, group) as first, member(broker, group) as second:
        await stable_pair(first, second)
        assert await second.leave() == 0
        assert await first.heartbeat() == REBALANCE_IN_PROGRESS
        assert await second.leave() == UNKNOWN_MEMBER
        generation = first.generation
        await first.join()
        assert first.generation == generation + 1


async def test_who_does_not_join_again_within_the_rebalance_timeout_is_out(broker: Broker) -> None:
    group = unique("group")
    async with (
        member(broker, group, rebalance_ms=2500) as lingers,
        member(broker, group, rebalance_ms=2500, session_ms=1000) as joins,  # who waits for an answer is not silent
    ):
        await lingers.join()
        await lingers.sync({lingers.id: b"all"})
        joining = asyncio.create_task(joins.join())
        await lingers.keep_alive(joining)  # it lives, but does not join again
        joined = await joining
        assert (joined.error_code, joined.leader_id) == (0, joins.id)
        assert [entry[0] for entry in joined.members] == [joins.id]
        assert await lingers.heartbeat() == UNKNOWN_MEMBER


async def test_a_follower_waits_for_the_leaders_assignment_and_is_told_of_a_new_rebalance(broker: Broker) -> None:
    group = unique("group")
    async with member(broker, group) as first, member(broker, group) as second, member(broker, group) as third:
        await first.join()
        await first.sync({first.id: b""})
        joining = asyncio.create_task(second.join())
        await wait_for_rebalance(first)
        await asyncio.gather(first.join(), joining)
        syncing = asyncio.create_task(second.sync())
        await asyncio.sleep(0.3)
        assert not syncing.done()
        late = asyncio.create_task(third.join())
        assert (await syncing)[0] == REBALANCE_IN_PROGRESS
        await asyncio.gather(first.join(), second.join(), late)
        assert first.generation == second.generation == third.generation


async def test_another_generation_is_refused(broker: Broker) -> None:
    async with member(broker, unique("group")) as one:
        await one.join()
        await one.sync({one.id: b"all"})
        right = one.generation
        for wrong in (right - 1, right + 1):
            one.generation = wrong
            assert await one.heartbeat() == ILLEGAL_GENERATION
            assert (await one.sync())[0] == ILLEGAL_GENERATION
        one.generation = right
        assert await one.heartbeat() == 0


async def test_a_follower_that_joins_again_unchanged_keeps_its_generation(broker: Broker) -> None:
    group = unique("group")
    async with member(broker, group) as first, member(broker, group) as second:
        await stable_pair(first, second)
        generation = second.generation
        assert (await second.join()).generation_id == generation
        assert await first.heartbeat() == 0
        assert await second.sync() == (0, b"second")


async def test_members_without_a_common_protocol_are_refused(broker: Broker) -> None:
    group = unique("group")
    async with member(broker, group) as first, member(broker, group) as second:
        await first.join({"range": subscription(b"")})
        await first.sync({first.id: b""})
        assert (await second.join({"sticky": subscription(b"")})).error_code == INCONSISTENT_PROTOCOL
        assert await first.heartbeat() == 0


async def test_an_impossible_session_timeout_is_refused(broker: Broker) -> None:
    async with member(broker, unique("group"), session_ms=10) as one:
        assert (await one.join()).error_code == INVALID_SESSION_TIMEOUT


async def test_an_unknown_member_of_an_unknown_group_is_told_so(broker: Broker) -> None:
    async with member(broker, unique("group")) as one:
        one.id, one.generation = "nobody", 3
        assert await one.heartbeat() == UNKNOWN_MEMBER
        assert (await one.join()).error_code == UNKNOWN_MEMBER
        assert await one.leave() == UNKNOWN_MEMBER


async def test_a_static_member_comes_back_without_a_rebalance_and_fences_its_old_self(broker: Broker) -> None:
    group = unique("group")
    async with (
        member(broker, group) as first,
        member(broker, group, instance="pod-1") as before,
        member(broker, group, instance="pod-1") as again,
    ):
        await stable_pair(first, before)
        generation = first.generation
        back = await again.join()
        assert (back.error_code, back.generation_id) == (0, generation)
        assert again.id != before.id
        assert await first.heartbeat() == 0
        assert await again.sync() == (0, b"second")
        assert await again.heartbeat() == 0
        assert await before.heartbeat() == UNKNOWN_MEMBER
        assert (await before.sync())[0] == FENCED_INSTANCE
        assert (await before.join()).error_code == FENCED_INSTANCE


async def test_a_static_leader_that_comes_back_does_not_assign_anew(broker: Broker) -> None:
    group = unique("group")
    async with (
        member(broker, group, instance="pod-0") as leader,
        member(broker, group) as other,
        member(broker, group, instance="pod-0") as again,
    ):
        await stable_pair(leader, other)
        back = await again.join()
        assert (back.error_code, back.generation_id) == (0, other.generation)
        assert back.leader_id != again.id
        assert await again.sync() == (0, b"first")
        assert await other.heartbeat() == 0


async def test_a_static_member_that_stays_away_is_out_after_its_session(broker: Broker) -> None:
    group = unique("group")
    async with member(broker, group) as first, member(broker, group, instance="pod-1", session_ms=1500) as away:
        await stable_pair(first, away)
        began = time.monotonic()
        while await first.heartbeat() == 0:
            await asyncio.sleep(0.1)
        assert 1.0 < time.monotonic() - began < 5
        assert len((await first.join()).members) == 1


async def test_commits_keep_their_metadata(broker: Broker) -> None:
    topic = await new_topic(broker, partitions=2)
    async with member(broker, unique("group")) as one:
        await one.join()
        await one.sync({one.id: b"all"})
        assert await one.committed(topic) == (-1, "")
        assert await one.commit(topic, 42, "3;1700000000000;57") == 0
        assert await one.commit(topic, 7, partition=1) == 0
        assert await one.committed(topic) == (42, "3;1700000000000;57")
        assert await one.committed(topic, 1) == (7, "")
        assert await one.commit(topic, 41, "back") == 0  # a commit may go back
        assert await one.committed(topic) == (41, "back")


async def test_commits_are_refused_to_other_generations_and_strangers(broker: Broker) -> None:
    topic, group = await new_topic(broker), unique("group")
    async with member(broker, group) as first, member(broker, group) as second:
        await first.join()
        await first.sync({first.id: b"all"})
        stale = first.generation
        joining = asyncio.create_task(second.join())
        await wait_for_rebalance(first)
        assert await first.commit(topic, 1) == 0  # the old generation still owns its partitions
        await asyncio.gather(first.join(), joining)
        assert await first.commit(topic, 2) == REBALANCE_IN_PROGRESS  # the new one owns none yet
        await first.sync({first.id: b"first", second.id: b"second"})
        assert await first.commit(topic, 3) == 0
        first.generation = stale
        assert await first.commit(topic, 4) == ILLEGAL_GENERATION
        first.id = "stranger"
        assert await first.commit(topic, 5) == UNKNOWN_MEMBER
        first.id, first.generation = "", -1
        assert await first.commit(topic, 6) == UNKNOWN_MEMBER  # a group with members takes no commit from outside
        assert await second.committed(topic) == (3, "")


async def test_a_group_without_members_takes_commits_without_a_generation(broker: Broker) -> None:
    topic = await new_topic(broker)
    async with member(broker, unique("group")) as tool:
        assert await tool.commit(topic, 12, "by hand") == 0
        assert await tool.committed(topic) == (12, "by hand")
        tool.id, tool.generation = "ghost", 5
        assert await tool.commit(topic, 13) == UNKNOWN_MEMBER


async def test_a_generation_in_an_unknown_group_may_not_commit(broker: Broker) -> None:
    topic = await new_topic(broker)
    async with member(broker, unique("group")) as ghost:
        ghost.id, ghost.generation = "ghost", 5
        assert await ghost.commit(topic, 13) == ILLEGAL_GENERATION


async def test_commits_for_unknown_partitions_and_with_too_much_metadata_are_refused(broker: Broker) -> None:
    topic = await new_topic(broker)
    async with member(broker, unique("group")) as tool:
        assert await tool.commit(topic, 1, partition=9) == 3
        assert await tool.commit(topic, 1, "x" * 5000) == 12
        assert await tool.committed(topic) == (-1, "")
