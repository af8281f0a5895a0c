"""Statements: their keys, and which of two statements of one key is the truth."""

import pytest

from streams.counting.merge import new_value, pack
from streams.counting.panes import Tier
from streams.counting.statements import (
    LIMIT_KEY,
    REFUSED_KEY,
    KeyKind,
    TableKey,
    admitted_key,
    counters_key,
    furthest,
    kind_of_key,
    ledger_key,
    ledger_source,
    parse_key,
    people_key,
)
from streams.counting.summaries import FORMAT

CAMPAIGN = "весна-26"


def at(offset: int, clicks: int = 0) -> bytes:
    value = new_value()
    value.at, value.totals = offset, {1: clicks}
    return pack(value)


def test_the_parts_of_a_counters_key_come_back() -> None:
    key = counters_key(CAMPAIGN.encode(), 19, Tier.DAY, 20_781)
    assert parse_key(key) == TableKey(KeyKind.COUNTERS, Tier.DAY, 19, 0, 20_781, CAMPAIGN)


def test_the_parts_of_a_people_key_come_back() -> None:
    key = people_key(CAMPAIGN.encode(), 2, Tier.MONTH, 24_322, 5)
    assert parse_key(key) == TableKey(KeyKind.PEOPLE, Tier.MONTH, 2, 5, 24_322, CAMPAIGN)


def test_the_pane_of_ten_seconds_fits_until_the_year_3000() -> None:
    pane = 32_503_680_000 // 10
    assert parse_key(counters_key(b"c", 1, Tier.TEN_SECONDS, pane)).pane == pane


@pytest.mark.parametrize("source", [65, (1 << 40) - 1])
def test_the_source_of_a_ledger_key_comes_back(source: int) -> None:
    assert ledger_source(ledger_key(source)) == source


def test_a_ledger_key_has_no_campaign() -> None:
    assert parse_key(ledger_key(0xFFFEFDFCFB)).campaign == ""


def test_an_admission_has_its_campaign_in_its_key() -> None:
    assert parse_key(admitted_key(CAMPAIGN.encode())).campaign == CAMPAIGN


def test_no_two_kinds_of_keys_are_the_same() -> None:
    keys = [
        counters_key(b"", 0, 0, 0),
        people_key(b"", 0, 0, 0, 0),
        ledger_key(0),
        admitted_key(b""),
        LIMIT_KEY,
        REFUSED_KEY,
    ]
    assert len({kind_of_key(key) for key in keys}) == len(set(keys)) == len(keys)


def test_campaigns_whose_names_begin_alike_have_keys_of_their_own() -> None:
    assert len({counters_key(name, 1, 0, 7) for name in (b"a", b"ab", b"a\x00")}) == 3


def test_of_two_statements_the_further_one_is_the_truth() -> None:
    assert furthest(at(5), at(9)) == furthest(at(9), at(5)) == at(9)


def test_offsets_are_compared_as_numbers_not_as_bytes() -> None:
    # As packed bytes 127 is greater than 128.
    assert furthest(at(127), at(128)) == at(128)


def test_a_value_that_says_nothing_yet_gives_way() -> None:
    assert furthest(at(-1), at(0)) == at(0)


def test_of_two_statements_that_reach_as_far_the_first_is_kept() -> None:
    assert furthest(at(7, clicks=1), at(7, clicks=2)) == at(7, clicks=1)


def test_a_statement_of_another_format_is_refused_by_its_version() -> None:
    with pytest.raises(ValueError, match=f"format {FORMAT + 1} .* reads {FORMAT}"):
        furthest(at(1), bytes((FORMAT + 1,)) + at(2)[1:])
