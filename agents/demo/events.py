"""Sound events of each topic: the fields that they are sent with, and what each must add to its campaign's totals."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from agents.demo import business_events
from agents.demo.account import Adds
from agents.demo.business_events import Parts
from agents.demo.story import CHANNEL_WEIGHTS, Market, Phase
from agents.demo.texts import TEXTS, tone_of
from streams.events.measures import MICROS
from streams.sentiment import lexicon

CENT = 10_000
"""A hundredth of a unit of money, or of a sentiment score, in millionths."""

SCORED_SHARE = 0.6
MACHINE_OPENS = 0.35
MACHINE_CLICKS = 0.12
UNSUBSCRIBES = 0.01
REFUNDS = 0.05
NOBODY = frozenset({"spend", "tactic"})
"""Topics whose events name no person."""
STATUSES = {"sent": 0.5, "delivered": 0.49425, "bounced": 0.005, "complained": 0.00025, "unsubscribed": 0.0005}
"""Of a hundred messages one bounces; of two thousand one is complained of: a list that is cared for."""

_CHANNELS = {topic: (tuple(weights), tuple(accumulate(weights.values()))) for topic, weights in CHANNEL_WEIGHTS.items()}


@dataclass(frozen=True, slots=True)
class Made:
    """An event's own fields without its id, time and campaign. `adds` holds where it is neither a test nor spoiled."""

    channel: str
    source: str
    fields: dict[str, Any]
    flags: tuple[str, ...]
    adds: Adds


def make_event(
    rng: random.Random, topic: str, market: Market, phase: Phase, day: str, paid: Callable[[str], int]
) -> Made:
    """An event of the topic as it would come from that market in that phase. Raises KeyError for an unknown topic.

    day: today's date. paid: gives how many events a channel has brought the market today, which is what it costs.
    """
    channels, steps = _CHANNELS[topic]
    channel = channels[bisect(steps, rng.random() * steps[-1])]
    if topic == "spend":
        source, fields, flags, adds = business_events.spend(market, day, paid(channel))
    else:
        source, fields, flags, adds = _MAKERS[topic](rng, market, phase)
    if topic not in NOBODY and (topic != "mention" or rng.random() < 0.5):
        fields["person"] = f"p-{market.campaign}-{int(market.people * rng.random() ** 2)}"
    return Made(channel, source, fields, flags, adds)


def _open(rng: random.Random, market: Market, phase: Phase) -> Parts:
    fields: dict[str, Any] = {"message": f"{market.campaign}-{phase.name}"}
    if rng.random() < MACHINE_OPENS:
        return "mailer", {**fields, "machine": True}, ("machine",), (("machine_opens", 1),)
    return "mailer", fields, (), (("opens", 1),)


def _click(rng: random.Random, market: Market, phase: Phase) -> Parts:
    fields: dict[str, Any] = {"link": f"https://example.com/{market.campaign}"}
    kind = rng.random()
    if kind < MACHINE_CLICKS:
        return "mailer", {**fields, "machine": True}, ("machine",), (("machine_clicks", 1),)
    if kind < MACHINE_CLICKS + UNSUBSCRIBES:
        return "mailer", {**fields, "unsubscribe": True}, (), (("unsubscribes", 1),)
    return "mailer", fields, (), (("clicks", 1),)


def _visit(rng: random.Random, market: Market, phase: Phase) -> Parts:
    fields = {"session": f"s-{rng.getrandbits(40):x}", "page": f"/{market.campaign}"}
    if rng.random() < phase.engaged:
        return "web", {**fields, "engaged": True}, (), (("visits", 1), ("engaged_visits", 1))
    return "web", fields, (), (("visits", 1),)


def _mention(rng: random.Random, market: Market, phase: Phase) -> Parts:
    language = rng.choice(market.languages)
    hundredths = max(-100, min(100, round(rng.gauss(phase.mood, 0.35) * 100)))
    audience = int(rng.paretovariate(1.2) * 50)
    fields: dict[str, Any] = {
        "text": rng.choice(TEXTS[language][tone_of(hundredths)]),
        "author": f"@user{rng.randrange(10_000)}",
        "language": language,
        "audience": audience,
    }
    if rng.random() < SCORED_SHARE:
        fields["sentiment"] = hundredths / 100
        micros = hundredths * CENT
    else:
        score = lexicon.score(fields["text"], language)
        if score is None:
            return "listening", fields, (), (("mentions_unknown", 1), ("audience", audience))
        micros = round(score * MICROS)
    word = "positive" if micros > 5 * CENT else "negative" if micros < -5 * CENT else "neutral"
    adds = ((f"mentions_{word}", 1), ("mention_score", micros), ("mention_scored", 1), ("audience", audience))
    return "listening", fields, (), adds


def _sale(rng: random.Random, market: Market, phase: Phase) -> Parts:
    currencies = tuple(market.prices)
    shares = tuple(accumulate(share for share, _ in market.prices.values()))
    currency = currencies[bisect(shares, rng.random() * shares[-1])]
    units = rng.choice((1, 1, 1, 2, 2, 3))
    cents = market.prices[currency][1] * units - rng.choice((0, 0, 0, 500))
    source = rng.choice(("shop", "shop", "marketplace"))
    # A number is exact as a shortest float up to 15 digits; a string always is.
    amount: float | str = cents / 100 if rng.random() < 0.5 else f"{cents // 100}.{cents % 100:02}"
    fields: dict[str, Any] = {
        "order": f"A-{rng.getrandbits(32)}",
        "amount": amount,
        "currency": currency,
        "units": units,
    }
    margin = cents
    if has_cost := rng.random() < 0.7:
        cost = cents * rng.randrange(40, 60) // 100
        fields["cost"] = cost / 100
        margin = cents - cost
    if rng.random() < REFUNDS:
        fields["kind"] = "refund"
        adds: tuple[tuple[str, int], ...] = (("refunds", 1), (f"refunded:{currency}", cents * CENT))
        margin = -margin
    else:
        adds = (("sales", 1), ("units", units), (f"revenue:{currency}", cents * CENT))
    if has_cost:
        adds = (*adds, (f"margin:{currency}", margin * CENT))
    return source, fields, (), adds


def _delivery(rng: random.Random, market: Market, phase: Phase) -> Parts:
    status = rng.choices(tuple(STATUSES), tuple(STATUSES.values()))[0]
    return "mailer", {"status": status, "message": f"{market.campaign}-{phase.name}"}, (), ((status, 1),)


def _impression(rng: random.Random, market: Market, phase: Phase) -> Parts:
    count = rng.choice((1, 1, 1, 2, 5))
    fields: dict[str, Any] = {"placement": rng.choice(("feed", "top", "side"))}
    if count > 1:
        fields["count"] = count
    return "adserver", fields, (), (("impressions", count),)


_MAKERS: Mapping[str, Callable[[random.Random, Market, Phase], Parts]] = {
    "open": _open,
    "click": _click,
    "visit": _visit,
    "mention": _mention,
    "sale": _sale,
    "delivery": _delivery,
    "impression": _impression,
    "lead": business_events.lead,
    "survey": business_events.survey,
    "customer": business_events.customer,
    "tactic": business_events.tactic,
}
