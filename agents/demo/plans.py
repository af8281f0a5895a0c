"""What is planned for the simulated campaigns: money, customers, targets, what must arrive, and who answers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from agents.demo.story import CHANNEL_WEIGHTS, MARKETS, STARTS_AT, TOPIC_WEIGHTS, Market
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

EXPECTS = {
    "email": ("delivery", "open", "click", "visit"),
    "paid_search": ("impression", "visit"),
    "paid_social": ("impression",),
    "organic_social": ("mention",),
    "direct": ("visit", "sale"),
}
"""Channel -> the topics without which something is broken."""

LEAST_AN_HOUR = 60
"""Of a topic that is expected so many come even in the quietest hours: one that is rarer may be silent by chance."""

QUIETEST = 0.25
"""Of a topic's mean rate, so much is left while a landing page is broken."""

_KPIS = {kpi.name: kpi.windows for kpi in KPIS}


def catalogue(
    began_ms: int,
    story_seconds: float,
    campaigns: Sequence[Market] = MARKETS,
    rate: float = 300,
    topics: Collection[str] = tuple(TOPIC_WEIGHTS),
) -> list[Campaign]:
    """The entries of these markets; their launch is where the story's teaser ends.

    rate: events a second of all of them together, the mean over the story. topics: those that are sent."""
    began = datetime.fromtimestamp(began_ms / 1000, UTC)
    starts_at, ends_at = (began + timedelta(seconds=share * story_seconds) for share in (STARTS_AT, 1))
    shares = sum(market.share for market in campaigns)
    return [
        _campaign(market, starts_at, ends_at, _expects(rate * market.share / shares, topics)) for market in campaigns
    ]


def _expects(rate: float, topics: Collection[str]) -> dict[str, list[str]]:
    """What must arrive of a campaign that has so many events a second."""
    found: dict[str, list[str]] = {}
    for channel, wanted in EXPECTS.items():
        for topic in wanted:
            an_hour = 3_600 * rate * TOPIC_WEIGHTS[topic] * CHANNEL_WEIGHTS[topic][channel] * QUIETEST
            if topic in topics and an_hour >= LEAST_AN_HOUR:
                found.setdefault(channel, []).append(topic)
    return found


def _campaign(market: Market, starts_at: datetime, ends_at: datetime, expects: dict[str, list[str]]) -> Campaign:
    currency, (_, price_cents) = next(iter(market.prices.items()))
    since = (starts_at - timedelta(days=2)).date().isoformat()
    entry = {
        "id": market.campaign,
        "name": market.name,
        "owner": {"name": market.owner, "contact": f"{market.campaign}@example.com"},
        "channel_owners": {"email": {"name": "Noor", "contact": "#mail"}},
        "expects": expects,
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
