"""The board "Portfolio": all campaigns, ranked."""

from collections.abc import Iterator

from grafana_foundation_sdk.builders import bargauge, dashboard, table

from grafana.elements import Column, bars, link, query, rows
from grafana.frame import LAUNCH, PORTFOLIO, Row, board
from grafana.problems import alerts, targets
from grafana.queries import TARGET_LABELS, in_launch, once, sample_of
from grafana.style import BAD, GOOD, PLAIN, unit_of
from grafana.thresholds import LOOKBACK
from grafana.trust import trust
from streams.kpis.registry import KPI_BY_NAME

RANKED = ("engagements", "engagement_rate", "net_sentiment", "orders", "mroi", "reach")
COLUMNS = (
    *("reach", "engagements", "engagement_rate", "net_sentiment", "orders", "visit_to_sale_rate"),
    *("net_revenue", "spend", "budget_used", "mroi"),
)


def portfolio() -> dashboard.Dashboard:
    """The campaign with the most missed targets first."""
    return board(
        PORTFOLIO,
        "All campaigns in one list, the one with the most missed targets first, and who leads in what. A click on a "
        "campaign opens its launch.",
        _rows(),
        refresh="5s",
    )


def _rows() -> Iterator[Row]:
    yield "Can the figures be trusted?", trust()
    yield "Problems first", [targets(every_campaign=True), alerts()]
    yield "All campaigns", [_list()]
    yield "Ranked, since the launch", [_ranking(name) for name in RANKED]


def _list() -> table.Panel:
    verdicts = f"max by ({TARGET_LABELS}) (last_over_time(campaign_target_met[{LOOKBACK}]))"
    owners = f"max by (campaign, name, owner) (last_over_time(campaign_info[{LOOKBACK}]))"
    columns = [
        Column(f"sum by (campaign) (1 - {verdicts})", "Targets missed", steps=((None, GOOD), (1, BAD))),
        Column(f"count by (campaign) ({verdicts})", "Targets judged"),
        Column(once("campaign_active", "campaign"), "Active", steps=((None, PLAIN), (1, GOOD))),
        Column(owners, "In the catalogue"),
    ]
    for name in COLUMNS:
        kpi = KPI_BY_NAME[name]
        by = ("campaign", "currency") if name == "net_revenue" else ("campaign",)
        columns.append(Column(in_launch(kpi.metric, *by), kpi.title, unit_of(kpi.kind)))
    panel = rows(
        "Campaigns",
        "A row for each campaign, all channels together, since the launch; each column is the KPI of that name, by its "
        "formula in docs/kpis.md. Money is in the campaign's currency. Active: events in the last hour, or live in "
        "the catalogue. The one with the most missed targets comes first; a click on a title ranks by that column.",
        columns,
        {"campaign": "Campaign", "name": "Name", "owner": "Owner", "currency": "Currency"},
        {"campaign": link(LAUNCH, campaign="${__value.raw}")},
        sort=("Targets missed", True),
    )
    return panel.height(12)


def _ranking(name: str) -> bargauge.Panel:
    kpi = KPI_BY_NAME[name]
    expr, enough, sample = in_launch(kpi.metric, "campaign"), "", sample_of(kpi)
    if sample is not None and kpi.min_volume:
        enough = f", of those with at least {kpi.min_volume:,} {sample.title.lower()}"
        expr += f" and on (campaign) ({in_launch(sample.metric, 'campaign')} >= {kpi.min_volume})"
    panel = bars(
        f"Most: {kpi.title.lower()}",
        f"**{kpi.formula_text}**\n\n{kpi.explanation}\n\nThe eight campaigns that have the most since the launch, all "
        f"channels together{enough}. Metric: `{kpi.metric}`.",
        unit_of(kpi.kind),
    )
    return panel.with_target(query(f"topk(8, {expr})", "{{campaign}}", instant=True)).height(7)
