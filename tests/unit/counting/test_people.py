"""Sketches of people: a set of which only the size can be asked, so that a replay is harmless."""

import struct
from hashlib import blake2b

import msgspec
import pytest
from datasketches import cpc_sketch

from streams.counting.people import LG_K, MANY, People, add_to_all, estimate, union, unite
from streams.counting.summaries import FORMAT, UnknownFormat


def persons(first: int, count: int) -> bytes:
    """The hashes of the people `first` to `first + count - 1`."""
    return b"".join(blake2b(b"%d" % number, digest_size=8).digest() for number in range(first, first + count))


def packed(first: int, count: int, at: int = 0) -> bytes:
    people = People()
    people.add(persons(first, count))
    return people.pack(at)


def test_nobody_is_nobody() -> None:
    assert People().estimate() == 0


def test_the_union_of_nothing_is_nobody() -> None:
    assert estimate([]) == 0


@pytest.mark.parametrize("count", [1, 2, 10, 25])
def test_few_people_are_counted_exactly(count: int) -> None:
    people = People()
    people.add(persons(0, count))
    assert round(people.estimate()) == count


def test_a_hundred_thousand_people_are_estimated_within_two_per_cent() -> None:
    people = People()
    people.add(persons(0, 100_000))
    assert people.estimate() == pytest.approx(100_000, rel=0.02)


def test_the_union_of_halves_that_overlap_is_within_two_per_cent() -> None:
    both = estimate([packed(0, 60_000), packed(40_000, 60_000)])
    assert both == pytest.approx(100_000, rel=0.02)


def test_whoever_comes_again_is_not_counted_again() -> None:
    people = People()
    people.add(persons(0, 5_000))
    once = people.pack(0)
    people.add(persons(0, 5_000))
    assert people.pack(0) == once


@pytest.mark.parametrize("count", [1, MANY - 1, MANY, 20_000])
def test_people_who_are_added_to_several_sets_at_once_are_in_each_as_if_added_alone(count: int) -> None:
    sets, alone = [People(), People(), People()], [People(), People(), People()]
    for number, (one, other) in enumerate(zip(sets, alone, strict=True)):
        for people in (one, other):
            people.add(persons(number * 1_000, 1_500))
    add_to_all(sets, persons(500, count))
    for people in alone:
        people.add(persons(500, count))
    assert [estimate([people]) for people in sets] == [estimate([people]) for people in alone]


def test_sets_go_on_growing_each_by_itself_after_people_were_added_to_all() -> None:
    one, other = People(), People()
    add_to_all([one, other], persons(0, MANY))
    one.add(persons(MANY, 4 * MANY))
    assert other.estimate() == pytest.approx(MANY, rel=0.02)
    assert one.estimate() == pytest.approx(5 * MANY, rel=0.03)


def test_the_order_in_which_people_come_does_not_matter() -> None:
    one, other = People(), People()
    one.add(persons(0, 4_000) + persons(4_000, 4_000))
    other.add(persons(4_000, 4_000) + persons(0, 4_000))
    assert estimate([one.pack(0)]) == estimate([other.pack(0)])


@pytest.mark.parametrize("count", [0, 1, 300, 4_000, 40_000])
def test_a_set_by_itself_is_estimated_like_its_union_in_whatever_order_it_grew(count: int) -> None:
    one, other = union([]), People()
    one.add(persons(0, count))
    for first in reversed(range(0, count, 1_000)):
        other.add(persons(first, min(1_000, count - first)))
    back, _ = People.unpack(one.pack(0))
    assert one.estimate() == other.estimate() == back.estimate() == union([one]).estimate()


def test_a_sketch_that_was_stated_with_its_order_is_estimated_without_it() -> None:
    sketch, people = cpc_sketch(LG_K), People()
    for (number,) in struct.iter_unpack(">q", persons(0, 4_000)):
        sketch.update(number)
    people.add(persons(0, 4_000))
    stated = bytes((FORMAT,)) + msgspec.msgpack.encode([7, sketch.serialize()])
    back, at = People.unpack(stated)
    assert (back.estimate(), at) == (people.estimate(), 7)
    assert sketch.get_estimate() != people.estimate()


def test_a_union_repeated_changes_nothing() -> None:
    one, other = packed(0, 5_000), packed(2_500, 5_000)
    united = unite(one, other)
    assert unite(united, other) == unite(united, one) == unite(united, united) == united


def test_a_union_is_the_same_from_both_sides() -> None:
    one, other = packed(0, 3_000), packed(1_000, 4_000)
    assert estimate([unite(one, other)]) == estimate([unite(other, one)])


def test_different_people_of_two_statements_are_all_in_the_union() -> None:
    assert round(estimate([unite(packed(0, 20), packed(20, 20))])) == 40


@pytest.mark.parametrize(("one", "other"), [(3, 9), (9, 3)])
def test_a_union_says_the_further_offset(one: int, other: int) -> None:
    _, at = People.unpack(unite(packed(0, 1, at=one), packed(0, 1, at=other)))
    assert at == 9


def test_people_come_back_as_they_were_packed() -> None:
    people, at = People.unpack(packed(0, 30, at=77))
    assert (round(people.estimate()), at) == (30, 77)


def test_unpacked_people_go_on_growing() -> None:
    people, _ = People.unpack(packed(0, 30))
    people.add(persons(30, 10))
    assert round(people.estimate()) == 40


def test_a_united_sketch_goes_on_growing() -> None:
    people, _ = People.unpack(unite(packed(0, 20), packed(10, 20)))
    people.add(persons(25, 15))
    assert round(people.estimate()) == 40


def test_a_packed_set_of_one_person_is_small() -> None:
    assert len(packed(0, 1)) < 64


def test_hashes_that_are_cut_off_are_refused() -> None:
    with pytest.raises(struct.error, match="buffer of 8 bytes"):
        People().add(persons(0, 2)[:-1])


@pytest.mark.parametrize("value", [b"", bytes((FORMAT + 1,)) + packed(0, 1)[1:]])
def test_a_sketch_of_another_format_is_refused_by_its_version(value: bytes) -> None:
    with pytest.raises(UnknownFormat, match=f"this version reads {FORMAT:02x}"):
        People.unpack(value)
