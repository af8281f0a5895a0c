"""What the catalogue expects is shown with what has arrived, from the first moment of a launch and only while it is
live."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from agents.campaign.snapshot import CampaignSnapshot, ChannelSnapshot
from agents.web.metrics import render_metrics
from streams.events.campaigns import parse_campaign
from streams.events.catalogue import TOPICS
from streams.events.measures import Counters
from streams.events.topic import Topic
from tests.unit.kpi_pictures import NOW_MS, campaign, snapshot

NOW = datetime.fromtimestamp(NOW_MS / 1000, UTC)
HOUR = timedelta(hours=1)


def shown(picture: CampaignSnapshot) -> dict[tuple[str, str], float]:
    text = render_metrics(snapshot(picture), 100_000).decode()
    return {
        (sample.labels["channel"], sample.labels["topic"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "campaign_expected_events_total"
    }


def launched(picture: CampaignSnapshot, starts_at: datetime, **fields: Any) -> CampaignSnapshot:
    expects = {"email": ["click", "open", "click"], "paid_social": ["lead"]}
    told = parse_campaign({"id": "aurora", "starts_at": starts_at.isoformat(), "expects": expects} | fields)
    return replace(picture, told=told)


def test_each_expected_topic_of_a_channel_says_how_many_have_arrived() -> None:
    found = shown(launched(campaign("aurora", channels=(2,)), NOW - HOUR))
    assert found == {("email", "click"): 40 + 9 + 2, ("email", "open"): 300 + 120, ("paid_social", "lead"): 0}


def test_a_launch_without_any_event_begins_at_0() -> None:
    silent = CampaignSnapshot("aurora", None, None, True, {})
    assert set(shown(launched(silent, NOW - HOUR)).values()) == {0}


@pytest.mark.parametrize(
    ("starts_at", "fields"),
    [(NOW + HOUR, {}), (NOW - 2 * HOUR, {"ends_at": (NOW - HOUR).isoformat()})],
    ids=["before the launch", "after its end"],
)
def test_nothing_is_expected_of_a_campaign_that_is_not_live(starts_at: datetime, fields: dict[str, Any]) -> None:
    assert shown(launched(campaign("aurora", channels=(2,)), starts_at, **fields)) == {}


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
@pytest.mark.parametrize("test", [False, True], ids=["live", "test"])
def test_every_event_of_a_topic_is_an_arrival(topic: Topic, test: bool) -> None:
    event = topic.decoder.decode(msgspec.json.encode({**topic.example, "test": test}))
    added: Counters = {}
    topic.count(event, added)
    silent = CampaignSnapshot("aurora", None, None, True, {2: ChannelSnapshot(added, {})})
    waited_for = launched(silent, NOW - HOUR, expects={"email": [topic.name]})
    assert shown(waited_for)["email", topic.name] >= 1
