"""The recount is written apart from the service: on sound events both must say the same, topic by topic."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

import pytest

from streams.events.catalogue import topic_by_name
from streams.events.decode import Accepted, decode, epoch_ms
from streams.events.forms import joined
from streams.events.spend import read_spent
from streams.events.tactic import read_change
from tests.faults.adds import NEW, TOPIC_CODES, adds_of
from tests.faults.bad_input import BadInput
from tests.faults.event_forms import plain
from tests.faults.events import OK, TOPICS, Events, Record
from tests.faults.facts import fact_of
from tests.faults.recount import instant

NOW_MS = 1_795_510_860_000
MAX_BYTES = 1_000_000
READ = {"spend": read_spent, "tactic": read_change}


def _records() -> list[Record]:
    events = Events(3)
    return [events.record(NOW_MS + number) for number in range(12_000)]


def _decoded(record: Record) -> Any:
    value = joined(record.value, record.headers)
    return decode(topic_by_name(record.topic), value, NOW_MS + 6_000, MAX_BYTES)


@pytest.fixture(scope="module")
def sound() -> list[tuple[str, Any, dict[str, Any]]]:
    """(topic, event, its fields as plain JSON) of a stream of all topics."""
    return [
        (record.topic, _decoded(record).event, plain(record.value or b"", dict(record.headers)))
        for record in _records()
        if record.truth == OK
    ]


def test_every_topic_is_in_the_stream_and_has_its_code(sound: list[tuple[str, Any, dict[str, Any]]]) -> None:
    assert {topic for topic, _, _ in sound} == set(TOPICS)
    assert {topic: topic_by_name(topic).code for topic in TOPICS} == TOPIC_CODES


def test_truth_of_each_record_is_what_the_service_finds() -> None:
    for record in _records():
        decoded = _decoded(record)
        assert (OK if isinstance(decoded, Accepted) else decoded.reason.value) == record.truth, record


def test_identity_of_an_event_is_the_same_in_every_form(sound: list[tuple[str, Any, dict[str, Any]]]) -> None:
    for _, event, fields in sound:
        assert (event.id, event.source, event.campaign) == (fields["id"], fields.get("source"), fields["campaign"])
        assert epoch_ms(event.time) == instant(fields["time"])
    records = _records()
    assert {_form(record) for record in records} == {"plain", "frame", "structured", "binary"}


def _form(record: Record) -> str:
    headers = dict(record.headers)
    if "ce_id" in headers:
        return "binary"
    return "structured" if "content-type" in headers else "frame" if (record.value or b"")[:1] == b"\0" else "plain"


def test_each_case_of_bad_input_is_what_its_name_says() -> None:
    for record in BadInput("run", NOW_MS).all():
        decoded = _decoded(record)
        assert (OK if isinstance(decoded, Accepted) else decoded.reason.value) == record.truth, (
            record.extra[:1],
            decoded,
        )
        if isinstance(decoded, Accepted):
            counted: dict[int, int] = {}
            topic_by_name(record.topic).count(decoded.event, counted)
            adds, _ = adds_of(record.topic, plain(record.value or b"", dict(record.headers)))
            assert +adds == {key: number for key, number in counted.items() if number}


def test_an_event_adds_what_its_topic_counts(sound: list[tuple[str, Any, dict[str, Any]]]) -> None:
    for topic, event, fields in sound:
        counted: dict[int, int] = {}
        topic_by_name(topic).count(event, counted)
        adds, kinds = adds_of(topic, fields)
        del adds[NEW]  # whose sale was the first is filled in from Redis
        assert {key: number for key, number in adds.items() if number} == {k: n for k, n in counted.items() if n}
        assert (kinds if fields.get("person") else ()) == topic_by_name(topic).people(event)


def test_an_event_states_what_its_topic_states(sound: list[tuple[str, Any, dict[str, Any]]]) -> None:
    stated = 0
    for topic, event, fields in sound:
        fact, expected = topic_by_name(topic).fact(event), fact_of(topic, fields)
        if fact is None:
            assert expected is None
            continue
        assert expected == (fact.day, fact.line, astuple(READ[topic](fact.value)))
        stated += 1
    assert stated > 100
