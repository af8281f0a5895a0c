from __future__ import annotations

import asyncio
import csv
import gzip
import io
import json
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from agents.operations.publishing.columns import Columns, check_columns, parse_columns
from agents.operations.publishing.events import EventMaker
from agents.operations.publishing.publish import Job, Outcome, publish
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
from agents.settings import Settings
from streams.events.catalogue import TOPICS, topic_by_name
from streams.events.topic import Topic

NOW_MS = 1_795_510_800_000
NOW = "2026-11-24T09:00:00Z"
MAX_BYTES = 100_000


def events(path: Path, topic: str = "sale", *maps: str, sets: tuple[str, ...] = ()) -> list[dict[str, Any] | BadRow]:
    """What each row of a file becomes."""
    columns = parse_columns(topic_by_name(topic), maps, sets)
    maker = EventMaker(topic_by_name(topic), columns, MAX_BYTES)
    made = [
        each
        for row in rows_of(path, topic, columns)
        for each in ((row,) if isinstance(row, BadRow) else maker.make(row, NOW_MS))
    ]
    return [each if isinstance(each, BadRow) else json.loads(each) for each in made]


def rows_of(path: Path, topic: str, columns: Columns) -> list[Row | BadRow]:
    """A file's rows."""
    with ExitStack() as opened:
        content = opened.enter_context(unpacked(opened.enter_context(path.open("rb"))))
        if not is_csv(path):
            return list(json_rows(content, MAX_BYTES))
        text = opened.enter_context(csv_text(content))
        delimiter, names = csv_columns(text)
        check_columns(topic_by_name(topic), names, columns)
        return list(csv_rows(text, delimiter, names, MAX_BYTES))


def written(tmp_path: Path, name: str, *lines: str) -> Path:
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def good(made: list[dict[str, Any] | BadRow]) -> list[dict[str, Any]]:
    assert not [each for each in made if isinstance(each, BadRow)], made
    return [each for each in made if isinstance(each, dict)]


def bad(made: list[dict[str, Any] | BadRow]) -> list[tuple[int, str]]:
    return [(each.line, each.reason) for each in made if isinstance(each, BadRow)]


SALES = ("time,campaign,channel,amount,currency,units,new_customer", f"{NOW},aurora,email,12.50,EUR,2,yes")


def test_cells_become_the_types_that_their_fields_have(tmp_path: Path) -> None:
    (sale,) = good(events(written(tmp_path, "a.csv", *SALES)))
    assert sale.pop("id").startswith("row-")
    assert sale == {
        "time": NOW,
        "campaign": "aurora",
        "channel": "email",
        "amount": "12.50",
        "currency": "EUR",
        "units": 2,
        "new_customer": True,
    }


def test_a_time_of_digits_is_epoch_milliseconds_and_an_id_of_digits_stays_text(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "id,time,campaign,channel", f"17,{NOW_MS},1,email")
    assert good(events(path, "visit")) == [{"id": "17", "time": NOW_MS, "campaign": "1", "channel": "email"}]


def test_an_empty_cell_is_a_field_that_is_absent(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "id,time,campaign,channel,engaged", f"a,{NOW},x,email,", f"b,{NOW},x,email,no")
    first, second = good(events(path, "visit"))
    assert "engaged" not in first
    assert second["engaged"] is False


def test_the_same_file_twice_gives_the_same_ids_and_the_same_row_twice_another(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", *SALES, SALES[1], SALES[1].replace("email", "sms"))
    ids = [sale["id"] for sale in good(events(path))]
    assert ids == [sale["id"] for sale in good(events(path))]
    assert len(set(ids)) == 3
    assert ids[1] == ids[0].removesuffix("0") + "1"


def test_a_row_added_before_others_leaves_their_ids(tmp_path: Path) -> None:
    before = {sale["id"] for sale in good(events(written(tmp_path, "a.csv", *SALES)))}
    more = written(tmp_path, "b.csv", SALES[0], SALES[1].replace("email", "sms"), SALES[1])
    assert before < {sale["id"] for sale in good(events(more))}


def test_an_id_column_is_used_and_an_empty_cell_in_it_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "id,time,campaign,channel", f"v1,{NOW},x,email", f",{NOW},x,email")
    made = events(path, "visit")
    assert made[0] == {"id": "v1", "time": NOW, "campaign": "x", "channel": "email"}
    assert bad(made) == [(3, "missing_field")]


