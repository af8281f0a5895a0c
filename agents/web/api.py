"""The API's answers, made from a snapshot. Pure: what is asked comes in, a dataclass of answers.py goes out."""

from collections.abc import Iterable, Iterator, Mapping

from agents.campaign.snapshot import ALL_CHANNELS, CampaignSnapshot, ChannelSnapshot, Snapshot
from agents.web.answers import CampaignAnswer, CampaignLine, CampaignList, Channel, KpiDefinition, KpiValue
from streams.counting.windows import WindowSums
from streams.events.channels import channel_name
from streams.events.measures import MICROS, Measure, is_money, money_parts
from streams.kpis.kpi import Kind, Kpi
from streams.kpis.registry import KPI_BY_NAME, KPIS


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
        sample=kpi.denominator or None,
        min_volume=kpi.min_volume,
        source=kpi.source,
    )


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


def describe_campaign(snapshot: Snapshot, campaign: CampaignSnapshot) -> CampaignAnswer:
    """The campaign with every KPI in every window in which it makes sense, all channels together first."""
    return CampaignAnswer(
        campaign=campaign.campaign,
        name=campaign.name,
        owner=campaign.owner,
        active=campaign.active,
        taken_at_ms=snapshot.taken_at_ms,
        held_back_by=snapshot.partial,
        definitions=DEFINITIONS,
        channels=tuple(_channel(code, campaign.channels[code]) for code in sorted(campaign.channels)),
    )


def _line(campaign: CampaignSnapshot) -> CampaignLine:
    channels = tuple(channel_name(code) for code in sorted(campaign.channels) if code != ALL_CHANNELS)
    return CampaignLine(campaign.campaign, campaign.name, campaign.owner, campaign.active, channels)


def _channel(code: int, channel: ChannelSnapshot) -> Channel:
    totals, money = _totals(channel.totals)
    return Channel(channel_name(code), totals, money, tuple(_values(channel)))


def _totals(counters: Mapping[int, int]) -> tuple[dict[str, int], dict[str, dict[str, float]]]:
    totals: dict[str, int] = {}
    money: dict[str, dict[str, float]] = {}
    for key in sorted(counters):
        if is_money(key):
            measure, currency = money_parts(key)
            money.setdefault(measure.name.lower(), {})[currency] = counters[key] / MICROS
        else:
            totals[Measure(key).name.lower()] = counters[key]
    return totals, money


def _values(channel: ChannelSnapshot) -> Iterator[KpiValue]:
    for kpi in KPIS:
        for window, sums in _windows(kpi, channel):
            value = kpi.formula(sums)
            sample = _sample_size(kpi, sums)
            yield KpiValue(
                kpi=kpi.name,
                window=window,
                value=None if isinstance(value, dict) else value,
                amounts=(value if isinstance(value, dict) else {}) if kpi.kind is Kind.MONEY else None,
                sample_size=sample,
                judged=value is not None and value != {} and (sample is None or sample >= kpi.min_volume),
                start_ms=sums.start_ms or None,
                end_ms=sums.end_ms,
            )


def _windows(kpi: Kpi, channel: ChannelSnapshot) -> Iterable[tuple[str, WindowSums]]:
    for window in kpi.windows:
        sums = channel.sums(kpi.reads, window)
        if sums is not None:
            yield window, sums


def _sample_size(kpi: Kpi, sums: WindowSums) -> float | None:
    if not kpi.denominator:
        return None
    size = KPI_BY_NAME[kpi.denominator].formula(sums)
    return None if isinstance(size, dict) else size
