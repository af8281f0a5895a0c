"""The registry of all KPIs under their ten headings, in the order in which they are shown."""

from streams.kpis import (
    churn,
    conversion,
    costs,
    customers,
    engagement,
    lifetime,
    messages,
    reach,
    returns,
    sales,
    satisfaction,
    sentiment,
)
from streams.kpis.kpi import Kpi

GROUPS: tuple[tuple[str, tuple[Kpi, ...]], ...] = (
    ("Sales revenue", sales.KPIS),
    ("Customers", customers.KPIS),
    ("Lifetime value", lifetime.KPIS),
    ("Acquisition cost", costs.KPIS),
    ("Churn", churn.KPIS),
    ("Satisfaction", satisfaction.KPIS),
    ("Reach", reach.KPIS),
    ("Engagement", (*engagement.KPIS, *messages.KPIS, *sentiment.KPIS)),
    ("Conversion", conversion.KPIS),
    ("Return on investment", returns.KPIS),
)

KPIS: tuple[Kpi, ...] = tuple(kpi for _, group in GROUPS for kpi in group)

KPI_BY_NAME: dict[str, Kpi] = {kpi.name: kpi for kpi in KPIS}

GROUP_OF: dict[str, str] = {kpi.name: title for title, kpis in GROUPS for kpi in kpis}
"""KPI -> the title of its group."""
