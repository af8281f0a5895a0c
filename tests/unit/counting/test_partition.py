"""One partition of the summaries topic, merged: what a record changes, what has to be stated, what may be forgotten."""

from zoneinfo import ZoneInfo

import msgspec
import pytest

from streams.counting.admissions import encode_admission
from streams.counting.merge import Contribution, Outcome, unpack
from streams.counting.panes import Tier
from streams.counting.partition import PartitionMerge
from streams.counting.people import People
from streams.counting.progress import Progress, SourceProgress, encode_progress
from streams.counting.sources import source_number
from streams.counting.statements import (
    LIMIT_KEY,
    REFUSED_KEY,
    admitted_key,
    counters_key,
    ledger_key,
    parse_key,
    people_key,
)
from streams.counting.summaries import (
    CAMPAIGN,
    FORMAT,
    LEDGER,
    Entry,
    PeopleEntry,
    Summary,
    UnknownFormat,
    encode_summary,
    head,
    pack_panes,
)
from streams.counting.waiting import MOST_BYTES

ZONE = ZoneInfo("UTC")
SOURCE = source_number(1, 0)
T = 1_700_000_000_000
CLICKS = 1
LAUNCH = pack_panes([(Tier.LAUNCH, 0)])
LAUNCH_OF_AURORA = counters_key(b"aurora", 2, Tier.LAUNCH, 0)
REACH_OF_AURORA = people_key(b"aurora", 2, Tier.LAUNCH, 0, 1)


class Owner:
    """A PartitionMerge beside what it has had acknowledged: a table in memory."""

    def __init__(
        self, values: dict[bytes, bytes] | None = None, people: dict[bytes, bytes] | None = None, limit: int = 9
    ):
        self.values, self.people = dict(values or {}), dict(people or {})
        self.stated: set[bytes] = set()
        self.merge = PartitionMerge(
            ZONE,
            self.values.get,
            self.people.get,
            lambda key: key not in self.stated,
            lambda key: key not in self.stated,
            limit,
        )

    def read(self, offset: int, value: bytes, campaign: bytes = b"aurora") -> None:
        self.merge.read(offset, T, campaign, value)

    def state(self) -> dict[bytes, bytes]:
        """State everything, with the broker's acknowledgement. Returns what was stated."""
        current = self.merge.begin_round()
        counters, people = self.merge.pack(current.keys), self.merge.pack_people(current.people)
        self.values.update(counters)
        self.people.update(people)
        stated = {**counters, **people}
        self.stated |= stated.keys()
        list(self.merge.news())
        list(self.merge.end_round(current))
        return stated

    def clicks(self) -> int:
        return unpack(self.values[LAUNCH_OF_AURORA]).totals[CLICKS]


