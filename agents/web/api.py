"""The API's answers, made from a snapshot. Pure: what is asked comes in, a dataclass of answers.py goes out."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from agents.campaign.snapshot import ALL_CHANNELS, CampaignSnapshot, ChannelSnapshot, Snapshot
from agents.web.answers import (
    CampaignAnswer,
    CampaignLine,
    CampaignList,
    Channel,
    KpiDefinition,
    KpiValue,
    OwnerAnswer,
    TargetAnswer,
)
from agents.web.tactics import describe_tactic
from streams.counting.campaign_panes import ALL_WINDOWS
from streams.counting.panes import DAY_MS
from streams.counting.windows import WindowSums
from streams.events.campaigns import Campaign
from streams.events.channels import ALL_CHANNELS_NAME, channel_name
from streams.events.measures import MICROS, Measure, is_money, money_parts
from streams.kpis.kpi import Kind, Kpi
from streams.kpis.registry import GROUP_OF, KPI_BY_NAME, KPIS
from streams.kpis.targets import Judged, judge, volume_of
from streams.kpis.why import why


def _definition(kpi: Kpi) -> KpiDefinition:
    return KpiDefinition(
        name=kpi.name,
        title=kpi.title,
        unit=kpi.unit,
        kind=kpi.kind.value,
        metric=kpi.metric,
        formula=kpi.formula_text,
        explanation=kpi.explanation,
        reads=kpi.reads,
        good=kpi.good,
        group=GROUP_OF[kpi.name],
        denominator=kpi.denominator or None,
        sample=kpi.counted_by or None,
        min_volume=kpi.min_volume,
        source=kpi.source,
    )


MONTHLY: tuple[Kpi, ...] = tuple(
    KPI_BY_NAME[name]
    for name in (
        "lifetime_value",
        "revenue_per_customer",
        "net_revenue",
        "buyers",
        "new_customers",
        "cancellations",
    )
)
"""What is shown of past months: lifetime value and what it is made of."""

DEFINITIONS: tuple[KpiDefinition, ...] = tuple(_definition(kpi) for kpi in KPIS)


def list_campaigns(snapshot: Snapshot, *, active: bool | None, after: str, limit: int) -> CampaignList:
    """At most `limit` campaigns whose ids come after `after`; only active or inactive ones unless `active` is None."""
    matching = sorted(name for name, one in snapshot.campaigns.items() if active is None or one.active is active)
    following = [name for name in matching if name > after]
    page = following[:limit]
    return CampaignList(
        taken_at_ms=snapshot.taken_at_ms,
        held_back_by=snapshot.partial,
        total=len(matching),
        next=page[-1] if len(following) > limit else None,
        campaigns=tuple(_line(snapshot.campaigns[name]) for name in page),
    )


def describe_campaign(
    snapshot: Snapshot,
    campaign: CampaignSnapshot,
    channel: str | None = None,
    windows: frozenset[str] = ALL_WINDOWS,
) -> CampaignAnswer:
    """The campaign with every KPI in every window in which it makes sense, all channels together first.

    channel: only this one is told (`all`: all together), None for each of them. windows: only these.
    """
    return CampaignAnswer(
        campaign=campaign.campaign,
        name=campaign.name,
        owner=campaign.owner,
        owners=() if campaign.told is None else tuple(_owners(campaign.told)),
        active=campaign.active,
        taken_at_ms=snapshot.taken_at_ms,
        held_back_by=snapshot.partial,
        targets=() if campaign.told is None else tuple(map(_target, judge(campaign.told, campaign.sums))),
        tactics=tuple(map(describe_tactic, campaign.tactics)),
        definitions=DEFINITIONS,
        channels=tuple(
            _channel(code, campaign.channels[code], windows)
            for code in sorted(campaign.channels)
            if channel in (None, channel_name(code))
        ),
    )


def _target(one: Judged) -> TargetAnswer:
    return TargetAnswer(
        kpi=one.target.kpi,
        channel=one.target.channel or ALL_CHANNELS_NAME,
        window=one.target.window,
        bound=one.bound,
        limit=one.limit,
        source=one.target.source,
        value=one.value,
        sample_size=one.volume,
        min_volume=one.min_volume,
        met=one.met,
        why=one.why or None,
        owner=None if one.owner is None else OwnerAnswer(one.owner.name, one.owner.contact),
    )


def _owners(told: Campaign) -> Iterator[OwnerAnswer]:
    if (owner := told.responsible("", None)) is not None:
        yield OwnerAnswer(owner.name, owner.contact)
    for channel, owner in told.channel_owners.items():
        yield OwnerAnswer(owner.name, owner.contact, channel=channel)
    for kpi, owner in told.owners.items():
        yield OwnerAnswer(owner.name, owner.contact, kpi=kpi)


def _line(campaign: CampaignSnapshot) -> CampaignLine:
    channels = tuple(channel_name(code) for code in sorted(campaign.channels) if code != ALL_CHANNELS)
    return CampaignLine(campaign.campaign, campaign.name, campaign.owner, campaign.active, channels)


def _channel(code: int, channel: ChannelSnapshot, windows: frozenset[str]) -> Channel:
    totals, money = totals_and_money(channel.totals)
    return Channel(channel_name(code), totals, money, tuple(_values(channel, windows)), tuple(_months(channel)))


def totals_and_money(counters: Mapping[int, int]) -> tuple[dict[str, int], dict[str, dict[str, float]]]:
    """Counters by measure, and money by measure and currency."""
    totals: dict[str, int] = {}
    money: dict[str, dict[str, float]] = {}
    for key in sorted(counters):
        if is_money(key):
            measure, currency = money_parts(key)
            money.setdefault(measure.name.lower(), {})[currency] = counters[key] / MICROS
        else:
            totals[Measure(key).name.lower()] = counters[key]
    return totals, money


def _values(channel: ChannelSnapshot, windows: frozenset[str]) -> Iterator[KpiValue]:
    for kpi in KPIS:
        for window, sums in _windows(kpi, channel):
            if window in windows:
                yield _value(kpi, window, sums)


def _months(channel: ChannelSnapshot) -> Iterator[KpiValue]:
    for sums in channel.months:
        if sums.counters or any(sums.people.values()):
            # Whatever the time zone, the sixteenth day lies in the month.
            name = datetime.fromtimestamp((sums.start_ms + 15 * DAY_MS) / 1000, UTC).strftime("%Y-%m")
            for kpi in MONTHLY:
                yield _value(kpi, name, sums)


def _value(kpi: Kpi, window: str, sums: WindowSums) -> KpiValue:
    value = kpi.formula(sums)
    sample = volume_of(kpi, sums)
    there = value is not None and value != {}
    return KpiValue(
        kpi=kpi.name,
        window=window,
        value=None if isinstance(value, dict) else value,
        amounts=(value if isinstance(value, dict) else {}) if kpi.kind is Kind.MONEY else None,
        sample_size=sample,
        why=None if there else why(kpi, sums),
        judged=there and (sample is None or sample >= kpi.min_volume),
        start_ms=sums.start_ms or None,
        end_ms=sums.end_ms,
    )


def _windows(kpi: Kpi, channel: ChannelSnapshot) -> Iterable[tuple[str, WindowSums]]:
    for window in kpi.windows:
        sums = channel.sums(kpi.reads, window)
        if sums is not None:
            yield window, sums
