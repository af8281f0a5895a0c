"""The merge rule under any redelivery, and summaries under any split."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.counting import summaries as summaries_module
from streams.counting.merge import Outcome, Value, new_value, pack, unpack
from streams.counting.statements import furthest
from streams.counting.summaries import (
    CAMPAIGN,
    Entry,
    FactEntry,
    PeopleEntry,
    Summary,
    decode_summary,
    encode_summary,
    head,
    pack_panes,
    panes_of,
)
from tests.support.merging import merge

counters = st.dictionaries(st.sampled_from((1, 2, 40, 300)), st.integers(-5, 9), max_size=3)

sources = st.lists(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 6), st.lists(counters, min_size=1, max_size=4)), max_size=5),
    min_size=1,
    max_size=3,
)
"""Per source its blocks: a gap before the block, its length in offsets, and its growing summaries."""

Sent = tuple[int, int, int, dict[int, int]]


def in_order(blocks: list[tuple[int, int, list[dict[int, int]]]], source: int) -> list[Sent]:
    """What a source sends when nothing goes wrong: (source, start, last, counters)."""
    sent, start = [], 0
    for gap, length, growing in blocks:
        start += gap
        sent += [(source, start, start + length * turn, counters) for turn, counters in enumerate(growing, 1)]
        start += length * len(growing) + 1
    return sent


def expected(of_sources: list[list[Sent]]) -> dict[int, int]:
    """The offline recount: of each block its furthest summary, once."""
    finals = {(source, start): counters for sent in of_sources for source, start, _, counters in sent}
    return plain_sum(finals.values())


def plain_sum(several: object) -> dict[int, int]:
    total: dict[int, int] = {}
    for counters in several:
        for measure, count in counters.items():
            total[measure] = total.get(measure, 0) + count
    return total


def without_zeros(counters: dict[int, int]) -> dict[int, int]:
    return {measure: count for measure, count in counters.items() if count}


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[list[Sent]], list[Sent]]:
    """What each source sends, and an interleaving in which sources go back to an earlier block again and again."""
    of_sources = [in_order(blocks, number) for number, blocks in enumerate(draw(sources))]
    delivered: list[Sent] = []
    reached = [0] * len(of_sources)
    for number, back in draw(st.lists(st.tuples(st.integers(0, len(of_sources) - 1), st.integers(0, 4)), max_size=40)):
        sent = of_sources[number]
        first = max(0, reached[number] - back)
        delivered += sent[first : first + 1]
        reached[number] = min(len(sent), max(reached[number], first + 1))
    for number, sent in enumerate(of_sources):
        delivered += sent[reached[number] :]
    return of_sources, delivered


@settings(max_examples=200, deadline=None)
@given(deliveries())
def test_any_redelivery_in_any_interleaving_counts_every_block_once(case: tuple[list[list[Sent]], list[Sent]]) -> None:
    of_sources, delivered = case
    value = new_value()
    for sent in delivered:
        assert merge(value, *sent) is not Outcome.CONFLICT
    assert without_zeros(value.totals) == without_zeros(expected(of_sources))


@settings(max_examples=100, deadline=None)
@given(deliveries())
def test_a_full_replay_changes_nothing(case: tuple[list[list[Sent]], list[Sent]]) -> None:
    of_sources, delivered = case
    value = new_value()
    for sent in delivered:
        merge(value, *sent)
    before = pack(value)
    outcomes = {merge(value, *again) for sent in of_sources for again in sent}
    assert outcomes <= {Outcome.OLD, Outcome.SAME}
    assert pack(value) == before


@settings(max_examples=100, deadline=None)
@given(deliveries(), st.integers(0, 60))
def test_a_value_that_goes_through_the_table_merges_on_alike(
    case: tuple[list[list[Sent]], list[Sent]], stored_after: int
) -> None:
    _, delivered = case
    straight, stored = new_value(), new_value()
    for turn, sent in enumerate(delivered):
        merge(straight, *sent)
        merge(stored, *sent)
        if turn >= stored_after:
            stored = unpack(pack(stored))
    assert stored == straight


@settings(max_examples=100, deadline=None)
@given(deliveries())
def test_the_totals_are_always_the_sum_of_what_was_put_in(case: tuple[list[list[Sent]], list[Sent]]) -> None:
    # What the newest blocks have put in is part of the totals, so a replacement can always take it off again.
    _, delivered = case
    value, left_behind = new_value(), new_value()
    for source, start, last, counters in delivered:
        before = value.newest.get(source)
        if merge(value, source, start, last, counters) is Outcome.ADDED and before is not None:
            merge(left_behind, len(left_behind.newest), before.start, before.last, before.counters)
        newest = [contribution.counters for contribution in value.newest.values()]
        assert without_zeros(value.totals) == without_zeros(plain_sum([left_behind.totals, *newest]))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-1, 300), min_size=1, max_size=8), st.randoms())
def test_the_furthest_statement_is_found_in_any_order(offsets: list[int], random: object) -> None:
    packed = [pack(Value(at, {}, {})) for at in offsets]
    random.shuffle(packed)
    found = packed[0]
    for other in packed[1:]:
        found = furthest(found, other)
    assert unpack(found).at == max(offsets)


entries = st.builds(
    lambda channel, tiers, pane, counters: Entry(channel, pack_panes((tier, pane) for tier in tiers), counters),
    st.integers(1, 19),
    st.sets(st.integers(0, 4), min_size=1),
    st.integers(0, 1 << 31),
    st.dictionaries(st.integers(1, 1 << 23), st.integers(-(1 << 62), 1 << 62), max_size=2),
)
people = st.builds(
    PeopleEntry,
    st.integers(1, 19),
    st.integers(0, 1 << 31),
    st.integers(1, 5),
    st.integers(0, 2).flatmap(lambda count: st.binary(min_size=8 * count, max_size=8 * count)),
)
facts = st.builds(
    FactEntry,
    st.integers(1, 19),
    st.integers(0, 30_000),
    st.binary(min_size=8, max_size=8),
    st.integers(0, 1 << 41),
    st.integers(0, 1 << 41),
    st.integers(0, 1 << 40),
    st.binary(max_size=40),
)
campaign_summaries = st.builds(
    Summary,
    st.integers(1, 1 << 30),
    st.integers(0, 1 << 40),
    st.integers(0, 1 << 40),
    st.integers(0, 1 << 41),
    st.lists(entries, max_size=12, unique_by=lambda entry: (entry.channel, panes_of(entry)[0][1])),
    st.lists(people, max_size=12),
    st.integers(0, 1 << 41),
    st.lists(facts, max_size=6),
)


@pytest.fixture
def small_records(monkeypatch: pytest.MonkeyPatch) -> int:
    """A limit at which every summary is split that has more than an entry or two."""
    monkeypatch.setattr(summaries_module, "MAX_SUMMARY_BYTES", 130)
    return 130


@settings(max_examples=100, deadline=None)
@given(campaign_summaries)
def test_any_summary_comes_back_from_its_record(summary: Summary) -> None:
    assert [decode_summary(record) for record in encode_summary(CAMPAIGN, summary)] == [summary]


@pytest.mark.usefixtures("small_records")
def test_the_parts_of_any_split_hold_everything_once() -> None:
    @settings(max_examples=100, deadline=None)
    @given(campaign_summaries)
    def check(summary: Summary) -> None:
        parts = [decode_summary(record) for record in encode_summary(CAMPAIGN, summary)]
        assert [entry for part in parts for entry in part.entries] == summary.entries
        assert people_of(parts) == people_of([summary])
        assert [fact for part in parts for fact in part.facts] == summary.facts

    check()


@pytest.mark.usefixtures("small_records")
def test_merging_the_parts_of_a_summary_in_any_order_equals_merging_the_whole() -> None:
    @settings(max_examples=100, deadline=None)
    @given(campaign_summaries, st.randoms())
    def check(summary: Summary, random: object) -> None:
        parts = [decode_summary(record) for record in encode_summary(CAMPAIGN, summary)]
        random.shuffle(parts)
        assert merged(parts) == merged([summary])

    check()


def people_of(parts: list[Summary]) -> set[tuple[int, int, int, bytes]]:
    """(channel, minute, kind, person) of everybody in these summaries."""
    return {
        (met.channel, met.minute, met.kind, met.hashes[at : at + 8])
        for part in parts
        for met in part.people
        for at in range(0, len(met.hashes), 8)
    }


def merged(parts: list[Summary]) -> dict[tuple[int, int, int], Value]:
    """The values of all table keys after these summaries."""
    values: dict[tuple[int, int, int], Value] = {}
    for part in parts:
        for entry in part.entries:
            for tier, pane in panes_of(entry):
                value = values.setdefault((entry.channel, tier, pane), new_value())
                merge(value, part.source, part.start, part.last, entry.counters)
    return values


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=40))
def test_no_bytes_are_taken_for_a_summary_without_being_one(value: bytes) -> None:
    try:
        found = decode_summary(head(CAMPAIGN) + value)
    except msgspec.DecodeError:
        return
    assert isinstance(found, Summary)
