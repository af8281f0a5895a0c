from datetime import UTC, datetime
from decimal import Decimal
from typing import get_args

import msgspec
import pytest
import yaml

from streams.counting.windows import WINDOWS
from streams.events.campaigns import Campaign, Owner, Window, decode_campaign, encode_campaign, parse_campaign
from streams.events.errors import CatalogueError

ENTRY = yaml.safe_load("""
id: aurora
name: Aurora
starts_at: 2026-11-24T10:00:00+01:00
ends_at: "2026-12-24T09:00:00Z"
owner: {name: Anna, contact: anna@example.com}
channel_owners: {email: {name: Eva}}
owners: {engagement_rate: {name: Max, contact: "#growth"}}
expects: {email: [open, click, delivery]}
budget: 100000.10
currency: EUR
fx: [{currency: USD, day: 2026-11-01, rate: 0.92}]
gross_margin: 0.4
baseline_revenue_per_day: "1500.00"
customers_at_start: 12
targets:
  - {kpi: engagement_rate, window: 1h, min: 0.12, min_volume: 500}
  - {kpi: refunds, window: launch, channel: email, max: 1000, source: industry}
""")


def problem(**changes):
    with pytest.raises(CatalogueError) as raised:
        parse_campaign({**ENTRY, **changes})
    assert str(raised.value).startswith(raised.value.path)
    return raised.value


def test_whole_entry_is_read_with_exact_numbers_and_instants():
    campaign = parse_campaign(ENTRY)
    assert campaign.starts_at == datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert campaign.budget == Decimal("100000.1")
    assert campaign.fx[0].rate == Decimal("0.92")
    assert campaign.targets[0].min == Decimal("0.12")
    assert campaign.targets[1].source == "industry"
    assert campaign.owners["engagement_rate"] == Owner(name="Max", contact="#growth")


def test_id_alone_is_a_campaign():
    assert parse_campaign({"id": "aurora"}) == Campaign(id="aurora")


def test_owner_is_a_name_or_a_name_with_a_contact():
    assert parse_campaign({"id": "a", "owner": "Anna"}).owner_name == "Anna"
    assert parse_campaign(ENTRY).owner_name == "Anna"
    assert parse_campaign({"id": "a"}).owner_name is None


def test_record_survives_the_catalogue_topic():
    campaign = parse_campaign(ENTRY)
    assert decode_campaign(encode_campaign(campaign)) == campaign
    assert encode_campaign(Campaign(id="a")) == b'{"id":"a"}'


def test_fields_of_a_newer_version_are_ignored_when_read_but_refused_when_applied():
    newer = msgspec.json.encode({"id": "a", "owner": {"name": "x", "team": "y"}, "theme": "dark"})
    assert decode_campaign(newer) == Campaign(id="a", owner=Owner(name="x"))
    assert problem(theme="dark").path == "theme"


@pytest.mark.parametrize("value", [b"", b"{", b"\xff", b"[" * 10_000, b"[]", b"{}", b'{"id":""}', b'{"id":"\\ud800"}'])
def test_bad_record_of_the_catalogue_topic_raises_only_a_catalogue_error(value):
    with pytest.raises(CatalogueError):
        decode_campaign(value)


