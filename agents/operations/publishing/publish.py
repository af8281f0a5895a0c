"""Publishing a file: rows in, records to a topic, what can't be sent to a file of its own."""

from __future__ import annotations

import asyncio
import io
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from agents.connections import kafka_arguments
from agents.operations.compacted import TopicMissing, partitions_of
from agents.operations.publishing.columns import Columns, check_columns, parse_as_of, parse_columns
from agents.operations.publishing.events import EventMaker
from agents.operations.publishing.rejects import Rejects
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
from agents.operations.publishing.statements import LineKey, StatementMaker
from agents.settings import Settings
from streams.events import spend
from streams.events.spend import Spend
from streams.events.topic import Topic

UNDER_WAY = 10_000
"""Most records that are sent and not yet acknowledged."""

PROGRESS_ROWS = 200


@dataclass(frozen=True, slots=True)
class Job:
    """What to publish: `topic` and its name in Kafka, the file, where rejected rows go.

    `maps` are `COLUMN=FIELD` pairs, `sets` `FIELD=VALUE` pairs that hold for every row. `as_of` is for spend: when the
    file was true, a day or a time with an offset. `replaces` too: an earlier export, whose lines are taken back
    where the file no longer names them.
    """

    topic: Topic
    topic_name: str
    file: Path
    rejects: Path
    maps: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    as_of: str | None = None
    replaces: Path | None = None
    dry_run: bool = False

    @property
    def states(self) -> bool:
        """Whether its rows are summed and stated, and not sent one by one."""
        return self.topic is spend.TOPIC


@dataclass(slots=True)
class Outcome:
    """What became of the rows. `sent` are acknowledged (in a dry run: would be sent): one a row, of spend one for the
    rows of a line and day; `taken_back` of these state 0; `reasons` of the others."""

    rows: int = 0
    sent: int = 0
    taken_back: int = 0
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
    """Send the file; `progress` is told how many bytes of it are done, of a pipe nothing.

    Raises PublishError (the file can't be used, or not further), TopicMissing, KafkaError. After an error it's safe to
    publish the file again: what was sent already does not count twice.
    """
    outcome = Outcome()
    columns = _columns(job, settings)
    if job.rejects.exists() and job.rejects.samefile(job.file):
        raise PublishError("its rejected rows can't go into the file itself: see --rejects")
    with ExitStack() as opened:
        file = opened.enter_context(job.file.open("rb"))
        before = _stated_before(job, columns, settings.max_event_bytes)
        rows = _rows(job, job.file, columns, file, settings.max_event_bytes, opened)
        with Rejects(job.rejects) as rejects:
            told = (lambda: progress(file.tell())) if file.seekable() else (lambda: None)
            values = _values(job, columns, settings.max_event_bytes, rows, before, rejects, outcome, told)
            if job.dry_run:
                outcome.sent = sum(1 for _ in values)
                return outcome
            await require_topics(settings, [job.topic_name])
            producer = AIOKafkaProducer(
                **kafka_arguments(settings),
                enable_idempotence=True,
                linger_ms=10,
                max_request_size=settings.max_event_bytes + 64 * 1024,
            )
            async with producer:
                await _send(producer, job.topic_name, values, outcome)
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


def _columns(job: Job, settings: Settings) -> Columns:
    as_of_ms = None
    if job.as_of is not None:
        if not job.states:
            raise PublishError(f"--as-of is for spend: each row of {job.topic.name} has a time of its own")
        as_of_ms = parse_as_of(job.as_of, settings.time_zone, _now_ms())
    if job.replaces is not None and as_of_ms is None:
        raise PublishError("--replaces is for spend with --as-of: from then on the lines that are gone are 0")
    return parse_columns(job.topic, job.maps, job.sets, as_of_ms)


def _stated_before(job: Job, columns: Columns, max_bytes: int) -> dict[LineKey, Spend]:
    """What the earlier export states, at the time of this one."""
    if job.replaces is None:
        return {}
    maker = StatementMaker(columns, max_bytes)
    with ExitStack() as opened:
        try:
            file = opened.enter_context(job.replaces.open("rb"))
            for row in _rows(job, job.replaces, columns, file, max_bytes, opened):
                if isinstance(row, Row):
                    deque(maker.make(row, _now_ms()), maxlen=0)
        except PublishError as error:
            raise PublishError(f"--replaces {job.replaces}: {error}") from None
    return maker.stated


def _rows(
    job: Job, path: Path, columns: Columns, file: io.BufferedReader, max_bytes: int, opened: ExitStack
) -> Iterator[Row | BadRow]:
    content = opened.enter_context(unpacked(file))
    if not is_csv(path):
        return json_rows(content, max_bytes)
    text = opened.enter_context(csv_text(content))
    delimiter, names = csv_columns(text)
    check_columns(job.topic, names, columns)
    return csv_rows(text, delimiter, names, max_bytes)


def _values(
    job: Job,
    columns: Columns,
    max_bytes: int,
    rows: Iterator[Row | BadRow],
    before: Mapping[LineKey, Spend],
    rejects: Rejects,
    outcome: Outcome,
    told: Callable[[], None],
) -> Iterator[bytes]:
    maker = StatementMaker(columns, max_bytes) if job.states else EventMaker(job.topic, columns, max_bytes)

    def good(made: Iterable[bytes | BadRow]) -> Iterator[bytes]:
        for each in made:
            if isinstance(each, BadRow):
                outcome.reasons[each.reason] += 1
                rejects.add(each)
            else:
                yield each

    for row in rows:
        outcome.rows += 1
        yield from good((row,) if isinstance(row, BadRow) else maker.make(row, _now_ms()))
        if outcome.rows % PROGRESS_ROWS == 0:
            told()
    yield from good(maker.rest(_now_ms()))
    # A row that is rejected may be of any line: as long as there are any, nobody knows which lines are gone.
    if isinstance(maker, StatementMaker) and not outcome.rejected:
        for value in maker.taken_back(before):
            outcome.taken_back += 1
            yield value


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
