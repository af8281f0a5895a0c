"""Where blocks are cut. Everyone who reads the log has to cut it at the same places.

Kafka time, one mark a second:   10:00:00    :05       :10
                                 |----.----|----.----|
a block that begins at :03          [======|          ends at :05, not at :08
"""

from streams.counting.blocks import BUCKET_MS, MAX_OFFSETS, Cut

TEN = 36_000_000


def test_a_block_ends_with_the_bucket_of_its_first_record_not_five_seconds_after_it() -> None:
    cut = Cut(start=0, timestamp_ms=TEN + 3_000)
    assert not cut.ends_before(1, TEN + 4_999)
    assert cut.ends_before(1, TEN + 5_000)


def test_a_block_that_begins_on_the_border_lasts_a_whole_bucket() -> None:
    cut = Cut(start=0, timestamp_ms=TEN + 5_000)
    assert not cut.ends_before(1, TEN + 9_999)
    assert cut.ends_before(1, TEN + 10_000)


def test_the_bucket_is_a_multiple_of_five_seconds() -> None:
    assert Cut(0, TEN + 4_999).bucket_ms == TEN
    assert BUCKET_MS == 5_000


def test_a_record_with_an_earlier_timestamp_stays_in_the_block() -> None:
    # A broker's clock may be set back: only a later bucket ends a block.
    assert not Cut(0, TEN + 5_000).ends_before(1, TEN - 60_000)


def test_a_block_ends_after_fifty_thousand_offsets() -> None:
    cut = Cut(start=700, timestamp_ms=TEN)
    assert not cut.ends_before(700 + MAX_OFFSETS - 1, TEN)
    assert cut.ends_before(700 + MAX_OFFSETS, TEN)
    assert MAX_OFFSETS == 50_000


def test_offsets_count_not_records() -> None:
    # Compaction and transactions leave gaps: three records may span more offsets than a block may.
    cut = Cut(start=0, timestamp_ms=TEN, max_offsets=10)
    assert cut.first_beyond([0, 1, 10], [TEN, TEN, TEN]) == 2


def test_the_first_record_beyond_is_found_by_its_timestamp() -> None:
    assert Cut(0, TEN).first_beyond([0, 1, 2], [TEN, TEN + 4_999, TEN + 5_000]) == 2


def test_the_first_record_beyond_is_looked_for_from_the_given_index_on() -> None:
    cut = Cut(0, TEN)
    assert cut.first_beyond([0, 1, 2], [TEN + 5_000, TEN, TEN + 5_000], begin=1) == 2


def test_where_no_record_lies_beyond_the_index_is_the_length() -> None:
    assert Cut(0, TEN).first_beyond([0, 1], [TEN, TEN]) == 2


def test_an_empty_slice_ends_no_block() -> None:
    assert Cut(0, TEN).first_beyond([], []) == 0
