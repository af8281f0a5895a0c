"""People who wait: what several records have told joins the sketches at one go."""

from zoneinfo import ZoneInfo

import msgspec
import pytest

from streams.counting.panes import MINUTE_MS, Tier
from streams.counting.people import People
from streams.counting.statements import parse_key
from streams.counting.summaries import PeopleEntry
from streams.counting.waiting import MOST_BYTES, MOST_PLACES, Sketch, WaitingPeople

MINUTE = 28_333_333
BUCKET_MS = MINUTE * MINUTE_MS


def persons(first: int, count: int) -> bytes:
    """The hashes of the people `first` to `first + count - 1`."""
    return b"".join(number.to_bytes(8, "big") for number in range(first, first + count))


def met(hashes: bytes, channel: int = 2) -> PeopleEntry:
    return PeopleEntry(channel, MINUTE, 1, hashes)


class Sketches:
    """Sketches by table key, which hold all that was told up to the offset `at`; `asked`: for which keys."""

    def __init__(self, at: int = -1, unstated: bool = False) -> None:
        self.at = at
        self.unstated = unstated
        self.asked: list[bytes] = []
        self.of: dict[bytes, Sketch] = {}

    def join(self, some: WaitingPeople) -> list[bytes]:
        return some.join(self._of, lambda key: self.unstated)

    def sizes(self) -> list[int]:
        return [round(sketch.people.estimate()) for sketch in self.of.values()]

    def _of(self, key: bytes) -> Sketch:
        self.asked.append(key)
        return self.of.setdefault(key, Sketch(key, People(), self.at))


def waiting() -> WaitingPeople:
    return WaitingPeople(ZoneInfo("UTC"))


def test_people_of_several_records_join_each_sketch_at_one_go() -> None:
    some, sketches = waiting(), Sketches()
    some.put(b"aurora", BUCKET_MS, met(persons(0, 2)), 7)
    some.put(b"aurora", BUCKET_MS, met(persons(1, 3)), 9)
    grown = sketches.join(some)
    assert sketches.sizes() == [4] * 5
    tiers = {parse_key(key).tier for key in grown}
    assert tiers == {Tier.MINUTE, Tier.HOUR, Tier.DAY, Tier.MONTH, Tier.LAUNCH}


def test_many_people_join_every_sketch() -> None:
    some, sketches = waiting(), Sketches()
    some.put(b"aurora", BUCKET_MS, met(persons(0, 5_000)), 7)
    sketches.join(some)
    assert sketches.sizes() == [pytest.approx(5_000, rel=0.03)] * 5


def test_channels_and_campaigns_do_not_meet() -> None:
    some, sketches = waiting(), Sketches()
    some.put(b"aurora", BUCKET_MS, met(persons(0, 1)), 7)
    some.put(b"aurora", BUCKET_MS, met(persons(1, 1), channel=3), 8)
    some.put(b"boreal", BUCKET_MS, met(persons(2, 1)), 9)
    sketches.join(some)
    assert sketches.sizes() == [1] * 15


def test_people_join_the_panes_that_their_own_block_still_held() -> None:
    some, sketches = waiting(), Sketches()
    some.put(b"aurora", BUCKET_MS, met(persons(0, 1)), 7)
    some.put(b"aurora", BUCKET_MS + 27 * 60 * MINUTE_MS, met(persons(1, 1)), 8)
    sketches.join(some)
    sizes = dict(zip((parse_key(key).tier for key in sketches.of), sketches.sizes(), strict=True))
    assert sizes == {Tier.MINUTE: 1, Tier.HOUR: 1, Tier.DAY: 2, Tier.MONTH: 2, Tier.LAUNCH: 2}


def test_whoever_has_joined_waits_no_more() -> None:
    some, sketches = waiting(), Sketches()
    some.put(b"aurora", BUCKET_MS, met(persons(0, 1)), 7)
    assert some
    assert len(sketches.join(some)) == 5
    assert not some
    assert sketches.join(some) == []


def test_a_place_is_looked_up_once_until_sketches_may_be_others() -> None:
    some, sketches = waiting(), Sketches()
    for offset in (7, 8):
        some.put(b"aurora", BUCKET_MS, met(persons(offset, 1)), offset)
        sketches.join(some)
    assert (sketches.sizes(), len(sketches.asked)) == ([2] * 5, 5)
    some.forget()
    some.put(b"aurora", BUCKET_MS, met(persons(9, 1)), 9)
    sketches.join(some)
    assert (sketches.sizes(), len(sketches.asked)) == ([3] * 5, 10)


@pytest.mark.parametrize(("at", "unstated", "size"), [(6, False, 1), (7, False, 0), (7, True, 1)])
def test_a_sketch_that_has_them_is_left_alone_but_where_it_is_yet_to_be_stated(
    at: int, unstated: bool, size: int
) -> None:
    some, sketches = waiting(), Sketches(at, unstated)
    some.put(b"aurora", BUCKET_MS, met(persons(0, 1)), 7)
    assert len(sketches.join(some)) == 5 * size
    assert sketches.sizes() == [size] * 5


def test_where_many_places_belong_is_not_kept_without_end() -> None:
    some, sketches = waiting(), Sketches()
    for number in range(MOST_PLACES + 1):
        some.put(b"%d" % number, BUCKET_MS, met(persons(0, 1)), 7)
    sketches.join(some)
    some.put(b"0", BUCKET_MS, met(persons(1, 1)), 8)
    sketches.join(some)
    assert len(sketches.asked) == 5 * (MOST_PLACES + 2)


def test_so_many_wait_and_no_more() -> None:
    some, sketches = waiting(), Sketches()
    some.put(b"aurora", BUCKET_MS, met(bytes(MOST_BYTES - 8)), 7)
    assert not some.full
    some.put(b"aurora", BUCKET_MS, met(bytes(8), channel=3), 8)
    assert some.full
    sketches.join(some)
    assert not some.full


def test_hashes_that_are_cut_off_are_refused_and_nobody_waits() -> None:
    some = waiting()
    with pytest.raises(msgspec.ValidationError, match="15 bytes"):
        some.put(b"aurora", BUCKET_MS, met(persons(0, 2)[:-1]), 7)
    assert not some
