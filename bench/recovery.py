"""How long a fresh worker needs for its tables: from the start of its process to ready, with a full and an empty
changelog.

The changelog is what ten minutes at 5,000 events a second over 100 campaigns leave (nothing of it is compacted yet),
and before that hours of older panes, each stated once, up to the wanted number of table keys. How it is made:
recovery_changelog.py. A run in which the recovered counters differ from the stated ones gets no figure.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from statistics import median
from typing import Any

from agents.names import Names
from agents.web.totals import EVENTS
from bench.latency_load import load
from bench.load import Shape
from bench.parts import Deployment, Stage, machine, say
from bench.recovery_changelog import (
    Minute,
    Statement,
    ends_of,
    pane_of,
    read_since,
    with_pane,
    write,
)
from streams.counting.merge import unpack
from streams.counting.panes import Tier
from streams.counting.statements import TERM_BYTES, KeyKind
from tests.faults.processes import WorkerProcess, wait_for

RATE = 5_000
MINUTES = 10
KEYS = 200_000
WARM_UP_SECONDS = 12.0
WANTED_SECONDS = 5.0
POLL_SECONDS = 0.02
READY_SECONDS = 400.0
SUMMARIES = 8
HOURS_KEPT = {KeyKind.COUNTERS: 31 * 24, KeyKind.PEOPLE: 25}
_EVENTS = re.compile(rb"^campaign_events_total\{[^}]*\} (\S+)$", re.MULTILINE)
TABLES = ("panes", "people")


def run(quick: bool = False) -> dict[str, Any]:
    """The figures; quick: a tenth of everything, once."""
    minutes, keys, rounds = (1, KEYS // 10, 1) if quick else (MINUTES, KEYS, 3)
    with Stage() as stage:
        minute = _captured(stage, 15.0 if quick else 60.0)
        full: list[dict[str, float]] = []
        empty: list[dict[str, float]] = []
        written: dict[str, int] = {}
        for number in range(rounds):
            with _deployed(stage) as deployment:
                empty.append(_start(deployment, f"empty-{number}", 0)[1])
            with _deployed(stage) as deployment:
                made = {table: _made(minute[table], minutes) for table in TABLES}
                distinct = sum(_distinct(minute[table], minutes) for table in TABLES)
                extra = _history(minute, keys - distinct)
                names = Names(deployment.settings)
                topics = {"panes": names.panes_changelog, "people": names.people_changelog}
                address = stage.broker.address
                for table in TABLES:
                    history = (statement for which, statement in extra if which == table)
                    written[table] = asyncio.run(write(address, topics[table], _chained(history, made[table])))
                say(f"changelogs of {keys:,} keys in {sum(written.values()):,} records")
                full.append(_start(deployment, f"full-{number}", _expected(minute["panes"]))[1])
    with_tables, without = (median(one["ready_seconds"] for one in some) for some in (full, empty))
    return {
        "machine": machine(),
        "keys": keys,
        "minutes": minutes,
        "rate": RATE,
        "records": written,
        "keys_stated_in_the_minute": {table: _distinct(minute[table], 1) for table in TABLES},
        "full": full,
        "empty": empty,
        "ready_seconds": with_tables,
        "ready_seconds_empty": without,
        "recovery_seconds": with_tables - without,
        "records_per_second": sum(written.values()) / max(0.001, with_tables - without),
        "wanted_seconds": WANTED_SECONDS,
        "met": with_tables - without <= WANTED_SECONDS,
    }


def _deployed(stage: Stage) -> Deployment:
    # One deployment's claims are nobody else's.
    stage.fresh_redis()
    return stage.deployment(summaries_partitions=SUMMARIES)


def _captured(stage: Stage, seconds: float) -> dict[str, Minute]:
    """What a real worker states in a minute of the load; a shorter time is repeated up to a minute."""
    with _deployed(stage) as deployment:
        names, address = Names(deployment.settings), stage.broker.address
        worker = deployment.start()
        wait_for(lambda: not worker.reasons(), 60, worker.tail)
        with load(address, deployment.prefix, RATE, Shape()):
            time.sleep(WARM_UP_SECONDS)
            topics = {"panes": names.panes_changelog, "people": names.people_changelog}
            counted = (*topics.values(), names.summaries)
            before = {topic: asyncio.run(ends_of(address, topic, SUMMARIES)) for topic in counted}
            time.sleep(seconds)
            merged = asyncio.run(ends_of(address, names.summaries, SUMMARIES))
        offsets = max(merged[partition] - before[names.summaries][partition] for partition in merged)
        found: dict[str, Minute] = {}
        for table, topic in topics.items():
            # Terms are deleted by nobody here, and taking back says nothing to a recovery but that.
            stated = [one for one in asyncio.run(read_since(address, topic, before[topic])) if one[2] is not None]
            say(f"{table}: {len(stated) / seconds:,.0f} statements a second")
            found[table] = Minute(stated * max(1, round(60 / seconds)), offsets)
        return found


def _made(minute: Minute, minutes: int) -> Iterator[Statement]:
    for number in range(minutes):
        yield from minute.moved(number + 1 - minutes, number)


def _chained(history: Iterator[Statement], recent: Iterator[Statement]) -> Iterator[Statement]:
    yield from history
    yield from recent


def _distinct(minute: Minute, minutes: int) -> int:
    """Table keys that these minutes state."""
    of_one = {(partition, key) for partition, key, _ in minute.statements}
    moving = sum(1 for _, key in of_one if key[TERM_BYTES + 1] in (Tier.TEN_SECONDS, Tier.MINUTE))
    return len(of_one) + moving * (minutes - 1)


def _history(minute: dict[str, Minute], count: int) -> list[tuple[str, Statement]]:
    """Older hours of the same campaigns and channels, each stated once, the newest hours first."""
    last: dict[tuple[str, int, bytes], bytes] = {}
    for table in TABLES:
        for partition, key, value in minute[table].statements:
            if key[TERM_BYTES] in HOURS_KEPT and key[TERM_BYTES + 1] == Tier.HOUR and value is not None:
                last[table, partition, key] = value
    found: list[tuple[str, Statement]] = []
    for hours in range(2, max(HOURS_KEPT.values())):
        for (table, partition, key), value in last.items():
            if hours < HOURS_KEPT[KeyKind(key[TERM_BYTES])]:
                found.append((table, (partition, with_pane(key, pane_of(key) - hours), value)))
            if len(found) >= count:
                return found
    return found


def _expected(panes: Minute) -> int:
    """Events since the launch that the last statements of each campaign and channel speak of."""
    last: dict[tuple[int, bytes], bytes] = {}
    for partition, key, value in panes.statements:
        if key[TERM_BYTES] == KeyKind.COUNTERS and key[TERM_BYTES + 1] == Tier.LAUNCH and value is not None:
            last[partition, key] = value
    return sum(
        number for value in last.values() for measure, number in unpack(value).totals.items() if measure in EVENTS
    )


def _start(deployment: Deployment, name: str, expected: int) -> tuple[WorkerProcess, dict[str, float]]:
    """Starts a worker, waits until it is ready and shows what was stated, and stops it."""
    began = time.monotonic()
    worker = deployment.start(name)
    answered: float | None = None
    while True:
        status, _ = worker.get("/readyz")
        now = time.monotonic() - began
        answered = now if answered is None and status else answered
        if status == 200:
            break
        if not worker.alive or now > READY_SECONDS:
            raise RuntimeError(f"the worker is not ready after {now:.0f} s:\n{worker.tail()}")
        time.sleep(POLL_SECONDS)
    wait_for(lambda: _shown(worker) == expected, 20, lambda: (_shown(worker), expected))
    shown = time.monotonic() - began
    worker.stop()
    say(f"{name}: ready after {now:.2f} s")
    return worker, {"answers_seconds": answered or now, "ready_seconds": now, "shown_seconds": shown}


def _shown(worker: WorkerProcess) -> int:
    body = worker.get("/metrics", 10.0)[1].encode()
    return int(sum(float(number) for number in _EVENTS.findall(body)))
