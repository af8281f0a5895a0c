"""Emission against a consumer whose commits and assignment a test decides: what is sent, and what it waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast
from zoneinfo import ZoneInfo

from agents.ingest.emitter import MIN_INTERVAL_SECONDS, Emitter
from agents.ingest.source_state import SourceState
from agents.ingest.summaries_log import Record, SummariesLog
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
        self.delay_seconds = 0.0
        self.commits = commits
        log = SummariesLog("summaries", 1, self._send)
        self.emitter = Emitter(log, lambda: cast(SliceConsumer, commits), lambda topic: 0, Telemetry("test"))
        self.state = SourceState(CLICK, SOURCE, 1, source_number(CLICK.code, 0), first)
        self.begin(first)

    def begin(self, first: int) -> None:
        """Another block is open."""
        self.state.block = OpenBlock(self.state.source, CLICK, Cut(first, T), ZONE)

    def read(self, offset: int, campaign: str) -> None:
        """A click of the block's."""
        value = b'{"id":"%d","time":%d,"campaign":"%s","channel":"email"}' % (offset, T, campaign.encode())
        block = self.state.block
        assert block is not None
        block.count(decode_batch(CLICK, [value], [T], 1_000), set(), lambda person: b"")
        block.advance(1, offset, T)

    async def emit(self) -> None:
        """Emission, as if it was due."""
        self.state.sent_at = 0.0
        await self.emitter.emit_if_due(self.state)

    async def _send(self, topic: str, partition: int, records: Sequence[Record]) -> list[asyncio.Future[Any]]:
        await asyncio.sleep(self.delay_seconds)
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


async def test_a_producer_that_takes_its_time_makes_nobody_speak_less_often() -> None:
    stage = Stage(Commits(start=50), 50)
    stage.delay_seconds = 0.1
    emitting = asyncio.create_task(stage.emitter.run({SOURCE: stage.state}))
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
    emitting = asyncio.create_task(stage.emitter.run({SOURCE: stage.state}))
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
