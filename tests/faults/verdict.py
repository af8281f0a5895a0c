"""The verdict: the recount beside the tables and beside /metrics, every counter of every key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from struct import unpack
from typing import Any

from datasketches import cpc_sketch

from tests.faults.adds import EVENT_MEASURES, NEW, RETURNING, TOPIC_CODES
from tests.faults.allowance import NOTHING, Allowance
from tests.faults.facts import campaign_of
from tests.faults.processes import Series
from tests.faults.recount import CHANNELS, LAUNCH, Recount
from tests.faults.stated import LG_K, Tables, united

READ, COUNTED, DUPLICATE, INVALID = 128, 129, 130, 131
PARTS = {"late": 132, "machine": 133, "test": 134}
REASONS = {
    reason: 160 + number
    for number, reason in enumerate(
        [
            "tombstone",
            "too_large",
            "not_json",
            "not_object",
            "too_deep",
            "missing_field",
            "wrong_type",
            "bad_id",
            "bad_time",
            "bad_label",
            "bad_amount",
            "bad_value",
            "future",
            "too_old",
        ]
    )
}
MONEY = 256
"""Measures from here on are a measure and a currency."""

MENTION_SCORE = 28

LARGE = 200
"""People from which on an error of a share means something."""

EVENT_NAMES = {
    1: "clicks", 2: "machine_clicks", 3: "unsubscribes", 8: "opens", 9: "machine_opens", 16: "visits",
    17: "engaged_visits", 24: "mentions_positive", 25: "mentions_neutral", 26: "mentions_negative",
    27: "mentions_unknown", 40: "sales", 41: "refunds", 112: "late", 113: "unknown_channel", 114: "tests_click",
    115: "tests_open", 116: "tests_visit", 117: "tests_mention", 118: "tests_sale", 119: "tests_delivery",
    120: "tests_impression", 121: "tests_lead", 122: "tests_spend", 123: "tests_survey", 124: "tests_customer",
    125: "tests_tactic", 50: "sent", 51: "delivered", 52: "bounced", 53: "complained", 54: "unsubscribed",
    56: "impressions", 58: "leads", 59: "qualified_leads", 60: "opportunities", 64: "promoters", 65: "passives",
    66: "detractors", 67: "satisfied", 68: "csat_answers", 72: "activations", 73: "cancelled_price",
    74: "cancelled_service", 75: "cancelled_technical", 76: "cancelled_product", 77: "cancelled_other",
    80: "spend_statements", 81: "tactics",
}  # fmt: skip
"""The label `event` of campaign_events_total; customers are compared over all campaigns."""


@dataclass(slots=True)
class Verdict:
    """What was compared; `kpis`: how many of these are KPIs that have a value. `lost` and `doubled` are events, `wrong`
    every figure that is not what it must be. `allowed` is how many events may be doubled because Redis lost them,
    `excused` every counter that is off by that. `people_errors`: of each number of unique people of a launch, how far
    it is from the true one, as a share."""

    records: int = 0
    counted: int = 0
    compared: int = 0
    kpis: int = 0
    lost: int = 0
    doubled: int = 0
    allowed: int = 0
    excused: list[str] = field(default_factory=list)
    people_errors: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def exact(self) -> bool:
        """Nothing lost, nothing doubled, every counter right."""
        return not self.wrong

    def __str__(self) -> str:
        head = (
            f"{self.records} records, {self.counted} counted, {self.compared} figures compared, "
            f"{self.kpis} of them values of KPIs: "
            f"{self.lost} lost, {self.doubled} doubled, {len(self.wrong)} wrong"
        )
        if self.allowed:
            head += f"; {self.allowed} might be doubled after Redis lost a second"
            head += f", {len(self.excused)} counters are excused by it"
        return "\n".join([head, *self.wrong[:20]])

    def compare(self, what: object, want: float, have: float, allowed: float = 0) -> None:
        """One counter, which may be off by what is allowed."""
        self.compared += 1
        if want != have and abs(have - want) <= allowed:
            self.excused.append(f"{what}: must be {want}, is {have}")
        elif want != have:
            self.wrong.append(f"{what}: must be {want}, is {have}")


def judge(
    found: Recount,
    tables: Tables,
    hash_key: bytes,
    admitted: Callable[[str], bool] = lambda _: True,
    allowance: Allowance = NOTHING,
) -> Verdict:
    """Compare the tables with the recount. Campaigns that are not admitted must have no counters."""
    verdict = Verdict(found.records, sum(topic["counted"] for topic in found.topics.values()))
    verdict.allowed = allowance.events
    wanted = {key: counters for key, counters in found.counters.items() if admitted(key[0])}
    for key in sorted(wanted.keys() | tables.counters.keys()):
        want, have = _customers_joined(wanted.get(key, {})), _customers_joined(tables.counters.get(key, {}))
        for measure in want.keys() | have.keys():
            must, is_now = want.get(measure, 0), have.get(measure, 0)
            # A margin may fall by a refund that is counted once more, a score by blame; nothing else becomes less.
            signed = measure >= MONEY or measure == MENTION_SCORE
            may = allowance.counter(key[0], key[1], measure) if is_now > must or signed else 0
            verdict.compare((*key, measure), must, is_now, may)
            if key[2] == LAUNCH and measure in EVENT_MEASURES:
                verdict.lost += max(0, must - is_now)
                verdict.doubled += max(0, is_now - must)
    new = sum(counters.get(NEW, 0) for key, counters in tables.counters.items() if key[2] == LAUNCH)
    verdict.compare("new customers", len(found.buyers), new, allowance.customers)
    _facts(verdict, found, tables, admitted)
    _ledger(verdict, found, tables, allowance)
    if verdict.doubled > allowance.events:
        verdict.wrong.append(f"{verdict.doubled} events doubled, {allowance.events} might be")
    _people(verdict, found, tables, hash_key, admitted)
    for table_key, homes in tables.homes.items():
        if len(homes) > 1:
            verdict.wrong.append(f"{table_key!r} stands in the partitions {sorted(homes)}")
    return verdict


def _facts(verdict: Verdict, found: Recount, tables: Tables, admitted: Callable[[str], bool]) -> None:
    wanted = {key: stated for key, stated in found.facts.items() if admitted(campaign_of(key))}
    for key in sorted(wanted.keys() | tables.facts.keys()):
        verdict.compared += 1
        if wanted.get(key) != tables.facts.get(key):
            verdict.wrong.append(f"fact {key!r}: must be {wanted.get(key)}, is {tables.facts.get(key)}")


def _customers_joined(counters: Mapping[int, int]) -> dict[int, int]:
    """Which sale was a person's first only Redis knows; that each is either, and how many are, is known."""
    joined = {measure: number for measure, number in counters.items() if measure != RETURNING}
    if RETURNING in counters:
        joined[NEW] = joined.get(NEW, 0) + counters[RETURNING]
    return joined


