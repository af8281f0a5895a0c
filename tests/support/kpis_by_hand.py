"""All KPIs written a second time, by hand and with exact fractions, sharing no code with `streams/kpis`.

A recount hands in what it has counted itself; what comes out is compared with what the service shows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import sqrt

Number = int | float | Fraction
DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True, kw_only=True)
class Counted:
    """One window of a channel, or of all channels together.

    events: measure, as the API names it, to its sum. people: kind, in lower case, to how many. Money is in units of the
    campaign's currency; None where it cannot be converted. spend: kind to amount; empty where nothing was stated.
    before: of all channels, customers gained less lost from the launch to this window's start. whole: the same window
    of all channels, None where this is it.
    """

    events: Mapping[str, int]
    people: Mapping[str, int]
    start_ms: int
    end_ms: int
    revenue: Number | None = None
    refunded: Number | None = None
    stated_margin: Number | None = None
    spend: Mapping[str, Number] = field(default_factory=dict)
    spend_at_ms: int | None = None
    before: int = 0
    gained_since_launch: int = 0
    budget: Number | None = None
    gross_margin: float | None = None
    baseline_per_day: Number | None = None
    customers_at_start: int | None = None
    starts_at_ms: int | None = None
    ends_at_ms: int | None = None
    whole: "Counted | None" = None


def kpis_by_hand(c: Counted) -> dict[str, Number | None]:
    """KPI -> its value; None where it has none. Money is a number of units of the campaign's currency."""
    e = _Events(c.events)
    p = _Events(c.people)
    everything = c.whole or c
    of_all = c.whole is None
    sold = None if c.revenue is None and c.refunded is None else (c.revenue or 0) - (c.refunded or 0)
    net = None if c.revenue is None or c.refunded is None else c.revenue - c.refunded
    spent = sum(c.spend.values()) if c.spend else None
    lost = _lost(everything.events)
    there = None if c.customers_at_start is None else c.customers_at_start + everything.before
    margin = c.gross_margin
    each = _over(net, p.buyers)
    churn = _over(lost, there)
    kept = None if each is None or margin is None else each * margin
    lifetime = None if kept is None or not churn else kept / churn
    cac = _over(spent, e.new_customers)
    run_ms = _run_ms(c)
    months = None if run_ms is None or run_ms < DAY_MS else Fraction(run_ms, 30 * DAY_MS)
    monthly = None if kept is None or months is None else kept / months
    beyond = _beyond(c, net)
    planned = c.budget if of_all else None
    due = _due(c) if of_all else None
    engagements = e.clicks + e.engaged_visits + e.mentions
    exposures = e.delivered + e.impressions + e.visits
    scored = e.mentions_positive + e.mentions_neutral + e.mentions_negative
    answers = e.promoters + e.passives + e.detractors
    all_opens, all_clicks = e.opens + e.machine_opens, e.clicks + e.machine_clicks
    found: dict[str, Number | None] = {
        "gross_revenue": c.revenue, "refunds": c.refunded, "net_revenue": sold, "orders": e.sales,
        "refunded_orders": e.refunds, "units": e.units, "average_order_value": _over(sold, e.sales),
        "stated_margin": c.stated_margin,
        "buyers": p.buyers, "new_customers": e.new_customers, "returning_customers": e.returning_customers,
        "active_customers": c.customers_at_start + c.gained_since_launch
        if of_all and c.customers_at_start is not None else None,
        "activations": e.activations, "revenue_per_customer": each, "lifetime_value": lifetime,
        "spend": spent, "media_spend": c.spend.get("media"), "fee_spend": c.spend.get("fee"),
        "production_spend": c.spend.get("production"), "customer_acquisition_cost": cac,
        "cost_per_customer": _over(spent, p.buyers), "cost_per_lead": _over(spent, e.leads),
        "cost_per_qualified_lead": _over(spent, e.qualified_leads),
        "cost_per_opportunity": _over(spent, e.opportunities), "cost_per_click": _over(spent, e.clicks),
        "cost_per_mille": None if spent is None else _over(spent * 1000, e.impressions),
        "ltv_to_cac": _over(lifetime, cac), "payback": _over(cac, monthly), "monthly_margin_per_customer": monthly,
        "churn_rate": churn if of_all else None, "customers_before": there if of_all else None,
        "cancellations": _lost(c.events),
        "nps": _over(100 * (e.promoters - e.detractors), answers), "nps_answers": answers,
        "csat": _over(e.satisfied, e.csat_answers), "csat_answers": e.csat_answers,
        "reach": p.reached, "impressions": e.impressions, "frequency": _over(exposures, p.reached),
        "engagements": engagements, "exposures": exposures, "engagement_rate": _over(engagements, exposures),
        "engaged_people": p.engaged, "engagement_by_reach_rate": _over(p.engaged, p.reached), "visits": e.visits,
        "engaged_visits": e.engaged_visits, "clicks": e.clicks,
        "open_rate": _over(p.openers, e.delivered), "raw_open_rate": _over(all_opens, e.delivered),
        "click_rate": _over(p.clickers, e.delivered), "raw_click_rate": _over(all_clicks, e.delivered),
        "click_to_open_rate": _over(p.clickers, p.openers), "raw_click_to_open_rate": _over(all_clicks, all_opens),
        "bounce_rate": _over(e.bounced, e.sent), "complaint_rate": _over(e.complained, e.sent),
        "unsubscribe_rate": _over(e.unsubscribed + e.unsubscribes, e.delivered), "sent": e.sent,
        "delivered": e.delivered, "bounced": e.bounced, "complained": e.complained, "unsubscribed": e.unsubscribed,
        "unsubscribes": e.unsubscribes, "opens": e.opens, "machine_opens": e.machine_opens, "raw_opens": all_opens,
        "machine_clicks": e.machine_clicks, "openers": p.openers, "clickers": p.clickers,
        "mentions": e.mentions, "mentions_per_minute": Fraction(e.mentions * 60_000, c.end_ms - c.start_ms),
        "scored_mentions": scored,
        "net_sentiment": _over(100 * (e.mentions_positive - e.mentions_negative), scored),
        "positive_share": _over(e.mentions_positive, scored),
        "leads": e.leads, "qualified_leads": e.qualified_leads, "opportunities": e.opportunities,
        "reach_to_click_rate": _over(p.clickers, p.reached), "click_to_visit_rate": _over(e.visits, e.clicks),
        "visit_to_lead_rate": _over(e.leads, e.visits), "lead_to_qualified_rate": _over(e.qualified_leads, e.leads),
        "qualified_to_opportunity_rate": _over(e.opportunities, e.qualified_leads),
        "opportunity_to_sale_rate": _over(e.sales, e.opportunities), "lead_to_sale_rate": _over(e.sales, e.leads),
        "visit_to_sale_rate": _over(e.sales, e.visits), "click_to_sale_rate": _over(e.sales, e.clicks),
        "reach_to_sale_rate": _over(p.buyers, p.reached),
        "incremental_revenue": beyond,
        "mroi": None if beyond is None or margin is None or spent is None else _over(beyond * margin - spent, spent),
        "roas": _over(net, spent), "budget": planned, "budget_used": _over(spent, planned), "budget_due": due,
        "pace": _over(spent, due),
        "spend_age": None if c.spend_at_ms is None else Fraction(max(0, c.end_ms - c.spend_at_ms), 1000),
    }  # fmt: skip
    for reason in ("price", "service", "technical", "product", "other"):
        found[f"churn_{reason}_rate"] = _over(c.events.get(f"cancelled_{reason}", 0), there) if of_all else None
    found["nps_low"], found["nps_high"] = _nps_interval(e.promoters, e.detractors, answers)
    found["csat_low"], found["csat_high"] = _wilson(e.satisfied, e.csat_answers)
    return found


