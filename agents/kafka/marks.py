"""Commits: only what an agent marked in the present generation, with a note beside the offset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from aiokafka.structs import OffsetAndMetadata
from faust.types import TP

from agents.kafka.positions import CommitNote
from agents.kafka.seeking import SeekingConsumer


class Mark(NamedTuple):
    """What an agent wants committed: everything before `offset` is done."""

    generation: int
    offset: int
    metadata: str


class MarkingConsumer(SeekingConsumer):
    """Replaces Faust's accounting of acknowledged events by marks, for the topics that are read as slices."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._marks: dict[TP, Mark] = {}
        self._chosen: dict[TP, Mark] = {}
        self._commits: dict[TP, Mark] = {}

    def mark(self, tp: TP, generation: int, offset: int, metadata: str = "") -> bool:
        """Wants `offset` committed with `metadata`, a `CommitNote`.

        By default the note says that all before it is acknowledged. False, and nothing is marked, where `generation`
        is over or the partition is refused.
        """
        if generation != self.app.consumer_generation_id or not self.flow_active or tp in self.refusals:
            return False
        note = metadata or CommitNote(self.options.incarnation(tp.topic), None, offset - 1).encode()
        self._marks[tp] = Mark(generation, offset, note)
        return True

    def committed(self, tp: TP) -> int | None:
        """The offset that the group has committed for `tp` as far as is known in this generation, else None."""
        mark = self._commits.get(tp)
        if mark is not None:
            return mark.offset
        found = self._found.get(tp)
        return None if found is None else found.committed

    def is_committed(self, tp: TP, offset: int) -> bool:
        """Whether nobody can be sent back behind `offset`: it is committed, or this generation began there."""
        start, present = self._starts.get(tp), self._commits.get(tp)
        return (start is not None and offset <= start.offset) or (present is not None and offset <= present.offset)

    def refuse(self, tp: TP, reason: str) -> None:
        """As `SeekingConsumer.refuse`; nothing of the partition is committed any more."""
        super().refuse(tp, reason)
        self._marks.pop(tp, None)

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        for tp in [tp for tp in self._acked if self.takes_slices(tp.topic)]:
            self._acked[tp].clear()
            self._acked_index[tp].clear()
        tps = self._marks.keys() | {tp for tp in self._acked if not self.takes_slices(tp.topic)}
        return (tp for tp in tps if topics is None or tp in topics or tp.topic in topics)

    def _new_offset(self, tp: TP) -> int | None:
        if not self.takes_slices(tp.topic):
            return super()._new_offset(tp)
        mark = self._marks.get(tp)
        if mark is None or mark.generation != self.app.consumer_generation_id:
            return None
        self._chosen[tp] = mark
        return mark.offset

    def _should_commit(self, tp: TP, offset: int) -> bool:
        """Also where only the note has changed; never backwards, but for what an assignment found of another life."""
        if not self.takes_slices(tp.topic):
            return super()._should_commit(tp, offset)
        wanted, present, start = self._chosen.get(tp), self._commits.get(tp), self._starts.get(tp)
        if wanted is None or start is None:
            return False
        if present is None:
            return wanted.offset >= start.offset
        return wanted[1:] != present[1:] and wanted.offset >= present.offset

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        """Commits with notes. What failed stays uncommitted here, whatever Faust then says in `_committed_offset`."""
        generation = self.app.consumer_generation_id
        marks: dict[TP, Mark] = {}
        for tp, offset in offsets.items():
            chosen = self._chosen.get(tp)
            if not self.takes_slices(tp.topic):
                marks[tp] = Mark(generation, offset, "")
            elif chosen is not None and (chosen.generation, chosen.offset) == (generation, offset):
                marks[tp] = chosen
        notes = {tp: OffsetAndMetadata(mark.offset, mark.metadata) for tp, mark in marks.items()}
        if not await self._thread.commit_notes(generation, notes):
            return False
        if generation == self.app.consumer_generation_id:
            self._commits.update(marks)
        return True

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        if not self.takes_slices(tp.topic):
            await super()._add_gap(tp, offset_from, offset_to)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Marks belong to a generation and go with it: the block is read again from its start."""
        for known in (self._marks, self._chosen, self._commits):
            known.clear()
        await super().on_partitions_revoked(revoked)
