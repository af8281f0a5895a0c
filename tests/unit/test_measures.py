import itertools
import string

import pytest

from streams.events.channels import CHANNELS, channel_code, channel_name
from streams.events.errors import Reason
from streams.events.measures import (
    MONEY_MEASURES,
    Measure,
    is_currency,
    is_money,
    measure_reason,
    money_key,
    money_parts,
    reason_measure,
)

NUMBERS = {
    "CLICKS": 1, "MACHINE_CLICKS": 2, "UNSUBSCRIBES": 3, "OPENS": 8, "MACHINE_OPENS": 9, "VISITS": 16,
    "ENGAGED_VISITS": 17, "MENTIONS_POSITIVE": 24, "MENTIONS_NEUTRAL": 25, "MENTIONS_NEGATIVE": 26,
    "MENTIONS_UNKNOWN": 27, "MENTION_SCORE": 28, "MENTION_SCORED": 29, "AUDIENCE": 30, "SALES": 40, "REFUNDS": 41,
    "UNITS": 42, "REVENUE": 43, "REFUNDED": 44, "MARGIN": 45, "NEW_CUSTOMERS": 46, "RETURNING_CUSTOMERS": 47,
    "LATE": 112, "UNKNOWN_CHANNEL": 113, "TESTS_CLICK": 114, "TESTS_OPEN": 115, "TESTS_VISIT": 116,
    "TESTS_MENTION": 117, "TESTS_SALE": 118, "READ": 128, "COUNTED": 129, "DUPLICATE": 130, "INVALID": 131,
    "LEDGER_LATE": 132, "LEDGER_MACHINE": 133, "LEDGER_TEST": 134, "INVALID_TOMBSTONE": 160,
    "INVALID_TOO_LARGE": 161, "INVALID_NOT_JSON": 162, "INVALID_NOT_OBJECT": 163, "INVALID_TOO_DEEP": 164,
    "INVALID_MISSING_FIELD": 165, "INVALID_WRONG_TYPE": 166, "INVALID_BAD_ID": 167, "INVALID_BAD_TIME": 168,
    "INVALID_BAD_LABEL": 169, "INVALID_BAD_AMOUNT": 170, "INVALID_BAD_VALUE": 171, "INVALID_FUTURE": 172,
    "INVALID_TOO_OLD": 173,
}  # fmt: skip


def test_numbers_of_released_measures_never_change():
    released = {measure.name: measure.value for measure in Measure if measure.name in NUMBERS}
    assert released == NUMBERS


def test_measures_fit_below_the_money_keys():
    assert all(0 < measure < 256 for measure in Measure)


def test_money_key_is_as_the_format_says():
    assert money_key(Measure.REVENUE, "AAA") == 43 + 256
    assert money_key(Measure.REVENUE, "EUR") == 43 + 256 * (1 + 4 * 676 + 20 * 26 + 17)
    assert money_key(Measure.MARGIN, "ZZZ") == 45 + 256 * 17_576


def test_every_currency_has_keys_of_its_own_that_can_be_read_back():
    keys = set()
    for letters in itertools.product(string.ascii_uppercase, repeat=3):
        currency = "".join(letters)
        for measure in MONEY_MEASURES:
            key = money_key(measure, currency)
            assert money_parts(key) == (measure, currency)
            assert is_money(key)
            keys.add(key)
    assert len(keys) == len(MONEY_MEASURES) * 26**3


def test_plain_measures_are_no_money():
    for measure in Measure:
        assert not is_money(measure)
        with pytest.raises(ValueError):
            money_parts(measure)
    with pytest.raises(ValueError):
        money_parts(43 + 256 * 17_577)


@pytest.mark.parametrize("text", ["eur", "EU", "EURO", "", "E1R", "ÉUR", "ΕUR"])
def test_what_is_not_three_capital_letters_is_no_currency(text):
    assert not is_currency(text)
    with pytest.raises(ValueError):
        money_key(Measure.REVENUE, text)


def test_each_reason_has_the_measure_of_its_name():
    for reason in Reason:
        assert reason_measure(reason).name == f"INVALID_{reason.name}"
        assert measure_reason(reason_measure(reason)) is reason
    assert measure_reason(Measure.CLICKS) is None


def test_channel_codes_are_places_in_the_list():
    assert [channel_code(name) for name in CHANNELS] == list(range(1, 20))
    assert [channel_name(code) for code in range(1, 20)] == list(CHANNELS)
    assert channel_name(0) == "all"
    assert channel_code("tv") == channel_code("all") == channel_code("other") == 19
    for code in (-1, 20):
        with pytest.raises(ValueError):
            channel_name(code)
