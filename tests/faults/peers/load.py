"""The load of the peers: the same seeded events, with 15 % resent, in one topic keyed by what is counted by.

Keyed so, no peer has to repartition. Malformed records are left out (each peer's users write their own checks), and so
are those from the future: a clock that is ahead would only move a peer's event time, which is not what is tested here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from aiokafka.structs import ConsumerRecord

from tests.faults.events import OK, Events, Record

TOPIC = "events"
MINUTE_SECONDS = 60

Key = tuple[str, int]
"""campaign|channel|event, and the minute since the epoch."""


class KeyedEvents(Events):
    """The sound events of all topics; `event` says which topic it was, `seconds` when it happened."""

    other_forms = 0.0

    def record(self, now_ms: int) -> Record:
        """The next sound record."""
        while True:
            record = super().record(now_ms)
            if record.truth == OK and record.value is not None:
                fields = json.loads(record.value)
                if "sent_at" not in fields:
                    return keyed(record.topic, fields)


def keyed(event: str, fields: dict[str, object]) -> Record:
    """The record as the peers get it."""
    fields |= {"event": event, "seconds": int(str(fields["time"])) / 1000}
    key = f"{fields['campaign']}|{fields['channel']}|{event}"
    return Record(TOPIC, key.encode(), json.dumps(fields, ensure_ascii=False).encode())


@dataclass(slots=True)
class Expected:
    """What the log adds up to: records of each counter, and how many of all of them are resends."""

    counters: Counter[Key] = field(default_factory=Counter)
    events: int = 0
    resent: int = 0


def expected(log: Iterable[ConsumerRecord]) -> Expected:
    """The recount. Resends count, because no peer takes them out."""
    found, seen = Expected(), set()
    for record in log:
        fields = json.loads(record.value)
        found.counters[record.key.decode(), int(fields["seconds"] // MINUTE_SECONDS)] += 1
        found.events += 1
        seen.add(fields["id"])
    found.resent = found.events - len(seen)
    return found