def test_columns_are_mapped_to_fields_and_a_mapped_field_hides_the_column_of_its_name(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "Order Date;utm_campaign;channel;medium", f"{NOW};aurora;ignored;email")
    mapping = ("Order Date=time", "utm_campaign=campaign", "medium=channel")
    (visit,) = good(events(path, "visit", *mapping))
    assert (visit["time"], visit["campaign"], visit["channel"]) == (NOW, "aurora", "email")


def test_a_field_that_is_set_holds_for_every_row_of_csv_and_json_and_is_a_part_of_the_id(tmp_path: Path) -> None:
    table = written(tmp_path, "a.csv", "time,campaign,channel", f"{NOW},x,email")
    (row,) = events(table, "visit", sets=("channel=sms", "engaged=yes", "page=a=b"))
    assert isinstance(row, dict)
    assert (row["channel"], row["engaged"], row["page"]) == ("sms", True, "a=b")
    lines = written(tmp_path, "a.jsonl", f'{{"id": "1", "time": "{NOW}", "campaign": "x"}}')
    assert good(events(lines, "visit", sets=("channel=sms",)))[0]["channel"] == "sms"
    assert good(events(table, "visit", sets=("channel=push",)))[0]["id"] != row["id"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("channel", "--set must be FIELD=VALUE"),
        ("channel= ", "--set must be FIELD=VALUE"),
        ("chanel=sms", "did you mean channel"),
        ("id=7", "all rows would be the same event"),
        ("campaign=x", "the field campaign is already given"),
    ],
)
def test_a_field_that_cannot_be_set_is_refused_before_any_row(tmp_path: Path, given: str, said: str) -> None:
    with pytest.raises(PublishError, match=said):
        events(written(tmp_path, "a.csv", "time,c,channel", "x,y,z"), "visit", "c=campaign", sets=(given,))


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("when", "COLUMN=FIELD"),
        ("when=tme", "did you mean time"),
        ("nowhere=time", "names the column 'nowhere'"),
    ],
)
def test_a_wrong_mapping_is_refused_before_any_row(tmp_path: Path, mapping: str, said: str) -> None:
    with pytest.raises(PublishError, match=said):
        events(written(tmp_path, "a.csv", "time,campaign,channel", "x,y,z"), "visit", mapping)


def test_a_csv_without_a_required_column_is_refused_with_its_columns(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match=r"no column for campaign.*--map COLUMN=campaign.*are time, channel"):
        events(written(tmp_path, "a.csv", "time,channel", "x,y"), "visit")


