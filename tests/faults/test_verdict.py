"""The verdict finds one event that is missing or too many, in tables, /metrics and API, and excuses only what it may.

Without Kafka: the tables are made from a recount, which is then given another event.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence

import pytest
from aiokafka.structs import ConsumerRecord
from datasketches import cpc_sketch

from tests.faults.adds import TOPIC_CODES
from tests.faults.allowance import Allowance
from tests.faults.events import OK, TRUTH
from tests.faults.power_cut import PowerCut
from tests.faults.recount import CHANNELS, LAUNCH, Recount, recount
from tests.faults.stated import Tables
from tests.faults.verdict import COUNTED, DUPLICATE, EVENT_NAMES, READ, Verdict, judge, judge_api, judge_metrics

NOW_MS = 1_795_553_366_000
VISITS = 16
CUT = PowerCut({("visit", 0): 1}, NOW_MS, 500)
LONG_AGO = PowerCut({}, NOW_MS - 90_000, 500)
JUST_BEFORE = PowerCut({("visit", 0): 4}, NOW_MS, 500)


def _record(offset: int, number: int) -> ConsumerRecord:
    value = json.dumps({"id": f"v-{number}", "time": NOW_MS - 5_000, "campaign": "aurora", "channel": "email"}).encode()
    headers = ((TRUTH, OK.encode()),)
    return ConsumerRecord("visit", 0, offset, NOW_MS, 1, None, value, None, 0, len(value), headers)


def _recount(numbers: Sequence[int]) -> Recount:
    return recount({"visit": [_record(offset, number) for offset, number in enumerate(numbers)]}, "")


def _tables(counted: int, read: int) -> Tables:
    """What the service would have stated after counting so many visits of so many records."""
    tables = Tables()
    for key in _recount([1]).counters:
        tables.counters[key] = {VISITS: counted}
    tables.ledger[3] = {READ: read, COUNTED: counted, DUPLICATE: read - counted}
    return tables


def _judge(found: Recount, tables: Tables, allowance: Allowance | None = None) -> Verdict:
    return judge(found, tables, b"k" * 16, allowance=allowance or Allowance(found, ()))


def test_tables_that_agree_are_exact() -> None:
    verdict = _judge(_recount([1, 2, 2, 3]), _tables(counted=3, read=4))
    assert (verdict.exact, verdict.lost, verdict.doubled) == (True, 0, 0)
    assert verdict.compared > 0


def test_one_event_that_is_missing_is_one_lost() -> None:
    verdict = _judge(_recount([1, 2, 3]), _tables(counted=2, read=3))
    assert (verdict.exact, verdict.lost, verdict.doubled) == (False, 1, 0)


def test_one_event_that_was_counted_twice_is_one_doubled() -> None:
    verdict = _judge(_recount([1, 2, 2, 3]), _tables(counted=4, read=4))
    assert (verdict.exact, verdict.lost, verdict.doubled) == (False, 0, 1)


def test_resend_of_the_second_that_redis_lost_may_be_doubled_and_is_said_so() -> None:
    found = _recount([1, 2, 2, 3])
    verdict = _judge(found, _tables(counted=4, read=4), Allowance(found, [CUT]))
    assert (verdict.exact, verdict.doubled, verdict.allowed) == (True, 1, 1)
    assert verdict.excused


def test_resent_blame_of_the_lost_second_may_lower_the_score_of_mentions() -> None:
    fields = {"time": NOW_MS - 5_000, "campaign": "aurora", "channel": "email", "sentiment": -0.5}
    values = [json.dumps({"id": name, **fields}).encode() for name in ("m-1", "m-1")]
    headers = ((TRUTH, OK.encode()),)
    records = [
        ConsumerRecord("mention", 0, at, NOW_MS, 1, None, value, None, 0, len(value), headers)
        for at, value in enumerate(values)
    ]
    found, tables = recount({"mention": records}, ""), Tables()
    for key, counters in found.counters.items():
        tables.counters[key] = {measure: 2 * number for measure, number in counters.items()}
    tables.ledger[4] = {READ: 2, COUNTED: 2}
    cut = PowerCut({("mention", 0): 0}, NOW_MS, 500)
    assert not _judge(found, tables).exact
    assert _judge(found, tables, Allowance(found, [cut])).exact


def test_lost_second_excuses_neither_a_loss_nor_more_than_its_resends_nor_those_of_other_times() -> None:
    found = _recount([1, 2, 2, 3])
    assert not _judge(found, _tables(counted=5, read=5), Allowance(found, [CUT])).exact
    assert not _judge(found, _tables(counted=2, read=4), Allowance(found, [CUT])).exact
    assert not _judge(found, _tables(counted=4, read=4), Allowance(found, [LONG_AGO])).exact
    assert not _judge(found, _tables(counted=4, read=4), Allowance(found, [JUST_BEFORE])).exact


@pytest.mark.parametrize(("counted", "lost", "doubled"), [(0, 1, 0), (1, 0, 0), (2, 0, 1)])
def test_impressions_that_are_missing_or_too_many_are_told_as_events_though_each_is_many(
    counted: int, lost: int, doubled: int
) -> None:
    fields = {"id": "i-1", "time": NOW_MS - 5_000, "campaign": "aurora", "channel": "email", "count": 250}
    value = json.dumps(fields).encode()
    headers = ((TRUTH, OK.encode()),)
    records = [
        ConsumerRecord("impression", 0, at, NOW_MS, 1, None, value, None, 0, len(value), headers) for at in (0, 1)
    ]
    found, tables = recount({"impression": records}, ""), Tables()
    for key, counters in found.counters.items():
        tables.counters[key] = {measure: counted * number for measure, number in counters.items() if counted}
    tables.ledger[TOPIC_CODES["impression"]] = {READ: 2, COUNTED: counted, DUPLICATE: 2 - counted}
    cut = PowerCut({("impression", 0): 0}, NOW_MS, 500)
    verdict = _judge(found, tables, Allowance(found, [cut]))
    assert (verdict.lost, verdict.doubled, verdict.exact) == (lost, doubled, not lost)
    assert ("('impression', 'counted'): must be 1, is 0" in verdict.wrong) == bool(lost)


def test_metrics_and_api_that_miss_an_event_are_found() -> None:
    found, place = _recount([1, 2, 3]), {"campaign": "aurora", "channel": "email", "event": EVENT_NAMES[VISITS]}
    for have, exact in ((3, True), (2, False), (4, False)):
        scraped = {
            ("campaign_events_total", frozenset(place.items())): float(have),
            ("launchpulse_events_total", frozenset({"topic": "visit", "result": "counted"}.items())): 3.0,
        }
        verdict = Verdict()
        judge_metrics(verdict, found, scraped)
        assert verdict.exact is exact
        api = Verdict()
        judge_api(api, found, {"aurora": {"channels": [{"channel": "email", "totals": {"visits": have}}]}})
        assert api.exact is exact


def test_people_are_compared_as_sets_and_beside_their_true_number() -> None:
    found, rng = Recount(), random.Random(5)
    key = ("aurora", CHANNELS.index("email") + 1, LAUNCH, 0)
    found.people[key, 1] = {f"p{number}" for number in range(1_000)}
    found.counters[key] = Counter()
    sketch = cpc_sketch(12)
    for _ in range(1_000):
        sketch.update(rng.getrandbits(63))
    tables = Tables()
    tables.sketches[key, 1] = [sketch.serialize()]
    verdict = _judge(found, tables)
    assert not verdict.exact, "as many, but others"
    assert len(verdict.people_errors) == 1
    assert abs(verdict.people_errors[0]) < 0.05
