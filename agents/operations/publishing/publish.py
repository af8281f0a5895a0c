"""Publishing a file: rows in, records to a topic, what can't be sent to a file of its own."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from aiokafka import AIOKafkaProducer

from agents.connections import kafka_arguments
from agents.operations.compacted import TopicMissing, partitions_of
from agents.operations.publishing.events import EventMaker, check_columns, parse_mapping
from agents.operations.publishing.rows import (
    BadRow,
    PublishError,
    Row,
    csv_columns,
    csv_rows,
    csv_text,
    is_csv,
    json_rows,
    unpacked,
)
from agents.settings import Settings
from streams.events.topic import Topic

UNDER_WAY = 10_000
"""Most records that are sent and not yet acknowledged."""

PROGRESS_ROWS = 200


@dataclass(frozen=True, slots=True)
class Job:
    """What to publish: `topic` and its name in Kafka, the file, where bad rows go, `column=field` pairs."""

    topic: Topic
    topic_name: str
    file: Path
    rejects: Path
    mapping: tuple[str, ...] = ()
    dry_run: bool = False


@dataclass(slots=True)
class Outcome:
    """What became of the rows. `sent` are acknowledged (in a dry run: would be sent); `reasons` of the others."""

    rows: int = 0
    sent: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def rejected(self) -> int:
        """Rows in the file of rejects."""
        return self.reasons.total()


async def require_topics(settings: Settings, names: list[str]) -> None:
    """Raises TopicMissing where one of the topics does not exist: a producer would wait for it for a minute."""
    found = await partitions_of(names, kafka_arguments(settings))
    missing = [name for name in names if not found[name]]
    if missing:
        raise TopicMissing(f"missing topics: {', '.join(missing)}; run `launchpulse topics create`")


async def publish(settings: Settings, job: Job, progress: Callable[[int], None] = lambda done: None) -> Outcome:
    """Send the file; `progress` is told how many bytes of it are done.

    Raises PublishError (the file can't be used, or not further), TopicMissing, KafkaError. After an error it's safe to
    publish the file again: what was sent already does not count twice.
    """
    outcome = Outcome()
    with ExitStack() as opened:
        file = opened.enter_context(job.file.open("rb"))
        rows = _rows(job, file, settings.max_event_bytes, opened)
        with _Rejects(job.rejects) as rejects:
            if job.dry_run:
                for _ in _good(job, settings, rows, rejects, outcome, lambda: progress(file.tell())):
                    outcome.sent += 1
                return outcome
            await require_topics(settings, [job.topic_name])
            producer = AIOKafkaProducer(
                **kafka_arguments(settings),
                enable_idempotence=True,
                linger_ms=10,
                max_request_size=settings.max_event_bytes + 64 * 1024,
            )
            async with producer:
                good = _good(job, settings, rows, rejects, outcome, lambda: progress(file.tell()))
                await _send(producer, job.topic_name, good, outcome)
    return outcome


async def _send(producer: AIOKafkaProducer, topic: str, values: Iterator[bytes], outcome: Outcome) -> None:
    waiting: deque[asyncio.Future[Any]] = deque()
    try:
        for value in values:
            waiting.append(await producer.send(topic, value))
            while len(waiting) > UNDER_WAY or (waiting and waiting[0].done()):
                await waiting.popleft()
                outcome.sent += 1
    finally:
        # Also where the file breaks off: what is under way is still waited for.
        for future in waiting:
            await future
            outcome.sent += 1


def _rows(job: Job, file: IO[bytes], max_bytes: int, opened: ExitStack) -> Iterator[Row | BadRow]:
    content = opened.enter_context(unpacked(file))
    if not is_csv(job.file):
        return json_rows(content, max_bytes)
    text = opened.enter_context(csv_text(content))
    delimiter, columns = csv_columns(text)
    check_columns(job.topic, columns, parse_mapping(job.topic, job.mapping))
    return csv_rows(text, delimiter, columns, max_bytes)


def _good(
    job: Job,
    settings: Settings,
    rows: Iterator[Row | BadRow],
    rejects: _Rejects,
    outcome: Outcome,
    told: Callable[[], None],
) -> Iterator[bytes]:
    maker = EventMaker(job.topic, parse_mapping(job.topic, job.mapping), settings.max_event_bytes)
    for row in rows:
        outcome.rows += 1
        made = row if isinstance(row, BadRow) else maker.make(row, time.time_ns() // 1_000_000)
        if isinstance(made, BadRow):
            outcome.reasons[made.reason] += 1
            rejects.add(made)
        else:
            yield made
        if outcome.rows % PROGRESS_ROWS == 0:
            told()


class _Rejects:
    """The file of rejected rows, made with the first of them: JSON lines with line, reason, detail and the row."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def __enter__(self) -> _Rejects:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, row: BadRow) -> None:
        """Write one. Raises PublishError where that is not possible."""
        try:
            if self._file is None:
                self._file = self._path.open("w", encoding="utf-8")
            text = row.text.decode("utf-8", "backslashreplace")
            entry = {"line": row.line, "reason": row.reason, "detail": row.detail, "row": text}
            self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        except OSError as error:
            raise PublishError(f"the rejected rows can't be written: {error}; see --rejects") from None
