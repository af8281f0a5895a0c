"""Sound events of what a business' own systems send, few of each: leads, spend, answers, customers, tactics."""

from __future__ import annotations

import random
from typing import Any

from agents.demo.account import Adds, Spent
from agents.demo.story import Market, Phase

Parts = tuple[str, dict[str, Any], tuple[str, ...], Adds]
"""Source, own fields, what the ledger tells of it, what it adds to its campaign's totals."""

CENT = 10_000
"""A hundredth of a unit of money, in millionths."""

STAGES = {"lead": ("leads", 0.6), "qualified": ("qualified_leads", 0.3), "opportunity": ("opportunities", 0.1)}
REASONS = {"price": 0.35, "service": 0.25, "technical": 0.15, "product": 0.15, "other": 0.1}
CANCELLED_SHARE = 0.25
NPS_SHARE = 0.6
TACTICS = (
    ("Second mail brought forward", "Sent at once instead of in the evening."),
    ("Landing page repaired", "The form works on phones again."),
    ("Бюджет перенесён на поиск", "С медийной рекламы на поисковую."),
    ("Price lowered for a day", ""),
)


def lead(rng: random.Random, market: Market, phase: Phase) -> Parts:
    """A lead at some stage; that it is a new one need not be said."""
    stage = rng.choices(tuple(STAGES), [share for _, share in STAGES.values()])[0]
    fields: dict[str, Any] = {"lead": f"L-{rng.getrandbits(24)}"}
    if stage != "lead" or rng.random() < 0.5:
        fields["stage"] = stage
    return "crm", fields, (), ((STAGES[stage][0], 1),)


def survey(rng: random.Random, market: Market, phase: Phase) -> Parts:
    """An answer, the better the better the mood is."""
    mood = max(-1.0, min(1.0, rng.gauss(phase.mood + 0.2, 0.4)))
    if rng.random() < NPS_SHARE:
        score = round(5 + 5 * mood)
        word = "promoters" if score >= 9 else "passives" if score >= 7 else "detractors"
        return "survey-tool", {"kind": "nps", "score": score}, (), ((word, 1),)
    score = round(3 + 2 * mood)
    return "survey-tool", {"kind": "csat", "score": score}, (), (("csat_answers", 1), ("satisfied", int(score >= 4)))


def customer(rng: random.Random, market: Market, phase: Phase) -> Parts:
    """A customer who becomes active or cancels."""
    if rng.random() >= CANCELLED_SHARE:
        return "billing", {"status": "active"}, (), (("activations", 1),)
    reason = rng.choices(tuple(REASONS), tuple(REASONS.values()))[0]
    fields = {"status": "cancelled"} if reason == "other" else {"status": "cancelled", "reason": reason}
    return "billing", fields, (), ((f"cancelled_{reason}", 1),)


def tactic(rng: random.Random, market: Market, phase: Phase) -> Parts:
    """The team changes something."""
    title, detail = rng.choice(TACTICS)
    fields = {"title": title, "owner": market.owner}
    return "desk", {**fields, "detail": detail} if detail else fields, (), (("tactics", 1),)


def spend(market: Market, day: str, paid: int) -> Parts:
    """What a channel has cost on a day so far, at a tenth of a unit's price for each of the events it has brought."""
    currency, (_, price_cents) = next(iter(market.prices.items()))
    cents = paid * price_cents // 10
    fields = {"day": day, "amount": f"{cents // 100}.{cents % 100:02}", "currency": currency, "platform": "ads"}
    return "ads-export", fields, (), (("spend_statements", 1),)


def spent(fields: dict[str, Any]) -> Spent:
    """What an event of spend states of its line, all platforms and accounts of the simulation being one."""
    units, cents = fields["amount"].split(".")
    line = fields["channel"], fields["day"]
    return Spent(line, fields["time"], fields["currency"], (int(units) * 100 + int(cents)) * CENT)
