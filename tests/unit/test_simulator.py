from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable

import orjson
import pytest

from agents.demo.account import Account, Outcome, Record
from agents.demo.plans import EXPECTS, catalogue
from agents.demo.simulator import Simulator
from agents.demo.spoiled import every_way
from agents.demo.story import (
    MARKETS,
    PHASES,
    SPEED,
    STARTS_AT,
    TOPIC_WEIGHTS,
    Market,
    length_seconds,
    lived,
    markets,
    phase_at,
    phases_at,
    rate_at,
    told_phase,
)
from streams.events.catalogue import TOPICS, topic_by_name
from streams.events.decode import Accepted, decode
from streams.events.errors import Reason
from streams.events.measures import Measure, is_money, money_parts
from streams.events.spend import Spent, read_spent

BEGAN_MS = 1_795_510_800_000
STORY_SECONDS = 60.0
RATE = 200.0
MAX_BYTES = 1_000_000


def launch(
    seed: int, delay_ms: int = 0, began_ms: int = BEGAN_MS, campaigns: tuple[Market, ...] = MARKETS
) -> list[tuple[int, Record]]:
    """A whole story: records with the Kafka timestamps that they get, so much after they were made."""
    simulator = Simulator(seed, began_ms, RATE, STORY_SECONDS, campaigns=campaigns)
    records = []
    while simulator.due_seconds < STORY_SECONDS:
        now_ms = began_ms + int(simulator.due_seconds * 1000)
        records.append((now_ms + delay_ms, simulator.record(now_ms)))
    return records


def account_of(records: Iterable[tuple[int, Record]]) -> Account:
    account = Account()
    for _, record in records:
        account.add(record)
    return account


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


@pytest.mark.parametrize("seed", [1, 5])
def test_what_was_spent_is_what_the_latest_statement_of_each_line_says(seed: int) -> None:
    stands: dict[tuple[str, int, int], tuple[int, Spent]] = {}
    for timestamp_ms, record in launch(seed):
        if record.topic == "spend" and record.outcome is Outcome.COUNTED:
            topic = topic_by_name("spend")
            decoded = decode(topic, record.value, timestamp_ms, MAX_BYTES)
            assert isinstance(decoded, Accepted)
            if (fact := topic.fact(decoded.event)) is not None:
                line = decoded.event.campaign, decoded.channel, fact.day
                said = read_spent(fact.value)
                if decoded.time_ms > stands.get(line, (0, said))[0]:
                    stands[line] = decoded.time_ms, said
    spent: dict[str, Counter[str]] = {market.campaign: Counter() for market in MARKETS}
    for (campaign, _, _), (_, said) in stands.items():
        spent[campaign][said.currency] += said.micros
    account = account_of(launch(seed))
    assert {market.campaign: account.spend(market.campaign) for market in MARKETS} == spent
    assert all(total.total() > 0 for total in spent.values())


def test_same_seed_and_clock_give_the_same_records_and_another_seed_others() -> None:
    assert launch(3) == launch(3)
    assert launch(3) != launch(4)


def test_same_seed_tells_the_same_launch_at_another_time() -> None:
    one, other = account_of(launch(3)), account_of(launch(3, began_ms=BEGAN_MS + 3_600_123))
    assert one.as_json() == other.as_json()
    assert one.as_json() != account_of(launch(4)).as_json()


def test_so_many_campaigns_are_launched_as_are_wanted() -> None:
    assert {record.campaign for _, record in launch(1, campaigns=markets(1)) if record.campaign} == {"aurora"}
    nine = account_of(launch(1, campaigns=markets(9)))
    assert nine.totals.keys() == {market.campaign for market in markets(9)}
    assert len(nine.totals) == 9
    assert {campaign.id for campaign in catalogue(BEGAN_MS, STORY_SECONDS, markets(9))} == nine.totals.keys()


