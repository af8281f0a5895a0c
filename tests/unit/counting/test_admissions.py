"""Admissions: which campaigns have a place is a function of the log, whoever reads it and however often.

summaries log   0:aurora  1:boreal  2:cirrus  3:limit=3  4:cirrus      limit 2
admitted        aurora    boreal    -                    cirrus
"""

import msgspec
import pytest

from streams.counting.admissions import (
    DEFAULT_LIMIT,
    Admission,
    Admissions,
    decode_admission,
    encode_admission,
)
from streams.counting.statements import LIMIT_KEY, admitted_key, furthest
from streams.counting.summaries import ADMISSION, LEDGER, head, kind_of


def recovered(limit: int, *statements: tuple[bytes, bytes]) -> Admissions:
    admissions = Admissions(limit)
    for key, packed in statements:
        admissions.recover(key, packed)
    return admissions


@pytest.mark.parametrize(("campaign", "limit"), [("aurora", None), (None, 50), ("весна", 3)])
def test_an_admission_comes_back_from_its_record(campaign: str | None, limit: int | None) -> None:
    record = encode_admission(campaign, limit)
    assert (kind_of(record), decode_admission(record)) == (ADMISSION, Admission(campaign, limit))


def test_a_record_that_is_no_admission_is_not_taken_for_one() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_admission(head(LEDGER) + b"\x07")


def test_there_is_room_for_two_thousand_campaigns_by_default() -> None:
    assert Admissions().limit(0) == DEFAULT_LIMIT == 2_000


def test_campaigns_are_admitted_in_the_order_of_the_log() -> None:
    admissions = Admissions(2)
    assert [admissions.admit(name, offset) for offset, name in enumerate((b"aurora", b"boreal", b"cirrus"))] == [
        True,
        True,
        False,
    ]


def test_an_admitted_campaign_stays_admitted_when_there_is_no_room_left() -> None:
    admissions = Admissions(1)
    admissions.admit(b"aurora", 0)
    admissions.admit(b"boreal", 1)
    assert admissions.admit(b"aurora", 2)


def test_a_refused_campaign_takes_no_place() -> None:
    admissions = Admissions(1)
    admissions.admit(b"aurora", 0)
    admissions.admit(b"boreal", 1)
    assert len(admissions) == 1


def test_a_campaign_takes_one_place_however_often_it_comes() -> None:
    admissions = Admissions(2)
    for offset in range(5):
        admissions.admit(b"aurora", offset)
    assert admissions.admit(b"boreal", 5)


def test_an_admission_record_admits_beyond_the_limit() -> None:
    admissions = Admissions(1)
    admissions.admit(b"aurora", 0)
    admissions.apply(Admission("boreal"), 1)
    assert admissions.admit(b"boreal", 2)


def test_an_admission_record_does_not_reach_back() -> None:
    admissions = Admissions(1)
    admissions.admit(b"aurora", 0)
    admissions.apply(Admission("boreal"), 5)
    assert not admissions.admit(b"boreal", 4)


def test_an_admission_record_that_comes_again_later_changes_nothing() -> None:
    admissions = Admissions(0)
    admissions.apply(Admission("aurora"), 3)
    admissions.apply(Admission("aurora"), 9)
    assert admissions.admit(b"aurora", 4)


def test_an_admission_takes_a_place() -> None:
    admissions = Admissions(1)
    admissions.apply(Admission("aurora"), 0)
    assert not admissions.admit(b"boreal", 1)


def test_a_raised_limit_makes_room_for_what_comes_after_it() -> None:
    admissions = Admissions(1)
    admissions.admit(b"aurora", 0)
    admissions.apply(Admission(None, limit=2), 1)
    assert admissions.admit(b"boreal", 2)


def test_a_raised_limit_does_not_reach_back() -> None:
    admissions = Admissions(1)
    admissions.admit(b"aurora", 0)
    admissions.apply(Admission(None, limit=2), 5)
    assert not admissions.admit(b"boreal", 4)


