"""What a board is sent, as compact JSON. Pure: a `Live` comes in, bytes go out.

A figure is `[window, value, cases, judged, why]`: the value is a number, an object of currencies for money, or null;
the cases are null for a plain sum; `why` is empty where there is a value.
"""

from collections.abc import Iterable
from typing import Any

import orjson

from agents.campaign.live import CHANNEL_TABLE, FUNNEL, Live, common_window, window_for
from agents.campaign.show import Arrived
from agents.campaign.snapshot import ALL_CHANNELS, CampaignSnapshot, ChannelSnapshot
from agents.languages import Language
from agents.web.kpi_words import kpi_words
from agents.web.tactics import describe_tactic
from streams.counting.windows import WindowSums
from streams.events.campaigns import Campaign, Owner
from streams.events.catalogue import TOPICS
from streams.events.channels import ALL_CHANNELS_NAME, channel_name
from streams.events.measures import is_money, money_parts
from streams.kpis.kpi import Kpi
from streams.kpis.registry import GROUPS, KPI_BY_NAME, KPIS
from streams.kpis.targets import judge, volume_of
from streams.kpis.why import why

CHANNEL_KPIS: tuple[Kpi, ...] = tuple(
    KPI_BY_NAME[name]
    for name in ("reach", "visits", "engagement_rate", "clicks", "leads", "orders", "net_revenue", "spend")
)
"""What is shown of each channel."""

STEP_KPIS: tuple[Kpi, ...] = tuple(
    KPI_BY_NAME[name]
    for name in (
        "net_revenue",
        "orders",
        "new_customers",
        "impressions",
        "engagement_rate",
        "visits",
        "clicks",
        "opens",
        "mentions",
        "net_sentiment",
        "leads",
        "visit_to_sale_rate",
    )
)
"""What is shown in small steps: no people, whose sketches are too dear for that, and no spend, stated by days."""

FEW = 10
"""A quotient of fewer cases is left out of a sparkline: it jumps from nothing to all."""

CHANGE_KPIS = ("engagement_rate", "click_rate", "orders", "net_revenue", "net_sentiment")
CHANGES = 12

DEFINED = ("name", "title", "unit", "kind")
"""What the page is told of every KPI."""

Figure = list[Any]


def definitions(language: Language = "en") -> bytes:
    """What every KPI is called, in the order of DEFINED, under its heading: the same for all campaigns as long as the
    worker lives. The headings are keys and stay English."""
    words = kpi_words(language)
    groups = {
        title: [(kpi.name, words[kpi.name].title, kpi.unit, kpi.kind.value) for kpi in of_group]
        for title, of_group in GROUPS
    }
    return orjson.dumps({"fields": DEFINED, "groups": groups})


def meanings(language: Language = "en") -> bytes:
    """KPI -> what it means, and how it is computed: the greater part of all that could be said of a KPI, and few ask
    for it."""
    return orjson.dumps({name: (words.text, words.formula) for name, words in kpi_words(language).items()})


def picture(live: Live, window: str) -> bytes:
    """The campaign in a window: every KPI of all channels together, some of each channel, the targets.

    `funnel`: the window that all of its stages have, and their figures in it; null where that is the window itself.
    `table_window`: the window of the table of channels.
    """
    campaign = live.campaign
    if campaign is None:
        return orjson.dumps({"unknown": True, "held_back_by": live.held_back_by})
    told = campaign.told
    whole = campaign.channels.get(ALL_CHANNELS)
    funnel, table = common_window(FUNNEL, window), common_window(CHANNEL_TABLE, window)
    body = {
        "campaign": campaign.campaign,
        "name": campaign.name,
        "owner": _person(None if told is None else told.responsible("", None)),
        "owners": {} if told is None else {kpi: _person(owner) for kpi, owner in told.owners.items()},
        "active": campaign.active,
        "starts_at": None if told is None else told.starts_at,
        "ends_at": None if told is None else told.ends_at,
        "window": window,
        "end_ms": None if live.end_ms is None else live.end_ms - live.end_ms % 1000,
        "held_back_by": live.held_back_by,
        "kpis": {} if whole is None else _figures(whole, KPIS, window),
        # What the page has already is not said twice.
        "funnel": None
        if whole is None or funnel == window
        else {"window": funnel, "kpis": _figures(whole, FUNNEL, funnel)},
        "table_window": table,
        "channels": [
            {"channel": channel_name(code)}
            | {"owner": _person(_owner_of(told, channel_name(code)))}
            | {"kpis": _figures(campaign.channels[code], CHANNEL_KPIS, table)}
            for code in sorted(campaign.channels)
            if code != ALL_CHANNELS
        ],
        "targets": [] if told is None else _targets(told, campaign),
    }
    return orjson.dumps(body)


