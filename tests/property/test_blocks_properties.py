"""Slices cut anywhere give the same blocks: the cut depends on the log alone."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.counting.blocks import BUCKET_MS, Cut
from tests.property.counting_model import Event, block_starts

START_MS = 1_700_000_000_000
MAX_OFFSETS = 20

steps = st.tuples(st.sampled_from((1, 1, 1, 2, 7, 25)), st.sampled_from((0, 0, 1, 900, 4_999, 5_000, 60_000)))
logs = st.lists(steps, min_size=1, max_size=60)
slice_sizes = st.lists(st.integers(1, 9), min_size=1, max_size=10)


def log_of(steps: list[tuple[int, int]]) -> list[Event]:
    """A log with gaps between its offsets, in the order of the broker's clock."""
    log, offset, timestamp_ms = [], 40, START_MS + 1_234
    for gap, later_ms in steps:
        offset, timestamp_ms = offset + gap, timestamp_ms + later_ms
        log.append(Event(offset, timestamp_ms, b"", 0, 0, 0))
    return log


def starts_in_slices(log: list[Event], sizes: list[int], begin: int = 0) -> list[int]:
    """Indices at which blocks begin for a reader that gets the log in slices, from the block at index `begin` on."""
    starts: list[int] = []
    cut: Cut | None = None
    turn = 0
    while begin < len(log):
        piece = log[begin : begin + sizes[turn % len(sizes)]]
        offsets = [event.offset for event in piece]
        timestamps = [event.timestamp_ms for event in piece]
        at = 0
        while at < len(piece):
            if cut is None or cut.ends_before(offsets[at], timestamps[at]):
                cut = Cut(offsets[at], timestamps[at], MAX_OFFSETS)
                starts.append(begin + at)
            at = cut.first_beyond(offsets, timestamps, at)
        begin += len(piece)
        turn += 1
    return starts


@settings(max_examples=100, deadline=None)
@given(logs, slice_sizes)
def test_slices_cut_anywhere_give_the_same_blocks(steps: list[tuple[int, int]], sizes: list[int]) -> None:
    log = log_of(steps)
    assert starts_in_slices(log, sizes) == block_starts(log, MAX_OFFSETS)


@settings(max_examples=100, deadline=None)
@given(logs, slice_sizes, st.integers(0, 60))
def test_a_reader_that_begins_at_any_block_cuts_the_rest_alike(
    steps: list[tuple[int, int]], sizes: list[int], pick: int
) -> None:
    log = log_of(steps)
    starts = block_starts(log, MAX_OFFSETS)
    begin = pick % len(starts)
    assert starts_in_slices(log, sizes, starts[begin]) == starts[begin:]


@settings(max_examples=100, deadline=None)
@given(logs)
def test_no_block_spans_two_buckets_or_too_many_offsets(steps: list[tuple[int, int]]) -> None:
    log = log_of(steps)
    for begin, end in pairwise([*starts_in_slices(log, [5]), len(log)]):
        block = log[begin:end]
        assert len({event.timestamp_ms // BUCKET_MS for event in block}) == 1
        assert block[-1].offset - block[0].offset < MAX_OFFSETS


@settings(max_examples=100, deadline=None)
@given(logs, st.integers(0, 60))
def test_the_first_record_beyond_is_the_first_that_the_block_ends_before(
    steps: list[tuple[int, int]], begin: int
) -> None:
    log = log_of(steps)
    begin %= len(log)
    cut = Cut(log[0].offset, log[0].timestamp_ms, MAX_OFFSETS)
    expected = next(
        (i for i in range(begin, len(log)) if cut.ends_before(log[i].offset, log[i].timestamp_ms)), len(log)
    )
    found = cut.first_beyond([event.offset for event in log], [event.timestamp_ms for event in log], begin)
    assert found == expected
