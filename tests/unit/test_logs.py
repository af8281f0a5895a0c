"""Logs: one form for ours and the libraries', repeats limited, nothing secret or personal in them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from agents.logs import HIDDEN, RepeatLimit, configure_logs, hide_private


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in ("agents", "streams", "aiohttp.access"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """What was logged since the last call."""
    captured = capsys.readouterr()
    assert captured.out == ""
    return [json.loads(line) for line in captured.err.splitlines()]


def test_an_event_of_ours_is_one_line_of_json_with_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    structlog.get_logger("agents.ingest.ingest").warning("a partition refuses", topic="click", partition=3)
    [line] = lines(capsys)
    assert line.pop("timestamp")
    assert line == {
        "event": "a partition refuses",
        "topic": "click",
        "partition": 3,
        "logger": "agents.ingest.ingest",
        "level": "warning",
    }


def test_a_librarys_message_has_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    logging.getLogger("aiokafka.conn").error("Connect to %s failed", "127.0.0.1:9092")
    [line] = lines(capsys)
    assert line["event"] == "Connect to 127.0.0.1:9092 failed"
    assert line["logger"] == "aiokafka.conn"


def test_an_exception_stays_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    try:
        raise ValueError("no")
    except ValueError:
        logging.getLogger("faust").exception("crashed")
    [line] = lines(capsys)
    assert "ValueError: no" in str(line["exception"])


def test_libraries_tell_at_info_only_to_who_debugs(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info")
    logging.getLogger("aiokafka").info("joined")
    structlog.get_logger("agents").info("started")
    assert [line["event"] for line in lines(capsys)] == ["started"]
    configure_logs("debug")
    logging.getLogger("aiokafka").info("joined")
    assert [line["event"] for line in lines(capsys)] == ["joined"]


def test_console_format_is_text_for_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", "console")
    structlog.get_logger("agents").warning("a partition refuses", topic="click")
    assert "a partition refuses" in capsys.readouterr().err


def test_a_message_is_shown_five_times_whatever_is_put_in(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    for number in range(100):
        logging.getLogger("aiokafka").error("no answer from node %s", number)
    assert len(lines(capsys)) == 5


def record(template: str, *values: object, name: str = "aiokafka", level: int = logging.ERROR) -> logging.LogRecord:
    """A record as logging makes it."""
    return logging.LogRecord(name, level, __file__, 1, template, values, None)


def test_after_the_window_the_next_message_says_how_many_were_withheld() -> None:
    now = [0.0]
    limit = RepeatLimit(clock=lambda: now[0])
    assert sum(bool(limit.filter(record("away"))) for _ in range(12)) == 5
    now[0] = 9.9
    assert not limit.filter(record("away"))
    now[0] = 10.0
    shown = record("away")
    assert limit.filter(shown)
    assert shown.repeated == 8  # type: ignore[attr-defined]


def test_other_messages_loggers_and_levels_are_limited_apart() -> None:
    limit = RepeatLimit(repeats=1, clock=lambda: 0.0)
    assert limit.filter(record("away"))
    assert not limit.filter(record("away"))
    assert limit.filter(record("back"))
    assert limit.filter(record("away", name="faust"))
    assert limit.filter(record("away", level=logging.WARNING))


def test_the_limit_forgets_templates_instead_of_growing() -> None:
    limit = RepeatLimit(clock=lambda: 0.0)
    for number in range(10_000):
        limit.filter(record(f"unlike any other {number}"))
    assert len(limit._windows) <= 2_000


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("password", "x"),
        ("kafka_password", "x"),
        ("web_token", "x"),
        ("hash_key", "x"),
        ("Authorization", "Bearer x"),
        ("person", "ada"),
        ("author", "ada"),
        ("text", "I like it"),
    ],
)
def test_secrets_and_personal_fields_are_hidden_by_their_names(field: str, value: str) -> None:
    hidden = hide_private(None, "info", {"event": "e", field: value, "nested": {field: value}})
    assert hidden == {"event": "e", field: HIDDEN, "nested": {field: HIDDEN}}


def test_passwords_in_addresses_and_mail_addresses_are_hidden_wherever_they_stand() -> None:
    hidden = hide_private(None, "info", {"event": "lost redis://app:hunter2@cache/0", "detail": ["to ada@example.com"]})
    assert hidden == {"event": f"lost redis://{HIDDEN}@cache/0", "detail": [f"to {HIDDEN}"]}


def test_bytes_are_logged_by_their_size_only() -> None:
    assert hide_private(None, "info", {"event": "e", "key": b"ada"})["key"] == "3 bytes"
