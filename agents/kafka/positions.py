"""Where a partition is read from when it is assigned, and why one is refused instead of being reset silently.

A commit carries metadata: the incarnation of its topic, the Kafka time of the record at the committed offset (the
first of the open block) and the last offset of that block that the broker has acknowledged in the summaries topic.

    what the assignment finds                               what follows
    ------------------------------------------------------  ------------------------------------------
    no committed offset, or one of another incarnation      start at the log's start
    committed, inside the log                               start there; the record must have the committed Kafka time
    committed below the log's start, acknowledged up to it  a new block behind what is acknowledged, nothing is lost
    committed below the log's start, less acknowledged      refused: retention took records that were never counted
    committed beyond the log's end                          refused: the topic was made anew, or its log was cut
    a commit without our metadata                           refused: the offset may lie inside a block
"""

from __future__ import annotations

from dataclasses import dataclass

_VERSION = "lp1"


@dataclass(frozen=True, slots=True)
class CommitNote:
    """What a commit says beside its offset, as its metadata string.

    Attributes:
        incarnation: number of the topic's life, 0 for the first; `topics rebase` raises it.
        first_timestamp_ms: Kafka time of the record at the committed offset, None where no record need be there.
        acknowledged: last offset whose effects the broker has acknowledged; the offset before the committed one if
            none of the open block.
    """

    incarnation: int
    first_timestamp_ms: int | None
    acknowledged: int

    def encode(self) -> str:
        """The metadata string, at most 70 characters."""
        first = "-" if self.first_timestamp_ms is None else self.first_timestamp_ms
        return f"{_VERSION} {self.incarnation} {first} {self.acknowledged}"

    @classmethod
    def decode(cls, text: str | None) -> CommitNote | None:
        """What `encode` wrote, or None for anything else."""
        parts = (text or "").split(" ")
        if len(parts) != 4 or parts[0] != _VERSION:
            return None
        try:
            return cls(int(parts[1]), None if parts[2] == "-" else int(parts[2]), int(parts[3]))
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Start:
    """A partition is read from `offset`; the record there must have Kafka time `timestamp_ms` unless that is None.

    Everything up to `acknowledged` has had its effect already.
    """

    offset: int
    timestamp_ms: int | None
    acknowledged: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A partition is not read, `reason` says why (one line, for the log, the metric's alert and readiness)."""

    reason: str


def find_start(
    committed: int | None,
    metadata: str | None,
    log_start: int,
    log_end: int,
    incarnation: int = 0,
    *,
    started: bool = False,
) -> Start | Refused:
    """Where a partition starts, by the table above.

    Args:
        committed: the group's committed offset, None where there is none.
        metadata: the commit's metadata string.
        log_start: first offset that the broker still has.
        log_end: offset of the next record that will be written.
        incarnation: the topic's present incarnation.
        started: whether an offset was ever committed in this incarnation.
    """
    if (committed is None or committed < 0) and started:
        return Refused(
            "an offset was committed before and none is now: the topic was made anew, or the group's offsets were "
            "deleted; stop the workers and run `launchpulse topics rebase`"
        )
    if committed is None or committed < 0:
        return Start(log_start, None, log_start - 1)
    said = CommitNote.decode(metadata)
    if said is None:
        return Refused(f"the committed offset {committed} was not written by Launchpulse: it may lie inside a block")
    if said.incarnation != incarnation:
        return Start(log_start, None, log_start - 1)
    if committed < log_start:
        return _overtaken(committed, said.acknowledged, log_start)
    if committed > log_end:
        return Refused(
            f"the committed offset {committed} lies beyond the log's end {log_end}: "
            "the topic was made anew or its log was cut"
        )
    if committed == log_end and said.first_timestamp_ms is not None:
        return Refused(
            f"the record at the committed offset {committed} is gone from the log's end: "
            "the topic was made anew or its log was cut"
        )
    return Start(committed, said.first_timestamp_ms, said.acknowledged)


def _overtaken(committed: int, acknowledged: int, log_start: int) -> Start | Refused:
    if acknowledged + 1 >= log_start:
        # Not at the log's start: a block that began inside the acknowledged one would be taken for a conflict.
        return Start(acknowledged + 1, None, acknowledged)
    return Refused(
        f"retention overtook the reader: offsets {max(committed, acknowledged + 1)}..{log_start - 1} "
        "were never acknowledged and are gone"
    )


def other_time(offset: int, committed_ms: int, found_ms: int) -> str:
    """The reason to refuse a partition whose record at the committed offset has another Kafka time."""
    return (
        f"the record at the committed offset {offset} has Kafka time {found_ms} ms instead of {committed_ms} ms: "
        "the topic was made anew"
    )
