"""Numbers of any size survive summaries and values, so that one absurd amount stops nothing."""

import pytest

from streams.counting.merge import Contribution, Value, pack, unpack
from streams.counting.summaries import CAMPAIGN, Entry, PeopleEntry, Summary, decode_summary, encode_summary, pack_panes

HUGE = [2**64, -(2**63) - 1, 10**24, -(10**30)]


@pytest.mark.parametrize("number", [0, -1, 2**63, 2**64 - 1, *HUGE])
def test_a_value_keeps_a_counter_of_any_size(number: int) -> None:
    value = Value(7, {1: 5, 300: number}, {65: Contribution(3, 9, {300: number})})
    assert unpack(pack(value)) == value


@pytest.mark.parametrize("number", HUGE)
def test_a_summary_keeps_a_counter_of_any_size_and_its_people(number: int) -> None:
    summary = Summary(
        65, 1, 2, 5000, [Entry(2, pack_panes([(0, 9)]), {300: number})], [PeopleEntry(2, 1, 3, b"\xff" * 16)]
    )
    (encoded,) = encode_summary(CAMPAIGN, summary)
    assert decode_summary(encoded) == summary
