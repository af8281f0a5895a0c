"""The merge rule, line by line of the design's table. Blocks of one source over its offsets:

offsets   0         10        20        30
          [== A ====][== B ====]
"""

import pytest

from streams.counting.merge import Outcome, Value, new_value, pack, unpack
from streams.counting.summaries import FORMAT, UnknownFormat
from tests.support.merging import merge

CLICKS, SALES = 1, 40
SOURCE, OTHER = 65, 129


def with_block(start: int = 10, last: int = 15, clicks: int = 4) -> Value:
    """A value that has merged one block of SOURCE."""
    value = new_value()
    merge(value, SOURCE, start, last, {CLICKS: clicks})
    return value


def test_the_first_summary_of_a_source_is_counted() -> None:
    value = new_value()
    assert merge(value, SOURCE, 10, 15, {CLICKS: 4}) is Outcome.NEW
    assert value.totals == {CLICKS: 4}


def test_a_summary_that_reaches_further_replaces_what_its_block_put_in() -> None:
    value = with_block()
    assert merge(value, SOURCE, 10, 17, {CLICKS: 6}) is Outcome.REPLACED
    assert value.totals == {CLICKS: 6}


def test_a_replacement_may_bring_a_measure_that_was_not_there() -> None:
    value = with_block()
    merge(value, SOURCE, 10, 17, {CLICKS: 4, SALES: 1})
    assert value.totals == {CLICKS: 4, SALES: 1}


def test_a_replacement_may_make_a_measure_smaller() -> None:
    # Margin and sentiment go down as well as up.
    value = with_block(clicks=4)
    merge(value, SOURCE, 10, 17, {CLICKS: -2})
    assert value.totals == {CLICKS: -2}


@pytest.mark.parametrize(("last", "count"), [(15, 4), (14, 99), (10, 99)])
def test_a_summary_that_reaches_no_further_changes_nothing(last: int, count: int) -> None:
    value = with_block()
    before = pack(value)
    assert merge(value, SOURCE, 10, last, {CLICKS: count}) is Outcome.SAME
    assert pack(value) == before


def test_of_two_readers_that_differ_on_a_block_the_later_one_is_right() -> None:
    value = with_block()
    assert merge(value, SOURCE, 10, 15, {CLICKS: 5}) is Outcome.REPLACED
    assert value.totals == {CLICKS: 5}


def test_the_next_block_is_added() -> None:
    value = with_block()
    assert merge(value, SOURCE, 16, 20, {CLICKS: 3}) is Outcome.ADDED
    assert value.totals == {CLICKS: 7}


def test_a_block_after_a_gap_is_added() -> None:
    # The blocks between had nothing for this key.
    value = with_block()
    assert merge(value, SOURCE, 900, 950, {CLICKS: 3}) is Outcome.ADDED
    assert value.totals == {CLICKS: 7}


def test_the_old_block_stays_for_ever_once_the_next_has_come() -> None:
    value = with_block()
    merge(value, SOURCE, 16, 20, {CLICKS: 3})
    merge(value, SOURCE, 16, 22, {CLICKS: 5})
    assert value.totals == {CLICKS: 9}


@pytest.mark.parametrize("last", [15, 99])
def test_a_block_before_the_newest_one_changes_nothing(last: int) -> None:
    value = with_block()
    merge(value, SOURCE, 16, 20, {CLICKS: 3})
    before = pack(value)
    assert merge(value, SOURCE, 10, last, {CLICKS: 99}) is Outcome.OLD
    assert pack(value) == before


@pytest.mark.parametrize("start", [11, 15])
def test_a_block_that_starts_inside_another_is_a_conflict_and_changes_nothing(start: int) -> None:
    value = with_block()
    before = pack(value)
    assert merge(value, SOURCE, start, 99, {CLICKS: 99}) is Outcome.CONFLICT
    assert pack(value) == before


def test_a_block_of_one_record_is_followed_at_the_next_offset() -> None:
    value = with_block(start=10, last=10)
    assert merge(value, SOURCE, 11, 11, {CLICKS: 1}) is Outcome.ADDED


def test_sources_do_not_touch_each_other() -> None:
    value = with_block(start=10, last=15)
    assert merge(value, OTHER, 0, 3, {CLICKS: 1}) is Outcome.NEW
    assert merge(value, SOURCE, 10, 16, {CLICKS: 5}) is Outcome.REPLACED
    assert value.totals == {CLICKS: 6}


def test_merging_does_not_move_the_statement() -> None:
    assert with_block().at == -1


def test_a_contribution_is_not_tied_to_the_totals() -> None:
    counters = {CLICKS: 4}
    value = new_value()
    merge(value, SOURCE, 10, 15, counters)
    merge(value, OTHER, 10, 15, {CLICKS: 1})
    assert value.newest[SOURCE].counters == {CLICKS: 4}


def test_a_value_comes_back_as_it_was_packed() -> None:
    value = with_block()
    value.at = 1234
    merge(value, OTHER, 0, 3, {300: -(1 << 40)})
    assert unpack(pack(value)) == value


def test_an_unpacked_value_goes_on_where_the_packed_one_stood() -> None:
    value = unpack(pack(with_block()))
    assert merge(value, SOURCE, 10, 17, {CLICKS: 6}) is Outcome.REPLACED
    assert value.totals == {CLICKS: 6}


@pytest.mark.parametrize("packed", [b"", bytes((FORMAT + 1,)) + pack(new_value())[1:]])
def test_a_value_of_another_format_is_refused_by_its_version(packed: bytes) -> None:
    with pytest.raises(UnknownFormat, match=f"this version reads {FORMAT:02x}"):
        unpack(packed)
