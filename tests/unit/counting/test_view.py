"""Views: what is in the table is not kept twice, what has not changed is not worked out again, the rest is exact."""

from collections.abc import Callable, Iterable
from hashlib import blake2b
from zoneinfo import ZoneInfo

import pytest

from streams.counting import people_panes
from streams.counting.campaign_panes import ALL_WINDOWS, CampaignPanes
from streams.counting.merge import Value, pack
from streams.counting.people import People, estimate
from streams.counting.statements import (
    REFUSED_KEY,
    admitted_key,
    counters_key,
    ledger_key,
    people_key,
)
from streams.counting.view import Views
from streams.events.channels import ALL_CHANNELS

UTC = ZoneInfo("UTC")
END = 1_800_000_000_000
MINUTE = END // 60_000 - 1
"""The last minute before END."""

EMAIL, PUSH = 2, 4
REACHED = 1
REST = frozenset({"1h"})


def packed(**totals: int) -> bytes:
    return pack(Value(3, {int(measure[1:]): count for measure, count in totals.items()}, {}))


def persons(first: int, count: int) -> bytes:
    return b"".join(blake2b(b"%d" % number, digest_size=8).digest() for number in range(first, first + count))


def group(first: int, count: int) -> People:
    people = People()
    people.add(persons(first, count))
    return people


def put_minute(views: Views, minute: int, value: bytes | dict[int, int], channel: int = EMAIL) -> bytes:
    key = counters_key(b"aurora", channel, 1, minute)
    views.put(key, value)
    return key


def put_people(views: Views, minute: int, value: bytes | People, channel: int = EMAIL) -> bytes:
    key = people_key(b"aurora", channel, 1, minute, REACHED)
    views.put(key, value)
    return key


def hour(views: Views, channel: int = EMAIL) -> dict[int, int]:
    return dict(views.campaigns["aurora"].windows(channel, END)["1h"].counters)


def people(views: Views, channel: int = EMAIL, window: str = "1h") -> float:
    return views.campaigns["aurora"].windows(channel, END)[window].people.get(REACHED, 0.0)


