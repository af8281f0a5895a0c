"""Facts: what a block tells of them, what stands in the table, how long, and what is shown."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from streams.counting import summaries as summaries_module
from streams.counting.block_facts import line_hash
from streams.counting.blocks import Cut
from streams.counting.campaign_facts import CampaignFacts, Tactic
from streams.counting.expiry import expired
from streams.counting.facts import KEPT_MS, StatedFact, pack_fact, reconcile, unpack_fact
from streams.counting.merge import Value, pack
from streams.counting.open_block import OpenBlock
from streams.counting.panes import DAY_MS, HOUR_MS, Tier, pane_end_ms
from streams.counting.partition import PartitionMerge
from streams.counting.sources import source_number
from streams.counting.statements import LINE_BYTES, KeyKind, fact_key, parse_key
from streams.counting.summaries import (
    CAMPAIGN,
    FORMAT,
    FactEntry,
    Summary,
    UnknownFormat,
    decode_summary,
    encode_summary,
    head,
)
from streams.counting.view import Views
from streams.events.batch import decode_batch
from streams.events.catalogue import topic_by_name
from streams.events.channels import ALL_CHANNELS
from streams.events.spend import Spent, read_spent
from streams.events.tactic import Change, read_change

UTC = ZoneInfo("UTC")
T = 1_795_000_000_000
DAY = T // DAY_MS
EMAIL, PUSH = 2, 4
SPEND, TACTIC = topic_by_name("spend"), topic_by_name("tactic")
SOURCE = source_number(SPEND.code, 0)
LINE = b"line--01"
KEY = fact_key(b"aurora", SPEND.code, EMAIL, DAY, LINE)


def spend(**fields: Any) -> dict[str, Any]:
    return {
        "id": "s-1",
        "time": T,
        "campaign": "aurora",
        "channel": "email",
        "day": "2026-11-18",
        "amount": "10",
        "currency": "EUR",
    } | fields


def tactic(**fields: Any) -> dict[str, Any]:
    return {"id": "t-1", "time": T, "campaign": "aurora", "channel": "email", "title": "Second mail"} | fields


def told(*events: dict[str, Any], topic: Any = SPEND, duplicates: frozenset[int] = frozenset()) -> list[FactEntry]:
    """What a block with these events tells of aurora, in one summary; their Kafka timestamps are T, T + 1, …"""
    block = read(*events, topic=topic, duplicates=duplicates)
    ((campaign, summary),) = block.summaries()
    assert campaign == "aurora"
    return summary.facts


def read(*events: dict[str, Any], topic: Any = SPEND, duplicates: frozenset[int] = frozenset()) -> OpenBlock:
    block = OpenBlock(source_number(topic.code, 0), topic, Cut(100, T), UTC)
    take(block, topic, *events, duplicates=duplicates)
    return block


def take(block: OpenBlock, topic: Any, *events: dict[str, Any], duplicates: frozenset[int] = frozenset()) -> None:
    first = block.last + 1
    offsets = [first + number for number in range(len(events))]
    timestamps = [T + offset - 100 for offset in offsets]
    batch = decode_batch(topic, [json.dumps(event).encode() for event in events], timestamps, 10_000)
    block.count(batch, duplicates, str.encode)
    block.state(batch, offsets, timestamps)
    block.advance(len(events), offsets[-1], timestamps[-1])


def stated(time_ms: int = T, amount: int = 10, offset: int = 1, at: int = 5) -> StatedFact:
    return StatedFact(at, time_ms, T, SOURCE, offset, b"\0EUR" + amount.to_bytes(4, "big"))


class Owner:
    """A PartitionMerge beside the table in which it has things stated."""

    def __init__(self, values: dict[bytes, bytes] | None = None) -> None:
        self.values = dict(values or {})
        self.stated: set[bytes] = set()
        self.merge = PartitionMerge(
            UTC, self.values.get, lambda key: None, lambda key: key not in self.stated, lambda key: True
        )

    def read(self, offset: int, *facts: StatedFact) -> None:
        some = [FactEntry(EMAIL, DAY, LINE, one.time_ms, one.timestamp_ms, one.offset, one.said) for one in facts]
        summary = Summary(SOURCE, 0, 9, T, [], [], T, some)
        self.merge.read(offset, T, b"aurora", next(encode_summary(CAMPAIGN, summary)))

    def state(self) -> set[bytes]:
        """State everything, and show it. Returns the facts' keys that were stated."""
        current = self.merge.begin_round()
        packed = self.merge.pack(current.keys)
        self.values.update(packed)
        self.stated |= packed.keys()
        list(self.merge.news())
        list(self.merge.end_round(current))
        return {key for key in packed if key[0] == KeyKind.FACT}


