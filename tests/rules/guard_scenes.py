"""What each guard of an alert keeps quiet: everything else about the scene would set the alert off.

Without its guard each of these alerts comes; that was tried by taking them from the rules one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.rules.scenes import Series, counter, gauge, of


@dataclass(frozen=True, slots=True)
class Guarded:
    """guard: what keeps the alert quiet. moments: the minutes at which it must not even be pending."""

    guard: str
    alert: str
    series: Sequence[Series]
    moments: Sequence[float]


def _engaged(engaged: str, exposed: float, channel: str = "email") -> tuple[Series, ...]:
    return of("aurora", channel, {"campaign_engagements/1m": engaged, "campaign_exposures/1m": gauge((70, exposed))})


def _target_of_a_tenth() -> tuple[Series, ...]:
    place = {"kpi": "engagement_rate", "window": "1m", "bound": "min", "source": "own"}
    told = {"campaign_target": gauge((70, 0.1)), "campaign_target_met": gauge((70, 0))}
    return of("aurora", "email", told, **place)


def _talked(points: float, scored: float, mentions: float) -> tuple[Series, ...]:
    """Net sentiment falls from 40 after 50 minutes, while mentions go from 200 to so many."""
    return of(
        "aurora",
        "email",
        {
            "campaign_net_sentiment_points/5m": gauge((50, 40), (10, points)),
            "campaign_scored_mentions/5m": gauge((60, scored)),
            "campaign_mentions/5m": gauge((50, 200), (10, mentions)),
        },
    )


def _met(before: float, stalled: float) -> tuple[Series, ...]:
    """People reached, an hour and a half of one number and then of another."""
    active: Series = ("campaign_active", {"campaign": "aurora"}, gauge((120, 1)))
    return (*of("aurora", "direct", {"campaign_reach/5m": gauge((90, before), (30, stalled))}), active)


def _sold(orders: tuple[float, float], visits: tuple[float, float]) -> tuple[Series, ...]:
    """A minute's orders and visits in eighty minutes, and in the twenty after them."""
    parts = {"campaign_orders/launch": orders, "campaign_visits/launch": visits}
    values = {name: counter((80, before), (20, after)) for name, (before, after) in parts.items()}
    return of("aurora", "email", values)


def _spent(pace: float, used: float) -> tuple[Series, ...]:
    figures = {"campaign_pace_ratio/launch": pace, "campaign_budget_used_ratio/launch": used}
    return of("aurora", "all", {name: gauge((60, value)) for name, value in figures.items()})


def _bounced(sent: float, bounced: float) -> tuple[Series, ...]:
    """So many a minute, from the launch on."""
    messages = {"campaign_sent/launch": sent, "campaign_bounced/launch": bounced}
    return of("aurora", "email", {name: counter((60, value)) for name, value in messages.items()})


GUARDED = (
    Guarded("chance: 24 of 40", "CampaignEngagementDrop", _engaged(gauge((40, 20), (30, 12)), 100), (42, 45, 50)),
    Guarded(
        "chance: 40 of 52",
        "CampaignEngagementBelowTarget",
        (*_engaged(gauge((70, 40)), 520), *_target_of_a_tenth()),
        (5, 30),
    ),
    Guarded("mentions do not rise", "CampaignSentimentTurns", _talked(-20, 200, 220), (52, 55)),
    Guarded("too few are scored", "CampaignSentimentTurns", _talked(-60, 49, 420), (52, 55)),
    Guarded("chance: 32 points of 60 mentions", "CampaignSentimentTurns", _talked(8, 60, 420), (52, 55)),
    Guarded("a small fall of many mentions", "CampaignSentimentTurns", _talked(18, 2_000, 4_200), (52, 55)),
    Guarded("hardly anybody was reached before", "CampaignReachStalls", _met(95, 5), (97, 99)),
    Guarded("chance: 5 of 21 orders", "CampaignConversionBreaks", _sold((1.4, 0.35), (60, 60)), (95.5, 97)),
    Guarded("few orders were expected", "CampaignConversionBreaks", _sold((1.25, 0), (60, 60)), (95.5, 97)),
    Guarded("the traffic is gone too", "CampaignConversionBreaks", _sold((10, 0), (60, 20)), (95.5, 97)),
    Guarded("a first tenth of the budget", "CampaignSpendAhead", _spent(1.5, 0.09), (5, 30)),
    Guarded("chance: 25 of 600 messages", "CampaignBouncesJump", _bounced(10, 25 / 60), (55, 59)),
    Guarded("few messages", "CampaignBouncesJump", _bounced(8, 2), (55, 59)),
)
