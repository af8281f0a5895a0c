"""The verdict finds a KPI that is wrong, missing or of another window: answers of the API that are made by hand.

Without Kafka: the recount is of a few records, and the tables say the same.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka.structs import ConsumerRecord

from tests.faults.campaign_sums import panes
from tests.faults.events import OK, TRUTH
from tests.faults.kpis import judge_kpis
from tests.faults.plans import entries, plan_of
from tests.faults.recount import DAY, HOUR, MINUTE, Recount, recount
from tests.faults.stated import Tables
from tests.faults.verdict import Verdict

END_MS = 1_795_553_366_000
"""20:49:26 of a day in UTC."""
TODAY = datetime.fromtimestamp(END_MS / 1000, UTC).date().isoformat()
DAY_MS = END_MS // DAY * DAY
SALE = {"amount": "100.00", "currency": "EUR", "person": "p1"}
DOLLARS = {"amount": 10.5, "currency": "USD", "person": "p2"}
SPEND = {"amount": "12.50", "currency": "USD", "day": TODAY, "platform": "ads"}
LONG_AGO = {"amount": "1", "currency": "USD", "day": "2026-10-30", "platform": "ads"}


def _recount(*events: tuple[str, dict[str, Any]], campaign: str = "aurora") -> Recount:
    logs: dict[str, list[ConsumerRecord]] = {}
    for number, (topic, own) in enumerate(events):
        fields = {"id": f"e{number}", "time": END_MS - 5_000 + number, "campaign": campaign, "channel": "email", **own}
        value = json.dumps(fields).encode()
        headers = ((TRUTH, OK.encode()),)
        log = logs.setdefault(topic, [])
        log.append(ConsumerRecord(topic, 0, len(log), END_MS, 1, None, value, None, 0, len(value), headers))
    return recount(logs, "")


def _judge(
    found: Recount, kpi: str, window: str, start_ms: int | None, shown: Any, campaign: str = "aurora"
) -> Verdict:
    """The verdict over one KPI that the API shows alike for all channels and for the one that there is."""
    tables = Tables()
    tables.counters = {key: dict(counters) for key, counters in found.counters.items()}
    money = isinstance(shown, dict)
    value = {"kpi": kpi, "window": window, "start_ms": start_ms, "end_ms": END_MS}
    value |= {"amounts": shown if money else None, "value": None if money else shown}
    channels = [{"channel": name, "kpis": [value]} for name in ("all", "email")]
    answers = {campaign: {"definitions": [{"name": kpi}], "channels": channels}}
    plans = {name: plan_of(entry) for name, entry in entries(END_MS).items()}
    verdict = Verdict()
    judge_kpis(verdict, found, tables, answers, plans, b"k" * 16)
    return verdict


@pytest.mark.parametrize(
    ("events", "kpi", "right", "wrong"),
    [
        ([("visit", {})] * 3, "visits", 3, 2),
        ([("visit", {"engaged": True}), ("visit", {})], "engagement_rate", 0.5, None),
        ([("visit", {})], "engagement_rate", 0.0, None),
        ([("delivery", {"status": "sent"})], "unsubscribe_rate", None, 0.0),
        ([("visit", {"person": "p1"}), ("visit", {"person": "p1"}), ("visit", {"person": "p2"})], "reach", 2, 3),
        # A dollar has been worth 0.8734 euros for twelve days.
        ([("sale", SALE), ("sale", DOLLARS)], "net_revenue", {"EUR": 109.1707}, {"EUR": 110.5}),
        ([("sale", SALE)], "net_revenue", {"EUR": 100.0}, {"USD": 100.0}),
        ([("visit", {})], "net_revenue", {}, {"EUR": 0.0}),
        # The last statement of a line stands: 12.5 * 0.8734.
        ([("spend", {**SPEND, "amount": 99}), ("spend", SPEND)], "spend", {"EUR": 10.9175}, {"EUR": 97.38}),
        # Then it was worth 0.91.
        ([("spend", LONG_AGO), ("spend", SPEND)], "spend", {"EUR": 11.8275}, {"EUR": 11.7909}),
        ([("sale", SALE), ("spend", SPEND)], "roas", 100 / 10.9175, 100 / 12.5),
        ([("customer", {"status": "cancelled", "reason": "price"})], "cancellations", 1, 0),
        ([("survey", {"kind": "nps", "score": 10}), ("survey", {"kind": "nps", "score": 3})], "nps", 0.0, 50.0),
    ],
)
def test_a_kpi_that_is_wrong_is_found(
    events: list[tuple[str, dict[str, Any]]], kpi: str, right: Any, wrong: Any
) -> None:
    found = _recount(*events)
    assert _judge(found, kpi, "launch", None, right).wrong == []
    assert len(_judge(found, kpi, "launch", None, wrong).wrong) == 2


def test_a_missing_rate_leaves_no_amount_and_no_currency_leaves_each_by_itself() -> None:
    yen = ("sale", {"amount": "5000", "currency": "JPY"})
    assert _judge(_recount(yen, campaign="заря"), "net_revenue", "launch", None, {}, "заря").exact
    both = _recount(yen, ("sale", SALE), campaign="borealis")
    assert _judge(both, "net_revenue", "launch", None, {"JPY": 5_000.0, "EUR": 100.0}, "borealis").exact
    assert not _judge(both, "net_revenue", "launch", None, {"JPY": 5_000.0}, "borealis").exact
    assert _judge(both, "average_order_value", "launch", None, {}, "borealis").exact


def test_a_window_that_begins_elsewhere_or_holds_more_is_found() -> None:
    found = _recount(("click", {}), ("click", {"time": DAY_MS + HOUR}))
    begins = (END_MS - HOUR) // MINUTE * MINUTE
    assert _judge(found, "clicks", "1h", begins, 1).exact
    assert _judge(found, "clicks", "today", DAY_MS, 2).exact
    assert not _judge(found, "clicks", "1h", begins, 2).exact
    assert not _judge(found, "clicks", "1h", begins - MINUTE, 1).exact


def test_windows_are_whole_panes_of_utc() -> None:
    assert panes("month", 3, END_MS)[0] * DAY == _utc_ms(TODAY[:8] + "01")
    assert list(panes("today", 3, END_MS)) == [END_MS // DAY]
    assert len(panes("1m", 0, END_MS)) == 7
    assert len(panes("1m", 0, END_MS // MINUTE * MINUTE)) == 6
    assert len(panes("1m", 1, END_MS)) == 2


def test_what_the_api_does_not_show_is_found() -> None:
    found = _recount(("visit", {}))
    verdict = Verdict()
    judge_kpis(verdict, found, Tables(), {}, {}, b"k" * 16)
    assert verdict.wrong
    shown = _judge(found, "visits", "launch", None, 1)
    assert shown.kpis == 2
    hidden = Verdict()
    answer = {"definitions": [{"name": "visits"}], "channels": [{"channel": "all", "kpis": []}]}
    judge_kpis(hidden, found, Tables(), {"aurora": answer}, {}, b"k" * 16)
    assert hidden.wrong == ["no visits of aurora, all, is shown", "no visits of aurora, email, is shown"]


def _utc_ms(day: str) -> int:
    return int(datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp() * 1000)
