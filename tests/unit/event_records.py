"""Records of the event topics for tests: the topic's own example with changes, under one Kafka timestamp."""

import json
from collections.abc import Mapping
from typing import Any

from streams.events.catalogue import topic_by_name
from streams.events.decode import Accepted, decode
from streams.events.errors import Invalid

NOW_MS = 1_795_510_860_000
"""2026-11-24T09:01:00Z, the Kafka timestamp of every record here."""

MAX_BYTES = 1_000_000


def fields(topic: str, changes: Mapping[str, object]) -> dict[str, object]:
    """The topic's example with some fields changed; one that is changed to `...` is left out."""
    merged = {**topic_by_name(topic).example, **changes}
    return {name: value for name, value in merged.items() if value is not ...}


def record(topic: str, **changes: object) -> bytes:
    return json.dumps(fields(topic, changes)).encode()


def outcome(
    topic: str, value: bytes | None, timestamp_ms: int = NOW_MS, max_bytes: int = MAX_BYTES
) -> Accepted | Invalid:
    return decode(topic_by_name(topic), value, timestamp_ms, max_bytes)


def accepted(topic: str, **changes: object) -> Accepted:
    result = outcome(topic, record(topic, **changes))
    assert isinstance(result, Accepted), result
    return result


def invalid(topic: str, **changes: object) -> Invalid:
    result = outcome(topic, record(topic, **changes))
    assert isinstance(result, Invalid), result
    return result


def event(topic: str, **changes: object) -> Any:
    return accepted(topic, **changes).event


def counted(topic: str, **changes: object) -> dict[int, int]:
    """What one such event counts."""
    add: dict[int, int] = {}
    topic_by_name(topic).count(event(topic, **changes), add)
    return add


def people(topic: str, **changes: object) -> tuple[int, ...]:
    return topic_by_name(topic).people(event(topic, **changes))
