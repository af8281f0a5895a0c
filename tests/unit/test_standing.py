"""How a source stands to its log's end: what is behind it, what waits, and what is no record."""

from __future__ import annotations

from typing import cast

from agents.ingest.source_state import SourceState
from agents.ingest.standing import Standing, standing
from agents.kafka.ends import LogEnd
from agents.kafka.slices import SliceConsumer
from streams.counting.sources import source_number
from tests.unit.commits import CLICK, SOURCE, Commits


def stands(start: int, position: int, end: int, handed_over: int, summarised: int | None) -> Standing:
    """summarised: the next offset to be summarised; None where nothing has come to ingest in this generation."""
    commits = Commits(start=start)
    commits.ends[SOURCE] = LogEnd(1, position, end, 0, handed_over)
    states = {}
    if summarised is not None:
        states[SOURCE] = SourceState(CLICK, SOURCE, 1, source_number(CLICK.code, 0), summarised)
    found = standing(cast(SliceConsumer, commits), SOURCE, states)
    assert found is not None
    return found


def test_a_source_is_at_its_end_behind_the_end_mark_of_a_transaction() -> None:
    found = stands(start=0, position=21, end=21, handed_over=19, summarised=20)
    assert (found.offset, found.waiting, found.at_end) == (21, 0, True)


def test_what_is_on_its_way_is_not_summarised_though_the_position_is_behind_it() -> None:
    found = stands(start=5, position=21, end=21, handed_over=19, summarised=None)
    assert (found.offset, found.waiting, found.at_end) == (5, 16, False)


def test_what_ingest_has_and_nobody_has_acknowledged_waits() -> None:
    found = stands(start=5, position=21, end=40, handed_over=19, summarised=8)
    assert (found.offset, found.waiting, found.at_end) == (8, 32, False)


def test_a_log_with_nothing_new_is_at_its_end_where_it_is_read_from() -> None:
    found = stands(start=20, position=21, end=21, handed_over=-1, summarised=None)
    assert (found.offset, found.waiting, found.at_end) == (21, 0, True)


def test_a_look_that_is_older_than_what_was_summarised_since_takes_nothing_back() -> None:
    found = stands(start=0, position=10, end=30, handed_over=9, summarised=25)
    assert (found.offset, found.waiting, found.at_end) == (25, 5, False)


def test_nobody_can_say_how_a_source_stands_whose_log_nobody_has_looked_at_and_one_that_is_refused() -> None:
    commits = Commits()
    assert standing(cast(SliceConsumer, commits), SOURCE, {}) is None
    commits.ends[SOURCE] = LogEnd(1, 0, 0, 0, -1)
    commits.refusals[SOURCE] = "made anew"
    assert standing(cast(SliceConsumer, commits), SOURCE, {}) is None
