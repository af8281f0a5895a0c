from __future__ import annotations

import random
from collections import Counter

import pytest

from agents.demo.account import Account, Outcome, Record
from agents.demo.simulator import Simulator
from agents.demo.spoiled import every_way
from agents.demo.story import MARKETS, PHASES, TOPIC_WEIGHTS, phase_at
from streams.events.catalogue import TOPICS, topic_by_name
from streams.events.decode import Accepted, decode
from streams.events.errors import Reason
from streams.events.measures import Measure, is_money, money_parts

BEGAN_MS = 1_795_510_800_000
STORY_SECONDS = 60.0
RECORDS = 12_000
STEP_MS = 5
MAX_BYTES = 1_000_000


def launch(seed: int, delay_ms: int = 0) -> list[tuple[int, Record]]:
    """A whole story: records with the Kafka timestamps that they get, so much after they were made."""
    simulator = Simulator(seed, BEGAN_MS, STORY_SECONDS)
    clock = range(BEGAN_MS, BEGAN_MS + RECORDS * STEP_MS, STEP_MS)
    return [(now_ms + delay_ms, simulator.record(now_ms)) for now_ms in clock]


@pytest.mark.parametrize("seed", [1, 2, 77])
@pytest.mark.parametrize("delay_ms", [0, 120_000])
def test_account_equals_what_decode_says_about_each_record(seed: int, delay_ms: int) -> None:
    owners: set[tuple[str, str | None, str, int]] = set()
    for timestamp_ms, record in launch(seed, delay_ms):
        topic = topic_by_name(record.topic)
        decoded = decode(topic, record.value, timestamp_ms, MAX_BYTES)
        if not isinstance(decoded, Accepted):
            assert (record.outcome, record.reason) == (Outcome.INVALID, decoded.reason), decoded
            continue
        identity = (record.topic, decoded.event.source, decoded.event.id, decoded.hour)
        if identity in owners:
            assert record.outcome is Outcome.DUPLICATE
            continue
        owners.add(identity)
        assert record.outcome is Outcome.COUNTED
        test, machine = bool(decoded.event.test), topic.machine(decoded.event)
        flags = {"test"} if test else {*(["late"] if decoded.late else []), *(["machine"] if machine else [])}
        assert set(record.flags) == flags


@pytest.mark.parametrize("seed", [1, 5])
def test_what_a_record_adds_is_what_its_topic_counts(seed: int) -> None:
    for timestamp_ms, record in launch(seed):
        if record.outcome is not Outcome.COUNTED:
            assert record.adds == ()
            continue
        topic = topic_by_name(record.topic)
        decoded = decode(topic, record.value, timestamp_ms, MAX_BYTES)
        assert isinstance(decoded, Accepted)
        counters: dict[int, int] = {}
        topic.count(decoded.event, counters)
        counted = {_name(key): number for key, number in counters.items() if number}
        if decoded.late and not decoded.event.test:
            counted["late"] = 1
        if decoded.unknown_channel and not decoded.event.test:
            counted["unknown_channel"] = 1
        assert {name: number for name, number in record.adds if number} == counted
        assert decoded.event.campaign == record.campaign


def _name(key: int) -> str:
    if not is_money(key):
        return Measure(key).name.lower()
    measure, currency = money_parts(key)
    return f"{measure.name.lower()}:{currency}"


def test_same_seed_and_clock_give_the_same_records_and_another_seed_others() -> None:
    assert launch(3) == launch(3)
    assert launch(3) != launch(4)


def test_a_later_simulation_with_the_same_seed_resends_nothing_of_the_first() -> None:
    first = {record.value for _, record in launch(3)}
    later = Simulator(3, BEGAN_MS + 1, STORY_SECONDS)
    sent = [later.record(BEGAN_MS + 1) for _ in range(1_000)]
    assert not {record.value for record in sent if record.outcome is Outcome.COUNTED} & first


def test_a_launch_has_all_that_a_service_must_bear() -> None:
    account = Account()
    for _, record in launch(1):
        account.add(record)
    assert set(account.topics) == {topic.name for topic in TOPICS}
    assert 0.01 <= account.outcome(Outcome.DUPLICATE) / account.sent <= 0.02
    reasons = sum((topic.reasons for topic in account.topics.values()), Counter())
    assert set(reasons) >= {Reason.TOMBSTONE, Reason.NOT_JSON, Reason.MISSING_FIELD, Reason.FUTURE, Reason.TOO_OLD}
    flags = sum((topic.flags for topic in account.topics.values()), Counter())
    assert set(flags) == {"late", "machine", "test"}
    assert set(account.totals) == {market.campaign for market in MARKETS}
    currencies = {name for totals in account.totals.values() for name in totals if name.startswith("revenue:")}
    assert len(currencies) > 3
    assert any(totals["refunds"] and totals["unknown_channel"] for totals in account.totals.values())
    mentions = [record.value for _, record in launch(1) if record.topic == "mention" and record.value]
    texts = b"".join(mentions).decode(errors="replace")
    assert "Отличный запуск" in texts
    assert "Best launch" in texts
    assert '"sent_at"' in texts


def test_a_campaign_is_keyed_so_that_it_spreads_over_partitions() -> None:
    keys = {record.key for _, record in launch(1) if record.campaign == "aurora"}
    assert None in keys
    assert len(keys) > 1_000


def test_every_record_has_a_key_or_a_value_as_the_producer_demands() -> None:
    assert [record for seed in range(5) for _, record in launch(seed) if record.key is None is record.value] == []


def test_the_launch_is_a_rush_and_the_engagement_of_the_campaign_in_trouble_drops() -> None:
    engaged: dict[str, Counter[str]] = {phase.name: Counter() for phase in PHASES}
    for now_ms, record in launch(1):
        if record.campaign == "aurora":
            engaged[phase_at((now_ms - BEGAN_MS) / 1000, STORY_SECONDS).name].update(dict(record.adds))
    share = {name: totals["engaged_visits"] / totals["visits"] for name, totals in engaged.items()}
    assert share["rush"] > 4 * share["drop"]
    assert share["repaired"] > 4 * share["drop"]
    assert max(PHASES, key=lambda phase: phase.rate).name == "rush"


def test_mean_rate_over_the_story_is_one() -> None:
    begins = [0.0, *(phase.until for phase in PHASES)]
    mean = sum(phase.rate * (phase.until - begin) for phase, begin in zip(PHASES, begins, strict=False))
    assert mean == pytest.approx(1.0)


def test_only_the_topics_that_are_enabled_are_sent_to() -> None:
    simulator = Simulator(1, BEGAN_MS, STORY_SECONDS, ("sale", "click"))
    sent = {simulator.record(BEGAN_MS + offset_ms).topic for offset_ms in range(0, 60_000, 60)}
    assert sent == {"sale", "click"}


@pytest.mark.parametrize("topic", list(TOPIC_WEIGHTS))
def test_every_way_to_spoil_an_event_is_refused_for_the_reason_it_names(topic: str) -> None:
    whole = {**topic_by_name(topic).example, "time": BEGAN_MS}
    for number, spoil in enumerate(every_way(topic)):
        value, reason = spoil(random.Random(number), dict(whole), BEGAN_MS)
        decoded = decode(topic_by_name(topic), value, BEGAN_MS, MAX_BYTES)
        assert not isinstance(decoded, Accepted), value
        assert decoded.reason is reason
