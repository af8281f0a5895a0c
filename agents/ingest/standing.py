"""How far a source is summarised, beside how far its log goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from faust.types import TP

from agents.ingest.source_state import SourceState
from agents.kafka.ends import LogEnd, log_end
from agents.kafka.slices import SliceConsumer


class Standing(NamedTuple):
    """A source at one look at its log.

    Attributes:
        offset: the next to be summarised. Behind the last record may stand what is none, such as the end marks of
            transactions: where nothing waits, that is behind us too.
        time_ms: Kafka time of the last summarised record; None where there is none in this generation.
        nothing_waits: whether everything is summarised that was read.
        end: the look.
    """

    offset: int
    time_ms: int | None
    nothing_waits: bool
    end: LogEnd

    @property
    def at_end(self) -> bool:
        """Whether everything is summarised that the log had then."""
        return self.nothing_waits and self.end.position >= self.end.highwater

    @property
    def waiting(self) -> int:
        """Offsets of the log that are not summarised."""
        return max(0, self.end.highwater - self.offset)


def standing(consumer: SliceConsumer, tp: TP, states: Mapping[TP, SourceState]) -> Standing | None:
    """How `tp` stands; None where nobody has seen its log's end yet in this generation, and where it is refused."""
    end, start = log_end(consumer, tp), consumer.start_of(tp)
    if end is None or start is None:
        return None
    state = states.get(tp)
    if state is None or state.generation != consumer.generation:
        # Nothing was summarised in this generation. What is on its way is not, though the position is behind it.
        nothing_waits = end.handed_over < 0
        return Standing(end.position if nothing_waits else start.offset, None, nothing_waits, end)
    nothing_waits = state.next_offset > end.handed_over
    offset = max(state.next_offset, end.position) if nothing_waits else state.next_offset
    return Standing(offset, state.time_ms, nothing_waits, end)
