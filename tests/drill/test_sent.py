"""When a drop is there in what was sent: worked out by hand for launches that are the same each second."""

from __future__ import annotations

import pytest

from tests.drill.sent import Sent, drop_there_since


def second_by_second(*parts: tuple[int, int, int, int]) -> list[Sent]:
    """(seconds, engagements, exposures, visits of each) one after the other."""
    each = [counts for seconds, *counts in parts for _ in range(seconds)]
    return [Sent(float(second), *counts) for second, counts in enumerate(each)]


def test_a_drop_is_there_when_a_quarter_of_two_minutes_and_more_than_a_third_of_the_last_one_is_gone() -> None:
    # 600 are expected in two minutes, 300 in one: below 450 after 38 seconds of 4 lost, below 195 after 27.
    sent = second_by_second((300, 5, 10, 6), (100, 1, 10, 6))
    assert drop_there_since(sent, 300, 400) == pytest.approx(338, abs=1)
    assert drop_there_since(sent, 300, 330) is None


def test_chance_few_events_and_less_traffic_are_no_drop() -> None:
    few = second_by_second((300, 0, 1, 0), *[(1, 1, 1, 1), (4, 0, 1, 0)] * 60, (120, 0, 1, 0))
    assert drop_there_since(few, 600, 720) is None
    calm = second_by_second((300, 5, 10, 6), (100, 4, 10, 6))
    assert drop_there_since(calm, 300, 400) is None
    night = second_by_second((300, 5, 10, 6), (200, 1, 2, 1))
    assert drop_there_since(night, 300, 500) is None


def test_nothing_is_expected_of_a_launch_without_a_past() -> None:
    assert drop_there_since(second_by_second((200, 1, 10, 6)), 0, 200) is None
