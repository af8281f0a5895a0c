"""The board "Launch": how it goes, where the problem is and who owns it, at a glance."""

from collections.abc import Iterator

from grafana_foundation_sdk.builders import dashboard

from grafana.elements import Panel
from grafana.frame import LAUNCH, Row, board
from grafana.kpi_panels import headline, trend
from grafana.problems import alerts, targets
from grafana.queries import EVERY_CHANNEL
from grafana.trust import owner, trust
from streams.kpis.registry import KPI_BY_NAME

HEADLINES = (
    *("reach", "engagement_rate", "net_sentiment", "visit_to_sale_rate", "net_revenue"),
    *("new_customers", "customer_acquisition_cost", "mroi", "nps", "churn_rate"),
)
"""Of ten of the registry's groups one each: the order in which a launch unfolds."""

_IN_A_ROW = (5, 5, 5, 5, 4)


def launch() -> dashboard.Dashboard:
    """Problems first, then the ten KPIs."""
    return board(
        LAUNCH,
        "A launch at a glance: what needs somebody now and who that is, then ten KPIs with target, trend and sample "
        "size. Choose the campaign, one channel (or `all`), and the window.",
        _rows(),
    )


def _rows() -> Iterator[Row]:
    yield "Whose is it, and can the figures be trusted?", [owner(), *trust()]
    yield "Problems of $campaign first", [targets(EVERY_CHANNEL), alerts("$campaign")]
    yield "$campaign, $channel: ten KPIs", list(_headlines())


def _headlines() -> Iterator[Panel]:
    for first in range(0, len(HEADLINES), len(_IN_A_ROW)):
        kpis = [KPI_BY_NAME[name] for name in HEADLINES[first : first + len(_IN_A_ROW)]]
        for kpi, width in zip(kpis, _IN_A_ROW, strict=True):
            yield headline(kpi).span(width).height(5)
        for kpi, width in zip(kpis, _IN_A_ROW, strict=True):
            yield trend(kpi).span(width).height(4)