def test_a_block_tells_the_statement_with_the_greatest_event_time() -> None:
    (fact,) = told(spend(time=T + 2, amount="30"), spend(time=T + 3, amount="20"), spend(time=T + 1, amount="40"))
    assert read_spent(fact.said) == Spent("media", "EUR", 20_000_000)
    assert (fact.channel, fact.day, fact.time_ms, fact.timestamp_ms, fact.offset) == (EMAIL, 20_775, T + 3, T + 1, 101)


def test_of_statements_of_one_time_the_one_that_came_last_stands() -> None:
    (fact,) = told(spend(amount="30"), spend(amount="20"))
    assert (read_spent(fact.said).micros, fact.offset) == (20_000_000, 101)


def test_platform_account_kind_channel_and_day_make_lines_of_their_own() -> None:
    others = [{"platform": "x"}, {"account": "x"}, {"kind": "fee"}, {"channel": "push"}, {"day": "2026-11-17"}]
    assert len(told(spend(), *(spend(**one) for one in others))) == 6


def test_parts_of_a_line_cannot_be_moved_between_its_names() -> None:
    assert len({line_hash(("ab", "c")), line_hash(("a", "bc")), line_hash(("abc", ""))}) == 3


def test_a_test_states_nothing() -> None:
    assert told(spend(amount="30"), spend(time=T + 9, amount="99", test=True))[0].time_ms == T
    assert told(spend(test=True)) == []
    assert told(tactic(test=True), topic=TACTIC) == []


def test_a_day_that_is_no_longer_kept_is_not_told() -> None:
    assert told(spend(day="2025-10-13")) == []
    assert len(told(spend(day="2025-10-14"))) == 1


def test_a_fact_is_told_once_a_block_and_again_when_it_changes() -> None:
    block = read(spend(amount="30"))
    assert len(only(block).facts) == 1
    take(block, SPEND, spend(time=T - 1, amount="20"))
    assert only(block).facts == []
    take(block, SPEND, spend(time=T + 1, amount="40"))
    assert [read_spent(fact.said).micros for fact in only(block).facts] == [40_000_000]


def only(block: OpenBlock) -> Summary:
    ((_, summary),) = block.summaries()
    return summary


def test_a_tactic_that_is_sent_again_with_another_text_is_corrected_though_it_counts_once() -> None:
    block = read(tactic(), tactic(time=T + 60_000, title="Third mail"), topic=TACTIC, duplicates=frozenset({1}))
    summary = only(block)
    assert [read_change(fact.said) for fact in summary.facts] == [Change("Third mail", "", "")]
    assert summary.entries[0].counters == {81: 1}


def test_a_block_of_duplicates_alone_still_tells_their_facts() -> None:
    facts = told(tactic(), topic=TACTIC, duplicates=frozenset({0}))
    assert [(fact.channel, fact.day, fact.time_ms) for fact in facts] == [(EMAIL, 0, T)]


def test_facts_come_back_from_the_record_and_a_record_without_them_has_none() -> None:
    fact = FactEntry(EMAIL, DAY, LINE, T, T + 1, 7, b"said")
    summary = Summary(SOURCE, 0, 9, T, [], [], T, [fact])
    assert decode_summary(next(encode_summary(CAMPAIGN, summary))) == summary
    older = head(CAMPAIGN) + summaries_module.encode([SOURCE, 0, 9, T, [], []])
    assert decode_summary(older).facts == []


