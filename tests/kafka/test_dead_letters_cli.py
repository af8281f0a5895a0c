"""The command on a real Kafka: dead letters, the catalogue, topics, status, doctor, and their exit codes."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord
from faust.types import TP

from agents.cli.main import run_command
from agents.connections import kafka_arguments
from agents.demo.ports import any_port
from agents.ingest.dead_letter_log import DeadLetterLog
from agents.operations.compacted import read_whole
from agents.operations.topics import create_missing, open_admin, plan_topics
from agents.settings import Settings, load_settings
from streams.counting.admissions import decode_admission
from streams.events.errors import Invalid, Reason
from tests.support.kafka import KafkaBroker
from tests.support.redis import RedisServer

pytestmark = pytest.mark.kafka


@pytest.fixture
def settings(kafka_broker: KafkaBroker, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A deployment of its own with its topics, in the environment of the command."""
    name = f"letters-{secrets.token_hex(4)}"
    environ = {
        "LAUNCHPULSE_APPLICATION_ID": name,
        "LAUNCHPULSE_TOPIC_PREFIX": f"{name}.",
        "LAUNCHPULSE_BROKERS": kafka_broker.address,
        "LAUNCHPULSE_SUMMARIES_PARTITIONS": "4",
    }
    for variable, value in environ.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setattr("agents.logs.configure_logs", lambda *_: None)
    settings = load_settings(environ, hash_key_required=False)
    asyncio.run(_create(settings))
    return settings


async def _create(settings: Settings) -> None:
    async with open_admin(settings) as admin:
        await create_missing(admin, plan_topics(settings, event_partitions=1), 1)


