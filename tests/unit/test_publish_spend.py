"""A file of spend: its rows are summed to statements, each of which says a line's whole day."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from agents.operations.publishing.columns import parse_as_of, parse_columns
from agents.operations.publishing.publish import Job, Outcome, publish
from agents.operations.publishing.rows import BadRow, PublishError
from agents.operations.publishing.statements import StatementMaker
from agents.settings import Settings
from streams.events.catalogue import topic_by_name
from streams.events.decode import Accepted, decode
from streams.events.spend import TOPIC
from tests.unit.test_publish import MAX_BYTES, NOW, NOW_MS, SALES, bad, good, rows_of, written

SPEND = "day,campaign,channel,platform,amount,currency"
AS_OF_MS = NOW_MS - 3_600_000


def stated(path: Path, as_of_ms: int | None = AS_OF_MS, *maps: str) -> list[dict[str, Any] | BadRow]:
    """The rejected rows and the statements, in the order in which they come."""
    columns = parse_columns(TOPIC, maps, (), as_of_ms)
    maker = StatementMaker(columns, MAX_BYTES)
    made: list[bytes | BadRow] = []
    for row in rows_of(path, "spend", columns):
        made += [row] if isinstance(row, BadRow) else maker.make(row, NOW_MS)
    assert all(isinstance(each, BadRow) for each in made), "nothing is stated before the file's end"
    made += maker.rest(NOW_MS)
    return [each if isinstance(each, BadRow) else json.loads(each) for each in made]


def amounts(made: list[dict[str, Any] | BadRow]) -> list[str]:
    return [each["amount"] for each in made if isinstance(each, dict)]


def test_rows_of_one_line_and_day_become_one_statement_of_their_exact_sum(tmp_path: Path) -> None:
    rows = (
        "2026-11-23,aurora,paid_search,ads,0.10,EUR",
        "2026-11-23,aurora,paid_social,ads,5,EUR",
        "2026-11-23,aurora,paid_search,ads,0.20,EUR",
        "2026-11-22,aurora,paid_search,ads,7,EUR",
        "2026-11-23,aurora,paid_search,ads,0.000001,EUR",
    )
    first, second, third = good(stated(written(tmp_path, "a.csv", SPEND, *rows)))
    assert first.pop("id").startswith("row-")
    assert first == {
        "time": AS_OF_MS,
        "campaign": "aurora",
        "channel": "paid_search",
        "platform": "ads",
        "kind": "media",
        "day": "2026-11-23",
        "amount": "0.300001",
        "currency": "EUR",
    }
    assert (second["channel"], third["day"]) == ("paid_social", "2026-11-22")


def test_rows_that_the_workers_take_for_one_line_are_summed_though_they_are_written_differently(tmp_path: Path) -> None:
    header = "day,campaign,channel,platform,account,kind,source,amount,currency"
    rows = (
        "2026-11-23,aurora,tv,,,,one,1,EUR",
        "2026-11-23, aurora ,other,,,media,two,2,EUR",
        "2026-11-23,aurora,other,,,fee,one,4,EUR",
        "2026-11-23,aurora,other,,a,,one,8,EUR",
    )
    made = stated(written(tmp_path, "a.csv", header, *rows))
    assert amounts(made) == ["3", "4", "8"]
    events = [decode(TOPIC, json.dumps(each).encode(), NOW_MS, MAX_BYTES) for each in good(made)]
    facts = {TOPIC.fact(each.event) for each in events if isinstance(each, Accepted)}
    assert len(facts) == 3


def test_a_test_row_is_kept_out_of_the_sum(tmp_path: Path) -> None:
    rows = ("2026-11-23,a,email,ads,1,EUR,", "2026-11-23,a,email,ads,2,EUR,yes", "2026-11-23,a,email,ads,4,EUR,no")
    counted, test = good(stated(written(tmp_path, "a.csv", SPEND + ",test", *rows)))
    assert (counted["amount"], test["amount"], test["test"]) == ("5", "2", True)


def test_the_same_file_states_the_same_under_the_same_ids_and_a_later_one_under_others(tmp_path: Path) -> None:
    rows = ("2026-11-23,aurora,email,ads,5,EUR", "2026-11-23,aurora,sms,ads,1,EUR", "2026-11-23,aurora,sms,ads,1,EUR")
    file = written(tmp_path, "a.csv", SPEND, *rows)
    assert stated(file) == stated(file)
    for now, later in zip(good(stated(file)), good(stated(file, AS_OF_MS + 1_000)), strict=True):
        assert later["time"] == now["time"] + 1_000
        assert later["id"] != now["id"]


def test_as_of_goes_before_the_times_in_the_file_and_without_it_these_hold(tmp_path: Path) -> None:
    row = {"time": NOW, "day": "2026-11-23", "campaign": "a", "channel": "email", "amount": 1, "currency": "EUR"}
    lines = [
        json.dumps(row),
        json.dumps({**row, "time": NOW_MS, "id": "its own"}),
        json.dumps({**row, "channel": "sms"}),
    ]
    file = written(tmp_path, "a.jsonl", *lines)
    assert [each["time"] for each in good(stated(file))] == [AS_OF_MS, AS_OF_MS]
    both, _ = good(stated(file, None))
    assert (both["time"], both["amount"]) == (NOW, "2")


def test_a_row_that_is_alone_in_its_line_keeps_its_id(tmp_path: Path) -> None:
    file = written(tmp_path, "a.csv", "id," + SPEND, "e-1,2026-11-23,a,email,ads,5,EUR")
    assert [each["id"] for each in good(stated(file))] == ["e-1"]


def test_a_line_is_not_stated_without_a_row_of_it_that_is_refused_before_or_behind_the_others(tmp_path: Path) -> None:
    rows = (
        "2026-11-23,aurora,email,ads,five,EUR",
        "2026-11-23,aurora,email,ads,5,EUR",
        "2026-11-23,aurora,sms,ads,5,EUR",
        "2026-11-23,aurora,sms,ads,5,euro",
        "2026-11-23,aurora,push,ads,5,EUR",
    )
    made = stated(written(tmp_path, "a.csv", SPEND, *rows))
    assert bad(made) == [(2, "bad_amount"), (5, "bad_amount"), (3, "incomplete_line"), (4, "incomplete_line")]
    assert [each["channel"] for each in made if isinstance(each, dict)] == ["push"]
    (named,) = [each.detail for each in made if isinstance(each, BadRow) and each.line == 3]
    assert "line 2 of the file" in named


def test_a_line_is_withheld_whatever_is_wrong_with_its_row(tmp_path: Path) -> None:
    sound = f"2026-11-23,a,email,ads,5,EUR,{NOW_MS},one"
    for wrong in ("2026-11-23,a,email,ads,5,EUR,soon,one", f"2026-11-23,a,email,ads,5,EUR,{NOW_MS},\xff"):
        path = tmp_path / "a.csv"
        path.write_bytes("\n".join((SPEND + ",time,ad", sound, wrong)).encode("latin-1"))
        refused, withheld = stated(path, None)
        assert isinstance(refused, BadRow)
        assert isinstance(withheld, BadRow)
        assert refused.line == 3
        assert (withheld.line, withheld.reason) == (2, "incomplete_line")


def test_a_row_that_does_not_say_its_line_costs_only_itself(tmp_path: Path) -> None:
    rows = ("2026-11-23,aurora,email,ads,5,EUR", "Total,,,,5,", "2026-11-23,aurora")
    made = stated(written(tmp_path, "a.csv", SPEND, *rows))
    assert bad(made) == [(3, "bad_value"), (4, "wrong_columns")]
    assert amounts(made) == ["5"]


def test_rows_of_one_line_and_day_that_cannot_be_added_are_refused_together(tmp_path: Path) -> None:
    rows = (
        "2026-11-23,aurora,email,ads,5,EUR",
        "2026-11-23,aurora,email,ads,5,USD",
        "2026-11-23,aurora,sms,ads," + "9" * 18 + ",EUR",
        "2026-11-23,aurora,sms,ads," + "9" * 18 + ",EUR",
    )
    made = stated(written(tmp_path, "a.csv", SPEND, *rows))
    assert bad(made) == [(2, "mixed_currencies"), (3, "mixed_currencies"), (4, "bad_amount"), (5, "bad_amount")]
    times = [f"2026-11-23,a,email,ads,5,EUR,{NOW_MS}", f"2026-11-23,a,email,ads,5,EUR,{NOW_MS - 1}"]
    file = written(tmp_path, "b.csv", SPEND + ",time", *times)
    assert bad(stated(file, None)) == [(2, "mixed_times"), (3, "mixed_times")]
    assert amounts(stated(file)) == ["10"]


def test_spend_needs_a_time_or_as_of_and_other_topics_take_none(tmp_path: Path) -> None:
    def published(path: Path, topic: str, as_of: str | None) -> Outcome:
        job = Job(topic_by_name(topic), topic, path, tmp_path / "bad.jsonl", as_of=as_of, dry_run=True)
        return asyncio.run(publish(Settings(), job))

    file = written(tmp_path, "a.csv", SPEND, *(["2026-11-23,aurora,email,ads,5,EUR"] * 3), "x,aurora,email,ads,5,EUR")
    with pytest.raises(PublishError, match=r"no column for time: .* --as-of TIME"):
        published(file, "spend", None)
    with pytest.raises(PublishError, match="each row of sale has a time of its own"):
        published(written(tmp_path, "b.csv", *SALES), "sale", "2026-11-24")
    outcome = published(file, "spend", "2026-11-24")
    assert (outcome.rows, outcome.sent, outcome.reasons) == (4, 1, {"bad_value": 1})
    assert json.loads((tmp_path / "bad.jsonl").read_text())["line"] == 5


def dry(tmp_path: Path, file: Path, replaces: Path | None, as_of: str | None = "2026-11-24") -> Outcome:
    job = Job(TOPIC, "spend", file, tmp_path / "bad.jsonl", as_of=as_of, replaces=replaces, dry_run=True)
    return asyncio.run(publish(Settings(), job))


def taken_back(tmp_path: Path, old: tuple[str, ...], new: tuple[str, ...]) -> list[dict[str, Any]]:
    columns = parse_columns(TOPIC, (), (), AS_OF_MS)
    makers = []
    for name, rows in (("old.csv", old), ("new.csv", new)):
        maker = StatementMaker(columns, MAX_BYTES)
        for row in rows_of(written(tmp_path, name, SPEND, *rows), "spend", columns):
            assert not isinstance(row, BadRow)
            list(maker.make(row, NOW_MS))
        makers.append(maker)
    return [json.loads(value) for value in makers[1].taken_back(makers[0].stated)]


def test_a_line_that_was_moved_to_another_channel_or_campaign_is_stated_as_0_where_it_was(tmp_path: Path) -> None:
    old = (
        "2026-11-22,aurora,email,ads,5,EUR",
        "2026-11-23,aurora,email,ads,7,EUR",
        "2026-11-23,aurora,sms,ads,1,EUR",
        "2026-11-24,aurora,sms,ads,2,EUR",
    )
    new = (
        "2026-11-22,aurora,push,ads,5,EUR",
        "2026-11-23,boreal,email,ads,7,EUR",
        "2026-11-23,aurora,sms,ads,1.50,EUR",
        "2026-11-24,aurora,sms,ads,2,EUR",
    )
    made = taken_back(tmp_path, old, new)
    assert [(each["campaign"], each["channel"], each["day"], each["amount"]) for each in made] == [
        ("aurora", "email", "2026-11-22", "0"),
        ("aurora", "email", "2026-11-23", "0"),
    ]
    for each in made:
        assert each["time"] == AS_OF_MS
        found = decode(TOPIC, json.dumps(each).encode(), NOW_MS, MAX_BYTES)
        assert isinstance(found, Accepted)
    assert taken_back(tmp_path, old, new) == made
    assert taken_back(tmp_path, old, old) == []


def test_days_that_the_newer_file_does_not_reach_are_not_taken_back(tmp_path: Path) -> None:
    old = tuple(f"2026-11-{day},aurora,email,ads,5,EUR" for day in (20, 22, 25))
    new = tuple(f"2026-11-{day},aurora,push,ads,5,EUR" for day in (21, 23))
    assert [each["day"] for each in taken_back(tmp_path, old, new)] == ["2026-11-22"]
    assert taken_back(tmp_path, old, ()) == []


def test_nothing_is_taken_back_while_a_row_is_rejected_since_it_may_be_of_any_line(tmp_path: Path) -> None:
    old = written(tmp_path, "old.csv", SPEND, "2026-11-22,a,email,ads,5,EUR", "2026-11-22,a,sms,ads,5,EUR")
    sound = written(tmp_path, "a.csv", SPEND, "2026-11-22,a,sms,ads,5,EUR")
    outcome = dry(tmp_path, sound, old)
    assert (outcome.sent, outcome.taken_back, outcome.rejected) == (2, 1, 0)
    broken = written(tmp_path, "b.csv", SPEND, "2026-11-22,a,sms,ads,5,EUR", "2026-11-22,a")
    outcome = dry(tmp_path, broken, old)
    assert (outcome.sent, outcome.taken_back, outcome.rejected) == (1, 0, 1)


def test_what_replaces_says_when_it_was_true_and_names_the_file_that_cannot_be_read(tmp_path: Path) -> None:
    file = written(tmp_path, "a.csv", SPEND + ",time", f"2026-11-22,a,sms,ads,5,EUR,{NOW_MS}")
    with pytest.raises(PublishError, match="--replaces is for spend with --as-of"):
        dry(tmp_path, file, file, None)
    other = written(tmp_path, "old.csv", "Tag,Kosten", "1,2")
    with pytest.raises(PublishError, match=r"--replaces .*old\.csv: no column for campaign, channel"):
        dry(tmp_path, file, other)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-24", datetime(2026, 11, 23, 23, tzinfo=UTC)),
        ("2026-11-24T08:00:00Z", datetime(2026, 11, 24, 8, tzinfo=UTC)),
        ("2026-11-24T08:00:00.5+03:00", datetime(2026, 11, 24, 5, 0, 0, 500_000, UTC)),
    ],
)
def test_a_day_begins_in_the_reporting_time_zone_and_a_time_has_an_offset(text: str, moment: datetime) -> None:
    assert parse_as_of(text, ZoneInfo("Europe/Berlin"), NOW_MS) == moment.timestamp() * 1_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-11-24T08:00:00", "a time with an offset"),
        ("yesterday", "got 'yesterday'"),
        ("2026-11-31", "got '2026-11-31'"),
        ("2026-11-25", "lies in the future"),
    ],
)
def test_what_is_no_moment_or_has_not_come_yet_is_refused(text: str, said: str) -> None:
    with pytest.raises(PublishError, match=said):
        parse_as_of(text, UTC, NOW_MS)
