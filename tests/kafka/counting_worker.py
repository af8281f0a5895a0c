"""A small worker for the tests of the Faust extension: it counts the records of each key, in a table of statements.

Run as `python -m tests.kafka.counting_worker '{"broker": ..., "app": ..., "topic": ..., "partitions": 4, "directory":
...}'`. It writes what it owns and counts to `directory`/NAME.json five times a second, and a line a slice to
`directory`/NAME.slices.
"""

from __future__ import annotations

import asyncio
import json
import os
import struct
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import faust
from faust.streams import current_event
from faust.types import TP

from agents.kafka.app import create_faust_app, slice_consumer, slice_topic
from agents.kafka.assignor import CompleteAssignor
from agents.kafka.continuity import Continuity
from agents.kafka.ends import log_end
from agents.kafka.positions import CommitNote
from agents.kafka.table import StatementTable

VALUE = struct.Struct(">qq")  # offset up to which it was counted, count


def furthest(one: bytes, other: bytes) -> bytes:
    """Of two statements the one that has counted further."""
    return max(one, other, key=lambda value: VALUE.unpack(value)[0])


def create_app(options: dict[str, Any]) -> faust.App:
    """The worker's app: one agent that counts, one table."""
    name, topic, directory = options.get("name", "w"), options["topic"], Path(options["directory"])
    app = create_faust_app(
        options["app"],
        [options["broker"]],
        datadir=directory / name,
        slice_topics=[topic],
        session_timeout_seconds=options.get("session_seconds", 3.0),
        incarnation=lambda _: options.get("incarnation", 0),
        commit_interval_seconds=0.2,
        watched_seconds=options.get("watched_seconds", 10.0),
    )
    table = StatementTable(app, name="counts", partitions=options["partitions"], reconcile=furthest)
    app.tables.add(table)
    continuity = Continuity(lambda: slice_consumer(app))
    slices = (directory / f"{name}.slices").open("a")
    pause = options.get("pause_seconds", 0.0)
    events: Counter[str] = Counter()

    table.on_lost = lambda partition: events.update([f"lost {partition}"])
    table.on_recovered = lambda partition: events.update([f"recovered {partition}"])

    async def count(tp: TP, generation: int, records: Any) -> None:
        offsets = [record.offset for record in records]
        records = await continuity.contiguous(tp, generation, records)
        if not records:
            return
        line = {"tp": list(tp), "generation": generation, "first": records[0].offset, "last": records[-1].offset}
        print(json.dumps({**line, "delivered": offsets[0], "n": len(records)}), file=slices, flush=True)
        statements: dict[bytes, bytes] = {}
        at = records[-1].offset
        found = Counter(record.key for record in records)
        for key in found:
            until, counted = VALUE.unpack(table.values.get(key, VALUE.pack(-1, 0)))
            counted += sum(1 for record in records if record.key == key and record.offset > until)
            if at > until or table.unstated(tp.partition, key):
                statements[key] = VALUE.pack(max(at, until), counted)
        if pause:
            await asyncio.sleep(pause)
        if await table.state(tp.partition, statements):
            note = CommitNote(options.get("incarnation", 0), records[0].timestamp, at)
            slice_consumer(app).mark(tp, generation, records[0].offset, note.encode())

    @app.agent(slice_topic(app, topic), name="count")
    async def agent(stream: Any) -> None:
        async for records in stream:
            event = current_event()
            assert event is not None
            message = event.message
            try:
                await count(message.tp, message.generation_id or 0, records)
            except Exception as error:
                await app.crash(error)
                raise

    @app.timer(0.2)  # type: ignore[untyped-decorator]
    async def report() -> None:
        consumer = slice_consumer(app)
        assignor = app.assignor
        assert isinstance(assignor, CompleteAssignor)
        mine = table.term.keys()
        said = {
            "pid": os.getpid(),
            "time": time.time(),
            "generation": consumer.generation,
            "rebalancing": app.rebalancing,
            "source": sorted(tp.partition for tp in consumer.assignment() if tp.topic == topic),
            "own": sorted(mine),
            "counts": {
                key.decode(): VALUE.unpack(table.values[key])[1] for part in mine for key in table.keys_of(part)
            },
            "unstated": {str(part): sum(table.unstated(part, key) for key in table.keys_of(part)) for part in mine},
            "refusals": {f"{tp.topic}/{tp.partition}": reason for tp, reason in consumer.refusals.items()},
            "committed": {
                str(tp.partition): consumer.committed(tp) for tp in consumer.assignment() if tp.topic == topic
            },
            "ends": {
                str(tp.partition): [end.position, end.highwater, end.handed_over]
                for tp in consumer.assignment()
                if tp.topic == topic and (end := log_end(consumer, tp)) is not None
            },
            "continuity": [continuity.counts.reread_records, continuity.counts.gaps, continuity.counts.holes],
            "unowned": sorted(f"{tp.topic}/{tp.partition}" for tp in consumer.ownership.unowned),
            "events": events,
        }
        target = directory / f"{name}.json"
        draft = target.with_suffix(".draft")
        draft.write_text(json.dumps(said))
        draft.replace(target)

    return app


if __name__ == "__main__":
    chosen = json.loads(sys.argv[1])
    Path(chosen["directory"]).mkdir(parents=True, exist_ok=True)
    sys.argv[1:] = []
    faust.Worker(create_app(chosen), loglevel=chosen.get("level", "INFO")).execute_from_commandline()
