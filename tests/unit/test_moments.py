"""What the boards mark: a launch's start and end, and the team's changes, each at its own time."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from prometheus_client.parser import text_string_to_metric_families

from agents.campaign.snapshot import CampaignSnapshot, TacticSnapshot
from agents.web.metrics import render_metrics
from streams.counting.campaign_facts import Tactic
from streams.events.campaigns import Campaign, Owner, Target
from tests.unit.kpi_pictures import NOW_MS, planned_campaign, snapshot

STARTS, ENDS = datetime(2026, 11, 24, 8, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)


def shown(campaign: CampaignSnapshot) -> list[tuple[str, dict[str, str], float]]:
    text = render_metrics(snapshot(campaign), 100_000).decode()
    samples = (one for family in text_string_to_metric_families(text) for one in family.samples)
    return [(sample.name, sample.labels, sample.value) for sample in samples]


def made(at_ms: int, title: str) -> TacticSnapshot:
    return TacticSnapshot(Tactic(2, at_ms, title, "", "Maria"), {})


def test_the_launch_s_start_and_end_are_told_in_seconds() -> None:
    told = Campaign(id="aurora", starts_at=STARTS, ends_at=ENDS)
    found = shown(replace(planned_campaign("aurora"), told=told))
    assert ("campaign_starts_timestamp_seconds", {"campaign": "aurora"}, STARTS.timestamp()) in found
    assert ("campaign_ends_timestamp_seconds", {"campaign": "aurora"}, ENDS.timestamp()) in found


def test_a_change_that_is_made_again_is_told_once_with_its_newest_time() -> None:
    tactics = (made(NOW_MS, "Mail"), made(NOW_MS - 500, 'Page "two"'), made(NOW_MS - 60_000, "Mail"))
    found = shown(replace(planned_campaign("aurora"), tactics=tactics))
    times = {
        (labels["channel"], labels["title"], labels["owner"]): value
        for name, labels, value in found
        if name == "campaign_tactic_timestamp_seconds"
    }
    assert times == {
        ("email", "Mail", "Maria"): NOW_MS / 1000,
        ("email", 'Page "two"', "Maria"): NOW_MS / 1000 - 0.5,
    }


def test_a_target_tells_what_is_measured_on_how_many_cases_and_whose_it_is() -> None:
    told = Campaign(
        id="aurora",
        owner="Ann",
        owners={"engagement_rate": Owner(name="Ben", contact="#web")},
        targets=[Target(kpi="engagement_rate", window="1h", min=Decimal("0.5"))],
    )
    found = {
        name: (labels, value)
        for name, labels, value in shown(replace(planned_campaign("aurora"), told=told))
        if name.startswith("campaign_target_")
    }
    place = {"campaign": "aurora", "channel": "all", "kpi": "engagement_rate", "window": "1h"}
    place |= {"bound": "min", "source": "own"}
    assert found["campaign_target_value"] == (place, 100 / 5150)
    assert found["campaign_target_volume"] == (place, 5150.0)
    assert found["campaign_target_owner_info"] == (place | {"owner": "Ben", "contact": "#web"}, 1.0)
