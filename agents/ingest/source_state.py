"""What ingest knows of one source partition in one generation. It is dropped with the generation: the block is read
again."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from faust.types import TP

from streams.counting.open_block import OpenBlock
from streams.events.topic import Topic


@dataclass(slots=True)
class Emission:
    """One sending of a block's summaries: up to which record it speaks, and how many acknowledgements are still to
    come."""

    last: int
    timestamp_ms: int
    waiting: int


@dataclass(slots=True)
class SourceState:
    """source: its number. next_offset: everything before it is summarised, and the broker has the summaries.

    pending: what the open block still waits for. retells: whether the open block is the generation's first, of which
    others may have said more.
    """

    topic: Topic
    tp: TP
    generation: int
    source: int
    next_offset: int
    block: OpenBlock | None = None
    time_ms: int | None = None
    sent_at: float = 0.0
    pending: set["asyncio.Future[object]"] = field(default_factory=set)
    emissions: deque[Emission] = field(default_factory=deque)
    emitting: asyncio.Lock = field(default_factory=asyncio.Lock)
    broken: bool = False
    retells: bool = True

    def expect(self, emission: Emission, acknowledgements: list["asyncio.Future[object]"]) -> None:
        """The emission is on its way. Once it and all before it are acknowledged, `next_offset` is behind its last
        record."""
        self.emissions.append(emission)
        self.pending.update(acknowledgements)

        def acknowledged(future: "asyncio.Future[object]") -> None:
            if future.cancelled() or future.exception() is not None:
                return
            emission.waiting -= 1
            while self.emissions and not self.emissions[0].waiting:
                done = self.emissions.popleft()
                self.next_offset, self.time_ms = done.last + 1, done.timestamp_ms

        for future in acknowledgements:
            future.add_done_callback(acknowledged)

    def check(self) -> None:
        """Forget what is acknowledged. Raises what a send has raised."""
        done = {future for future in self.pending if future.done()}
        try:
            for future in done:
                future.result()
        except BaseException:
            # Seen by one, true for all: nobody may mark past this block any more in this generation.
            self.broken = True
            raise
        self.pending -= done

    async def settle(self) -> None:
        """Wait until the broker has all that the block has sent. Raises what a send has raised."""
        if self.pending:
            await asyncio.wait(self.pending)
        self.check()
