"""Redis loses its last second, as in a power cut: `appendfsync everysec` had not brought it to the disk yet."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.redis import RedisServer

LOST_SECONDS = 1.0

Source = tuple[str, int]
"""A source partition: topic and partition."""


@dataclass(frozen=True, slots=True)
class PowerCut:
    """One cut, at `at_ms` (epoch milliseconds): claims of what stood in the logs by then are forgotten, except those of
    the first `read` records of each source partition. `bytes` of the append-only file are gone."""

    read: Mapping[Source, int]
    at_ms: int
    bytes: int

    def forgot(self, source: Source, offset: int, kafka_ms: int) -> bool:
        """Whether the claim of a record may have been among what was lost."""
        return offset >= self.read.get(source, 0) and kafka_ms <= self.at_ms


def cut(
    redis: RedisServer,
    seconds_away: float,
    read: Callable[[], Mapping[Source, int]],
    also: Callable[[], None] = lambda: None,
) -> PowerCut:
    """Kills Redis, takes from its append-only file what came in the last second, and starts it again.

    read: records that have been counted, of each source partition. also: what else dies at that moment.
    """
    while True:
        counted = read()
        file = _append_only_file(redis.directory)
        size = file.stat().st_size
        time.sleep(LOST_SECONDS)
        if _append_only_file(redis.directory) == file:  # not rewritten meanwhile
            break
    at_ms = _now_ms()
    redis.kill()
    also()
    lost = file.stat().st_size - size
    os.truncate(file, size)
    time.sleep(seconds_away)
    redis.start()
    return PowerCut(counted, at_ms, lost)


def _append_only_file(directory: Path) -> Path:
    """The newest file that commands are appended to."""
    files = directory.glob("appendonlydir/*.incr.aof")
    return max(files, key=lambda file: int(file.name.split(".")[-3]))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
