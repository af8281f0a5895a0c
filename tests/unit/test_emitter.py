"""Emission against a consumer whose commits and assignment a test decides: what is sent, and what it waits for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from faust.types import TP

from agents.ingest.emitter import MIN_INTERVAL_SECONDS, Emitter
from agents.ingest.source_state import SourceState
from agents.ingest.summaries_log import Record, SummariesLog
from agents.kafka.batches import NotAcknowledged
from agents.kafka.ends import LogEnd
from agents.kafka.slices import SliceConsumer
from agents.telemetry import Telemetry
from streams.counting.blocks import Cut
from streams.counting.open_block import OpenBlock
from streams.counting.sources import source_number
from streams.counting.summaries import CAMPAIGN, decode_summary, kind_of
from streams.events.batch import decode_batch
from tests.unit.commits import CLICK, SOURCE, Commits

ZONE = ZoneInfo("UTC")
T = 1_700_000_001_000


class Stage:
    """A source, its open block, and what of it has been sent: (campaign, last offset) in order."""

    def __init__(self, commits: Commits, first: int) -> None:
        self.sent: list[tuple[str, int]] = []
        self.batches = 0
        self.delay_seconds = 0.0
        self.fails = False
        self.commits = commits
        log = SummariesLog("summaries", 1, self._send)
        self.state = SourceState(CLICK, SOURCE, 1, source_number(CLICK.code, 0), first)
        self.states = {SOURCE: self.state}
        self.emitter = Emitter(
            log, lambda: cast(SliceConsumer, commits), lambda topic: 0, Telemetry("test"), self.states
        )
        self.begin(first)

    def begin(self, first: int) -> None:
        """Another block is open."""
        self.state.block = OpenBlock(self.state.source, CLICK, Cut(first, T), ZONE)

    def other(self, partition: int, first: int) -> SourceState:
        """Another source of the worker's, with an open block."""
        tp = TP("click", partition)
        state = self.states[tp] = SourceState(CLICK, tp, 1, source_number(CLICK.code, partition), first)
        state.block = OpenBlock(state.source, CLICK, Cut(first, T), ZONE)
        return state

    def read(self, offset: int, campaign: str, state: SourceState | None = None) -> None:
        """A click of the block's."""
        value = b'{"id":"%d","time":%d,"campaign":"%s","channel":"email"}' % (offset, T, campaign.encode())
        block = (state or self.state).block
        assert block is not None
        block.count(decode_batch(CLICK, [value], [T], 1_000), set(), lambda person: b"")
        block.advance(1, offset, T)

    async def emit(self) -> None:
        """Emission, as if it was due."""
        self.state.sent_at = 0.0
        await self.emitter.emit_if_due(self.state)

    async def _send(self, topic: str, partition: int, records: Sequence[Record]) -> list[asyncio.Future[Any]]:
        await asyncio.sleep(self.delay_seconds)
        if self.fails:
            raise NotAcknowledged("a batch was not acknowledged")
        self.batches += 1
        for key, value in records:
            if kind_of(value) == CAMPAIGN:
                self.sent.append(((key or b"").decode(), decode_summary(value).last))
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return [done]


async def test_a_block_says_nothing_before_nobody_can_read_the_one_before_it_again() -> None:
    stage = Stage(Commits(start=0, commits=False), 50)
    stage.read(50, "aurora")
    emission = asyncio.create_task(stage.emit())
    await asyncio.sleep(0.05)
    assert stage.sent == []
    stage.commits.commits = True
    await emission
    assert stage.commits.at == 50
    assert stage.sent == [("aurora", 50)]


async def test_the_first_block_of_a_generation_waits_for_no_commit() -> None:
    stage = Stage(Commits(start=50, commits=False), 50)
    stage.read(50, "aurora")
    await stage.emit()
    assert stage.sent == [("aurora", 50)]


async def test_nothing_more_is_said_by_a_generation_that_is_over_and_of_a_refused_partition() -> None:
    stage = Stage(Commits(start=0, commits=False), 50)
    stage.read(50, "aurora")
    stage.commits.refusals[SOURCE] = "made anew"
    await stage.emit()
    del stage.commits.refusals[SOURCE]
    stage.commits.generation = 2
    await stage.emit()
    assert stage.sent == []


async def test_of_a_block_that_others_may_have_told_everything_is_said_again_where_the_log_ended_then() -> None:
    stage = Stage(Commits(start=50, end=54), 50)
    stage.read(50, "aurora")
    await stage.emit()
    stage.read(53, "boreal")
    await stage.emit()
    stage.read(54, "boreal")
    await stage.emit()
    assert stage.sent == [("aurora", 50), ("aurora", 53), ("boreal", 53), ("boreal", 54)]


async def test_marks_of_transactions_may_stand_behind_the_last_record_then() -> None:
    stage = Stage(Commits(start=50, end=54), 50)
    stage.read(50, "aurora")
    await stage.emit()
    stage.commits.ends[SOURCE] = LogEnd(1, 53, 54, 0, 51)
    stage.read(51, "boreal")
    await stage.emit()
    stage.commits.ends[SOURCE] = LogEnd(1, 54, 54, 0, 52)
    stage.read(52, "boreal")
    await stage.emit()
    assert stage.sent == [("aurora", 50), ("boreal", 51), ("aurora", 52), ("boreal", 52)]


