"""What every contender says in the end: how many events it counted in how long, and its counts, for the gate.

Only the standard library, so that it can stand beside any contender. The clock starts when the first `WARM_UP` of the
events are counted, so that start-up, joining the group and cold caches are out of it, and stops when all are.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

WARM_UP = 0.1
LEAST_TIMED = 0.5


class Task:
    """What a contender is told: a JSON object as its only argument."""

    def __init__(self) -> None:
        told = json.loads(sys.argv[1])
        self.address: str = told["address"]
        self.prefix: str = told["prefix"]
        self.topics: list[str] = told["topics"]
        self.partitions: int = told["partitions"]
        self.records: int = told["records"]
        self.group: str = told["group"]
        self.directory = Path(told["directory"])
        self.result = Path(told["result"])
        self.options: dict[str, Any] = told.get("options", {})

    @property
    def names(self) -> list[str]:
        """The topics' names in Kafka."""
        return [self.prefix + topic for topic in self.topics]


class Meter:
    """Counts events; `done` once all of them are."""

    def __init__(self, records: int) -> None:
        self.records = records
        self.counted = 0
        self.done = False
        self._first = int(records * WARM_UP)
        self._begun: tuple[int, float, float] | None = None
        self._ended: tuple[int, float, float] | None = None

    def add(self, events: int) -> None:
        """So many more are counted."""
        self.at(self.counted + events)

    def warm(self, read: int) -> None:
        """So many have been read in all; for whoever shows counts only in the end."""
        if self._begun is None and read >= self._first:
            self._begun = (read, time.perf_counter(), time.process_time())

    def at(self, counted: int) -> None:
        """So many are counted in all."""
        self.counted = counted
        if self._begun is None:
            self.warm(counted)
        elif counted >= self.records and not self.done:
            self._ended = (counted, time.perf_counter(), time.process_time())
            self.done = True

    def write(self, task: Task, rows: Iterable[Sequence[Any]], **more: Any) -> None:
        """Write the result. rows: [campaign, channel, topic, minute since 1970, count]."""
        if self._begun is None or self._ended is None:
            raise SystemExit(f"only {self.counted} of {self.records} events were counted")
        (n0, t0, c0), (n1, t1, c1) = self._begun, self._ended
        if n1 - n0 < self.records * LEAST_TIMED:
            raise SystemExit(f"too short a log: of {self.records} events {n0} were counted when the clock started")
        said = {"events": n1 - n0, "seconds": t1 - t0, "cpu_seconds": c1 - c0, "rows": list(map(list, rows)), **more}
        task.result.write_text(json.dumps(said))
