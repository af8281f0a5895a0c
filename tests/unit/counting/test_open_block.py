"""The open block: what its records have counted so far, said again and again with a larger last offset."""

from zoneinfo import ZoneInfo

from streams.counting.blocks import Cut
from streams.counting.open_block import OpenBlock
from streams.counting.panes import DAY_MS, HOUR_MS, MINUTE_MS, PANE_MS, Tier
from streams.counting.sources import source_number
from streams.counting.summaries import Entry, PeopleEntry, Summary, panes_of
from streams.events.catalogue import topic_by_name
from streams.events.click import Click
from streams.events.decode import Accepted
from streams.events.errors import Invalid, Reason
from streams.events.measures import Measure, People

ZONE = ZoneInfo("UTC")
SOURCE = source_number(1, 3)
T = 1_700_000_001_000
EMAIL, SMS = 2, 3
ANNE, BERT = b"anne....", b"bert...."


def block(start: int = 100) -> OpenBlock:
    return OpenBlock(SOURCE, topic_by_name("click"), Cut(start, T), ZONE)


def click(
    time_ms: int = T,
    campaign: str = "aurora",
    channel: int = EMAIL,
    *,
    late: bool = False,
    unknown_channel: bool = False,
    test: bool = False,
    machine: bool = False,
) -> Accepted:
    """A click of somebody, as the decoder accepts it."""
    event = Click(id="c-1", time=time_ms, campaign=campaign, channel="email", person="p", test=test, machine=machine)
    return Accepted(event, time_ms, time_ms // HOUR_MS, channel, late, unknown_channel)


def only(block: OpenBlock) -> Summary:
    """The summary of the block's one changed campaign."""
    ((_, summary),) = block.summaries()
    return summary


def in_tier(summary: Summary, tier: Tier) -> list[Entry]:
    return [entry for entry in summary.entries for held, _ in panes_of(entry) if held == tier]


def tiers(summary: Summary) -> set[int]:
    return {tier for entry in summary.entries for tier, _ in panes_of(entry)}


def launch(block: OpenBlock) -> dict[int, int]:
    """What the block has counted of its one campaign and channel since the launch."""
    (entry,) = in_tier(only(block), Tier.LAUNCH)
    return entry.counters


def ledger(block: OpenBlock) -> dict[int, int]:
    (entry,) = block.ledger().entries
    return entry.counters


def test_a_block_in_which_nothing_was_read_has_nothing_to_say() -> None:
    opened = block()
    assert not opened.changed
    assert list(opened.summaries()) == []


def test_a_block_begins_before_its_first_record() -> None:
    assert block(start=100).last == 99


def test_an_event_is_counted_in_every_tier() -> None:
    opened = block()
    opened.fold.accept(click(), ANNE)
    summary = only(opened)
    assert tiers(summary) == {Tier.TEN_SECONDS, Tier.MINUTE, Tier.HOUR, Tier.DAY, Tier.LAUNCH}
    assert [entry.counters for entry in summary.entries] == [{Measure.CLICKS: 1}]


def test_events_of_two_panes_meet_in_the_coarser_tiers() -> None:
    # ten seconds  |a    |b    |     minute  |a b ...   |
    opened = block()
    minute = T - T % MINUTE_MS
    opened.fold.accept(click(minute), ANNE)
    opened.fold.accept(click(minute + PANE_MS), BERT)
    summary = only(opened)
    assert [entry.counters for entry in in_tier(summary, Tier.TEN_SECONDS)] == [{Measure.CLICKS: 1}] * 2
    assert [entry.counters for entry in in_tier(summary, Tier.MINUTE)] == [{Measure.CLICKS: 2}]


def test_panes_that_hold_the_same_are_told_of_at_once_and_others_by_themselves() -> None:
    # ten seconds  |a    |b    | ... |c    |     minute  |a b ...   |c ...     |     hour and coarser  |a b c ...
    opened = block()
    minute = T - T % MINUTE_MS
    for time_ms in (minute, minute + PANE_MS, minute + MINUTE_MS):
        opened.fold.accept(click(time_ms), ANNE)
    told = {tuple(panes_of(entry)): entry.counters[Measure.CLICKS] for entry in only(opened).entries}
    ten, sixty, hour, day = minute // PANE_MS, minute // MINUTE_MS, minute // HOUR_MS, minute // DAY_MS
    assert told == {
        ((Tier.TEN_SECONDS, ten),): 1,
        ((Tier.TEN_SECONDS, ten + 1),): 1,
        ((Tier.MINUTE, sixty),): 2,
        ((Tier.TEN_SECONDS, ten + 6), (Tier.MINUTE, sixty + 1)): 1,
        ((Tier.HOUR, hour), (Tier.DAY, day), (Tier.LAUNCH, 0)): 3,
    }


def test_channels_are_counted_apart() -> None:
    opened = block()
    opened.fold.accept(click(channel=EMAIL), ANNE)
    opened.fold.accept(click(channel=SMS), ANNE)
    assert {entry.channel for entry in in_tier(only(opened), Tier.LAUNCH)} == {EMAIL, SMS}


def test_no_table_key_stands_twice_in_a_summary() -> None:
    opened = block()
    for seconds in range(0, 7_200, 7):
        opened.fold.accept(click(T - seconds * 1_000, channel=EMAIL + seconds % 2), ANNE)
    keys = [(entry.channel, *pane) for entry in only(opened).entries for pane in panes_of(entry)]
    assert len(keys) == len(set(keys))


def test_campaigns_have_summaries_of_their_own() -> None:
    opened = block()
    opened.fold.accept(click(campaign="boreal"), ANNE)
    opened.fold.accept(click(campaign="aurora"), ANNE)
    assert [name for name, _ in opened.summaries()] == ["aurora", "boreal"]


def test_a_summary_names_its_block_and_how_far_it_reaches() -> None:
    opened = block(start=100)
    opened.fold.accept(click(), ANNE)
    opened.advance(5, 107, T + 900)
    summary = only(opened)
    assert (summary.source, summary.start, summary.last, summary.bucket_ms) == (SOURCE, 100, 107, T - T % 5_000)
    assert (opened.last_timestamp_ms, summary.newest_ms) == (T + 900, T + 900)


def test_a_later_summary_says_everything_again() -> None:
    opened = block()
    opened.fold.accept(click(), ANNE)
    list(opened.summaries())
    opened.fold.accept(click(), BERT)
    assert launch(opened) == {Measure.CLICKS: 2}


def test_a_campaign_without_new_events_is_not_said_again() -> None:
    opened = block()
    opened.fold.accept(click(campaign="aurora"), ANNE)
    list(opened.summaries())
    opened.fold.accept(click(campaign="boreal"), ANNE)
    assert [name for name, _ in opened.summaries()] == ["boreal"]
    assert [name for name, _ in opened.summaries(whole=True)] == ["aurora", "boreal"]


def test_a_summary_that_was_given_does_not_change_when_more_is_read() -> None:
    opened = block()
    opened.fold.accept(click(), ANNE)
    given = only(opened)
    opened.fold.accept(click(), BERT)
    assert {entry.counters[Measure.CLICKS] for entry in given.entries} == {1}


def test_a_late_event_stays_out_of_the_tiers_that_no_longer_hold_its_pane() -> None:
    opened = block()
    opened.fold.accept(click(T - 3 * HOUR_MS, late=True), ANNE)
    summary = only(opened)
    assert tiers(summary) == {Tier.HOUR, Tier.DAY, Tier.LAUNCH}


def test_a_late_event_is_counted_and_noted() -> None:
    opened = block()
    opened.fold.accept(click(T - HOUR_MS, late=True), ANNE)
    assert launch(opened) == {Measure.CLICKS: 1, Measure.LATE: 1}


def test_an_event_of_an_unknown_channel_is_counted_and_noted() -> None:
    opened = block()
    opened.fold.accept(click(unknown_channel=True), ANNE)
    assert launch(opened) == {Measure.CLICKS: 1, Measure.UNKNOWN_CHANNEL: 1}


def test_a_test_event_is_counted_apart_and_in_nothing_else() -> None:
    opened = block()
    opened.fold.accept(click(test=True, late=True, unknown_channel=True), ANNE)
    summary = only(opened)
    assert {tuple(entry.counters.items()) for entry in summary.entries} == {((Measure.TESTS_CLICK, 1),)}


def test_a_test_event_joins_no_people() -> None:
    opened = block()
    opened.fold.accept(click(test=True), ANNE)
    assert only(opened).people == []


def test_a_machine_joins_no_people() -> None:
    opened = block()
    opened.fold.accept(click(machine=True), ANNE)
    assert only(opened).people == []


def test_an_event_of_nobody_joins_no_people() -> None:
    opened = block()
    opened.fold.accept(click(), None)
    assert only(opened).people == []


def test_a_person_joins_every_kind_that_the_topic_names() -> None:
    opened = block()
    opened.fold.accept(click(), ANNE)
    minute = T // MINUTE_MS
    assert only(opened).people == [
        PeopleEntry(EMAIL, minute, People.CLICKERS, ANNE),
        PeopleEntry(EMAIL, minute, People.ENGAGED, ANNE),
    ]


def test_people_travel_once_a_block() -> None:
    opened = block()
    opened.fold.accept(click(), ANNE)
    list(opened.summaries())
    opened.fold.accept(click(), ANNE)
    opened.fold.accept(click(), BERT)
    assert {met.hashes for met in only(opened).people} == {BERT}


def test_people_travel_again_in_another_minute() -> None:
    opened = block()
    opened.fold.accept(click(), ANNE)
    list(opened.summaries())
    opened.fold.accept(click(T - MINUTE_MS), ANNE)
    assert {(met.minute, met.hashes) for met in only(opened).people} == {(T // MINUTE_MS - 1, ANNE)}


def test_the_ledger_tells_read_from_counted_duplicate_and_invalid() -> None:
    opened = block()
    opened.fold.accept(click(), ANNE)
    opened.fold.accept(click(), BERT)
    opened.fold.duplicate()
    opened.fold.invalid(Invalid(Reason.NOT_JSON, ""))
    opened.advance(4, 103, T)
    assert ledger(opened) == {
        Measure.READ: 4,
        Measure.COUNTED: 2,
        Measure.DUPLICATE: 1,
        Measure.INVALID: 1,
        Measure.INVALID_NOT_JSON: 1,
    }


def test_the_ledger_shows_late_machine_and_test_events_as_parts_of_counted() -> None:
    opened = block()
    opened.fold.accept(click(T - DAY_MS, late=True), ANNE)
    opened.fold.accept(click(machine=True), ANNE)
    opened.fold.accept(click(test=True), ANNE)
    opened.advance(3, 102, T)
    assert ledger(opened) == {
        Measure.READ: 3,
        Measure.COUNTED: 3,
        Measure.LEDGER_LATE: 1,
        Measure.LEDGER_MACHINE: 1,
        Measure.LEDGER_TEST: 1,
    }


def test_a_duplicate_counts_in_no_campaign() -> None:
    opened = block()
    opened.fold.duplicate()
    opened.advance(1, 100, T)
    assert list(opened.summaries()) == []


def test_records_that_count_nothing_still_have_to_be_said() -> None:
    opened = block()
    opened.advance(0, 140, T)
    assert opened.changed


def test_once_the_ledger_was_given_there_is_nothing_new() -> None:
    opened = block()
    opened.advance(1, 100, T)
    opened.ledger()
    assert not opened.changed


def test_the_ledger_that_was_given_does_not_change_when_more_is_read() -> None:
    opened = block()
    opened.advance(1, 100, T)
    given = ledger(opened)
    opened.advance(1, 101, T)
    assert given == {Measure.READ: 1}