def test_what_the_catalogue_expects_comes_in_every_half_hour_of_the_launch_also_of_small_campaigns() -> None:
    rate, story_seconds, half_hour = 6, 4 * 3_600, 1_800
    simulator = Simulator(7, BEGAN_MS, rate, story_seconds)
    came: dict[tuple[str, str, str], set[int]] = {}
    while simulator.due_seconds < story_seconds:
        at = int(simulator.due_seconds // half_hour)
        record = simulator.record(BEGAN_MS)
        if record.outcome is Outcome.COUNTED:
            channel = orjson.loads(record.value or b"{}")["channel"]
            came.setdefault((record.campaign, channel, record.topic), set()).add(at)
    live = set(range(int(STARTS_AT * story_seconds // half_hour), story_seconds // half_hour))
    planned = catalogue(BEGAN_MS, story_seconds, MARKETS, rate)
    expected = [
        (one.id, channel, topic) for one in planned for channel, topics in one.expects.items() for topic in topics
    ]
    assert len(expected) > 10
    assert {place: live - came[place] for place in expected} == {place: set() for place in expected}


def test_nothing_is_expected_that_is_rare_or_not_sent() -> None:
    (many,), (few,) = (catalogue(BEGAN_MS, STORY_SECONDS, markets(1), rate) for rate in (300, 0.01))
    (without,) = catalogue(BEGAN_MS, STORY_SECONDS, markets(1), 300, ("visit", "click"))
    assert dict(many.expects) == {channel: list(topics) for channel, topics in EXPECTS.items()}
    assert few.expects == {}
    assert without.expects == {"email": ["click", "visit"], "paid_search": ["visit"], "direct": ["visit"]}


def test_speed_says_how_much_of_the_launch_a_second_tells() -> None:
    assert length_seconds(None, SPEED) == length_seconds(None, None) == 120
    assert length_seconds(None, 3_600) == 48
    assert length_seconds(30, None) == 30
    assert length_seconds(30, 3_600) == 48
    assert told_phase(0, 48).endswith("day 1, 00:00")
    assert told_phase(30.5, 48).endswith("day 2, 06:30")
    assert told_phase(48 + 12, 48) == f"{PHASES[2].text}; day 1, 12:00"


def test_a_later_simulation_with_the_same_seed_resends_nothing_of_the_first() -> None:
    first = {record.value for _, record in launch(3)}
    later = launch(3, began_ms=BEGAN_MS + 1)
    assert not {record.value for _, record in later if record.outcome is Outcome.COUNTED} & first


def test_a_launch_has_all_that_a_service_must_bear() -> None:
    account = account_of(launch(1))
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


def in_phases(seed: int, campaign: str) -> dict[str, Counter[str]]:
    """What each phase of a launch adds to a campaign, and how many records it has (`records`)."""
    told: dict[str, Counter[str]] = {phase.name: Counter() for phase in PHASES}
    for now_ms, record in launch(seed):
        phase = told[phase_at((now_ms - BEGAN_MS) / 1000, STORY_SECONDS).name]
        phase["records"] += 1
        if record.campaign == campaign:
            phase.update(dict(record.adds))
    return told


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_launch_is_announced_mailed_rushed_at_goes_wrong_and_recovers(seed: int) -> None:
    told = in_phases(seed, "aurora")
    assert list(told) == ["announcement", "teaser", "rush", "bad_hours", "recovery"]

    def share(name: str, above: str, *below: str) -> float:
        return told[name][above] / sum(told[name][one] for one in below)

    def most(above: str, *below: str) -> str:
        return max(told, key=lambda name: share(name, above, *below))

    moods = ("mentions_positive", "mentions_neutral", "mentions_negative", "mentions_unknown")
    assert max(told, key=lambda name: told[name]["records"]) == "rush"
    assert most("delivered", "visits") == "teaser"
    assert most("mentions_negative", *moods) == "bad_hours"
    assert share("announcement", "mentions_positive", "visits") > 2 * share("rush", "mentions_positive", "visits")
    assert told["bad_hours"]["mentions_negative"] > 2 * told["bad_hours"]["mentions_positive"]
    assert told["recovery"]["mentions_positive"] > told["recovery"]["mentions_negative"]
    for good in ("rush", "recovery"):
        assert share(good, "engaged_visits", "visits") > 4 * share("bad_hours", "engaged_visits", "visits")
        assert share(good, "sales", "visits") > 2 * share("bad_hours", "sales", "visits")


def test_others_are_spared_the_bad_hours() -> None:
    bad = in_phases(1, "zarya")["bad_hours"]
    assert bad["mentions_positive"] > bad["mentions_negative"]
    assert bad["engaged_visits"] > 0.4 * bad["visits"]


def test_phases_run_into_each_other_and_only_a_trouble_begins_and_ends_at_once() -> None:
    steps = [number / 100 for number in range(4_800)]
    assert max(abs(rate_at(hour + 0.01) - rate_at(hour)) for hour in steps) < 0.02

    def told(campaign: str, hour: float) -> dict[str, float]:
        return {phase.name: share for phase, share in phases_at(hour, lived(campaign))}

    assert told("aurora", 12) == told("zarya", 12) == {"teaser": 0.5, "rush": 0.5}
    assert [told("aurora", hour) for hour in (27.99, 28, 37.99, 38)] == [
        {"rush": 1},
        {"bad_hours": 1},
        {"bad_hours": 1},
        {"recovery": 1},
    ]
    assert told("zarya", 27.75) == {"rush": 0.75, "calm": 0.25}
    assert told("zarya", 38.25) == {"calm": 0.25, "recovery": 0.75}


def test_mean_rate_over_the_story_is_one() -> None:
    assert len(launch(1)) == pytest.approx(RATE * STORY_SECONDS, rel=0.001)


def test_only_the_topics_that_are_enabled_are_sent_to() -> None:
    simulator = Simulator(1, BEGAN_MS, RATE, STORY_SECONDS, ("sale", "click"))
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