def _ledger(verdict: Verdict, found: Recount, tables: Tables, allowance: Allowance) -> None:
    have = {
        (topic, partition): tables.ledger.get(partition << 6 | code, {})
        for topic, code in TOPIC_CODES.items()
        for partition in range(64)
    }
    for place in sorted(have.keys() | found.read.keys()):
        ledger, invalid = have[place], found.invalid.get(place, Counter())
        verdict.compare((*place, "read"), found.read[place], ledger.get(READ, 0))
        verdict.compare((*place, "invalid"), invalid.total(), ledger.get(INVALID, 0))
        sound = ledger.get(COUNTED, 0) + ledger.get(DUPLICATE, 0)
        verdict.compare((*place, "counted and duplicate"), found.read[place] - invalid.total(), sound)
        for reason, measure in REASONS.items():
            verdict.compare((*place, reason), invalid[reason], ledger.get(measure, 0))
    for topic in TOPIC_CODES:
        mine = [ledger for (name, _), ledger in have.items() if name == topic]
        for part, measure in {"counted": COUNTED, **PARTS}.items():
            must = found.topics[topic][part]
            have_now = sum(ledger.get(measure, 0) for ledger in mine)
            # Of two copies that are told apart the other way round only one may be late: but one of them is counted.
            may = 0 if part == "counted" and have_now < must else allowance.topics[topic]
            verdict.compare((topic, part), must, have_now, may)
            if topic == "impression" and part == "counted":  # the other topics' are in EVENT_MEASURES
                verdict.lost += max(0, must - have_now)
                verdict.doubled += max(0, have_now - must)