class _Events:
    """What was counted, 0 where nothing was; `mentions` are those of every sentiment."""

    def __init__(self, counted: Mapping[str, int]) -> None:
        self._counted = counted

    def __getattr__(self, name: str) -> int:
        if name == "mentions":
            return sum(
                self._counted.get(f"mentions_{mood}", 0) for mood in ("positive", "neutral", "negative", "unknown")
            )
        return self._counted.get(name, 0)


def _over(above: Number | None, below: Number | None) -> Number | None:
    if above is None or below is None or below <= 0:
        return None
    return Fraction(above) / Fraction(below)


def _lost(events: Mapping[str, int]) -> int:
    return sum(number for name, number in events.items() if name.startswith("cancelled_"))


def _run_ms(c: Counted) -> int | None:
    """How long the campaign has run within the window; where no start is told, the window, unless it is the launch."""
    if c.starts_at_ms is None:
        return c.end_ms - c.start_ms if c.start_ms else None
    last = c.end_ms if c.ends_at_ms is None else min(c.end_ms, c.ends_at_ms)
    return max(0, last - max(c.start_ms, c.starts_at_ms))


def _beyond(c: Counted, net: Number | None) -> Number | None:
    """Revenue beyond the baseline; a channel bears of that what it has of the revenue."""
    if net is None or c.baseline_per_day is None or c.starts_at_ms is None:
        return None
    run_ms = _run_ms(c)
    expected = Fraction(c.baseline_per_day) * Fraction(run_ms or 0, DAY_MS)
    if c.whole is None:
        return net - expected
    if c.whole.revenue is None or c.whole.refunded is None:
        return None
    share = _over(net, c.whole.revenue - c.whole.refunded)
    return None if share is None else net - expected * share


def _due(c: Counted) -> Number | None:
    if c.budget is None or c.starts_at_ms is None or c.ends_at_ms is None:
        return None
    passed = min(max(c.end_ms - c.starts_at_ms, 0), c.ends_at_ms - c.starts_at_ms)
    return c.budget * Fraction(passed, c.ends_at_ms - c.starts_at_ms)


def _nps_interval(promoters: int, detractors: int, answers: int) -> tuple[float | None, float | None]:
    """Each answer is worth 1, 0 or -1: the mean of those, and 1.96 standard errors of a mean on either side."""
    if not answers:
        return None, None
    mean = (promoters - detractors) / answers
    variance = (promoters * (1 - mean) ** 2 + detractors * (-1 - mean) ** 2) / answers
    variance += (answers - promoters - detractors) * mean**2 / answers
    error = 1.959963984540054 * sqrt(variance / answers)
    return max(-100.0, 100 * (mean - error)), min(100.0, 100 * (mean + error))


def _wilson(good: int, answers: int) -> tuple[float | None, float | None]:
    """The shares that differ from the observed one by 1.96 of their own standard errors: roots of a quadratic."""
    if not answers:
        return None, None
    z2 = 1.959963984540054**2
    share = good / answers
    a, b, c = 1 + z2 / answers, -(2 * share + z2 / answers), share**2
    root = sqrt(max(0.0, b * b - 4 * a * c))
    low, high = (min(1.0, max(0.0, (-b + side * root) / (2 * a))) for side in (-1, 1))
    return low, high
