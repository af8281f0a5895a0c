"""Progress: up to which time everything is merged, as far as the log itself says.

Kafka time      T-3s        T-1s     T
source A    ....|last record         |  not at its end: good until its last record
source B    ................|answer  |  at its end one second ago: good until then
"""

import msgspec
import pytest

from streams.counting.progress import (
    SILENT_AFTER_MS,
    Progress,
    ProgressBook,
    SourceProgress,
    decode_progress,
    encode_progress,
)
from streams.counting.sources import source_number
from streams.counting.summaries import LEDGER, PROGRESS, head, kind_of

CLICK, SALE = 1, 5
T = 1_700_000_000_000
A, B = source_number(CLICK, 0), source_number(CLICK, 1)
SOLD = source_number(SALE, 0)


def at_end(source: int = A, offset: int = 100, age_ms: int = 0) -> SourceProgress:
    return SourceProgress(source, offset, T - 60_000, at_end=True, age_ms=age_ms)


def behind(source: int = A, offset: int = 100, time_ms: int | None = T - 3_000) -> SourceProgress:
    return SourceProgress(source, offset, time_ms, at_end=False, age_ms=0)


def tell(
    book: ProgressBook, *sources: SourceProgress, at_ms: int = T, generation: int = 1, partitions: int = 1
) -> None:
    book.read(Progress(generation, list(sources), {CLICK: partitions}), at_ms)


def speak_on(book: ProgressBook, *sources: SourceProgress, until_ms: int, partitions: int = 1) -> None:
    """These sources, and no others, go on speaking once a minute."""
    for at_ms in (*range(T + 60_000, until_ms, 60_000), until_ms):
        tell(book, *sources, at_ms=at_ms, partitions=partitions)


def test_progress_comes_back_from_its_record() -> None:
    sent = Progress(7, [at_end(), behind(B, time_ms=None)], {CLICK: 2, SALE: 1})
    record = encode_progress(sent)
    assert (kind_of(record), decode_progress(record)) == (PROGRESS, sent)


def test_a_record_that_is_no_progress_is_not_taken_for_one() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_progress(head(LEDGER) + b"\xc0")


def test_before_anything_was_told_nobody_can_say() -> None:
    assert ProgressBook().good_until_ms([CLICK]) is None


def test_the_clock_is_the_timestamp_of_the_progress_records() -> None:
    book = ProgressBook()
    tell(book, at_end(), at_ms=T)
    assert book.now_ms == T


def test_the_clock_never_goes_back() -> None:
    book = ProgressBook()
    tell(book, at_end(), at_ms=T)
    tell(book, at_end(), at_ms=T - 5_000)
    assert book.now_ms == T


def test_a_source_at_its_end_is_good_until_the_timestamp_less_the_age() -> None:
    book = ProgressBook()
    tell(book, at_end(age_ms=1_000))
    assert book.good_until_ms([CLICK]) == T - 1_000


def test_a_source_behind_its_end_is_good_until_its_last_record() -> None:
    book = ProgressBook()
    tell(book, behind(time_ms=T - 3_000))
    assert book.good_until_ms([CLICK]) == T - 3_000


def test_silence_at_the_end_of_the_log_lets_the_window_follow_the_clock() -> None:
    book = ProgressBook()
    for second in range(5):
        tell(book, at_end(offset=100), at_ms=T + 1_000 * second)
    assert book.good_until_ms([CLICK]) == T + 4_000


def test_a_backlog_freezes_the_window() -> None:
    book = ProgressBook()
    for second in range(5):
        tell(book, behind(time_ms=T - 3_000), at_ms=T + 1_000 * second)
    assert book.good_until_ms([CLICK]) == T - 3_000


def test_the_slowest_source_holds_its_topic_back() -> None:
    book = ProgressBook()
    tell(book, at_end(A), behind(B, time_ms=T - 3_000), partitions=2)
    assert book.good_until_ms([CLICK]) == T - 3_000


