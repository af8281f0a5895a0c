"""What is planned for the simulated campaigns: money, customers, targets, and who answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from agents.demo.story import MARKETS, STARTS_AT, Market
from streams.events.campaigns import Campaign, parse_campaign
from streams.kpis.registry import KPIS

RATES = {"GBP": 1.15, "KZT": 0.19, "JPY": 0.0067}
"""Currency -> what one unit is worth in the currency of its campaign."""

BUDGET_UNITS = 400
"""A budget is worth so many units, and what would be sold anyway half of that a day."""

TARGETS = (
    {"kpi": "engagement_rate", "window": "1m", "min": "0.15"},
    {"kpi": "net_sentiment", "window": "5m", "min": 10},
    {"kpi": "nps", "window": "30d", "min": 30, "source": "industry"},
    {"kpi": "visit_to_sale_rate", "window": "launch", "min": "0.05"},
    {"kpi": "mroi", "window": "launch", "min": 1},
)

_KPIS = {kpi.name: kpi.windows for kpi in KPIS}


def catalogue(began_ms: int, story_seconds: float, campaigns: Sequence[Market] = MARKETS) -> list[Campaign]:
    """The entries of these markets; their launch is where the story's teaser ends."""
    began = datetime.fromtimestamp(began_ms / 1000, UTC)
    starts_at = began + timedelta(seconds=STARTS_AT * story_seconds)
    return [_campaign(market, starts_at, began + timedelta(seconds=story_seconds)) for market in campaigns]


def _campaign(market: Market, starts_at: datetime, ends_at: datetime) -> Campaign:
    currency, (_, price_cents) = next(iter(market.prices.items()))
    since = (starts_at - timedelta(days=2)).date().isoformat()
    entry = {
        "id": market.campaign,
        "name": market.name,
        "owner": {"name": market.owner, "contact": f"{market.campaign}@example.com"},
        "channel_owners": {"email": {"name": "Noor", "contact": "#mail"}},
        "owners": {"net_sentiment": {"name": "Ida", "contact": "#support"}},
        "starts_at": starts_at.isoformat(),
        "ends_at": ends_at.isoformat(),
        "currency": currency,
        "fx": [{"currency": other, "day": since, "rate": RATES[other]} for other in market.prices if other != currency],
        "budget": BUDGET_UNITS * price_cents // 100,
        "gross_margin": 0.6,
        "baseline_revenue_per_day": BUDGET_UNITS * price_cents // 200,
        "customers_at_start": market.people // 100,
        "targets": list(TARGETS),
    }
    return parse_campaign(entry, _KPIS)