def test_a_lowered_limit_throws_nobody_out() -> None:
    admissions = Admissions(2)
    admissions.admit(b"aurora", 0)
    admissions.admit(b"boreal", 1)
    admissions.apply(Admission(None, limit=1), 2)
    assert admissions.admit(b"boreal", 3)
    assert not admissions.admit(b"cirrus", 4)


def test_of_several_limits_the_last_one_before_the_record_holds() -> None:
    admissions = Admissions(1)
    admissions.apply(Admission(None, limit=5), 10)
    admissions.apply(Admission(None, limit=3), 20)
    assert [admissions.limit(offset) for offset in (10, 11, 20, 21)] == [1, 5, 5, 3]


def test_a_limit_that_is_read_again_is_not_the_newest() -> None:
    admissions = Admissions(1)
    admissions.apply(Admission(None, limit=5), 10)
    admissions.apply(Admission(None, limit=3), 20)
    admissions.apply(Admission(None, limit=5), 10)
    assert admissions.limit(21) == 3


def test_a_limit_that_is_read_again_leaves_the_stated_value_as_it_was() -> None:
    admissions = Admissions(1)
    admissions.apply(Admission(None, limit=5), 10)
    before = admissions.pack(LIMIT_KEY, 10)
    admissions.apply(Admission(None, limit=5), 10)
    assert admissions.pack(LIMIT_KEY, 10) == before


def test_an_admission_names_the_keys_that_it_concerns() -> None:
    assert Admissions().apply(Admission("aurora", limit=4), 0) == [admitted_key(b"aurora"), LIMIT_KEY]


def test_an_admission_read_again_names_its_keys_again() -> None:
    # A new term has to state them, though nothing changes.
    admissions = Admissions()
    admissions.apply(Admission("aurora", limit=4), 0)
    assert admissions.apply(Admission("aurora", limit=4), 0) == [admitted_key(b"aurora"), LIMIT_KEY]


def test_a_recovered_campaign_keeps_its_place() -> None:
    before = Admissions(1)
    before.admit(b"aurora", 7)
    key = admitted_key(b"aurora")
    after = recovered(1, (key, before.pack(key, 9)))
    assert after.admit(b"aurora", 10)
    assert not after.admit(b"boreal", 11)


def test_recovered_limits_hold_from_their_offsets_on() -> None:
    before = Admissions(1)
    before.apply(Admission(None, limit=5), 10)
    after = recovered(1, (LIMIT_KEY, before.pack(LIMIT_KEY, 12)))
    assert (after.limit(10), after.limit(11)) == (1, 5)


def test_a_later_campaign_that_was_recovered_does_not_take_an_earlier_ones_place() -> None:
    # boreal's admission record at 4 reached the changelog, aurora at 3 did not; both are read again from 3 on.
    before = Admissions(1)
    before.admit(b"aurora", 3)
    before.apply(Admission("boreal"), 4)
    key = admitted_key(b"boreal")
    after = recovered(1, (key, before.pack(key, 4)))
    assert after.admit(b"aurora", 3)


def test_a_campaign_refused_before_its_admission_is_refused_again_after_recovery() -> None:
    before = Admissions(0)
    before.apply(Admission("aurora"), 5)
    key = admitted_key(b"aurora")
    after = recovered(0, (key, before.pack(key, 6)))
    assert [after.admit(b"aurora", offset) for offset in (4, 5, 6)] == [False, True, True]


def test_of_two_statements_of_the_limits_recovery_keeps_the_further() -> None:
    admissions = Admissions(1)
    admissions.apply(Admission(None, limit=5), 10)
    early = admissions.pack(LIMIT_KEY, 12)
    admissions.apply(Admission(None, limit=3), 20)
    late = admissions.pack(LIMIT_KEY, 22)
    assert recovered(1, (LIMIT_KEY, furthest(late, early))).limit(21) == 3