def test_a_summary_of_too_many_facts_is_split(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summaries_module, "MAX_SUMMARY_BYTES", 150)
    facts = [FactEntry(EMAIL, DAY, b"line-%03d" % number, T, T, number, b"x" * 30) for number in range(9)]
    records = list(encode_summary(CAMPAIGN, Summary(SOURCE, 0, 9, T, [], [], T, facts)))
    assert [fact for record in records for fact in decode_summary(record).facts] == facts
    assert max(map(len, records)) <= 150
    one_too_large = [FactEntry(EMAIL, DAY, LINE, T, T, 1, b"x" * 200)]
    (record,) = encode_summary(CAMPAIGN, Summary(SOURCE, 0, 9, T, [], [], T, one_too_large))
    assert decode_summary(record).facts == one_too_large


def test_the_parts_of_a_facts_key_come_back() -> None:
    assert parse_key(KEY) == (KeyKind.FACT, SPEND.code, EMAIL, 0, DAY, "aurora")


def test_a_statement_takes_the_place_of_the_one_before() -> None:
    owner = Owner()
    owner.read(1, stated(T, 10))
    owner.read(2, stated(T + 1, 20))
    owner.state()
    assert unpack_fact(owner.values[KEY]) == stated(T + 1, 20, at=2)


def test_an_older_statement_changes_nothing_and_is_stated_only_under_a_new_term() -> None:
    owner = Owner()
    owner.read(1, stated(T + 1, 20))
    owner.state()
    owner.read(2, stated(T, 10))
    assert dict(owner.merge.news()) == {}
    assert owner.state() == set()
    later = Owner(owner.values)
    later.read(2, stated(T, 10))
    assert later.state() == {KEY}
    assert unpack_fact(later.values[KEY]) == stated(T + 1, 20, at=2)


def test_a_changed_fact_is_news_once() -> None:
    owner = Owner()
    owner.read(1, stated(T, 10))
    assert dict(owner.merge.news()) == {KEY: stated(T, 10, at=-1)}
    assert dict(owner.merge.news()) == {}


def test_a_fact_that_is_no_longer_decoded_is_read_from_the_table() -> None:
    owner = Owner()
    owner.read(1, stated(T, 10))
    for _ in range(3):
        owner.state()
    owner.read(2, stated(T - 1, 20))
    owner.state()
    assert unpack_fact(owner.values[KEY]).said == stated(T, 10).said


def test_a_fact_that_was_stated_anew_does_not_go_with_what_has_expired() -> None:
    owner = Owner()
    owner.read(1, stated(T, 10))
    owner.merge.drop({KEY})
    assert owner.state() == {KEY}
    owner.merge.drop({KEY})
    del owner.values[KEY]
    owner.read(2, stated(T - 1, 20))
    owner.state()
    assert unpack_fact(owner.values[KEY]).time_ms == T - 1


def test_of_facts_of_two_terms_the_greatest_stands_and_of_other_values_the_furthest() -> None:
    older, newer = pack_fact(stated(T, 10, at=9)), pack_fact(stated(T + 1, 20, at=4))
    assert reconcile(older, newer) == reconcile(newer, older) == pack_fact(stated(T + 1, 20, at=9))
    near, far = pack(Value(4, {1: 2}, {})), pack(Value(9, {1: 1}, {}))
    assert reconcile(near, far) == reconcile(far, near) == far


def test_a_fact_of_another_format_is_refused_by_name() -> None:
    with pytest.raises(UnknownFormat, match=f"format {FORMAT + 1:02x} of a fact"):
        unpack_fact(bytes((FORMAT + 1,)) + pack_fact(stated())[1:])


def test_spend_expires_four_hundred_days_after_its_day() -> None:
    end_ms = pane_end_ms(Tier.DAY, DAY, UTC)
    packed = pack_fact(stated())
    assert not expired(KEY, end_ms + KEPT_MS - 1, UTC, packed)
    assert expired(KEY, end_ms + KEPT_MS, UTC, packed)


def test_a_tactic_expires_four_hundred_days_after_it_was_made() -> None:
    key, packed = fact_key(b"aurora", TACTIC.code, EMAIL, 0, LINE), pack_fact(stated(T))
    assert not expired(key, T + KEPT_MS - 1, UTC, packed)
    assert expired(key, T + KEPT_MS, UTC, packed)
    assert not expired(key, T + 2 * KEPT_MS, UTC)