@pytest.mark.parametrize("entry", [None, [], "aurora", 5])
def test_entry_that_is_no_mapping_is_refused(entry):
    with pytest.raises(CatalogueError, match="mapping"):
        parse_campaign(entry)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"id": ""}, "id"),
        ({"id": "a\0"}, "id"),
        ({"id": 5}, "id"),
        ({"ends_att": "x"}, "ends_att"),
        ({5: "x"}, "5"),
        ({"starts_at": "2026-11-24T10:00:00"}, "starts_at"),
        ({"starts_at": "tomorrow"}, "starts_at"),
        ({"ends_at": "2026-11-24T09:00:00Z"}, "ends_at"),
        ({"owner": {"nam": "x"}}, "owner.nam"),
        ({"owner": {}}, "owner"),
        ({"owners": {"refunds": {"name": "x", "phone": 1}}}, "owners.refunds.phone"),
        ({"channel_owners": {"tv": {"name": "x"}}}, "channel_owners.tv"),
        ({"expects": {"email": ["click", "opn"]}}, "expects.email[1]"),
        ({"expects": {"fax": []}}, "expects.fax"),
        ({"budget": -1}, "budget"),
        ({"budget": "NaN"}, "budget"),
        ({"budget": float("inf")}, "budget"),
        ({"budget": True}, "budget"),
        ({"budget": "a lot"}, "budget"),
        ({"currency": "euro"}, "currency"),
        ({"currency": None}, "currency"),
        ({"fx": [{"currency": "usd", "day": "2026-11-01", "rate": 1}]}, "fx[0].currency"),
        ({"fx": [{"currency": "USD", "day": "2026-11-01", "rate": 0}]}, "fx[0].rate"),
        ({"fx": [{"currency": "USD", "day": "November", "rate": 1}]}, "fx[0].day"),
        ({"gross_margin": 1.5}, "gross_margin"),
        ({"gross_margin": float("nan")}, "gross_margin"),
        ({"baseline_revenue_per_day": -0.01}, "baseline_revenue_per_day"),
        ({"customers_at_start": -1}, "customers_at_start"),
        ({"targets": 5}, "targets"),
        ({"targets": [{"kpi": "x", "window": "1h"}]}, "targets[0]"),
        ({"targets": [{"kpi": "x", "window": "1h", "min": 1, "max": 2}]}, "targets[0]"),
        ({"targets": [{"kpi": "x", "window": "2h", "min": 1}]}, "targets[0].window"),
        ({"targets": [{"kpi": "x", "window": "1h", "min": "inf"}]}, "targets[0].min"),
        ({"targets": [{"kpi": "x", "window": "1h", "min": 1, "channel": "all"}]}, "targets[0].channel"),
        ({"targets": [{"kpi": "x", "window": "1h", "mn": 1}]}, "targets[0].mn"),
        ({"targets": [{"window": "1h", "min": 1}]}, "targets[0]"),
    ],
    ids=str,
)
def test_wrong_field_is_named_by_its_path(changes, path):
    entry_changes = {key: value for key, value in changes.items() if isinstance(key, str)}
    if entry_changes == changes:
        assert problem(**changes).path == path
        return
    with pytest.raises(CatalogueError) as raised:
        parse_campaign({**ENTRY, **changes})
    assert raised.value.path == path


def test_mistyped_name_gets_a_suggestion():
    assert "did you mean ends_at?" in problem(ends_att="x").problem
    assert "did you mean open?" in problem(expects={"email": ["opn"]}).problem


def test_kpis_are_checked_against_the_known_ones_when_they_are_given():
    assert parse_campaign(ENTRY, kpis={"engagement_rate": ("1h",), "refunds": ("1h", "launch")})
    with pytest.raises(CatalogueError) as raised:
        parse_campaign(ENTRY, kpis={"engagement_rate": ("1h",), "refund_total": ("launch",)})
    assert raised.value.path == "targets[1].kpi"


def test_target_in_a_window_that_its_kpi_does_not_have_is_refused_with_those_that_it_has():
    with pytest.raises(CatalogueError) as raised:
        parse_campaign(ENTRY, kpis={"engagement_rate": ("1h",), "refunds": ("today", "30d")})
    assert str(raised.value) == "targets[1].window: refunds has no window launch; it has today, 30d"


def test_target_that_stands_twice_is_refused_when_applied_and_read_all_the_same():
    twice = {
        "id": "a",
        "targets": [{"kpi": "nps", "window": "30d", "min": 1}, {"kpi": "nps", "window": "30d", "min": 2}],
    }
    assert len(decode_campaign(msgspec.json.encode(twice)).targets) == 2
    with pytest.raises(CatalogueError) as raised:
        parse_campaign(twice, kpis={"nps": ("30d",)})
    assert str(raised.value) == "targets[1]: repeats targets[0]"


def test_the_nearest_owner_answers():
    campaign = parse_campaign(ENTRY)
    assert campaign.responsible("engagement_rate", "email") == Owner(name="Max", contact="#growth")
    assert campaign.responsible("refunds", "email") == Owner(name="Eva")
    assert campaign.responsible("refunds", "display") == Owner(name="Anna", contact="anna@example.com")
    assert campaign.responsible("refunds", None) == Owner(name="Anna", contact="anna@example.com")
    assert parse_campaign({"id": "a", "owner": "Ida"}).responsible("refunds", None) == Owner(name="Ida")
    assert parse_campaign({"id": "a"}).responsible("refunds", None) is None


def test_windows_of_targets_are_those_that_exist():
    assert set(get_args(Window)) == {window.name for window in WINDOWS}