def _people(verdict: Verdict, found: Recount, tables: Tables, hash_key: bytes, admitted: Callable[[str], bool]) -> None:
    """Two sets of people are the same if neither makes the union larger."""
    keyed = blake2b(digest_size=8, key=hash_key, person=b"people")

    def hashed(person: str) -> int:
        state = keyed.copy()
        state.update(person.encode())
        number: int = unpack(">q", state.digest())[0]
        return number

    wanted = {key: persons for key, persons in found.people.items() if admitted(key[0][0])}
    for key in wanted.keys() | tables.sketches.keys():
        sketch = cpc_sketch(LG_K)
        for person in wanted.get(key, ()):
            sketch.update(hashed(person))
        must = _estimate([sketch.serialize()])
        if key[0][2] == LAUNCH and len(wanted.get(key, ())) >= LARGE:
            verdict.people_errors.append(_estimate(tables.sketches.get(key, ())) / len(wanted[key]) - 1)
        verdict.compare(("people", *key), must, _estimate(tables.sketches.get(key, ())))
        verdict.compare(("people together", *key), must, _estimate([sketch.serialize(), *tables.sketches.get(key, ())]))


def _estimate(sketches: Iterable[bytes]) -> float:
    return round(float(united(sketches).get_result().get_estimate()), 6)


def judge_metrics(
    verdict: Verdict,
    found: Recount,
    scraped: Mapping[Series, float],
    admitted: Callable[[str], bool] = lambda _: True,
    allowance: Allowance = NOTHING,
) -> None:
    """Compare /metrics of all workers together with the recount."""
    want: dict[Series, float] = {}
    allowed: dict[Series, float] = {}
    for campaign, channel, measure, number in _launch_counters(found, admitted):
        place = {"campaign": campaign, "channel": CHANNELS[channel - 1], "event": EVENT_NAMES[measure]}
        series = ("campaign_events_total", frozenset(place.items()))
        want[series] = number
        allowed[series] = allowance.counter(campaign, channel, measure)
    customers = ("new_customers", "returning_customers")
    have = {
        series: value
        for series, value in scraped.items()
        if series[0] == "campaign_events_total" and dict(series[1])["event"] not in customers and value
    }
    for series in want.keys() | have.keys():
        must, is_now = want.get(series, 0), have.get(series, 0)
        verdict.compare(series, must, is_now, allowed.get(series, 0) if is_now > must else 0)
    results: Counter[tuple[str, str]] = Counter()
    for (name, labels), value in scraped.items():
        if name == "launchpulse_events_total":
            results[dict(labels)["topic"], dict(labels)["result"]] += int(value)
        elif name == "launchpulse_ledger_difference":
            verdict.compare(("ledger difference", *labels), 0, value)
    for topic in TOPIC_CODES:
        read = sum(number for (name, _), number in found.read.items() if name == topic)
        invalid = sum(reasons.total() for (name, _), reasons in found.invalid.items() if name == topic)
        counted = found.topics[topic]["counted"]
        for result, must in (("counted", counted), ("invalid", invalid), ("duplicate", read - invalid - counted)):
            have_now = results[topic, result]
            lost = have_now < must if result == "counted" else have_now > must
            off = 0 if result == "invalid" or lost else allowance.topics[topic]
            verdict.compare(("metrics", topic, result), must, have_now, off)


def judge_api(
    verdict: Verdict,
    found: Recount,
    answers: Mapping[str, Mapping[str, Any]],
    admitted: Callable[[str], bool] = lambda _: True,
    allowance: Allowance = NOTHING,
) -> None:
    """Compare the totals of each campaign's channels in the API's answers, by campaign, with the recount."""
    totals = {
        (campaign, channel["channel"]): channel["totals"]
        for campaign, answer in answers.items()
        for channel in answer.get("channels", ())
    }
    for campaign, channel, measure, number in _launch_counters(found, admitted):
        name = EVENT_NAMES[measure]
        have = totals.get((campaign, CHANNELS[channel - 1]), {}).get(name, 0)
        may = allowance.counter(campaign, channel, measure) if have > number else 0
        verdict.compare(("api", campaign, channel, name), number, have, may)


def _launch_counters(found: Recount, admitted: Callable[[str], bool]) -> Iterable[tuple[str, int, int, int]]:
    """Campaign, channel, measure and number of all that is counted in events over a whole launch."""
    for (campaign, channel, tier, _), counters in found.counters.items():
        if tier == LAUNCH and admitted(campaign):
            for measure, number in counters.items():
                if measure in EVENT_NAMES and number:
                    yield campaign, channel, measure, number
