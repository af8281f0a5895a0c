"""When a campaign starts and ends and when its team changed something, as lines of `/metrics`: the boards' annotations.

The value is the time, so that a board marks the moment itself and not the scrape that has seen it first.
"""

from collections.abc import Iterator

from agents.campaign.snapshot import CampaignSnapshot
from agents.web.exposition import Exposition, labels
from streams.events.channels import channel_name


class Moments:
    """The families of one exposition."""

    def __init__(self, out: Exposition) -> None:
        self._starts = out.family(
            "campaign_starts_timestamp_seconds", "gauge", "When the launch begins, as the catalogue says."
        )
        self._ends = out.family("campaign_ends_timestamp_seconds", "gauge", "When it ends, as the catalogue says.")
        self._tactic = out.family(
            "campaign_tactic_timestamp_seconds", "gauge", "When the team made one of its newest changes."
        )

    def lines(self, campaign: CampaignSnapshot) -> Iterator[tuple[list[str], str]]:
        """(family, line) of one campaign; of changes that are called the same the newest."""
        told, name = campaign.told, campaign.campaign
        if told is not None:
            where = labels(("campaign", name))
            if told.starts_at is not None:
                yield self._starts, f"campaign_starts_timestamp_seconds{where} {told.starts_at.timestamp()!r}"
            if told.ends_at is not None:
                yield self._ends, f"campaign_ends_timestamp_seconds{where} {told.ends_at.timestamp()!r}"
        said: set[str] = set()
        for one in campaign.tactics:
            tactic = one.tactic
            what = labels(
                ("campaign", name),
                ("channel", channel_name(tactic.channel)),
                ("title", tactic.title),
                ("owner", tactic.owner),
            )
            if what not in said:
                said.add(what)
                yield self._tactic, f"campaign_tactic_timestamp_seconds{what} {tactic.at_ms / 1000!r}"