def test_a_view_shows_a_line_once_whether_packed_or_decoded() -> None:
    views = Views(UTC)
    views.put(KEY, pack_fact(stated(T, 10)))
    views.put(KEY, stated(T + 1, 30))
    facts = views.campaigns["aurora"].facts
    assert sums(facts, EMAIL) == sums(facts, ALL_CHANNELS) == {("media", "EUR"): 30}
    assert sums(facts, PUSH) == {}
    assert views.changed == {"aurora"}
    assert views.campaigns["aurora"].channels == [EMAIL]


def sums(facts: CampaignFacts, channel: int, first: int = DAY, stop: int = DAY + 1) -> dict[tuple[str, str], int]:
    return {said: micros for _, found in facts.spend(channel, first, stop) for said, (micros, _) in found.items()}


def test_a_line_that_goes_over_to_another_currency_leaves_nothing_in_the_first() -> None:
    facts = CampaignFacts(UTC)
    facts.put(SPEND.code, EMAIL, DAY, KEY, StatedFact(1, T, T, SOURCE, 1, b"\0EUR\5"))
    facts.put(SPEND.code, EMAIL, DAY, KEY, StatedFact(1, T + 1, T, SOURCE, 2, b"\0USD\5"))
    assert sums(facts, EMAIL) == {("media", "USD"): 5}
    assert facts.currencies == {"USD"}


def test_a_line_of_nothing_is_stated_all_the_same() -> None:
    facts = CampaignFacts(UTC)
    facts.put(SPEND.code, EMAIL, DAY, KEY, StatedFact(1, T, T, SOURCE, 1, b"\0EUR\0"))
    assert sums(facts, EMAIL) == {("media", "EUR"): 0}


def test_the_newest_statement_of_spend_is_known_by_channel_and_of_all() -> None:
    facts = CampaignFacts(UTC)
    assert facts.newest_ms(EMAIL) is facts.newest_ms(ALL_CHANNELS) is None
    facts.put(SPEND.code, EMAIL, DAY, KEY, stated(T + 5))
    facts.put(SPEND.code, PUSH, DAY, b"other", stated(T + 9))
    assert (facts.newest_ms(EMAIL), facts.newest_ms(PUSH), facts.newest_ms(ALL_CHANNELS)) == (T + 5, T + 9, T + 9)


def test_tactics_are_shown_by_time_as_they_were_stated_last() -> None:
    facts = CampaignFacts(UTC)
    for line, time_ms, said in (
        (b"1" * LINE_BYTES, T + HOUR_MS, b'{"title":"Second","detail":"","owner":"Mia"}'),
        (b"2" * LINE_BYTES, T, b'{"title":"Frist","detail":"","owner":""}'),
        (b"2" * LINE_BYTES, T, b'{"title":"First","detail":"All of it","owner":""}'),
    ):
        key = fact_key(b"aurora", TACTIC.code, EMAIL, 0, line)
        facts.put(TACTIC.code, EMAIL, 0, key, StatedFact(1, time_ms, T, SOURCE, 1, said))
    assert facts.tactics == [
        Tactic(EMAIL, T, "First", "All of it", ""),
        Tactic(EMAIL, T + HOUR_MS, "Second", "", "Mia"),
    ]


def test_what_was_kept_long_is_shown_no_more() -> None:
    views = Views(UTC)
    views.put(KEY, stated(T, 10))
    views.put(
        fact_key(b"aurora", TACTIC.code, EMAIL, 0, LINE),
        StatedFact(1, T, T, 1, 1, b'{"title":"A","detail":"","owner":""}'),
    )
    facts = views.campaigns["aurora"].facts
    views.prune(T + KEPT_MS - 1)
    assert sums(facts, EMAIL)
    assert facts.tactics
    views.prune(pane_end_ms(Tier.DAY, DAY, UTC) + KEPT_MS)
    assert sums(facts, EMAIL) == {}
    assert facts.tactics == []
