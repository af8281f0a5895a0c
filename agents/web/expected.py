"""What should arrive and what has, as lines of `/metrics`: the catalogue's `expects` of a campaign that is live.

A silence is seen by a counter that stands still, so it is there from the first moment, as 0.
"""

from collections.abc import Iterator

from agents.campaign.figures import is_live
from agents.campaign.snapshot import CampaignSnapshot
from agents.web.exposition import Exposition, labels
from streams.events.catalogue import TOPICS
from streams.events.channels import CHANNEL_CODES
from streams.events.measures import Measure

_ARRIVALS: dict[str, tuple[Measure, ...]] = {topic.name: (*topic.counted_in, topic.test_measure) for topic in TOPICS}
"""Topic -> the counters of which each of its events moves one: tests too, since they show that it is alive."""


class Expected:
    """The family of one exposition."""

    def __init__(self, out: Exposition) -> None:
        self._family = out.family(
            "campaign_expected_events_total",
            "counter",
            "Events since the launch of a topic that the catalogue expects in a channel, while the launch is live.",
        )

    def lines(self, campaign: CampaignSnapshot, now_ms: int) -> Iterator[tuple[list[str], str]]:
        """(family, line) of one campaign at `now_ms` (epoch milliseconds)."""
        told = campaign.told
        if told is None or not is_live(told, now_ms):
            return
        for channel, topics in told.expects.items():
            there = campaign.channels.get(CHANNEL_CODES[channel])
            for topic in dict.fromkeys(topics):
                arrived = 0 if there is None else sum(there.totals.get(key, 0) for key in _ARRIVALS[topic])
                where = labels(("campaign", campaign.campaign), ("channel", channel), ("topic", topic))
                yield self._family, f"campaign_expected_events_total{where} {arrived}"