def click(event_id: str, **changes: Any) -> bytes:
    """A click as a producer sends it."""
    fields = {"id": event_id, "time": time.time_ns() // 1_000_000, "campaign": "launch", "channel": "email"}
    return json.dumps(fields | changes).encode()


async def write_letters(settings: Settings, letters: list[tuple[int, bytes | None, Invalid]], copies: int = 1) -> None:
    """Dead letters as a worker writes them, each record at the given offset of the click topic, `copies` times."""
    producer = AIOKafkaProducer(**kafka_arguments(settings))
    await producer.start()

    async def send(
        topic: str, key: bytes, value: bytes | None, headers: list[tuple[str, bytes]]
    ) -> asyncio.Future[object]:
        sent: asyncio.Future[object] = await producer.send(topic, value, key, headers=headers)
        return sent

    log = DeadLetterLog(f"{settings.application_id}-dead-letters", 1_000, send)
    try:
        for offset, value, invalid in letters * copies:
            record = ConsumerRecord(
                f"{settings.topic_prefix}click",
                0,
                offset,
                time.time_ns() // 1_000_000,
                1,
                b"a key",
                value,
                None,
                5,
                0 if value is None else len(value),
                (("trace", b"\x00\xff"), ("launchpulse.key", b"not ours")),
            )
            await (await log.send(TP(record.topic, record.partition), record, invalid))
    finally:
        await producer.stop()


def records_of(settings: Settings, topic: str) -> list[ConsumerRecord]:
    """All that a topic holds."""

    async def read() -> list[ConsumerRecord]:
        return [record async for record in read_whole(topic, kafka_arguments(settings))]

    return asyncio.run(read())


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of the command."""
    code = run_command(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    """Exit code and the JSON that the command printed."""
    code, out, _ = run(capsys, *arguments, "--json")
    return code, json.loads(out)


FUTURE = Invalid(Reason.FUTURE, "time: too far ahead")
NOT_JSON = Invalid(Reason.NOT_JSON, "not JSON")


def test_each_letter_is_listed_once_however_often_it_was_written(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(write_letters(settings, [(0, click("a"), FUTURE), (1, b"{", NOT_JSON)], copies=3))
    code, listed = run_json(capsys, "dead-letters", "list")
    topic = f"{settings.topic_prefix}click"
    assert code == 0
    assert {(each["id"], each["reason"], each["detail"]) for each in listed["letters"]} == {
        (f"{topic}/0/0", "future", "time: too far ahead"),
        (f"{topic}/0/1", "not_json", "not JSON"),
    }
    assert [each["letters"] for each in listed["counts"]] == [1, 1]
    _, only = run_json(capsys, "dead-letters", "list", "--reason", "future")
    assert [each["id"] for each in only["letters"]] == [f"{topic}/0/0"]


def test_a_letter_is_explained_without_its_content_unless_that_is_asked_for(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(write_letters(settings, [(7, click("a", person="ada"), FUTURE)]))
    letter = f"{settings.topic_prefix}click/0/7"
    code, out, _ = run(capsys, "dead-letters", "explain", letter)
    assert code == 0
    assert Reason.FUTURE.meaning in out
    assert "ada" not in out
    _, shown = run_json(capsys, "dead-letters", "explain", letter, "--show-value")
    assert json.loads(shown["value"])["person"] == "ada"
    assert shown["headers"] == ["trace", "launchpulse.key"]


def test_a_replay_sends_the_original_bytes_key_and_headers(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    value = click("a")
    asyncio.run(write_letters(settings, [(0, value, FUTURE)], copies=2))
    code, answer = run_json(capsys, "dead-letters", "replay", "--all")
    assert (code, answer["outcomes"]) == (0, {"sent": 1})
    [record] = records_of(settings, f"{settings.topic_prefix}click")
    assert record.value == value
    assert record.key == b"a key"
    assert record.headers == (("trace", b"\x00\xff"), ("launchpulse.key", b"not ours"))


def test_a_replay_leaves_what_would_be_refused_again_and_what_was_cut(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    letters = [
        (0, click("a"), FUTURE),
        (1, b"{", NOT_JSON),
        (2, click("long", link="x" * 2_000), Invalid(Reason.TOO_LARGE, "too large")),
        (3, None, Invalid(Reason.TOMBSTONE, "null")),
    ]
    asyncio.run(write_letters(settings, letters))
    expected = {"sent": 1, "still invalid": 2, "truncated": 1}
    code, answer = run_json(capsys, "dead-letters", "replay", "--all", "--dry-run")
    assert (code, answer["outcomes"]) == (1, expected)
    assert records_of(settings, f"{settings.topic_prefix}click") == []
    code, answer = run_json(capsys, "dead-letters", "replay", "--all")
    assert (code, answer["outcomes"]) == (1, expected)
    assert len(records_of(settings, f"{settings.topic_prefix}click")) == 1


def test_a_replay_of_an_unknown_letter_sends_nothing(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(write_letters(settings, [(0, click("a"), FUTURE)]))
    known = f"{settings.topic_prefix}click/0/0"
    code, _, error = run(capsys, "dead-letters", "replay", known, "no/0/0")
    assert code == 1
    assert "there is no dead letter no/0/0" in error
    assert records_of(settings, f"{settings.topic_prefix}click") == []
    code, _, error = run(capsys, "dead-letters", "replay")
    assert code == 2


def test_applying_a_catalogue_shows_what_changes_and_admits_every_campaign(
    settings: Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "campaigns.yaml"
    file.write_text("campaigns:\n- {id: spring, name: Spring}\n- {id: Осень, owner: Ada}\n", encoding="utf-8")
    code, answer = run_json(capsys, "campaigns", "apply", str(file), "--dry-run")
    assert (code, answer["applied"]) == (0, False)
    assert records_of(settings, f"{settings.topic_prefix}campaign") == []

    _, answer = run_json(capsys, "campaigns", "apply", str(file))
    assert [each["change"] for each in answer["changes"]] == ["new", "new"]
    file.write_text("campaigns:\n- {id: spring, name: Spring sale}\n- {id: Осень, owner: Ada}\n", encoding="utf-8")
    _, answer = run_json(capsys, "campaigns", "apply", str(file))
    assert [each["change"] for each in answer["changes"]] == ["changed", "unchanged"]
    assert answer["changes"][0]["fields"] == {"name": ["Spring", "Spring sale"]}

    admitted = {
        decode_admission(record.value).campaign: record.partition
        for record in records_of(settings, f"{settings.application_id}-summaries")
    }
    assert set(admitted) == {"spring", "Осень"}
    _, shown = run_json(capsys, "campaigns", "show")
    assert {each["id"]: each.get("name") for each in shown} == {"spring": "Spring sale", "Осень": None}

    file.write_text("- {id: spring, name: Spring sale}\n", encoding="utf-8")
    _, answer = run_json(capsys, "campaigns", "apply", str(file), "--prune")
    assert [each["change"] for each in answer["changes"]] == ["unchanged", "removed"]
    _, shown = run_json(capsys, "campaigns", "show")
    assert [each["id"] for each in shown] == ["spring"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("campaigns: [", "not YAML in line"),
        ("just text", "a catalogue is a list of campaigns"),
        ("- {id: a}\n- {id: a}", "campaigns[1] (a): its id stands twice in the file"),
        ("- {id: a, nmae: x}", "campaigns[0] (a): nmae: no such field; did you mean name?"),
        ("- {id: a, targets: [{kpi: nonsense, window: 1h, min: 1}]}", "campaigns[0] (a): targets[0].kpi: no such KPI"),
    ],
)
def test_a_wrong_catalogue_is_refused_by_name_and_nothing_is_written(
    text: str, said: str, settings: Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "campaigns.yaml"
    file.write_text(text, encoding="utf-8")
    code, _, error = run(capsys, "campaigns", "apply", str(file))
    assert code == 1
    assert said in error
    assert records_of(settings, f"{settings.topic_prefix}campaign") == []


def test_exit_codes_tell_usage_settings_and_an_absent_broker_apart(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = run(capsys, "topics", "check")
    assert (code, out) == (0, "all topics are as they should be\n")
    assert run(capsys, "topics", "nonsense")[0] == 2
    monkeypatch.setenv("LAUNCHPULSE_WEB_PROT", "1")
    code, _, error = run(capsys, "topics", "check")
    assert code == 2
    assert "did you mean LAUNCHPULSE_WEB_PORT?" in error
    monkeypatch.delenv("LAUNCHPULSE_WEB_PROT")
    monkeypatch.setenv("LAUNCHPULSE_BROKERS", "127.0.0.1:1")
    code, _, error = run(capsys, "topics", "check")
    assert code == 3
    assert error.count("\n") == 1


def test_topics_are_created_grown_and_checked_by_the_command(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = f"{settings.application_id}x"
    monkeypatch.setenv("LAUNCHPULSE_APPLICATION_ID", other)
    monkeypatch.setenv("LAUNCHPULSE_TOPIC_PREFIX", f"{other}.")
    assert run(capsys, "topics", "check")[0] == 1
    code, answer = run_json(capsys, "topics", "create", "--partitions", "2")
    assert code == 0
    assert f"{other}.click" in answer["created"]
    code, out, _ = run(capsys, "topics", "grow", f"{other}.click", "4")
    assert (code, out) == (0, f"{other}.click has 4 partitions now, it had 2\n")
    code, _, error = run(capsys, "topics", "grow", f"{other}-summaries", "8")
    assert code == 1
    assert "fixed for ever" in error
    code, _, error = run(capsys, "topics", "rebase", f"{other}.click", "--yes")
    assert code == 1
    assert "nothing is pinned" in error


def test_status_names_workers_that_do_not_answer(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, error = run(capsys, "status", "--url", "http://127.0.0.1:9")
    assert code == 3
    assert "does not answer" in out
    assert "no worker answers at http://127.0.0.1:9" in error
    assert f"{settings.topic_prefix}click" in out


def findings(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Mapping[str, Any]]]:
    """The doctor's exit code, and its findings by what they are about."""
    code, answer = run_json(capsys, "doctor")
    return code, {finding["part"]: finding for finding in answer["findings"]}


def test_doctor_finds_nothing_wrong_in_a_whole_deployment(
    settings: Settings,
    redis_server: RedisServer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("LAUNCHPULSE_REDIS_URL", redis_server.url)
    monkeypatch.setenv("LAUNCHPULSE_HASH_KEY", "k" * 32)
    monkeypatch.setenv("LAUNCHPULSE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("LAUNCHPULSE_WEB_PORT", str(any_port()))
    code, found = findings(capsys)
    assert {part: each["message"] for part, each in found.items() if each["verdict"] == "wrong"} == {}
    assert code == 0
    assert set(found) >= {
        "kafka",
        "topics",
        "kafka's clock",
        "pinned settings",
        "redis",
        "redis' clock",
        "redis memory",
    }
    assert found["kafka's clock"]["verdict"] == "ok"


def test_doctor_names_every_part_that_is_wrong_and_how_to_mend_it(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LAUNCHPULSE_REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("LAUNCHPULSE_DATA_DIR", str(tmp_path / "file"))
    monkeypatch.setenv("LAUNCHPULSE_SUMMARIES_PARTITIONS", "5")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("LAUNCHPULSE_WEB_PORT", str(taken.getsockname()[1]))
        code, found = findings(capsys)
    assert code == 3
    wrong = {part for part, each in found.items() if each["verdict"] == "wrong"}
    assert wrong == {
        "hash key",
        "data directory",
        "web port",
        "redis",
        *(f"topic {settings.application_id}-{name}" for name in ("summaries", "panes-changelog", "people-changelog")),
    }
    assert all(each["mend"] for each in found.values() if each["verdict"] == "wrong")


def test_doctor_says_that_the_broker_is_away(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LAUNCHPULSE_BROKERS", "127.0.0.1:1")
    monkeypatch.setenv("LAUNCHPULSE_DATA_DIR", str(tmp_path))
    code, found = findings(capsys)
    assert code == 3
    assert found["kafka"]["unreachable"]
