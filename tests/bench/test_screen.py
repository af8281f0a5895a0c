"""When a probe is on the screen is found from what the page has noted, whatever it has skipped."""

from __future__ import annotations

import pytest

from bench.report_parts import screen as tell
from bench.screen import delays


def test_a_probe_is_shown_with_the_first_number_that_has_it_in() -> None:
    # The second and the third came together.
    assert delays([10.0, 11.0, 11.2, 14.0], [(0, 9.0), (1, 10.5), (3, 11.9), (4, 14.25)]) == pytest.approx(
        [0.5, 0.9, 0.7, 0.25]
    )


def test_a_clock_that_is_ahead_is_taken_out() -> None:
    assert delays([10.0], [(1, 12.5)], clock_off=2.0) == pytest.approx([0.5])


def test_what_the_page_notes_later_about_the_same_number_changes_nothing() -> None:
    assert delays([10.0, 12.0], [(1, 10.5), (1, 11.5), (2, 12.5), (2, 13.0)]) == pytest.approx([0.5, 0.5])


def test_a_probe_that_was_never_shown_is_no_figure_but_an_error() -> None:
    with pytest.raises(RuntimeError, match="probe 2 of 2"):
        delays([10.0, 11.0], [(1, 10.5)])


def test_the_page_tells_both_boards_and_what_viewers_cost() -> None:
    one = {"p50": 0.412, "p95": 0.7, "p99": 0.9, "max": 1.05, "count": 220}
    viewers = {"campaigns": 3, "rate": 150.0, "alerts": 12, "wanted_more": 0.1, "more": {"1": 0.013, "200": 0.065}}
    text = tell(
        {
            "wanted_seconds": {"p50": 0.6, "p99": 1.3},
            "events_per_second": 4_998.7,
            "seconds": {"owner": one, "other": {**one, "p50": 0.55}},
            "viewers": viewers,
        }
    )
    assert "| the worker that owns the campaign | 0.41 | 0.70 | 0.90 | 1.05 | 220 |" in text
    assert "| another worker | 0.55 |" in text
    assert "1 cost 1.3%, 200 cost 6.5% of a core more" in text