def test_bad_rows_are_told_by_line_and_reason_and_cost_no_other_row(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "a.jsonl",
        json.dumps({"id": "1", "time": NOW, "campaign": "x", "channel": "email"}),
        "",
        '{"id": "2", "time":',
        "[1]",
        json.dumps({"id": "3", "time": "soon", "campaign": "x", "channel": "email"}),
        json.dumps({"id": "4", "time": NOW_MS // 1000, "campaign": "x", "channel": "email"}),
        json.dumps({"id": "5", "time": NOW, "campaign": "x", "channel": "email", "x": "y" * MAX_BYTES}),
        json.dumps({"id": "6", "time": NOW, "campaign": "x", "channel": "email"}),
    )
    made = events(path, "visit")
    assert bad(made) == [(3, "not_json"), (4, "not_object"), (5, "bad_time"), (6, "too_old"), (7, "too_large")]
    assert [each["id"] for each in made if isinstance(each, dict)] == ["1", "6"]


def test_bad_csv_rows_are_told_by_the_line_on_which_they_begin(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(
        b"id,time,campaign,channel,page\n"
        + f'1,{NOW},x,email,"two\nlines"\n'.encode()
        + f"2,{NOW},x\n".encode()
        + f"3,{NOW},".encode()
        + b"\xff\xfe"
        + b",email,\n"
        + f"4,{NOW},x,email,\n".encode()
    )
    made = events(path, "visit")
    assert bad(made) == [(4, "wrong_columns"), (5, "not_utf8")]
    assert [each["id"] for each in made if isinstance(each, dict)] == ["1", "4"]


def test_json_with_an_id_is_sent_as_it_is_and_money_keeps_its_digits() -> None:
    line = f'{{"time": "{NOW}", "campaign": "x",  "channel": "sms", "currency": "EUR", "amount": 123456789012345.678}}'
    whole = line.replace("{", '{"id": "a", ', 1)
    for text, sent in ((line, b'"amount":123456789012345.678'), (whole, whole.encode())):
        (row,) = json_rows(io.BytesIO(text.encode()), MAX_BYTES)
        assert isinstance(row, Row)
        (made,) = EventMaker(topic_by_name("sale"), Columns(), MAX_BYTES).make(row, NOW_MS)
        assert isinstance(made, bytes), made
        assert sent in made


def test_gzip_is_known_by_its_content_and_a_cut_one_is_refused_by_line(tmp_path: Path) -> None:
    line = json.dumps({"id": "1", "time": NOW, "campaign": "x", "channel": "email"}) + "\n"
    packed = gzip.compress(line.encode() * 5_000)
    whole, cut = tmp_path / "whole.jsonl", tmp_path / "cut.csv.gz"
    whole.write_bytes(packed)
    assert len(good(events(whole, "visit"))) == 5_000
    assert is_csv(cut)
    cut.write_bytes(gzip.compress(b"id,time,campaign,channel\n" + f"1,{NOW},x,email\n".encode() * 5_000)[:-10])
    with pytest.raises(PublishError, match="breaks off at line"):
        events(cut, "visit")


def test_a_pipe_is_read_as_a_file_is_packed_or_not() -> None:
    line = json.dumps({"id": "1", "time": NOW, "campaign": "x", "channel": "email"}).encode()
    for content in (line, gzip.compress(line)):
        reading, writing = os.pipe()
        os.write(writing, content)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe, unpacked(pipe) as plain:
            assert [row.text for row in json_rows(plain, MAX_BYTES)] == [line]


def test_a_dry_run_sends_nothing_and_writes_the_rejected_rows(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "id,time,campaign,channel", "1,never,x,email", "2,never,x,email")
    rejects = tmp_path / "rejects.jsonl"
    job = Job(topic_by_name("visit"), "visit", path, rejects, dry_run=True)
    outcome: Outcome = asyncio.run(publish(Settings(), job))
    assert (outcome.rows, outcome.sent, outcome.reasons) == (2, 0, {"bad_time": 2})
    entries = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert [entry["line"] for entry in entries] == [2, 3]
    assert entries[0]["reason"] == "bad_time"
    assert entries[0]["row"] == "1,never,x,email"


def test_rejected_rows_never_go_over_the_file_that_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "id,time,campaign,channel", "1,never,x,email")
    before = path.read_bytes()
    with pytest.raises(PublishError, match="into the file itself"):
        asyncio.run(publish(Settings(), Job(topic_by_name("visit"), "visit", path, path, dry_run=True)))
    assert path.read_bytes() == before


@pytest.mark.parametrize(("header", "said"), [("", "no column names"), ("time,a,a", "the same name: a")])
def test_a_csv_without_usable_column_names_is_refused(tmp_path: Path, header: str, said: str) -> None:
    with pytest.raises(PublishError, match=said):
        events(written(tmp_path, "a.csv", header, "x"), "visit")


@pytest.mark.parametrize("encoding", ["utf-16", "cp1251"])
def test_a_csv_whose_header_is_not_utf8_is_refused_with_what_to_do(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text("время,campaign,channel\nx,y,z\n", encoding=encoding)
    with pytest.raises(PublishError, match="save the file as CSV in UTF-8"):
        events(path, "visit")


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_example_of_every_topic_can_stand_in_a_csv(tmp_path: Path, topic: Topic) -> None:
    example = {name: str(value).lower() if value is True else str(value) for name, value in topic.example.items()}
    with (tmp_path / "a.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, example)
        writer.writeheader()
        writer.writerow(example)
    (made,) = good(events(tmp_path / "a.csv", topic.name))
    assert made["id"] == topic.example["id"]
