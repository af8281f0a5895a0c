"""`publish` and `campaigns` as they are typed, on both brokers: what stands in the topics, what is said, exit codes."""

from __future__ import annotations

import asyncio
import csv
import gzip
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from agents.cli.main import run_command
from streams.events.catalogue import TOPICS, topic_by_name
from streams.events.decode import Accepted, decode
from tests.contract.clients import Broker, read_to_end, unique


class Command:
    """The command with a deployment of its own, from outside."""

    def __init__(self, broker: Broker, capsys: pytest.CaptureFixture[str], prefix: str) -> None:
        self._broker = broker
        self._capsys = capsys
        self.prefix = prefix

    async def run(self, *arguments: str | Path) -> tuple[int, str, str]:
        """Exit code, standard output and standard error."""
        code = await asyncio.to_thread(run_command, [str(each) for each in arguments])
        captured = self._capsys.readouterr()
        return code, captured.out, captured.err

    async def values(self, topic: str) -> list[bytes]:
        """All that one of its topics holds."""
        return [record.value for record in await read_to_end(self._broker, f"{self.prefix}.{topic}")]


@pytest_asyncio.fixture
async def command(broker: Broker, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    name = unique("files")
    monkeypatch.setenv("LAUNCHPULSE_APPLICATION_ID", name)
    monkeypatch.setenv("LAUNCHPULSE_TOPIC_PREFIX", f"{name}.")
    monkeypatch.setenv("LAUNCHPULSE_BROKERS", broker.address)
    monkeypatch.setenv("LAUNCHPULSE_SUMMARIES_PARTITIONS", "4")
    monkeypatch.setattr("agents.logs.configure_logs", lambda *_: None)
    command = Command(broker, capsys, name)
    code, _, error = await command.run("topics", "create", "--partitions", "1")
    assert code == 0, error
    return command


def table(path: Path, *rows: Mapping[str, object]) -> Path:
    """A CSV file, packed if its name says so."""
    lines = [",".join(rows[0]), *(",".join(str(value) for value in row.values()) for row in rows)]
    text = "\n".join(lines).encode() + b"\n"
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


async def test_a_file_of_every_topic_is_taken_and_the_same_file_again_is_the_same_events(
    command: Command, tmp_path: Path
) -> None:
    now = time.time_ns() // 1_000_000
    for topic in TOPICS:
        example = {name: value for name, value in topic.example.items() if name != "id"} | {"time": now}
        path = tmp_path / f"{topic.name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, example)
            writer.writeheader()
            writer.writerow({name: str(value).lower() if value is True else value for name, value in example.items()})
        lines = tmp_path / f"{topic.name}.jsonl.gz"
        lines.write_bytes(gzip.compress(json.dumps(example).encode()))
        for _ in range(2):
            code, out, error = await command.run("publish", topic.name, path)
            assert (code, error) == (0, ""), out
        code, _, _ = await command.run("publish", topic.name, lines)
        assert code == 0
        first, again, packed = await command.values(topic.name)
        assert first == again
        assert isinstance(decode(topic, first, now, 100_000), Accepted)
        assert isinstance(decode(topic, packed, now, 100_000), Accepted)


async def test_rows_that_are_the_same_are_several_events_and_again_the_same_ones(
    command: Command, tmp_path: Path
) -> None:
    row = {"time": time.time_ns() // 1_000_000, "campaign": "aurora", "channel": "email"}
    path = table(tmp_path / "a.csv", row, row, row)
    for _ in range(2):
        assert (await command.run("publish", "visit", path))[0] == 0
    ids = [json.loads(value)["id"] for value in await command.values("visit")]
    assert len(set(ids[:3])) == 3
    assert ids[:3] == ids[3:]


async def test_columns_of_an_export_are_mapped_and_bad_rows_stand_in_a_file_of_their_own(
    command: Command, tmp_path: Path
) -> None:
    good = {"Date": "2026-11-23", "Campaign": "aurora", "Ad": 1, "Cost": "10.10", "Currency": "EUR"}
    path = table(
        tmp_path / "ads.csv.gz",
        good,
        {**good, "Ad": 2, "Cost": "0.205"},
        {**good, "Date": "2026-11-22", "Cost": "much"},
        {**good, "Date": "2026-11-22", "Cost": "3"},
    )
    options = [f"--map={pair}" for pair in ("Date=day", "Campaign=campaign", "Cost=amount", "Currency=currency")]
    options += ["--set=channel=paid_search", "--as-of=2026-11-24T06:00:00Z"]
    code, out, error = await command.run("publish", "spend", path, *options)
    assert (code, error) == (1, "")
    assert "4 rows" in out
    assert "1 statement sent to" in out
    assert f"see {path}.rejected.jsonl" in out
    (value,) = await command.values("spend")
    said = json.loads(value)
    assert (said["day"], said["amount"], said["channel"]) == ("2026-11-23", "10.305", "paid_search")
    accepted = decode(topic_by_name("spend"), value, time.time_ns() // 1_000_000, 100_000)
    assert isinstance(accepted, Accepted)
    assert accepted.time_ms == 1_795_500_000_000
    rejected = [json.loads(line) for line in Path(f"{path}.rejected.jsonl").read_text().splitlines()]
    assert [(each["line"], each["reason"]) for each in rejected] == [(4, "bad_amount"), (5, "incomplete_line")]
    assert rejected[0]["row"] == "2026-11-22,aurora,1,much,EUR"


async def test_a_line_of_the_export_before_that_is_gone_is_stated_as_0(command: Command, tmp_path: Path) -> None:
    row = {"day": "2026-11-23", "campaign": "aurora", "channel": "paid_search", "amount": "10.10", "currency": "EUR"}
    old, new = table(tmp_path / "old.csv", row), table(tmp_path / "new.csv", {**row, "channel": "display"})
    assert (await command.run("publish", "spend", old, "--as-of=2026-11-24"))[0] == 0
    code, out, error = await command.run("publish", "spend", new, "--as-of=2026-11-25", f"--replaces={old}")
    assert (code, error) == (0, "")
    assert "2 statements sent to" in out
    assert f"1 statement as 0: lines and days of {old} that {new} no longer has" in " ".join(out.split())
    stated = [json.loads(value) for value in await command.values("spend")]
    assert {(each["channel"], each["amount"]) for each in stated} == {
        ("paid_search", "10.10"),
        ("display", "10.10"),
        ("paid_search", "0"),
    }
    last, first = max(stated, key=lambda each: each["time"]), min(stated, key=lambda each: each["time"])
    assert last["time"] - first["time"] == 86_400_000


async def test_a_dry_run_says_in_json_what_would_happen_and_sends_nothing(command: Command, tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", {"time": "never", "campaign": "aurora", "channel": "email"})
    code, out, _ = await command.run("publish", "visit", path, "--dry-run", "--json")
    answer: dict[str, Any] = json.loads(out)
    assert (code, answer["rows"], answer["sent"], answer["reasons"]) == (1, 1, 0, {"bad_time": 1})
    assert await command.values("visit") == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("visits", "a.csv"), 1, "there is no event topic 'visits'"),
        (("visit", "a.csv"), 1, "no column for time, campaign, channel: name one with --map COLUMN=time"),
        (("visit", "a.csv", "--as-of", "2026-11-24"), 1, "--as-of is for spend"),
        (("spend", "a.csv", "--as-of", "yesterday"), 1, "--as-of must be a day (2026-11-24) or a time with an offset"),
        (("visit", "none.csv"), 2, "does not exist"),
    ],
)
async def test_what_cannot_be_published_is_refused_with_what_to_mend(
    command: Command, tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    table(tmp_path / "a.csv", {"when": 1, "what": 2})
    topic, file, *options = arguments
    answered, out, error = await command.run("publish", topic, tmp_path / file, *options)
    assert (answered, out) == (code, "")
    # What is wrong with the arguments is said in a frame, whose lines break anywhere.
    assert said in " ".join(error.replace("│", " ").split())
    if code == 1:
        assert error.startswith("launchpulse: ")
        assert error.count("\n") == 1


async def test_a_catalogue_is_applied_once_however_often_and_shown_as_yaml_that_can_be_applied(
    command: Command, tmp_path: Path
) -> None:
    file = tmp_path / "catalogue.yaml"
    target = "{kpi: bounce_rate, window: 1h, max: %s}"
    text = f"campaigns:\n- {{id: aurora, currency: EUR, budget: 50000, targets: [{target}]}}\n- {{id: Осень}}\n"
    file.write_text(text % "0.02", encoding="utf-8")
    code, out, error = await command.run("campaigns", "apply", file)
    assert (code, error) == (0, "")
    assert "+ aurora: new" in out
    assert "    + targets[0].max: 0.02" in out
    assert out.endswith("2 campaigns: 2 new\n")

    code, out, _ = await command.run("campaigns", "apply", file)
    assert (code, out) == (0, "= aurora: unchanged\n= Осень: unchanged\n2 campaigns: 2 unchanged\n")
    assert len(await command.values("campaign")) == 2

    file.write_text(text % "0.03", encoding="utf-8")
    _, out, _ = await command.run("campaigns", "apply", file)
    assert out.splitlines()[:2] == ["~ aurora: changed", "    ~ targets[0].max: 0.02 -> 0.03"]
    assert len(await command.values("campaign")) == 3

    code, out, _ = await command.run("campaigns", "show", "aurora")
    assert code == 0
    (tmp_path / "shown.yaml").write_text(out, encoding="utf-8")
    _, out, _ = await command.run("campaigns", "apply", tmp_path / "shown.yaml")
    assert out == "= aurora: unchanged\n1 campaign: 1 unchanged\n"
    _, out, _ = await command.run("campaigns", "show")
    assert out == "aurora  1 target\nОсень\n"

    code, _, error = await command.run("campaigns", "show", "nobody")
    assert (code, error.count("\n")) == (1, 1)
    assert "it has aurora, Осень" in error


async def test_one_mistake_in_a_catalogue_leaves_all_of_it_unwritten(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "catalogue.yaml"
    file.write_text("- {id: aurora}\n- {id: b, targets: [{kpi: boune_rate, window: 1h, max: 1}]}\n", encoding="utf-8")
    code, out, error = await command.run("campaigns", "apply", file)
    assert (code, out, error.count("\n")) == (1, "", 1)
    assert "campaigns[1] (b): targets[0].kpi: no such KPI as boune_rate; did you mean bounce_rate?" in error
    assert await command.values("campaign") == []
