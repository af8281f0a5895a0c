"""A catalogue's file is read strictly: what is wrong in it is named by its place, in one line, in plain words."""

from __future__ import annotations

import pytest

from agents.operations.catalogue_changes import changes, leaves
from agents.operations.catalogue_file import CatalogueFileError, read_file
from streams.events.campaigns import Campaign

KPIS = {"bounce_rate": ("1h", "launch")}


def test_a_list_and_a_list_under_campaigns_are_the_same_catalogue() -> None:
    assert read_file("- id: a\n- id: b") == read_file("campaigns:\n- {id: a}\n- {id: b}")
    assert read_file('[{"id": "a"}]') == [Campaign(id="a")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {id: 2026}", "campaigns[0] (2026): id: must be text: write it in quotes"),
        ("- {id: a, owner: {name: yes}}", "campaigns[0] (a): owner.name: must be text: write it in quotes"),
        ("- {id: a, starts_at: 2026-11-24}", "campaigns[0] (a): starts_at: must be a time with an offset"),
        ("- {id: a, starts_at: 2026-11-24T09:00:00}", "campaigns[0] (a): starts_at: must be a time with an offset"),
        ("- {id: a, starts_at: soon}", "campaigns[0] (a): starts_at: must be a time with an offset"),
        (
            "- {id: a, targets: [{kpi: bounce_rate, window: 2h, max: 1}]}",
            "window: must be one of 1m, 5m, 1h, 24h, today",
        ),
        ("- {id: a, targets: [{kpi: bounce_rate, window: 1h, max: 1, source: x}]}", "must be one of own, industry"),
        ("- {id: a, targets: [{kpi: bounce_rte, window: 1h, max: 1}]}", "did you mean bounce_rate?"),
        ("- {id: a, targets: [{kpi: bounce_rate, window: 7d, max: 1}]}", "has no window 7d; it has 1h, launch"),
        ("- {id: a, targets: [{kpi: bounce_rate, window: 1h, channel: mail, max: 1}]}", "did you mean email?"),
        ("- {id: a}\n- 5", "campaigns[1]: a campaign must be a mapping of fields"),
        ("- {}", "campaigns[0]: Object missing required field id"),
        ("", "a catalogue is a list of campaigns"),
        ("- id: a\n\tname: b", "not YAML in line 2"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(text: str, said: str) -> None:
    with pytest.raises(CatalogueFileError) as raised:
        read_file(text, KPIS)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("- id: a\n  name: x\n  name: y", 3),
        ("- id: a\n  owner:\n    name: x\n    contact: c\n    name: x", 5),
        ("campaigns: []\ncampaigns: []", 2),
    ],
)
def test_a_key_that_stands_twice_is_refused_since_yaml_would_drop_the_first(text: str, line: int) -> None:
    with pytest.raises(CatalogueFileError, match=f"in line {line}: .* stands twice"):
        read_file(text)


def test_a_file_that_contains_itself_or_nests_without_end_is_refused_in_one_line() -> None:
    for text in ("&a [*a]", "- &a {id: a, owner: *a}", "[" * 5_000):
        with pytest.raises(CatalogueFileError):
            read_file(text)


def test_an_anchor_may_be_used_in_several_campaigns() -> None:
    text = "- {id: a, owner: &maria {name: Maria}}\n- {id: b, owner: *maria}"
    assert [campaign.owner_name for campaign in read_file(text)] == ["Maria", "Maria"]


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        ("{currency: USD, day: 2026-11-01, rate: 1}, {currency: USD, day: 2026-11-01, rate: 2}", "day of fx[0]"),
        ("{currency: EUR, day: 2026-11-01, rate: 1}", "EUR is the campaign's own currency"),
    ],
)
def test_rates_that_contradict_each_other_are_refused(rates: str, said: str) -> None:
    with pytest.raises(CatalogueFileError) as raised:
        read_file(f"- {{id: a, currency: EUR, fx: [{rates}]}}", KPIS)
    assert said in str(raised.value)
    later = "{currency: USD, day: 2026-11-01, rate: 1}, {currency: USD, day: 2026-11-02, rate: 2}"
    assert len(read_file(f"- {{id: a, currency: EUR, fx: [{later}]}}", KPIS)[0].fx) == 2


def test_a_difference_is_told_by_the_paths_of_its_single_values() -> None:
    before = read_file("- {id: a, currency: EUR, budget: 5, fx: [{currency: USD, day: 2026-11-01, rate: 0.9}]}")
    after = read_file("- {id: a, currency: EUR, budget: 5.0, fx: [{currency: USD, day: 2026-11-01, rate: 0.8}]}")
    (change,) = changes({"a": before[0]}, after)
    assert change.kind == "changed"
    was, now = change.fields["fx"]
    assert leaves(was, "fx") == {"fx[0].currency": "USD", "fx[0].day": "2026-11-01", "fx[0].rate": "0.9"}
    assert leaves(now, "fx")["fx[0].rate"] == "0.8"
    assert leaves(None, "fx") == {}
