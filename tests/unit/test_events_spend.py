from datetime import date

import pytest

from streams.events.catalogue import topic_by_name
from streams.events.errors import Reason
from streams.events.measures import Measure
from streams.events.spend import Spent, day_of, epoch_day, read_spent
from tests.unit.event_records import NOW_MS, accepted, counted, event, invalid, people

DAY_MS = 86_400_000


def fact(**changes):
    return topic_by_name("spend").fact(event("spend", **changes))


def spent(**changes):
    return read_spent(fact(**changes).value)


def test_statement_counts_as_a_statement_and_adds_no_money():
    assert counted("spend", amount="1250.40") == {Measure.SPEND_STATEMENTS: 1}


def test_statement_states_its_line_s_day_amount_and_currency():
    stated = fact(platform="search-ads", account="eu-1", day="2026-11-23", amount="1250.40", currency="EUR")
    assert stated.line == ("search-ads", "eu-1", "media")
    assert day_of(stated.day) == date(2026, 11, 23)
    assert read_spent(stated.value) == Spent("media", "EUR", 1_250_400_000)


def test_platform_account_kind_and_day_tell_lines_apart_and_nothing_else_does():
    stated = fact()
    for changes in ({"platform": "video-ads"}, {"account": "eu-2"}, {"kind": "fee"}):
        assert fact(**changes).line != stated.line
    assert fact(day="2026-11-22").day == stated.day - 1
    again = fact(id="e-2", time="2026-11-24T07:00:00Z", amount=7, currency="USD", person="p", source="other")
    assert (again.line, again.day) == (stated.line, stated.day)


def test_line_without_platform_and_account_is_a_line_too():
    for absent in (None, ..., ""):
        assert fact(platform=absent, account=absent, kind=None).line == ("", "", "media")


@pytest.mark.parametrize("kind", ["media", "fee", "production"])
def test_kind_is_stated_with_the_amount(kind):
    assert spent(kind=kind).kind == kind


@pytest.mark.parametrize(
    ("amount", "micros"),
    [
        (0, 0),
        ("0.000001", 1),
        (1250.4, 1_250_400_000),
        ("9" * 18 + "." + "9" * 6, 10**24 - 1),
        ("1.5e3", 1_500_000_000),
    ],
)
def test_amount_is_exact_also_when_it_is_nothing(amount, micros):
    assert spent(amount=amount).micros == micros


def test_test_statement_counts_as_a_test_and_states_nothing():
    assert counted("spend", test=True) == {Measure.TESTS_SPEND: 1}
    assert fact(test=True) is None


def test_statement_reaches_nobody():
    assert people("spend", person="p") == ()


@pytest.mark.parametrize("name", ["day", "amount", "currency"])
@pytest.mark.parametrize("absent", [None, ...])
def test_statement_without_day_amount_or_currency_is_refused(name, absent):
    refused = invalid("spend", **{name: absent})
    assert refused.reason is Reason.MISSING_FIELD
    assert refused.detail.startswith(name)


@pytest.mark.parametrize("amount", [-1, "-0.01", "12,50", "1.0000001", True, "", 10**18])
def test_amount_that_is_no_exact_sum_from_nothing_up_is_refused(amount):
    assert invalid("spend", amount=amount).reason is Reason.BAD_AMOUNT


@pytest.mark.parametrize("currency", ["eur", "XXZ", "€"])
def test_currency_that_is_not_in_iso_4217_is_refused(currency):
    assert invalid("spend", currency=currency).reason is Reason.BAD_AMOUNT


@pytest.mark.parametrize(
    "day", ["2026-11-31", "23.11.2026", "2026-1-1", "", "2026-11-23T00:00:00Z", 20_780, "1970-01-01", "9999-12-31"]
)
def test_day_that_is_no_day_or_far_from_its_statement_is_refused(day):
    refused = invalid("spend", day=day)
    assert refused.reason is Reason.BAD_VALUE
    assert refused.detail.startswith("day")


def test_first_and_last_day_that_may_be_stated():
    assert fact(day="1970-01-02").day == 1
    ahead = day_of(NOW_MS // DAY_MS + 366)
    assert fact(time=NOW_MS, day=ahead.isoformat()).day == epoch_day(ahead)
    assert invalid("spend", time=NOW_MS, day=day_of(epoch_day(ahead) + 1).isoformat()).reason is Reason.BAD_VALUE


def test_statement_may_come_as_late_as_it_likes():
    assert accepted("spend", time=NOW_MS - 900 * DAY_MS, day="2024-01-01").late


def test_unchecked_amount_states_an_error_not_a_zero():
    statement = event("spend")
    statement.amount = type(statement.amount)(b"-1")
    with pytest.raises(ValueError, match="check"):
        topic_by_name("spend").fact(statement)