async def test_sources_that_have_something_new_speak_in_one_batch_when_one_of_them_is_due() -> None:
    stage = Stage(Commits(start=50), 50)
    silent, other = stage.other(1, 50), stage.other(2, 50)
    stage.read(50, "aurora")
    stage.read(57, "boreal", other)
    await stage.emit()
    assert (stage.sent, stage.batches) == ([("aurora", 50), ("boreal", 57)], 1)
    assert [len(state.pending) for state in (stage.state, other, silent)] == [1, 1, 0]
    await asyncio.sleep(0)
    assert (stage.state.next_offset, other.next_offset, silent.next_offset) == (51, 58, 50)


async def test_the_loop_has_its_turn_between_sources_that_speak_together() -> None:
    stage = Stage(Commits(start=50), 50)
    stage.read(50, "aurora")
    for partition in range(1, 9):
        stage.read(50, "boreal", stage.other(partition, 50))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    beside = asyncio.create_task(others())
    await stage.emit()
    beside.cancel()
    assert (len(stage.sent), stage.batches) == (9, 1)
    assert turns >= 8


async def test_who_has_spoken_in_this_interval_or_is_just_speaking_is_not_taken_along() -> None:
    stage = Stage(Commits(start=50), 50)
    spoken, speaking = stage.other(1, 50), stage.other(2, 50)
    stage.read(50, "aurora")
    stage.read(60, "boreal", spoken)
    spoken.sent_at = time.monotonic() + MIN_INTERVAL_SECONDS
    stage.read(70, "corona", speaking)
    async with speaking.emitting, asyncio.timeout(10):
        await stage.emit()
    assert stage.sent == [("aurora", 50)]


async def test_nobody_is_taken_along_whose_block_may_not_speak_yet_or_any_more() -> None:
    stage = Stage(Commits(start=50, commits=False), 50)
    begun, broken, old = (stage.other(partition, first) for partition, first in ((1, 90), (2, 50), (3, 50)))
    broken.broken, old.generation = True, 0
    stage.read(50, "aurora")
    for state in (begun, broken, old):
        stage.read(99, "boreal", state)
    await stage.emit()
    assert stage.sent == [("aurora", 50)]


async def test_what_could_not_be_sent_is_marked_by_none_of_those_that_spoke_together() -> None:
    stage = Stage(Commits(start=50), 50)
    other, silent = stage.other(1, 50), stage.other(2, 50)
    stage.read(50, "aurora")
    stage.read(57, "boreal", other)
    stage.fails = True
    with pytest.raises(NotAcknowledged):
        await stage.emit()
    for state in (stage.state, other):
        stage.emitter.note(state)
    assert [state.broken for state in (stage.state, other, silent)] == [True, True, False]
    assert stage.commits.marked is None


async def test_whoever_is_stopped_before_all_have_spoken_has_told_nothing_that_may_be_marked() -> None:
    stage = Stage(Commits(start=50), 50)
    others = [stage.other(partition, 50) for partition in range(1, 4)]
    for state in (stage.state, *others):
        stage.read(50, "aurora", state)
    emission = asyncio.create_task(stage.emit())
    await asyncio.sleep(0)
    assert others[0].emitting.locked()
    emission.cancel()
    await asyncio.wait([emission])
    assert (stage.sent, stage.state.broken, others[0].broken) == ([], True, True)
    assert not any(state.emitting.locked() for state in (stage.state, *others))


async def test_a_producer_that_takes_its_time_makes_nobody_speak_less_often() -> None:
    stage = Stage(Commits(start=50), 50)
    stage.delay_seconds = 0.1
    emitting = asyncio.create_task(stage.emitter.run())
    begun = asyncio.get_running_loop().time()
    for offset in range(50, 56):
        stage.read(offset, "aurora")
        while ("aurora", offset) not in stage.sent:
            await asyncio.sleep(0.01)
    emitting.cancel()
    # Six times: more than six seconds where each is followed by the longest pause.
    assert asyncio.get_running_loop().time() - begun < 5


async def test_sources_that_are_dear_to_tell_of_are_told_of_less_often() -> None:
    stage = Stage(Commits(start=50), 50)
    for number in range(15_000):
        stage.read(50, f"campaign-{number}")
    emitting = asyncio.create_task(stage.emitter.run())
    begun = asyncio.get_running_loop().time()
    while not stage.sent:
        await asyncio.sleep(0.01)
    stage.read(51, "aurora")
    while stage.sent[-1] != ("aurora", 51):
        await asyncio.sleep(0.01)
    emitting.cancel()
    assert asyncio.get_running_loop().time() - begun > 2 * MIN_INTERVAL_SECONDS


async def test_a_first_block_that_ends_before_that_says_everything_at_its_end_though_nothing_is_new() -> None:
    stage = Stage(Commits(start=50, end=100), 50)
    stage.read(50, "aurora")
    await stage.emit()
    await stage.emitter.finish(stage.state)
    stage.begin(51)
    stage.read(51, "aurora")
    stage.read(52, "boreal")
    await stage.emit()
    stage.read(53, "boreal")
    await stage.emitter.finish(stage.state)
    assert stage.sent == [("aurora", 50), ("aurora", 50), ("aurora", 52), ("boreal", 52), ("boreal", 53)]
