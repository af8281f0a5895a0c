import pytest

from streams.events.catalogue import topic_by_name
from streams.events.errors import Reason
from streams.events.measures import Measure, People, money_key
from tests.unit.event_records import counted, event, invalid, people

REVENUE = money_key(Measure.REVENUE, "EUR")
REFUNDED = money_key(Measure.REFUNDED, "EUR")
MARGIN = money_key(Measure.MARGIN, "EUR")


def test_sale_counts_itself_its_units_revenue_and_margin():
    assert counted("sale", amount="49.90", cost=20, units=2) == {
        Measure.SALES: 1,
        Measure.UNITS: 2,
        REVENUE: 49_900_000,
        MARGIN: 29_900_000,
    }


def test_sale_without_cost_has_no_margin_and_without_units_sells_one():
    for absent in (None, ...):
        assert counted("sale", amount=5, cost=absent, units=absent) == {
            Measure.SALES: 1,
            Measure.UNITS: 1,
            REVENUE: 5_000_000,
        }


def test_sale_below_cost_takes_margin_off():
    assert counted("sale", amount=5, cost=8)[MARGIN] == -3_000_000


def test_free_sale_is_a_sale():
    assert counted("sale", amount=0, cost=...) == {Measure.SALES: 1, Measure.UNITS: 2, REVENUE: 0}


def test_refund_counts_what_it_gave_back_and_takes_its_margin_off():
    assert counted("sale", kind="refund", amount=30, cost=10, units=3, new_customer=True) == {
        Measure.REFUNDS: 1,
        REFUNDED: 30_000_000,
        MARGIN: -20_000_000,
    }
    assert people("sale", kind="refund") == ()


def test_each_currency_has_a_counter_of_its_own():
    add = counted("sale", currency="USD", amount=1, cost=...)
    topic_by_name("sale").count(event("sale", currency="JPY", amount=150, cost=...), add)
    assert add[money_key(Measure.REVENUE, "USD")] == 1_000_000
    assert add[money_key(Measure.REVENUE, "JPY")] == 150_000_000
    assert REVENUE not in add


def test_sender_s_word_decides_who_is_new():
    assert counted("sale", new_customer=True)[Measure.NEW_CUSTOMERS] == 1
    assert counted("sale", new_customer=False)[Measure.RETURNING_CUSTOMERS] == 1
    unknown = counted("sale", new_customer=None)
    assert Measure.NEW_CUSTOMERS not in unknown
    assert Measure.RETURNING_CUSTOMERS not in unknown


def test_first_purchase_that_was_filled_in_before_counting_makes_a_new_customer():
    sale = event("sale")
    sale.new_customer = True
    add: dict[int, int] = {}
    topic_by_name("sale").count(sale, add)
    assert add[Measure.NEW_CUSTOMERS] == 1


def test_first_purchase_is_asked_for_only_where_it_can_be_and_is_needed():
    needs = topic_by_name("sale").needs_first_purchase
    assert needs(event("sale"))
    assert not needs(event("sale", new_customer=False))
    assert not needs(event("sale", person=...))
    assert not needs(event("sale", person=""))
    assert not needs(event("sale", kind="refund"))
    assert not needs(event("sale", test=True))
    assert not topic_by_name("click").needs_first_purchase(event("click"))


def test_whoever_buys_is_a_buyer():
    assert people("sale") == (People.BUYERS,)
    assert people("sale", kind=None) == (People.BUYERS,)
    assert people("sale", person=...) == ()


def test_test_sale_counts_as_a_test_alone():
    assert counted("sale", test=True, new_customer=True) == {Measure.TESTS_SALE: 1}
    assert counted("sale", test=True, kind="refund") == {Measure.TESTS_SALE: 1}
    assert people("sale", test=True) == ()


@pytest.mark.parametrize("name", ["amount", "currency"])
@pytest.mark.parametrize("absent", [None, ...])
def test_sale_without_amount_or_currency_is_refused(name, absent):
    refused = invalid("sale", **{name: absent})
    assert refused.reason is Reason.MISSING_FIELD
    assert refused.detail.startswith(name)


@pytest.mark.parametrize("currency", ["eur", "EU", "EURO", "", "€€€", "ÄÖÜ", "E R", "123", 978, True, ["EUR"]])
def test_currency_that_is_not_three_capital_letters_is_refused(currency):
    assert invalid("sale", currency=currency).reason is Reason.BAD_AMOUNT


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("kind", "gift", Reason.BAD_VALUE),
        ("kind", 1, Reason.WRONG_TYPE),
        ("units", -1, Reason.BAD_VALUE),
        ("units", 10**30, Reason.BAD_VALUE),
        ("units", "2", Reason.WRONG_TYPE),
        ("new_customer", "yes", Reason.WRONG_TYPE),
    ],
)
def test_other_field_that_is_wrong_is_refused_by_name_without_its_value(name, value, reason):
    refused = invalid("sale", **{name: value})
    assert refused.reason is reason
    assert refused.detail.startswith(name)
    assert "gift" not in refused.detail


def test_counting_an_unchecked_amount_is_an_error_not_a_zero():
    sale = event("sale")
    sale.amount = type(sale.amount)(b"-1")
    with pytest.raises(ValueError, match="check"):
        topic_by_name("sale").count(sale, {})
