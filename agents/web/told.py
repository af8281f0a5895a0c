"""What the catalogue says of a campaign, as lines of `/metrics`: its name, its owners, its targets and whether they are
met."""

from collections.abc import Iterator

from agents.campaign.snapshot import CampaignSnapshot
from agents.web.exposition import Exposition, labels
from agents.web.moments import Moments
from streams.events.campaigns import Campaign, Owner
from streams.events.channels import ALL_CHANNELS_NAME
from streams.events.labels import label_problem
from streams.kpis.registry import KPI_BY_NAME
from streams.kpis.targets import judge

Line = tuple[list[str], str]
"""The lines of a family, and one that belongs to it."""


class Told:
    """The families of one exposition. unclean: how many texts were emptied because they would break a scrape."""

    def __init__(self, out: Exposition) -> None:
        self.unclean = 0
        self._active = out.family("campaign_active", "gauge", "1: events in the last hour, or live in the catalogue.")
        self._info = out.family("campaign_info", "gauge", "1; what the catalogue calls a campaign and who owns it.")
        self._owner = out.family(
            "campaign_owner_info", "gauge", "1; who answers for a campaign, one of its channels, or one of its KPIs."
        )
        self._target = out.family(
            "campaign_target", "gauge", "What a KPI should reach (bound min) or stay under (bound max)."
        )
        self._met = out.family(
            "campaign_target_met", "gauge", "1: the target is met; no series while there is no value or too few cases."
        )
        self._value = out.family("campaign_target_value", "gauge", "What the KPI of a target is now.")
        self._volume = out.family("campaign_target_volume", "gauge", "On how many cases that value stands.")
        self._answers = out.family("campaign_target_owner_info", "gauge", "1; who answers for a target.")
        self._moments = Moments(out)

    def lines(self, campaign: CampaignSnapshot) -> Iterator[Line]:
        """The lines of one campaign."""
        name, owner = self._clean(campaign.name), self._clean(campaign.owner)
        yield self._active, f"campaign_active{labels(('campaign', campaign.campaign))} {int(campaign.active)}"
        yield (
            self._info,
            f"campaign_info{labels(('campaign', campaign.campaign), ('name', name), ('owner', owner))} 1",
        )
        if campaign.told is not None:
            yield from self._owners(campaign.campaign, campaign.told)
            yield from self._targets(campaign, campaign.told)
        yield from self._moments.lines(campaign)

    def _owners(self, campaign: str, told: Campaign) -> Iterator[Line]:
        if (owner := told.responsible("", None)) is not None:
            yield self._owned(campaign, ALL_CHANNELS_NAME, "", owner)
        for channel, owner in told.channel_owners.items():
            yield self._owned(campaign, channel, "", owner)
        for kpi, owner in told.owners.items():
            if kpi in KPI_BY_NAME:
                yield self._owned(campaign, ALL_CHANNELS_NAME, kpi, owner)

    def _owned(self, campaign: str, channel: str, kpi: str, owner: Owner) -> Line:
        told = labels(("campaign", campaign), ("channel", channel), ("kpi", kpi), *self._named(owner))
        return self._owner, f"campaign_owner_info{told} 1"

    def _targets(self, campaign: CampaignSnapshot, told: Campaign) -> Iterator[Line]:
        for one in judge(told, campaign.sums):
            target = one.target
            pairs = (
                ("campaign", campaign.campaign),
                ("channel", target.channel or ALL_CHANNELS_NAME),
                ("kpi", target.kpi),
                ("window", target.window),
                ("bound", one.bound),
                ("source", target.source),
            )
            place = labels(*pairs)
            yield self._target, f"campaign_target{place} {one.limit!r}"
            if one.met is not None:
                yield self._met, f"campaign_target_met{place} {int(one.met)}"
            if one.value is not None:
                yield self._value, f"campaign_target_value{place} {one.value!r}"
            if one.volume is not None:
                yield self._volume, f"campaign_target_volume{place} {one.volume!r}"
            if one.owner is not None:
                owned = labels(*pairs, *self._named(one.owner))
                yield self._answers, f"campaign_target_owner_info{owned} 1"

    def _named(self, owner: Owner) -> tuple[tuple[str, str], tuple[str, str]]:
        return ("owner", self._clean(owner.name)), ("contact", self._clean(owner.contact))

    def _clean(self, text: str | None) -> str:
        if text is None or not text:
            return ""
        if label_problem(text) is None:
            return text
        self.unclean += 1
        return ""