def history(live: Live) -> bytes:
    """The newest changes that the team has made, and the last hour in small steps."""
    changes = () if live.campaign is None else live.campaign.tactics[:CHANGES]
    steps = live.steps
    body = {
        "start_ms": steps[0].start_ms if steps else None,
        "step_ms": steps[0].end_ms - steps[0].start_ms if steps else None,
        "series": {kpi.name: [_number(kpi, sums) for sums in steps] for kpi in STEP_KPIS},
        "changes": [
            {
                "at_ms": one.at_ms,
                "title": one.title,
                "detail": one.detail,
                "owner": one.owner,
                "channel": one.channel,
                "kpis": [
                    [around.kpi, around.before, around.after]
                    if around.amounts_before is None
                    else [around.kpi, around.amounts_before, around.amounts_after]
                    for around in one.kpis
                    if around.kpi in CHANGE_KPIS and around.channel == one.channel
                ],
            }
            for one in map(describe_tactic, changes)
        ],
    }
    return orjson.dumps(body)


def campaigns(partition: int, of: int, owned: Iterable[CampaignSnapshot]) -> bytes:
    """The campaigns of one of `of` partitions of the summaries topic: id, name, whether it is active."""
    lines = [[one.campaign, one.name, one.active] for one in owned]
    return orjson.dumps({"partition": partition, "of": of, "campaigns": lines})


def arrived(found: Arrived) -> bytes:
    """`channels`: channel -> topic -> [tests since the launch, tests in the last 24 hours, other events since the
    launch, others in the last 24 hours]; `currencies`: those of all sales since the launch.

    Another form of it takes another `agents.web.questions.ARRIVED`."""
    channels: dict[str, dict[str, tuple[int, int, int, int]]] = {}
    for code, totals in found.totals.items():
        day = found.day.get(code, {})
        for topic in TOPICS:
            tests = topic.test_measure
            others, of_day = (sum(counts.get(measure, 0) for measure in topic.counted_in) for counts in (totals, day))
            if others or totals.get(tests):
                counted = totals.get(tests, 0), day.get(tests, 0), others, of_day
                channels.setdefault(channel_name(code), {})[topic.name] = counted
    currencies = {money_parts(key)[1] for totals in found.totals.values() for key in totals if is_money(key)}
    return orjson.dumps({"channels": channels, "currencies": sorted(currencies)})


def _figures(channel: ChannelSnapshot, kpis: Iterable[Kpi], window: str) -> dict[str, Figure]:
    found: dict[str, Figure] = {}
    for kpi in kpis:
        shown = window_for(kpi, window)
        sums = channel.sums(kpi.reads, shown)
        if sums is not None:
            found[kpi.name] = _figure(kpi, shown, sums)
    return found


def _figure(kpi: Kpi, window: str, sums: WindowSums) -> Figure:
    value = kpi.formula(sums)
    cases = volume_of(kpi, sums)
    if value is None or value == {}:
        return [window, None, cases, False, why(kpi, sums)]
    return [window, value, cases, cases is None or cases >= kpi.min_volume, ""]


def _targets(told: Campaign, campaign: CampaignSnapshot) -> list[dict[str, Any]]:
    return [
        {
            "kpi": one.target.kpi,
            "channel": one.target.channel or ALL_CHANNELS_NAME,
            "window": one.target.window,
            "bound": one.bound,
            "limit": one.limit,
            "source": one.target.source,
            "value": one.value,
            "met": one.met,
            "why": one.why,
            "owner": _person(one.owner),
        }
        for one in judge(told, campaign.sums)
    ]


def _number(kpi: Kpi, sums: WindowSums) -> float | None:
    """One number for a sparkline; 0 where nothing was sold, null where there is too little to divide by."""
    value = kpi.formula(sums)
    cases = volume_of(kpi, sums)
    if cases is not None and cases < FEW:
        return None
    if isinstance(value, dict):
        return sum(value.values()) if len(value) < 2 else None
    return value if value is None or isinstance(value, int) else round(value, 4)


def _owner_of(told: Campaign | None, channel: str) -> Owner | None:
    return None if told is None else told.responsible("", channel)


def _person(owner: Owner | None) -> list[str | None] | None:
    return None if owner is None else [owner.name, owner.contact]
