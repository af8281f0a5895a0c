"""Summaries as bytes: they come back as they were, split only where they are too large, and name a foreign format."""

import msgspec
import pytest

from streams.counting.summaries import (
    CAMPAIGN,
    FORMAT,
    LEDGER,
    MAX_SUMMARY_BYTES,
    PROGRESS,
    Entry,
    PeopleEntry,
    Summary,
    UnknownFormat,
    decode_summary,
    encode_summary,
    head,
    kind_of,
    pack_panes,
    panes_of,
    summaries_partition,
)

HASHES = bytes(range(16))


def summary(entries: list[Entry], people: list[PeopleEntry] | None = None) -> Summary:
    return Summary(source=65, start=100, last=180, bucket_ms=1_700_000_000_000, entries=entries, people=people or [])


def large(entries: int) -> list[Entry]:
    """So many entries of about 200 bytes each."""
    return [Entry(2, pack_panes([(0, pane)]), dict.fromkeys(range(18), 1 << 40)) for pane in range(entries)]


def test_a_summary_comes_back_from_its_record() -> None:
    sent = summary([Entry(2, pack_panes([(4, 0)]), {1: 7, 300: -5})], [PeopleEntry(2, 9, 3, HASHES)])
    (record,) = encode_summary(CAMPAIGN, sent)
    assert decode_summary(record) == sent


def test_an_entry_names_each_of_its_panes() -> None:
    panes = [(0, 179_551_080), (1, 29_925_180), (3, 20_781), (4, 0)]
    assert panes_of(Entry(2, pack_panes(panes), {1: 7})) == panes


def test_a_record_begins_with_its_format_and_its_kind() -> None:
    (record,) = encode_summary(LEDGER, summary([Entry(0, b"", {})]))
    assert record[:2] == head(LEDGER) == bytes((FORMAT, LEDGER))
    assert kind_of(record) == LEDGER


def test_integers_of_sixty_four_bits_survive() -> None:
    sent = summary([Entry(1, pack_panes([(0, 0)]), {1: (1 << 63) - 1, 2: -(1 << 62)})])
    (record,) = encode_summary(CAMPAIGN, sent)
    assert decode_summary(record) == sent


@pytest.mark.parametrize("value", [b"", bytes((FORMAT,)), bytes((FORMAT + 1, CAMPAIGN)), b"\x00c"])
def test_a_record_of_another_format_is_refused_by_its_version(value: bytes) -> None:
    with pytest.raises(UnknownFormat, match=f"this version reads {FORMAT:02x}"):
        kind_of(value)


def test_a_record_that_is_no_summary_is_not_taken_for_one() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_summary(head(PROGRESS) + msgspec.msgpack.encode({"generation": 1}))


def test_fields_of_a_later_version_are_passed_over() -> None:
    sent = summary([Entry(1, pack_panes([(0, 0)]), {1: 1})])
    later = head(CAMPAIGN) + msgspec.msgpack.encode([*msgspec.structs.astuple(sent), "facts"])
    assert decode_summary(later) == sent


def test_a_summary_that_fits_is_one_record() -> None:
    assert len(list(encode_summary(CAMPAIGN, summary(large(500))))) == 1


def test_a_summary_that_is_too_large_becomes_records_that_fit() -> None:
    records = list(encode_summary(CAMPAIGN, summary(large(5_000))))
    assert len(records) > 1
    assert max(map(len, records)) <= MAX_SUMMARY_BYTES


def test_the_parts_of_a_split_summary_hold_every_entry_once() -> None:
    entries, people = large(5_000), [PeopleEntry(2, minute, 3, HASHES) for minute in range(300)]
    parts = [decode_summary(record) for record in encode_summary(CAMPAIGN, summary(entries, people))]
    assert [entry for part in parts for entry in part.entries] == entries
    assert [met for part in parts for met in part.people] == people


def test_the_parts_of_a_split_summary_name_the_same_block() -> None:
    parts = [decode_summary(record) for record in encode_summary(CAMPAIGN, summary(large(5_000)))]
    assert {(part.source, part.start, part.last, part.bucket_ms) for part in parts} == {
        (65, 100, 180, 1_700_000_000_000)
    }


def test_few_entries_beside_very_many_people_of_one_minute_are_split_too() -> None:
    # 40,000 new people of one kind in one minute: a block of a backlog that a worker catches up with.
    entries, people = large(5), [PeopleEntry(2, 9, 3, bytes(8 * 40_000))]
    parts = [decode_summary(record) for record in encode_summary(CAMPAIGN, summary(entries, people))]
    assert [entry for part in parts for entry in part.entries] == entries
    assert b"".join(met.hashes for part in parts for met in part.people) == people[0].hashes


@pytest.mark.parametrize("key", [b"aurora", "весна".encode(), b"x" * 128])
def test_a_campaign_keeps_its_partition_and_the_partition_exists(key: bytes) -> None:
    found = {summaries_partition(key, 8) for _ in range(3)}
    assert len(found) == 1
    assert found <= set(range(8))


def test_the_partition_of_a_campaign_is_that_of_the_format() -> None:
    # CRC-32 of "123456789" is the check value cbf43926 of its specification.
    assert summaries_partition(b"123456789", 1_000) == 0xCBF43926 % 1_000
