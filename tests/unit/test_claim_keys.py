"""The packed form of claims is part of the format: who changes it loses every owner."""

import struct

import pytest

from agents.claims.keys import RECORD_BYTES, Batch, Keyring, losers

KEY = b"a secret of the deployment"


def keyring(**changes: int) -> Keyring:
    return Keyring(KEY, **{"buckets_per_hour": 1000, "person_buckets": 100, **changes})


def one(topic: int, source: str, name: str, hour: int = 490_000, ring: Keyring | None = None) -> bytes:
    (batch,) = (ring or keyring()).identities(topic, [65], [(hour, source, name, 7)])
    return batch.records


def test_form_is_the_one_that_redis_holds_already() -> None:
    (batch,) = keyring().identities(1, [65], [(490_000, "shop", "order-1", 7)])
    assert batch.prefix == b"c{0}\x01"
    assert batch.records.hex() == "00077a10" + "000000bd" + "6e97e072b9a2986b" + "000041" + "0000000007"


def test_owner_is_the_source_partition_and_the_offset() -> None:
    (batch,) = keyring().identities(1, [0xABCDEF], [(1, "", "x", 0x0102030405)])
    assert batch.records[16:] == bytes.fromhex("abcdef0102030405")


def test_hour_and_bucket_make_the_key_and_stay_in_range() -> None:
    (batch,) = keyring().identities(1, [65] * 500, [(490_000, "", f"id-{n}", n) for n in range(500)])
    keys = [struct.unpack_from(">II", batch.records, at) for at in range(0, len(batch.records), RECORD_BYTES)]
    assert {hour for hour, _ in keys} == {490_000}
    assert all(bucket < 1000 for _, bucket in keys)
    assert len({bucket for _, bucket in keys}) > 350


@pytest.mark.parametrize(
    ("other_topic", "other_source", "other_id"),
    [(2, "shop", "1"), (1, "", "1"), (1, "shop", "2"), (1, "shop1", ""), (1, "", "shop1"), (1, "sho", "p1")],
)
def test_another_topic_source_or_id_is_another_identity(other_topic: int, other_source: str, other_id: str) -> None:
    ring = keyring()
    assert one(1, "shop", "1", ring=ring)[8:16] != one(other_topic, other_source, other_id, ring=ring)[8:16]


def test_another_key_gives_other_fingerprints() -> None:
    other = Keyring(KEY + b"!", 1000, 100)
    assert one(1, "shop", "1")[8:16] != one(1, "shop", "1", ring=other)[8:16]


def test_fingerprint_does_not_depend_on_the_hour_or_on_what_was_asked_before() -> None:
    ring = keyring()
    for n in range(3000):
        one(1, f"source-{n}", "1", ring=ring)
    assert one(1, "shop", "1", 5, ring=ring)[4:16] == one(1, "shop", "1", 6)[4:16]


def test_any_text_can_be_an_id() -> None:
    names = ["", "\0", "\ud800", "é", "👍", "x" * 100_000]
    assert len({one(1, "", name) for name in names}) == len(names)


def test_batches_are_cut_by_size_and_keep_their_places() -> None:
    batches = keyring(batch_size=2).identities(1, [65] * 5, [(1, "", str(n), n) for n in range(5)])
    assert [list(batch.places) for batch in batches] == [[0, 1], [2, 3], [4]]
    assert [len(batch.records) for batch in batches] == [48, 48, 24]


def test_no_ids_make_no_batches() -> None:
    assert keyring().identities(1, [], []) == []
    assert keyring().people([], []) == []


def test_shards_split_the_ids_and_keep_their_places() -> None:
    ids = [(1, "", str(n), n) for n in range(300)]
    batches = keyring(shards=3).identities(1, [65] * 300, ids)
    assert {batch.prefix for batch in batches} == {b"c{0}\x01", b"c{1}\x01", b"c{2}\x01"}
    assert sorted(place for batch in batches for place in batch.places) == list(range(300))
    whole = keyring().identities(1, [65] * 300, ids)[0].records
    for batch in batches:
        for at, place in enumerate(batch.places):
            assert batch.records[at * 24 : at * 24 + 24] == whole[place * 24 : place * 24 + 24]


def test_a_person_is_the_field_itself_under_no_hour() -> None:
    (batch,) = keyring().people([65], [(b"\x01\x02\x03\x04\0\0\0\x65", 9)])
    assert batch.prefix == b"p{0}\0"
    assert batch.records == struct.pack(">II", 0, 1) + b"\x01\x02\x03\x04\0\0\0\x65" + struct.pack(">Q", 65 << 40 | 9)


def test_a_person_that_is_not_8_bytes_is_refused() -> None:
    with pytest.raises(struct.error):
        keyring().people([65], [(b"short", 9)])


def test_losers_are_named_by_their_place_in_the_callers_list() -> None:
    batches = [Batch(0, b"", b"", range(300)), Batch(1, b"", b"", [900, 901, 902])]
    assert losers(batches, [b"\x00\x05\x01\x00", b"\x00\x02"]) == {5, 256, 902}


@pytest.mark.parametrize("name", ["buckets_per_hour", "person_buckets", "shards", "batch_size"])
@pytest.mark.parametrize("value", [0, -1, (1 << 32) + 1])
def test_a_number_out_of_range_is_refused_by_name(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=name):
        keyring(**{name: value})


def test_an_empty_key_is_refused() -> None:
    with pytest.raises(ValueError, match="hash_key"):
        Keyring(b"", 1, 1)
