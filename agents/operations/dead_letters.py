"""Reading dead letters and sending them again.

A block that is read again may write a letter again, so a letter is known by where its record stood (topic, partition
and offset), and of several copies the first is kept. A replay produces the original bytes, key and headers to the
original topic: whatever has been counted already is dropped there as a duplicate.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from aiokafka import AIOKafkaProducer, ConsumerRecord

from agents.connections import kafka_arguments
from agents.ingest.dead_letter_log import HEADER, TRUNCATED_HEADER
from agents.names import Names
from agents.operations.compacted import read_whole
from agents.settings import Settings
from streams.events.decode import decode
from streams.events.errors import Invalid
from streams.events.forms import joined
from streams.events.topic import Topic

# In the order in which a worker writes them; the record's own headers follow.
_REQUIRED = ("topic", "partition", "offset", "timestamp", "reason", "detail")
_IN_FLIGHT = 500


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that could not be counted, and where and why.

    `topic`, `partition`, `offset`, `timestamp_ms` (Kafka's) are those of the original record, `key`, `value` and
    `headers` are its own; `full_bytes` is the original size where the value was cut, else None. `written_ms` is the
    letter's own Kafka time.
    """

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    reason: str
    detail: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    full_bytes: int | None
    written_ms: int

    @property
    def identity(self) -> str:
        """topic/partition/offset."""
        return f"{self.topic}/{self.partition}/{self.offset}"

    @property
    def size(self) -> int:
        """Bytes of the original value; 0 for a null."""
        return self.full_bytes if self.full_bytes is not None else len(self.value or b"")


def parse_letter(record: ConsumerRecord) -> DeadLetter | None:
    """The letter in a record of the dead-letter topic; None for a record that no worker has written."""
    headers = list(record.headers)
    if [name for name, _ in headers[: len(_REQUIRED)]] != [HEADER + name for name in _REQUIRED]:
        return None
    topic, partition, offset, timestamp, reason, detail = (value for _, value in headers[: len(_REQUIRED)])
    rest = headers[len(_REQUIRED) :]
    key = rest.pop(0)[1] if rest and rest[0][0] == HEADER + "key" else None
    full = rest.pop(0)[1] if rest and rest[0][0] == TRUNCATED_HEADER else None
    try:
        return DeadLetter(
            topic=topic.decode(),
            partition=int(partition),
            offset=int(offset),
            timestamp_ms=int(timestamp),
            reason=reason.decode(),
            detail=detail.decode("utf-8", "replace"),
            key=key,
            value=record.value,
            headers=tuple(rest),
            full_bytes=None if full is None else int(full),
            written_ms=record.timestamp,
        )
    except ValueError:
        return None


async def read_letters(settings: Settings) -> AsyncIterator[DeadLetter]:
    """Every dead letter once. Raises TopicMissing, and KafkaError where the broker does not answer."""
    seen: set[str] = set()
    async for record in read_whole(Names(settings).dead_letters, kafka_arguments(settings)):
        letter = parse_letter(record)
        if letter is not None and letter.identity not in seen:
            seen.add(letter.identity)
            yield letter


@dataclass(frozen=True, slots=True)
class Selection:
    """Which letters are meant; an empty part means all. `ids` are identities, `topics` Kafka names."""

    ids: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()

    def __contains__(self, letter: object) -> bool:
        return (
            isinstance(letter, DeadLetter)
            and (not self.ids or letter.identity in self.ids)
            and (not self.topics or letter.topic in self.topics)
            and (not self.reasons or letter.reason in self.reasons)
        )


Outcome = Literal["sent", "still invalid", "truncated", "not read"]


def judge(letter: DeadLetter, topics: dict[str, Topic], max_event_bytes: int, now_ms: int) -> Outcome:
    """What a replay at `now_ms` would do: `sent` where the event would be counted (or found to be a duplicate).

    `still invalid` would only become another dead letter; `truncated` is no longer whole; `not read`: no such topic.
    """
    topic = topics.get(letter.topic)
    if topic is None:
        return "not read"
    if letter.full_bytes is not None:
        return "truncated"
    if isinstance(decode(topic, joined(letter.value, letter.headers), now_ms, max_event_bytes), Invalid):
        return "still invalid"
    return "sent"


async def replay(
    settings: Settings,
    letters: Iterable[DeadLetter],
    *,
    force: bool = False,
    dry_run: bool = False,
    progress: Callable[[], None] = lambda: None,
) -> dict[Outcome, int]:
    """Sends the letters again, each to its topic, acknowledged; returns how many had which outcome.

    With `force` also those that would be refused again. `progress` is called once a letter.
    """
    topics = dict(Names(settings).event_topics)
    counts: dict[Outcome, int] = {}
    chosen: list[DeadLetter] = []
    for letter in letters:
        outcome = judge(letter, topics, settings.max_event_bytes, time.time_ns() // 1_000_000)
        if outcome == "still invalid" and force:
            outcome = "sent"
        counts[outcome] = counts.get(outcome, 0) + 1
        if outcome == "sent":
            chosen.append(letter)
        else:
            progress()
    if not dry_run:
        await _send(settings, chosen, progress)
    return counts


async def _send(settings: Settings, letters: Sequence[DeadLetter], progress: Callable[[], None]) -> None:
    largest = max((letter.size for letter in letters), default=0)
    producer = AIOKafkaProducer(
        acks="all",
        enable_idempotence=True,
        max_request_size=max(1_048_576, 2 * largest),
        **kafka_arguments(settings),
    )
    await producer.start()
    try:
        for first in range(0, len(letters), _IN_FLIGHT):
            some = letters[first : first + _IN_FLIGHT]
            futures = [
                await producer.send(letter.topic, letter.value, letter.key, headers=list(letter.headers))
                for letter in some
            ]
            for future in futures:
                await future
                progress()
    finally:
        await producer.stop()
