"""Progress: how far each source has been summarised, as it travels through the log behind the summaries themselves.

Whoever has read a progress record has merged all that it speaks of. Its own Kafka timestamp, the broker's clock, is the
clock that windows follow, since a worker's clock may jump.
"""

from collections.abc import Iterable
from copy import copy

import msgspec

from streams.counting.sources import source_number
from streams.counting.summaries import PROGRESS, head

SILENT_AFTER_MS = 3_600_000
"""A source that has not been heard of for so long is named and left out, instead of holding its KPIs back for ever."""

MAX_STEP_MS = 60_000
"""Time in which no worker speaks at all counts as this much silence of a source: an outage of all silences nobody."""

CAUGHT_UP_MS = 60_000
"""How far behind a source may be that was left out, to be waited for again."""


class SourceProgress(msgspec.Struct, array_like=True):
    """offset: the next to be summarised. time_ms: Kafka time of the last summarised record, None while there is none.

    at_end: whether `offset` was the end of the log `age_ms` milliseconds before the progress record was sent.
    """

    source: int
    offset: int
    time_ms: int | None
    at_end: bool
    age_ms: int


class Progress(msgspec.Struct, array_like=True):
    """What one worker says: its generation, its sources, and how many partitions each event topic (by code) has."""

    generation: int
    sources: list[SourceProgress]
    partitions: dict[int, int]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Progress).decode


def encode_progress(progress: Progress) -> bytes:
    """The record's value."""
    return head(PROGRESS) + _encode(progress)


def decode_progress(value: bytes) -> Progress:
    """The progress in a record of kind PROGRESS. Raises msgspec.DecodeError for anything else."""
    return _decode(memoryview(value)[2:])


class _Known:
    __slots__ = ("catching_up", "generation", "good_until_ms", "heard_at", "offset")

    def __init__(self, generation: int, offset: int) -> None:
        self.generation = generation
        self.offset = offset
        self.good_until_ms = 0
        self.heard_at = 0
        self.catching_up = False


class ProgressBook:
    """What one partition of the summaries topic has said of all sources so far."""

    def __init__(self) -> None:
        self.now_ms = 0
        """The broker's clock: the greatest timestamp of a progress record so far; 0 before the first."""
        self._spoken_ms = 0
        self._known: dict[int, _Known] = {}
        self._partitions: dict[int, int] = {}

    def copy(self) -> "ProgressBook":
        """The book as it is now, which later records do not change."""
        book = ProgressBook()
        book.now_ms, book._spoken_ms = self.now_ms, self._spoken_ms
        book._known = {source: copy(known) for source, known in self._known.items()}
        book._partitions = dict(self._partitions)
        return book

    def read(self, progress: Progress, timestamp_ms: int) -> None:
        """Take in a progress record with that Kafka timestamp. What an older generation says of a source is ignored."""
        if self.now_ms:
            self._spoken_ms += min(MAX_STEP_MS, max(0, timestamp_ms - self.now_ms))
        self.now_ms = max(self.now_ms, timestamp_ms)
        for topic_code, partitions in progress.partitions.items():
            self._partitions[topic_code] = max(partitions, self._partitions.get(topic_code, 0))
        for told in progress.sources:
            good_until = timestamp_ms - told.age_ms if told.at_end else told.time_ms
            known = self._known.get(told.source)
            if known is None or progress.generation >= known.generation:
                left_out = self._is_silent(told.source)
                if known is None:
                    known = self._known[told.source] = _Known(progress.generation, told.offset)
                # One that was left out stays so until it has caught up: a window's end never goes back.
                known.catching_up = left_out
                known.generation, known.heard_at = progress.generation, self._spoken_ms
                # A new owner begins at the committed offset, behind what the old one has summarised already.
                if told.offset >= known.offset:
                    known.offset = told.offset
                    known.good_until_ms = max(known.good_until_ms, good_until or 0)
                if timestamp_ms - known.good_until_ms <= CAUGHT_UP_MS:
                    known.catching_up = False

    def good_until_ms(self, topic_codes: Iterable[int], incarnations: dict[int, int] | None = None) -> int | None:
        """Up to which time (epoch milliseconds of the broker's clock) everything of these topics is merged.

        None: of a source nothing has been heard, or nothing summarised yet, so nobody can say. Silent sources are left
        out (see `silent`).
        """
        good_until = self.now_ms
        for source in self._expected(topic_codes, incarnations or {}):
            if self._is_silent(source):
                continue
            known = self._known.get(source)
            if known is None or not known.good_until_ms:
                return None
            good_until = min(good_until, known.good_until_ms)
        return good_until if self.now_ms else None

    def least_good_until_ms(self, incarnations: dict[int, int] | None = None) -> int | None:
        """The same for all topics that have been heard of: no window ends before it. None where that is unknown."""
        return self.good_until_ms(self._partitions, incarnations) if self._partitions else None

    def silent(self, topic_codes: Iterable[int], incarnations: dict[int, int] | None = None) -> list[int]:
        """The sources of these topics that have not been heard of for SILENT_AFTER_MS."""
        return [source for source in self._expected(topic_codes, incarnations or {}) if self._is_silent(source)]

    def behind(
        self, topic_codes: Iterable[int], slack_ms: int, incarnations: dict[int, int] | None = None
    ) -> list[int]:
        """The sources that hold the windows back by more than `slack_ms`, or have never been heard of."""
        late = []
        for source in self._expected(topic_codes, incarnations or {}):
            known = self._known.get(source)
            if known is None or self.now_ms - known.good_until_ms > slack_ms:
                late.append(source)
        return late

    def _expected(self, topic_codes: Iterable[int], incarnations: dict[int, int]) -> list[int]:
        return [
            source_number(code, partition, incarnations.get(code, 0))
            for code in topic_codes
            for partition in range(self._partitions.get(code, 1))
        ]

    def _is_silent(self, source: int) -> bool:
        known = self._known.get(source)
        heard_at = 0 if known is None else known.heard_at
        return self._spoken_ms - heard_at > SILENT_AFTER_MS or (known is not None and known.catching_up)