def test_a_topic_that_a_kpi_does_not_read_does_not_hold_it_back() -> None:
    book = ProgressBook()
    tell(book, at_end(A), behind(SOLD, time_ms=T - 900_000))
    assert book.good_until_ms([CLICK]) == T


def test_a_partition_that_has_not_been_heard_of_holds_back() -> None:
    book = ProgressBook()
    tell(book, at_end(A), partitions=2)
    assert book.good_until_ms([CLICK]) is None


def test_a_topic_that_has_not_been_heard_of_holds_back() -> None:
    book = ProgressBook()
    tell(book, at_end(A))
    assert book.good_until_ms([CLICK, SALE]) is None


def test_the_least_time_is_that_of_all_topics_heard_of() -> None:
    book = ProgressBook()
    book.read(Progress(1, [at_end(A), behind(SOLD, time_ms=T - 900_000)], {CLICK: 1, SALE: 1}), T)
    assert book.least_good_until_ms() == T - 900_000


def test_without_any_topic_there_is_no_least_time() -> None:
    assert ProgressBook().least_good_until_ms() is None


def test_a_topic_that_has_grown_keeps_its_new_partitions_when_an_old_answer_follows() -> None:
    book = ProgressBook()
    tell(book, at_end(A), partitions=2)
    tell(book, at_end(A), partitions=1)
    assert book.good_until_ms([CLICK]) is None


def test_an_older_generation_is_ignored() -> None:
    book = ProgressBook()
    tell(book, behind(offset=100, time_ms=T - 9_000), generation=2)
    tell(book, at_end(offset=500), generation=1)
    assert book.good_until_ms([CLICK]) == T - 9_000


def test_an_older_generation_is_ignored_though_the_newer_one_began_at_a_lower_offset() -> None:
    # The new owner begins at the committed offset, which lies before what the old one had summarised.
    book = ProgressBook()
    tell(book, behind(offset=100, time_ms=T - 9_000), generation=1)
    tell(book, behind(offset=80, time_ms=T - 12_000), generation=2)
    tell(book, at_end(offset=500), generation=1)
    assert book.good_until_ms([CLICK]) == T - 9_000


def test_a_newer_generation_goes_on() -> None:
    book = ProgressBook()
    tell(book, behind(offset=100, time_ms=T - 9_000), generation=1)
    tell(book, behind(offset=120, time_ms=T - 4_000), generation=2)
    assert book.good_until_ms([CLICK]) == T - 4_000


def test_workers_of_one_generation_speak_of_their_own_sources() -> None:
    book = ProgressBook()
    tell(book, at_end(A, age_ms=100), partitions=2)
    tell(book, at_end(B, age_ms=700), partitions=2)
    assert book.good_until_ms([CLICK]) == T - 700


def test_an_offset_that_falls_is_ignored() -> None:
    book = ProgressBook()
    tell(book, behind(offset=100, time_ms=T - 3_000))
    tell(book, behind(offset=50, time_ms=T - 1_000), generation=2)
    assert book.good_until_ms([CLICK]) == T - 3_000


def test_what_was_good_stays_good_while_a_new_backlog_is_read() -> None:
    book = ProgressBook()
    tell(book, at_end(offset=100), at_ms=T)
    tell(book, behind(offset=120, time_ms=T - 500), at_ms=T + 1_000)
    assert book.good_until_ms([CLICK]) == T


def test_another_incarnation_of_a_topic_is_another_source() -> None:
    book = ProgressBook()
    tell(book, at_end(source_number(CLICK, 0, incarnation=1)))
    assert book.good_until_ms([CLICK], {CLICK: 1}) == T
    assert book.good_until_ms([CLICK]) is None


def test_a_source_is_not_silent_for_an_hour() -> None:
    book = ProgressBook()
    tell(book, at_end(A), at_end(B), at_ms=T, partitions=2)
    speak_on(book, at_end(A), until_ms=T + SILENT_AFTER_MS, partitions=2)
    assert book.silent([CLICK]) == []
    assert book.good_until_ms([CLICK]) == T