@pytest.fixture
def united(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many sets each union of one channel has been made of."""
    made: list[int] = []

    def counting(unite: Callable[[list[bytes | People]], People]) -> Callable[[Iterable[bytes | People]], People]:
        def counted(sets: Iterable[bytes | People]) -> People:
            parts = list(sets)
            made.append(len(parts))
            return unite(parts)

        return counted

    monkeypatch.setattr(people_panes, "union", counting(people_panes.union))
    monkeypatch.setattr(people_panes, "together", counting(people_panes.together))
    return made


def test_a_packed_value_and_a_dict_count_the_same() -> None:
    views = Views(UTC)
    put_minute(views, MINUTE, packed(m1=3))
    put_minute(views, MINUTE - 1, {1: 4, 2: 1})
    assert hour(views) == {1: 7, 2: 1}


def test_a_sum_that_was_asked_for_follows_whatever_is_put_later() -> None:
    views = Views(UTC)
    put_minute(views, MINUTE, packed(m1=3))
    assert hour(views) == {1: 3}
    put_minute(views, MINUTE, {1: 5, 2: 0})
    assert hour(views) == {1: 5, 2: 0}
    put_minute(views, MINUTE, packed(m1=6, m2=0))
    assert hour(views) == {1: 6, 2: 0}


def test_what_was_shown_once_is_never_changed() -> None:
    views = Views(UTC)
    put_minute(views, MINUTE, {1: 3})
    shown = views.campaigns["aurora"].windows(EMAIL, END)["1h"]
    put_minute(views, MINUTE, {1: 8})
    assert shown.count(1) == 3
    assert hour(views) == {1: 8}


def test_settling_changes_no_sum_and_marks_nothing_changed() -> None:
    views = Views(UTC)
    key = put_minute(views, MINUTE, {1: 3})
    shown = hour(views)
    views.changed.clear()
    changes = views.campaigns["aurora"].changes
    views.settled(key, packed(m1=3))
    assert hour(views) == shown
    assert (views.changed, views.campaigns["aurora"].changes) == (set(), changes)


def test_a_later_sum_is_made_of_what_was_settled() -> None:
    views = Views(UTC)
    key = put_minute(views, MINUTE, {1: 3})
    views.settled(key, packed(m1=3))
    put_minute(views, MINUTE, {1: 4})
    assert hour(views) == {1: 4}


def test_settling_what_is_not_kept_is_nothing() -> None:
    views = Views(UTC)
    put_minute(views, MINUTE, {1: 3})
    views.settled(counters_key(b"aurora", EMAIL, 1, MINUTE - 5), packed(m1=9))
    views.settled(people_key(b"aurora", EMAIL, 1, MINUTE, REACHED), group(0, 5).pack(0))
    views.settled(counters_key(b"nobody", EMAIL, 1, MINUTE), packed(m1=9))
    views.settled(admitted_key(b"aurora"), b"")
    assert hour(views) == {1: 3}
    assert people(views) == 0


def test_a_sketch_that_grows_is_shown_as_far_as_it_was_put() -> None:
    views = Views(UTC)
    growing = group(0, 10)
    put_people(views, MINUTE, growing)
    assert round(people(views)) == 10
    growing.add(persons(10, 5))
    put_people(views, MINUTE, growing)
    assert round(people(views)) == 15
    views.settled(people_key(b"aurora", EMAIL, 1, MINUTE, REACHED), growing.pack(9))
    assert round(people(views)) == 15


def test_panes_that_have_stopped_changing_are_united_once(united: list[int]) -> None:
    views = Views(UTC)
    for minute in range(MINUTE - 30, MINUTE):
        put_people(views, minute, group(minute * 100, 50).pack(0))
    growing = group(0, 10)
    put_people(views, MINUTE, growing)
    people(views)
    assert max(united) == 30
    for number in range(5):
        united.clear()
        growing.add(persons(1000 + number, 1))
        put_people(views, MINUTE, growing)
        everybody = [group(minute * 100, 50) for minute in range(MINUTE - 30, MINUTE)]
        assert people(views) == estimate([*everybody, growing])
        # The last minute, the last five, and the hour: each of what is closed and of the minute that goes on.
        assert united
        assert max(united) <= 2


def test_an_estimate_is_made_again_only_where_one_of_its_panes_has_changed(united: list[int]) -> None:
    views = Views(UTC)
    put_people(views, MINUTE - 20, group(0, 50).pack(0))
    put_people(views, MINUTE, group(100, 50).pack(0))
    put_people(views, MINUTE, group(100, 50).pack(0), PUSH)
    before = people(views), people(views, PUSH)
    united.clear()
    put_people(views, MINUTE - 20, group(0, 60).pack(0))
    put_minute(views, MINUTE, {1: 1}, PUSH)
    assert (people(views, PUSH), people(views, window="5m")) == (before[1], pytest.approx(50, abs=1))
    assert people(views) > before[0]
    assert len(united) == 1


def test_all_channels_are_one_union_of_what_the_channels_have() -> None:
    views = Views(UTC)
    put_people(views, MINUTE, group(0, 40).pack(0))
    put_people(views, MINUTE - 1, group(20, 40).pack(0), PUSH)
    assert people(views, ALL_CHANNELS) == estimate([group(0, 60)])
    put_people(views, MINUTE, group(0, 70), PUSH)
    assert people(views, ALL_CHANNELS) == estimate([group(0, 70)])


def test_a_window_that_moves_on_takes_away_what_has_left_it() -> None:
    panes = CampaignPanes(UTC)
    for pane in range(END // 10_000 - 20, END // 10_000 + 10):
        panes.put_counters(EMAIL, 0, pane, {1: pane, 2 + pane % 3: 1})
    for end_ms in range(END, END + 60_001, 10_000):
        first = end_ms // 10_000 - 6
        expected: dict[int, int] = {1: sum(range(first, first + 6)), 2: 2, 3: 2, 4: 2}
        assert panes.windows(EMAIL, end_ms)["1m"].counters == expected
        panes.rest([end_ms], ALL_WINDOWS)


def test_a_measure_that_has_left_the_window_is_not_a_zero() -> None:
    panes = CampaignPanes(UTC)
    panes.put_counters(EMAIL, 0, END // 10_000 - 6, {7: 5})
    panes.put_counters(EMAIL, 0, END // 10_000 - 1, {1: 5})
    assert panes.windows(EMAIL, END)["1m"].counters == {1: 5, 7: 5}
    assert panes.windows(EMAIL, END + 10_000)["1m"].counters == {1: 5}


def test_what_no_window_looks_at_is_not_kept() -> None:
    views = Views(UTC)
    put_minute(views, MINUTE, {1: 3})
    views.prune(END)
    put_minute(views, MINUTE - 200, {1: 100})
    put_people(views, MINUTE - 200, group(0, 5))
    assert hour(views) == {1: 3}
    assert people(views) == 0


def test_forgetting_leaves_the_windows_as_they_are() -> None:
    views = Views(UTC)
    for minute in range(MINUTE - 119, MINUTE + 1):
        put_minute(views, minute, {1: 1})
        put_people(views, minute, group(minute, 1).pack(0))
    before = hour(views), people(views)
    views.prune(END)
    assert (hour(views), people(views)) == before
    views.campaigns["aurora"].rest([END], REST)
    assert (hour(views), people(views)) == before


def test_the_newest_minute_stays_known_when_it_is_forgotten() -> None:
    views = Views(UTC)
    put_minute(views, MINUTE, {1: 3})
    views.prune(END + 100 * 86_400_000)
    assert views.campaigns["aurora"].newest_ms() == END


def test_ledgers_and_refused_campaigns_are_of_the_partition() -> None:
    views = Views(UTC)
    views.put(ledger_key(65), packed(m128=3))
    views.put(ledger_key(66), {128: 4})
    views.put(REFUSED_KEY, group(0, 12))
    assert (views.ledger, views.refused) == ({65: {128: 3}, 66: {128: 4}}, 12)
    views.settled(REFUSED_KEY, group(0, 12).pack(0))
    views.settled(ledger_key(65), packed(m128=3))
    assert (views.ledger[65], views.refused) == ({128: 3}, 12)
    assert views.changed == set()
