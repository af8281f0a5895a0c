"""The registry of all KPIs, in the order in which they are shown."""

from streams.kpis import engagement, reach, sales, sentiment
from streams.kpis.kpi import Kpi

GROUPS: tuple[tuple[str, tuple[Kpi, ...]], ...] = (
    ("Reach", reach.KPIS),
    ("Engagement", engagement.KPIS),
    ("Sentiment", sentiment.KPIS),
    ("Sales", sales.KPIS),
)

KPIS: tuple[Kpi, ...] = tuple(kpi for _, group in GROUPS for kpi in group)

KPI_BY_NAME: dict[str, Kpi] = {kpi.name: kpi for kpi in KPIS}
