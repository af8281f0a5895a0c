"""The table of what an assignment finds, row by row; the log holds offsets [start, end)."""

from __future__ import annotations

import pytest

from agents.kafka.positions import CommitNote, Refused, Start, find_start


def _note(acknowledged: int, first_ms: int | None = 1_000, incarnation: int = 0) -> str:
    return CommitNote(incarnation, first_ms, acknowledged).encode()


def test_a_note_is_read_as_it_was_written() -> None:
    for note in (CommitNote(0, 1_700_000_000_000, 41), CommitNote(7, None, -1)):
        assert CommitNote.decode(note.encode()) == note
        assert len(note.encode()) <= 70


@pytest.mark.parametrize("text", [None, "", "lp1", "lp1 0 - x", "lp2 0 - 5", "lp1 0 1 2 3"])
def test_what_is_no_note_is_none(text: str | None) -> None:
    assert CommitNote.decode(text) is None


def test_without_a_commit_the_log_is_read_from_its_start() -> None:
    assert find_start(None, None, 5, 50) == Start(5, None, 4)


def test_a_commit_of_another_incarnation_counts_as_none() -> None:
    assert find_start(20, _note(30), 5, 50, incarnation=1) == Start(5, None, 4)


def test_a_commit_inside_the_log_is_where_to_start_and_its_record_must_have_the_same_kafka_time() -> None:
    assert find_start(20, _note(30), 5, 50) == Start(20, 1_000, 30)


def test_a_mark_behind_the_last_record_needs_no_record_there() -> None:
    assert find_start(50, _note(49, None), 5, 50) == Start(50, None, 49)


def test_a_block_that_retention_took_after_it_was_acknowledged_is_followed_by_a_new_one() -> None:
    assert find_start(20, _note(29), 30, 50) == Start(30, None, 29)
    assert find_start(20, _note(29), 30, 30) == Start(30, None, 29)


def test_one_record_that_retention_took_unacknowledged_refuses_the_partition() -> None:
    found = find_start(20, _note(28), 30, 50)
    assert isinstance(found, Refused)
    assert "offsets 29..29" in found.reason


def test_retention_of_a_block_of_which_nothing_was_acknowledged_names_it_from_its_start() -> None:
    found = find_start(20, _note(19), 30, 50)
    assert isinstance(found, Refused)
    assert "offsets 20..29" in found.reason


@pytest.mark.parametrize(
    ("committed", "metadata"),
    [(51, _note(51)), (50, _note(55)), (20, ""), (20, "from another tool")],
    ids=["beyond the end", "its record is gone from the end", "no note", "a foreign note"],
)
def test_a_commit_that_the_log_contradicts_refuses_the_partition(committed: int, metadata: str) -> None:
    assert isinstance(find_start(committed, metadata, 5, 50), Refused)


def test_a_partition_without_a_commit_that_had_one_is_refused() -> None:
    found = find_start(None, None, 0, 50, started=True)
    assert isinstance(found, Refused)
    assert "made anew" in found.reason


def test_a_new_incarnation_of_a_started_partition_starts_at_the_logs_start() -> None:
    assert find_start(None, None, 0, 50, incarnation=1, started=False) == Start(0, None, -1)
