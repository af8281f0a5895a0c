"""Fetch with long polling, and ListOffsets."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from aiokafka.protocol import fetch, offset

from agents.demo.broker.errors import ErrorCode, Refused
from agents.demo.broker.state import BrokerState
from agents.demo.broker.wire import serves

LATEST, EARLIEST = -1, -2  # the times that stand for the log's end and start


class _Wanted(NamedTuple):
    topic: str
    partition: int
    offset: int
    limit: int


@serves(fetch, "FetchRequest", range(4, 12))
async def read(state: BrokerState, request: Any, version: int, _client: str) -> tuple[Any, ...]:
    """Records from the wanted offsets on: waits for `min_bytes` of them, for an error, or until the time is over."""
    wanted = [
        _Wanted(topic, asked[0], asked[2] if version >= 9 else asked[1], asked[-1])
        for topic, partitions in request.topics
        for asked in partitions
    ]
    loop = asyncio.get_running_loop()
    deadline = loop.time() + request.max_wait_time / 1000
    arrived = asyncio.Event()
    watched = [log for one in wanted if (log := state.topics.log(one.topic, one.partition)) is not None]
    for log in watched:
        log.watch(arrived)
    try:
        while True:
            arrived.clear()
            answers, size, failed = _read_all(state, wanted, request.max_bytes, version)
            left = deadline - loop.time()
            if failed or size >= request.min_bytes or left <= 0:
                break
            try:
                async with asyncio.timeout(left):
                    await arrived.wait()
            except TimeoutError:
                pass
    finally:
        for log in watched:
            log.unwatch(arrived)
    topics = list(answers.items())
    return (0, ErrorCode.NONE, 0, topics) if version >= 7 else (0, topics)


def _read_all(
    state: BrokerState, wanted: list[_Wanted], max_bytes: int, version: int
) -> tuple[dict[str, list[tuple[Any, ...]]], int, bool]:
    """(answers by topic, bytes of records, whether a partition failed)."""
    answers: dict[str, list[tuple[Any, ...]]] = {}
    size, failed = 0, False
    for one in wanted:
        log = state.topics.log(one.topic, one.partition)
        code, end, start, data = ErrorCode.NONE, -1, -1, b""
        if log is None:
            code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        else:
            try:
                # The first batch of an answer is given whatever its size, or a large record would stop its reader.
                data = log.read(one.offset, min(one.limit, max_bytes - size), at_least_one=size == 0)
                end, start = log.end_offset, log.start_offset
            except Refused as refused:
                code = refused.code
        failed = failed or code != ErrorCode.NONE
        size += len(data)
        begin: tuple[int, ...] = (start,) if version >= 5 else ()
        replica: tuple[int, ...] = (-1,) if version >= 11 else ()
        answers.setdefault(one.topic, []).append((one.partition, code, end, end, *begin, [], *replica, data))
    return answers, size, failed


@serves(offset, "OffsetRequest", range(1, 4))
async def list_offsets(state: BrokerState, request: Any, version: int, _client: str) -> tuple[Any, ...]:
    """The first offset at or after a time (-1, -1 when there is none), the log's end or its start."""
    topics = []
    for name, partitions in request.topics:
        answers = []
        for index, time_ms in partitions:
            log = state.topics.log(name, index)
            if log is None:
                answers.append((index, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1, -1))
            elif time_ms in (LATEST, EARLIEST):
                answers.append((index, ErrorCode.NONE, -1, log.end_offset if time_ms == LATEST else log.start_offset))
            else:
                answers.append((index, ErrorCode.NONE, *(log.find_time(time_ms) or (-1, -1))))
        topics.append((name, answers))
    return (0, topics) if version >= 2 else (topics,)