def test_a_source_that_says_nothing_for_more_than_an_hour_is_named_and_left_out() -> None:
    book = ProgressBook()
    tell(book, at_end(A), at_end(B), at_ms=T, partitions=2)
    speak_on(book, at_end(A), until_ms=T + SILENT_AFTER_MS + 1, partitions=2)
    assert book.silent([CLICK]) == [B]
    assert book.good_until_ms([CLICK]) == T + SILENT_AFTER_MS + 1


def test_a_source_never_heard_of_is_left_out_an_hour_after_the_first_record() -> None:
    book = ProgressBook()
    tell(book, at_end(A), at_ms=T, partitions=2)
    speak_on(book, at_end(A), until_ms=T + SILENT_AFTER_MS + 1, partitions=2)
    assert book.silent([CLICK]) == [B]
    assert book.good_until_ms([CLICK]) == T + SILENT_AFTER_MS + 1


def test_a_silent_source_that_speaks_again_holds_back_again() -> None:
    book = ProgressBook()
    later = T + SILENT_AFTER_MS + 1
    tell(book, at_end(A), behind(B), at_ms=T, partitions=2)
    tell(book, at_end(A), behind(B), at_ms=later, partitions=2)
    assert book.silent([CLICK]) == []
    assert book.good_until_ms([CLICK]) == T - 3_000


def test_a_stuck_source_that_still_speaks_is_not_silent() -> None:
    book = ProgressBook()
    for hour in range(4):
        tell(book, behind(A), at_ms=T + hour * SILENT_AFTER_MS)
    assert book.silent([CLICK]) == []


def test_sources_that_hold_back_by_more_than_the_slack_are_named() -> None:
    book = ProgressBook()
    tell(book, at_end(A, age_ms=2_000), behind(B, time_ms=T - 2_001), partitions=3)
    assert book.behind([CLICK], slack_ms=2_000) == [B, source_number(CLICK, 2)]


def test_a_source_whose_log_nobody_has_begun_to_read_holds_back() -> None:
    book = ProgressBook()
    tell(book, behind(time_ms=None))
    assert not book.good_until_ms([CLICK])


def test_a_source_that_comes_back_with_a_backlog_is_left_out_until_it_has_caught_up() -> None:
    book = ProgressBook()
    tell(book, at_end(A), partitions=2)
    tell(book, at_end(B), partitions=2)
    later = T + SILENT_AFTER_MS + 1000
    speak_on(book, at_end(A), until_ms=later, partitions=2)
    assert book.good_until_ms([CLICK]) == later
    tell(book, behind(B, time_ms=T + 1000), partitions=2, at_ms=later + 10)
    assert book.good_until_ms([CLICK]) == later
    assert book.silent([CLICK]) == [B]
    tell(book, behind(B, time_ms=later - 5000, offset=900), partitions=2, at_ms=later + 20)
    assert book.good_until_ms([CLICK]) == later - 5000
    assert book.silent([CLICK]) == []


def test_an_outage_of_all_workers_silences_no_source() -> None:
    book = ProgressBook()
    tell(book, at_end(A), at_end(B), partitions=2)
    later = T + 5 * SILENT_AFTER_MS
    tell(book, behind(A, time_ms=T + 1000, offset=200), partitions=2, at_ms=later)
    assert book.silent([CLICK]) == []
    assert book.good_until_ms([CLICK]) == T


def test_a_copy_of_the_book_stays_as_it_is() -> None:
    book = ProgressBook()
    tell(book, behind(time_ms=T - 5_000))
    shown = book.copy()
    tell(book, at_end(offset=200), at_ms=T + 1_000)
    assert (shown.good_until_ms([CLICK]), shown.now_ms) == (T - 5_000, T)
    assert book.good_until_ms([CLICK]) == T + 1_000
