"""What a replay of a dead letter would do, in whichever form the event came."""

from __future__ import annotations

import json

import pytest

from agents.operations.dead_letters import DeadLetter, judge
from streams.events.catalogue import topic_by_name
from tests.unit.event_records import MAX_BYTES, NOW_MS, record

TOPICS = {"click": topic_by_name("click")}
DATA = json.dumps({"campaign": "aurora", "channel": "email"}).encode()
BINARY = (("ce_specversion", b"1.0"), ("ce_id", b"c-1"), ("ce_time", b"2026-11-24T09:00:00Z"))


def letter(value: bytes | None, headers: tuple[tuple[str, bytes], ...] = (), topic: str = "click") -> DeadLetter:
    return DeadLetter(topic, 0, 7, NOW_MS, "bad_value", "", b"k", value, headers, None, NOW_MS)


@pytest.mark.parametrize(
    ("value", "headers", "outcome"),
    [
        (record("click"), (), "sent"),
        (b"\0\0\0\0\1" + record("click"), (), "sent"),
        (DATA, BINARY, "sent"),
        (DATA, (), "still invalid"),
        (DATA, BINARY[:2], "still invalid"),
        (None, BINARY, "still invalid"),
    ],
)
def test_letter_is_sent_where_the_event_would_be_counted(
    value: bytes | None, headers: tuple[tuple[str, bytes], ...], outcome: str
) -> None:
    assert judge(letter(value, headers), TOPICS, MAX_BYTES, NOW_MS) == outcome


def test_letter_of_a_topic_that_is_not_read_is_not_sent() -> None:
    assert judge(letter(record("click"), topic="clack"), TOPICS, MAX_BYTES, NOW_MS) == "not read"
