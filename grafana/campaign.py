"""The board "Campaign": one campaign in depth."""

from collections.abc import Iterator, Sequence

from grafana_foundation_sdk.builders import bargauge, dashboard, table

from grafana.elements import Column, Panel, bars, link, query, rows
from grafana.frame import CAMPAIGN, LAUNCH, Row, board, panel_id
from grafana.kpi_panels import kpi_lines
from grafana.problems import alerts, targets
from grafana.queries import CHOSEN, EVERY_CHANNEL, in_launch
from grafana.style import BAD, GOOD, unit_of
from grafana.thresholds import LOOKBACK
from grafana.trust import owner, trust
from streams.kpis.registry import GROUPS, KPI_BY_NAME

FUNNEL = ("reach", "clickers", "visits", "leads", "qualified_leads", "opportunities", "orders", "buyers")
STEPS = (
    *("reach_to_click_rate", "click_to_visit_rate", "visit_to_lead_rate", "lead_to_qualified_rate"),
    *("qualified_to_opportunity_rate", "opportunity_to_sale_rate", "visit_to_sale_rate", "reach_to_sale_rate"),
)
SIDE_BY_SIDE = (
    *("reach", "visits", "clicks", "engagement_rate", "mentions", "net_sentiment", "leads", "orders"),
    *("visit_to_sale_rate", "unsubscribe_rate", "spend", "customer_acquisition_cost", "roas", "mroi"),
)
SENTIMENT = ("net_sentiment", "positive_share", "mentions_per_minute")
MONEY = ("net_revenue", "spend", "mroi", "customer_acquisition_cost", "budget_used", "pace")


def campaign() -> dashboard.Dashboard:
    """Funnel, channels side by side, sentiment, money; then every KPI under its heading, a click away."""
    return board(
        CAMPAIGN,
        "One campaign in depth: its funnel, its channels side by side, what is said of it, its money; and every KPI "
        "that is measured, under ten headings that open by a click.",
        _rows(),
        ((f"All KPIs: {title}", [kpi_lines(kpi).id(panel_id(kpi.name)) for kpi in kpis]) for title, kpis in GROUPS),
    )


def _rows() -> Iterator[Row]:
    yield "Whose is it, and can the figures be trusted?", [owner(), *trust()]
    yield "Problems first", [targets(EVERY_CHANNEL), alerts("$campaign")]
    yield "Funnel since the launch: $channel", [_funnel(), _steps()]
    yield "Channels side by side, since the launch", [_channels(), _shares()]
    yield "What is said", _kpis(SENTIMENT)
    yield "Money", _kpis(MONEY)


def _kpis(names: Sequence[str]) -> list[Panel]:
    return [kpi_lines(KPI_BY_NAME[name]) for name in names]


def _funnel() -> bargauge.Panel:
    panel = bars(
        "Funnel",
        "From who was reached to who bought, since the launch: "
        + "; ".join(f"{KPI_BY_NAME[name].title.lower()} ({KPI_BY_NAME[name].formula_text})" for name in FUNNEL)
        + ". People are counted once, visits and leads each time. A step that the campaign does not have is left out.",
        "short",
    )
    for letter, name in zip("ABCDEFGH", FUNNEL, strict=True):
        kpi = KPI_BY_NAME[name]
        panel = panel.with_target(query(in_launch(kpi.metric, where=CHOSEN), kpi.title, letter, instant=True))
    return panel.span(12).height(9)


def _steps() -> bargauge.Panel:
    panel = bars(
        "From step to step",
        "How much of each step becomes the next, since the launch: "
        + "; ".join(f"{KPI_BY_NAME[name].title.lower()} = {KPI_BY_NAME[name].formula_text}" for name in STEPS)
        + ". The funnel beside it has the numbers that they are divided by.",
        "percentunit",
    )
    for letter, name in zip("ABCDEFGH", STEPS, strict=True):
        kpi = KPI_BY_NAME[name]
        title = kpi.title.removeprefix("Conversion from ")
        panel = panel.with_target(query(in_launch(kpi.metric, where=CHOSEN), title, letter, instant=True))
    return panel.span(12).height(9)


def _channels() -> table.Panel:
    columns = [
        Column(
            in_launch(kpi.metric, "channel", where=EVERY_CHANNEL),
            kpi.title,
            unit_of(kpi.kind),
            ((None, BAD), (0, GOOD)) if name in ("net_sentiment", "mroi") else (),
        )
        for name in SIDE_BY_SIDE
        for kpi in [KPI_BY_NAME[name]]
    ]
    return rows(
        "Channels",
        "A row for each channel, and one for all together: people are counted once in it, so it is not the sum of the "
        "others. Each column is the KPI of that name since the launch, by its formula in docs/kpis.md; its sample size "
        "stands in the columns of counts. Empty: the channel does not have it.",
        columns,
        {"channel": "Channel"},
        {"channel": link(LAUNCH, campaign="${campaign}", channel="${__value.raw}")},
        sort=("Visits", True),
    )


def _shares() -> bargauge.Panel:
    engaged = KPI_BY_NAME["engagements"]
    panel = bars(
        "Which channels engage",
        f"The eight channels with the most engagements ({engaged.formula_text}) since the launch.",
        "short",
    )
    where = 'campaign="$campaign", channel!="all", window="launch"'
    expr = f"topk(8, max by (channel) (last_over_time({engaged.metric}{{{where}}}[{LOOKBACK}])))"
    return panel.with_target(query(expr, "{{channel}}", instant=True)).span(24).height(7)