def clicks(start: int, last: int, count: int, *people: bytes) -> bytes:
    """A summary of one block's clicks in the launch's pane, with new people of one minute."""
    met = [PeopleEntry(2, T // 60_000, 1, b"".join(people))] if people else []
    entries = [Entry(2, LAUNCH, {CLICKS: count})]
    return next(encode_summary(CAMPAIGN, Summary(SOURCE, start, last, T - T % 5_000, entries, met)))


def person(number: int) -> bytes:
    return number.to_bytes(8, "big")


def test_a_summary_reaches_the_key_of_its_pane() -> None:
    owner = Owner()
    owner.read(0, clicks(0, 9, 4))
    owner.state()
    assert owner.clicks() == 4


def test_every_pane_of_every_entry_of_a_summary_has_a_key_of_its_own() -> None:
    owner = Owner()
    entries = [
        Entry(2, pack_panes([(Tier.HOUR, 5), (Tier.HOUR, 6)]), {CLICKS: 1}),
        Entry(3, pack_panes([(Tier.HOUR, 5)]), {CLICKS: 2}),
        Entry(2, pack_panes([(Tier.DAY, 5)]), {CLICKS: 4}),
    ]
    owner.read(0, next(encode_summary(CAMPAIGN, Summary(SOURCE, 0, 9, T, entries))))
    stated = owner.state()
    places = ((2, Tier.HOUR, 5), (2, Tier.HOUR, 6), (3, Tier.HOUR, 5), (2, Tier.DAY, 5))
    totals = [unpack(stated[counters_key(b"aurora", *place)]).totals[CLICKS] for place in places]
    assert totals == [1, 1, 2, 4]


def test_an_entry_meets_what_each_of_its_keys_holds() -> None:
    owner = Owner()
    owner.read(0, clicks(0, 9, 4))
    owner.read(1, clicks(10, 14, 1))
    tiers = (Tier.TEN_SECONDS, Tier.LAUNCH, Tier.MINUTE, Tier.HOUR)
    for offset, (last, count) in enumerate(((19, 3), (21, 5)), 2):
        entries = [Entry(2, pack_panes((tier, 0) for tier in tiers), {CLICKS: count})]
        owner.read(offset, next(encode_summary(CAMPAIGN, Summary(SOURCE, 10, last, T, entries))))
    stated = owner.state()
    totals = {tier: unpack(stated[counters_key(b"aurora", 2, tier, 0)]).totals[CLICKS] for tier in tiers}
    assert totals == {Tier.TEN_SECONDS: 5, Tier.LAUNCH: 9, Tier.MINUTE: 5, Tier.HOUR: 5}
    assert owner.merge.outcomes == {Outcome.NEW: 4, Outcome.ADDED: 1, Outcome.REPLACED: 5}


def test_keys_that_have_merged_the_same_go_on_each_by_itself() -> None:
    owner = Owner()
    entries = [Entry(2, pack_panes([(Tier.HOUR, 0), (Tier.LAUNCH, 0)]), {CLICKS: 4})]
    owner.read(0, next(encode_summary(CAMPAIGN, Summary(SOURCE, 0, 9, T, entries))))
    owner.read(1, clicks(0, 12, 7))
    stated = owner.state()
    assert unpack(stated[counters_key(b"aurora", 2, Tier.HOUR, 0)]).totals == {CLICKS: 4}
    assert owner.clicks() == 7


def test_a_redelivered_record_changes_nothing() -> None:
    owner = Owner()
    owner.read(0, clicks(0, 9, 4))
    owner.read(1, clicks(10, 19, 3))
    owner.read(2, clicks(0, 9, 4))
    owner.state()
    assert owner.clicks() == 7


def test_a_record_read_again_by_the_next_owner_is_not_merged_again() -> None:
    first = Owner()
    first.read(0, clicks(0, 9, 4))
    first.read(1, clicks(10, 19, 3))
    first.state()
    second = Owner(first.values)
    second.read(1, clicks(10, 19, 3))
    second.state()
    assert (second.clicks(), second.merge.outcomes) == (7, {})


def test_a_block_before_its_last_one_is_not_a_conflict_to_the_next_owner() -> None:
    # Offset 0 is already in the value, with a newer block on top: it must be passed over, not be compared.
    first = Owner()
    first.read(0, clicks(0, 30, 4))
    first.read(1, clicks(31, 40, 3))
    first.state()
    second = Owner(first.values)
    second.read(0, clicks(0, 30, 4))
    second.state()
    assert second.clicks() == 7


def test_the_next_owner_goes_on_where_the_value_stands() -> None:
    first = Owner()
    first.read(0, clicks(0, 9, 4))
    first.state()
    second = Owner(first.values)
    second.read(1, clicks(0, 12, 6))
    second.state()
    assert second.clicks() == 6


def test_a_statement_says_the_offset_up_to_which_it_is_true() -> None:
    owner = Owner()
    owner.read(0, clicks(0, 9, 4))
    owner.read(7, clicks(0, 9, 4), campaign=b"boreal")
    current = owner.merge.begin_round()
    assert (current.at, unpack(owner.merge.pack(current.keys)[LAUNCH_OF_AURORA]).at) == (7, 7)


def test_a_part_of_a_round_that_is_packed_later_says_so() -> None:
    owner = Owner()
    owner.read(0, clicks(0, 9, 4))
    current = owner.merge.begin_round()
    owner.read(1, clicks(0, 12, 6))
    value = unpack(owner.merge.pack(current.keys)[LAUNCH_OF_AURORA])
    assert (current.at, value.at, value.totals[CLICKS]) == (0, 1, 6)
    assert owner.merge.changed


def test_a_statement_never_says_less_than_the_value_that_was_recovered() -> None:
    # A zombie has stated up to 7; the new owner reads from 3 on.
    ahead = Owner()
    ahead.read(3, clicks(0, 9, 4))
    ahead.read(7, clicks(0, 19, 8))
    ahead.state()
    owner = Owner(ahead.values)
    owner.read(3, clicks(0, 9, 4))
    stated = owner.state()
    assert (unpack(stated[LAUNCH_OF_AURORA]).at, owner.clicks()) == (7, 8)


def test_a_statement_that_says_more_is_not_merged_into_again() -> None:
    ahead = Owner()
    ahead.read(3, clicks(0, 9, 4))
    ahead.read(7, clicks(10, 19, 8))
    ahead.state()
    owner = Owner(ahead.values)
    for offset, value in ((3, clicks(0, 9, 4)), (7, clicks(10, 19, 8)), (8, clicks(20, 29, 1))):
        owner.read(offset, value)
        owner.state()
    assert owner.clicks() == 13


def test_a_key_that_a_record_leaves_unchanged_is_stated_once_under_the_new_term() -> None:
    first = Owner()
    first.read(0, clicks(0, 9, 4))
    first.state()
    second = Owner(first.values)
    second.read(0, clicks(0, 9, 4))
    assert LAUNCH_OF_AURORA in second.state()
    second.read(1, clicks(0, 9, 4))
    assert LAUNCH_OF_AURORA not in second.state()


def test_a_same_summary_at_a_later_offset_is_stated_under_the_new_term() -> None:
    first = Owner()
    first.read(0, clicks(0, 9, 4))
    first.state()
    second = Owner(first.values)
    second.read(1, clicks(0, 9, 4))
    assert unpack(second.state()[LAUNCH_OF_AURORA]).at == 1


def test_an_admission_of_a_campaign_is_stated_once_under_the_new_term() -> None:
    first = Owner()
    first.read(0, clicks(0, 9, 4))
    assert admitted_key(b"aurora") in first.state()
    second = Owner(first.values)
    second.merge.admissions.recover(admitted_key(b"aurora"), first.values[admitted_key(b"aurora")])
    second.read(1, clicks(0, 12, 5))
    assert admitted_key(b"aurora") in second.state()
    second.read(2, clicks(0, 13, 6))
    assert admitted_key(b"aurora") not in second.state()


def test_what_was_taken_as_a_statement_is_not_stated_again() -> None:
    owner = Owner()
    owner.read(0, clicks(0, 9, 4, person(1)))
    owner.state()
    assert not owner.merge.changed
    assert owner.state() == {}


def test_a_record_makes_its_counters_and_its_people_wait_for_a_statement() -> None:
    owner = Owner()
    owner.read(0, clicks(0, 9, 4, person(1)))
    assert owner.merge.changed
    current = owner.merge.begin_round()
    assert LAUNCH_OF_AURORA in current.keys
    assert REACH_OF_AURORA in current.people


def test_news_are_told_once_and_counters_as_they_were_then() -> None:
    owner = Owner()
    owner.read(0, clicks(0, 9, 4, person(1)))
    news = dict(owner.merge.news())
    assert news[LAUNCH_OF_AURORA] == {CLICKS: 4}
    assert isinstance(news[REACH_OF_AURORA], People)
    assert dict(owner.merge.news()) == {}
    owner.read(1, clicks(0, 12, 6))
    assert news[LAUNCH_OF_AURORA] == {CLICKS: 4}
    assert dict(owner.merge.news()) == {LAUNCH_OF_AURORA: {CLICKS: 6}}


def test_news_of_one_campaign_leave_those_of_others_to_whoever_asks_for_them() -> None:
    owner = Owner()
    owner.read(0, clicks(0, 9, 4, person(1)))
    owner.read(1, clicks(0, 9, 7), campaign=b"boreal")
    news = dict(owner.merge.news(b"boreal"))
    assert {parse_key(key).campaign for key in news} == {"boreal"}
    assert dict(owner.merge.news(b"boreal")) == {}
    assert {parse_key(key).campaign for key in dict(owner.merge.news())} == {"aurora"}


def test_a_round_ends_with_the_keys_that_hold_what_it_stated() -> None:
    owner = Owner()
    owner.read(0, clicks(0, 9, 4))
    list(owner.merge.news())
    current = owner.merge.begin_round()
    owner.merge.pack(current.keys)
    owner.read(1, clicks(0, 9, 7), campaign=b"boreal")
    assert LAUNCH_OF_AURORA in set(owner.merge.end_round(current))
    owner.read(2, clicks(0, 12, 6))
    current = owner.merge.begin_round()
    owner.merge.pack(current.keys)
    owner.read(3, clicks(0, 15, 8))
    assert LAUNCH_OF_AURORA not in set(owner.merge.end_round(current))


def test_a_key_that_changed_after_it_was_packed_does_not_hold_what_the_round_stated() -> None:
    owner = Owner()
    owner.read(0, clicks(0, 9, 4, person(1)))
    list(owner.merge.news())
    current = owner.merge.begin_round()
    owner.merge.pack(current.keys)
    owner.merge.pack_people(current.people)
    owner.read(1, clicks(0, 12, 6, person(2)))
    list(owner.merge.news())  # it has been shown in between
    assert {LAUNCH_OF_AURORA, REACH_OF_AURORA}.isdisjoint(owner.merge.end_round(current))


def test_outcomes_are_counted() -> None:
    owner = Owner()
    for offset, value in enumerate((clicks(0, 9, 1), clicks(0, 12, 2), clicks(5, 30, 9), clicks(13, 20, 1))):
        owner.read(offset, value)
    assert owner.merge.outcomes == {Outcome.NEW: 1, Outcome.REPLACED: 1, Outcome.CONFLICT: 1, Outcome.ADDED: 1}


def test_the_ledger_of_a_source_is_merged_like_everything_else() -> None:
    owner = Owner()
    for offset, last, read in ((0, 9, 10), (1, 14, 15), (2, 9, 10)):
        summary = Summary(SOURCE, 0, last, T, [Entry(0, b"", {128: read})])
        owner.read(offset, next(encode_summary(LEDGER, summary)), campaign=b"")
    assert unpack(owner.state()[ledger_key(SOURCE)]).totals == {128: 15}


def test_the_newest_time_of_the_log_never_goes_back() -> None:
    owner = Owner()
    for offset, newest_ms in enumerate((T, T + 900, T + 100)):
        summary = Summary(SOURCE, 0, 9 + offset, T, [Entry(0, b"", {128: 10})], [], newest_ms)
        owner.read(offset, next(encode_summary(LEDGER, summary)), campaign=b"")
    assert owner.merge.newest_ms == T + 900


def test_the_ledger_takes_no_campaigns_place() -> None:
    owner = Owner(limit=0)
    owner.read(0, next(encode_summary(LEDGER, Summary(SOURCE, 0, 9, T, [Entry(0, b"", {128: 10})]))), campaign=b"")
    assert ledger_key(SOURCE) in owner.state()


def test_summaries_of_a_refused_campaign_are_dropped() -> None:
    owner = Owner(limit=0)
    owner.read(0, clicks(0, 9, 4, person(1)))
    assert owner.state().keys() == {REFUSED_KEY}


def test_refused_campaigns_are_counted_by_name() -> None:
    owner = Owner(limit=0)
    for offset, name in enumerate((b"aurora", b"boreal", b"aurora")):
        owner.read(offset, clicks(0, 9, 4), campaign=name)
    people, _ = People.unpack(owner.state()[REFUSED_KEY])
    assert round(people.estimate()) == 2


def test_an_admission_record_makes_room_for_its_campaign() -> None:
    owner = Owner(limit=0)
    owner.read(0, encode_admission("aurora"))
    owner.read(1, clicks(0, 9, 4))
    owner.state()
    assert owner.clicks() == 4


def test_a_limit_that_the_log_sets_is_stated() -> None:
    owner = Owner()
    owner.read(0, encode_admission(None, limit=3))
    assert LIMIT_KEY in owner.state()


def test_progress_is_read_with_the_timestamp_of_its_record() -> None:
    owner = Owner()
    owner.read(0, encode_progress(Progress(1, [SourceProgress(SOURCE, 5, T, True, 400)], {1: 1})), campaign=b"")
    assert owner.merge.progress.good_until_ms([1]) == T - 400


def test_progress_leaves_nothing_to_state() -> None:
    owner = Owner()
    owner.read(0, encode_progress(Progress(1, [], {1: 1})), campaign=b"")
    assert owner.state() == {}
    assert owner.merge.at == 0


def test_people_of_a_summary_join_every_tier_of_their_minute() -> None:
    owner = Owner()
    owner.read(0, clicks(0, 9, 4, person(1), person(2)))
    owner.state()
    tiers = {key[1] for key in owner.people}
    assert tiers == {Tier.MINUTE, Tier.HOUR, Tier.DAY, Tier.MONTH, Tier.LAUNCH}
    assert {round(People.unpack(packed)[0].estimate()) for packed in owner.people.values()} == {2}


def test_people_alone_are_something_to_be_stated_and_to_be_shown() -> None:
    owner = Owner()
    owner.read(0, clicks(0, 9, 4, person(1)))
    owner.state()
    owner.read(1, clicks(0, 9, 4, person(2)))
    assert owner.merge.changed
    news = dict(owner.merge.news())
    assert round(news[REACH_OF_AURORA].estimate()) == 2
    assert LAUNCH_OF_AURORA not in news


def test_people_who_were_read_while_a_round_is_under_way_are_in_its_later_parts() -> None:
    owner = Owner()
    owner.read(0, clicks(0, 9, 4, person(1)))
    current = owner.merge.begin_round()
    owner.read(1, clicks(0, 12, 6, person(2)))
    packed = owner.merge.pack_people([REACH_OF_AURORA])[REACH_OF_AURORA]
    people, at = People.unpack(packed)
    assert (round(people.estimate()), at) == (2, 1)
    assert REACH_OF_AURORA not in set(owner.merge.end_round(current))


def test_people_do_not_wait_without_end() -> None:
    owner, looked_up = Owner(), list[bytes]()
    owner.merge.people_of = looked_up.append
    for offset in range(3):
        owner.read(offset, clicks(0, 9 + offset, 4, bytes(MOST_BYTES // 4)))
    assert not looked_up
    owner.read(3, clicks(0, 12, 4, bytes(MOST_BYTES // 4)))
    assert len(looked_up) == 5


def test_people_whose_hashes_are_cut_off_stop_the_partition() -> None:
    owner = Owner()
    with pytest.raises(msgspec.DecodeError):
        owner.read(0, clicks(0, 9, 4, person(1)[:-1]))
    assert owner.merge.at == -1


def test_panes_that_are_cut_off_stop_the_partition() -> None:
    owner = Owner()
    cut = Summary(SOURCE, 0, 9, T, [Entry(2, LAUNCH[:-1], {CLICKS: 4})])
    with pytest.raises(msgspec.DecodeError):
        owner.read(0, next(encode_summary(CAMPAIGN, cut)))
    assert owner.merge.at == -1


def test_people_who_come_again_are_not_counted_again() -> None:
    owner = Owner()
    for offset in range(3):
        owner.read(offset, clicks(0, 9 + offset, 4, person(1)))
    owner.state()
    assert round(People.unpack(owner.people[REACH_OF_AURORA])[0].estimate()) == 1


def test_people_go_on_where_their_sketch_stands() -> None:
    first = Owner()
    first.read(0, clicks(0, 9, 4, person(1)))
    first.state()
    second = Owner(first.values, first.people)
    second.read(1, clicks(0, 12, 5, person(2)))
    second.state()
    assert round(People.unpack(second.people[REACH_OF_AURORA])[0].estimate()) == 2


def test_a_sketch_never_says_less_than_the_one_that_was_recovered() -> None:
    ahead = Owner()
    ahead.read(7, clicks(0, 9, 4, person(1)))
    ahead.state()
    owner = Owner(ahead.values, ahead.people)
    owner.read(3, clicks(0, 9, 4, person(1)))
    assert People.unpack(owner.state()[REACH_OF_AURORA])[1] == 7


def test_a_sketch_that_a_record_leaves_unchanged_is_stated_once_under_the_new_term() -> None:
    first = Owner()
    first.read(0, clicks(0, 9, 4, person(1)))
    first.state()
    second = Owner(first.values, first.people)
    second.read(0, clicks(0, 9, 4, person(1)))
    assert REACH_OF_AURORA in second.state()
    second.read(0, clicks(0, 9, 4, person(1)))
    assert REACH_OF_AURORA not in second.state()


def test_an_expired_key_is_neither_stated_nor_kept() -> None:
    owner = Owner()
    owner.read(0, clicks(0, 9, 4, person(1)))
    owner.merge.drop({LAUNCH_OF_AURORA, REACH_OF_AURORA})
    assert not {LAUNCH_OF_AURORA, REACH_OF_AURORA} & owner.state().keys()


def test_an_expired_key_begins_anew() -> None:
    owner = Owner()
    owner.read(0, clicks(0, 9, 4))
    owner.state()
    del owner.values[LAUNCH_OF_AURORA]
    owner.merge.drop({LAUNCH_OF_AURORA})
    owner.read(1, clicks(10, 19, 3))
    owner.state()
    assert owner.clicks() == 3


def quiet_rounds(owner: Owner, rounds: int) -> None:
    """Rounds in which the campaign that is looked at does not change."""
    for number in range(rounds):
        owner.read(owner.merge.at + 1, clicks(number * 10, number * 10 + 9, 1), campaign=b"boreal")
        owner.state()


def test_values_that_are_no_longer_kept_decoded_are_read_again() -> None:
    owner = Owner()
    for start, last, count in ((0, 9, 4), (0, 12, 6), (13, 15, 1)):
        owner.read(owner.merge.at + 1, clicks(start, last, count, person(start)))
        owner.state()
        quiet_rounds(owner, 3)
    assert owner.clicks() == 7
    assert round(People.unpack(owner.people[REACH_OF_AURORA])[0].estimate()) == 2


def test_a_value_leaves_memory_once_nothing_has_touched_it_for_two_rounds() -> None:
    owner, other = Owner(), Owner()
    owner.read(0, clicks(0, 9, 4))
    owner.state()
    other.read(0, clicks(0, 9, 40))
    other.state()
    quiet_rounds(owner, 2)
    owner.values[LAUNCH_OF_AURORA] = other.values[LAUNCH_OF_AURORA]
    owner.read(owner.merge.at + 1, clicks(10, 19, 3))
    owner.state()
    assert owner.clicks() == 43


def test_what_has_changed_since_its_statement_is_not_forgotten_at_the_end_of_the_round() -> None:
    owner = Owner()
    owner.read(0, clicks(0, 9, 4, person(0)))
    current = owner.merge.begin_round()
    owner.values.update(owner.merge.pack(current.keys))
    owner.people.update(owner.merge.pack_people(current.people))
    owner.read(1, clicks(10, 19, 3, person(1)))
    owner.merge.end_round(current)
    quiet_rounds(owner, 3)
    assert owner.clicks() == 7
    assert round(People.unpack(owner.people[REACH_OF_AURORA])[0].estimate()) == 2


def test_what_nobody_has_looked_at_yet_stays_decoded() -> None:
    owner = Owner()
    owner.read(0, clicks(0, 9, 4))
    for _ in range(3):
        current = owner.merge.begin_round()
        owner.values.update(owner.merge.pack(current.keys))
        owner.merge.end_round(current)
    assert dict(owner.merge.news())[LAUNCH_OF_AURORA] == {CLICKS: 4}


def test_the_last_block_of_a_source_is_stated_whole_and_closed_ones_by_their_end() -> None:
    owner = Owner()
    owner.read(0, clicks(0, 9, 4))
    owner.state()
    assert unpack(owner.values[LAUNCH_OF_AURORA]).newest == {SOURCE: Contribution(0, 9, {CLICKS: 4})}
    owner.read(1, clicks(10, 19, 3), campaign=b"boreal")
    owner.read(2, clicks(10, 19, 3))
    owner.read(3, clicks(20, 29, 1), campaign=b"boreal")
    owner.state()
    assert unpack(owner.values[LAUNCH_OF_AURORA]).newest == {SOURCE: 19}
    owner.read(4, clicks(10, 19, 3))
    owner.read(5, clicks(20, 21, 2))
    owner.state()
    assert owner.clicks() == 9


def test_a_record_of_another_format_stops_the_partition_by_name() -> None:
    owner = Owner()
    with pytest.raises(UnknownFormat):
        owner.read(0, bytes((FORMAT + 1,)) + clicks(0, 9, 4)[1:])
    assert owner.merge.at == -1


def test_a_record_that_no_worker_has_written_stops_the_partition() -> None:
    owner = Owner()
    with pytest.raises(msgspec.DecodeError):
        owner.read(0, head(CAMPAIGN) + b"\xc0")
    assert owner.merge.at == -1


def test_a_record_of_an_unknown_kind_stops_the_partition() -> None:
    # Passed over it would be lost for ever: an older worker must not read on past what only a newer one understands.
    with pytest.raises(ValueError, match="kind"):
        Owner().read(0, head(ord("z")) + b"\x90")
