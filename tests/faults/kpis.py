"""KPIs beside the recount: every value that the API shows, in every window, against the formulas written by hand.

What a window holds is put together once more from the panes of the recount (campaign_sums.py); the formulas are in
tests/support/kpis_by_hand.py. Only whose sale was a person's first is taken from the tables, since Redis alone knows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from hashlib import blake2b
from struct import unpack
from typing import Any

from tests.faults.adds import NEW, RETURNING
from tests.faults.allowance import NOTHING, Allowance
from tests.faults.campaign_sums import ALL, AMOUNTS, BESIDE_PEOPLE, CampaignSums, Hash, Panes, PeopleOf, spent
from tests.faults.plans import Plan
from tests.faults.recount import CHANNELS, Recount
from tests.faults.stated import Tables
from tests.faults.verdict import Verdict
from tests.support.kpis_by_hand import Counted, Number


def judge_kpis(
    verdict: Verdict,
    found: Recount,
    tables: Tables,
    answers: Mapping[str, Mapping[str, Any]],
    plans: Mapping[str, Plan],
    hash_key: bytes,
    admitted: Callable[[str], bool] = lambda _: True,
    allowance: Allowance = NOTHING,
) -> None:
    """Compare every KPI of the API's answers, by campaign, with the recount.

    Where events may be doubled the counters are those of the tables, which are compared by themselves.
    """
    counters: dict[str, Panes] = defaultdict(lambda: defaultdict(dict))
    for (campaign, channel, tier, pane), counted in found.counters.items():
        stated = tables.counters.get((campaign, channel, tier, pane), {})
        mine = Counter(stated if allowance.events else counted)
        mine[NEW], mine[RETURNING] = stated.get(NEW, 0), stated.get(RETURNING, 0)
        counters[campaign][channel, tier][pane] = mine
    people: dict[str, PeopleOf] = defaultdict(dict)
    for ((campaign, channel, tier, pane), kind), persons in found.people.items():
        people[campaign][channel, tier, pane, kind] = persons
    hashed = _hash(hash_key)
    for campaign in filter(admitted, counters):
        spend = [line for key, stated in found.facts.items() if (line := spent(campaign, key, stated)) is not None]
        mine = CampaignSums(plans.get(campaign, Plan()), counters[campaign], people[campaign], spend, hashed)
        _compare(verdict, campaign, mine, answers.get(campaign, {}))


def _compare(verdict: Verdict, campaign: str, mine: CampaignSums, answer: Mapping[str, Any]) -> None:
    told = {channel["channel"]: channel["kpis"] for channel in answer.get("channels", ())}
    for channel in sorted({ALL, *mine.channels}):
        name = CHANNELS[channel - 1] if channel else "all"
        missing = {kpi["name"] for kpi in answer.get("definitions", ())}
        if not missing:
            verdict.wrong.append(f"the API says nothing of {campaign}")
        for value in told.get(name, ()):
            kpi, window, end_ms = value["kpi"], value["window"], value["end_ms"]
            missing.discard(kpi)
            counted = mine.counted(channel, window, end_ms, kpi in BESIDE_PEOPLE)
            place = ("kpi", campaign, name, kpi, window)
            if kpi not in BESIDE_PEOPLE:
                verdict.compare((*place, "begins"), counted.start_ms, value["start_ms"] or 0)
            money = value["amounts"] is not None
            must = _must(mine, kpi, channel, counted, window, money)
            have = value["amounts"] if money else value["value"]
            verdict.compared += 1
            verdict.kpis += must is not None and must != {}
            if not _same(must, have):
                verdict.wrong.append(f"{place}: must be {must}, is {have}")
        verdict.wrong += [f"no {kpi} of {campaign}, {name}, is shown" for kpi in sorted(missing)]


def _must(
    mine: CampaignSums, kpi: str, channel: int, counted: Counted, window: str, money: bool
) -> Number | dict[str, Number] | None:
    """The value, or for money the amounts by currency."""
    by_currency = kpi in AMOUNTS or kpi == "average_order_value"
    if by_currency and mine.currency is None:
        return mine.amounts(kpi, channel, window, counted.end_ms)
    value = mine.kpis(channel, window, counted.end_ms, kpi in BESIDE_PEOPLE)[kpi]
    if by_currency and not mine.ever(kpi, channel):
        value = None
    if not money:
        return value
    return {} if value is None or mine.currency is None else {mine.currency: value}


def _same(must: Number | dict[str, Number] | None, have: Any) -> bool:
    """Equal but for the last digits of a float."""
    if must is None or have is None:
        return must is have
    if isinstance(must, dict):
        return must.keys() == have.keys() and all(_same(amount, have[currency]) for currency, amount in must.items())
    return abs(have - float(must)) <= 1e-9 * abs(float(must)) + 1e-9


def _hash(hash_key: bytes) -> Hash:
    keyed = blake2b(digest_size=8, key=hash_key, person=b"people")
    known: dict[str, int] = {}

    def hashed(person: str) -> int:
        if person not in known:
            state = keyed.copy()
            state.update(person.encode())
            (known[person],) = unpack(">q", state.digest())
        return known[person]

    return hashed
