"""What is seen of a consumer whose commits, log and assignment a test decides."""

from __future__ import annotations

from dataclasses import dataclass, field

from faust.types import TP

from agents.kafka.ends import LogEnd
from agents.kafka.positions import Start
from streams.events.catalogue import topic_by_name

CLICK, SOURCE = topic_by_name("click"), TP("click", 0)


@dataclass
class Commits:
    """What the emitter sees of a consumer. commits: whether the broker takes them; end: of the log, at the start."""

    start: int = 0
    end: int = 0
    commits: bool = True
    generation: int = 1
    refusals: dict[TP, str] = field(default_factory=dict)
    marked: int | None = None
    at: int | None = None
    ends: dict[TP, LogEnd] = field(default_factory=dict)

    def is_committed(self, tp: TP, offset: int) -> bool:
        return offset <= self.start or (self.at is not None and offset <= self.at)

    def mark(self, tp: TP, generation: int, offset: int, metadata: str) -> bool:
        self.marked = offset
        return True

    async def commit(self) -> bool:
        if self.commits:
            self.at = self.marked
        return self.commits

    def start_of(self, tp: TP) -> Start:
        return Start(self.start, None, self.start - 1)

    def end_at_start(self, tp: TP) -> int:
        return self.end
