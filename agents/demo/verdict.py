"""Whether the service's figures are what the simulator sent: topic by topic, and campaign by campaign. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agents.demo.account import Account, Outcome, TopicAccount
from agents.demo.reader import Reading, TopicLedger

MICROS = 1_000_000
NOT_COMPARED = frozenset({"new_customers", "returning_customers"})
"""Which sale of a person is the first is up to the claims, so the simulator cannot know it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of a topic (`topic` is `all` for the sums): what was sent, and what the ledger says."""

    topic: str
    figure: str
    sent: int
    ledger: int

    @property
    def agrees(self) -> bool:
        """Whether the two are equal."""
        return self.sent == self.ledger


@dataclass(frozen=True, slots=True)
class Verdict:
    """`lines` are the table; `more` is how many other figures were compared; `wrong` names each that differs."""

    lines: tuple[Line, ...]
    more: int
    wrong: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether everything is equal."""
        return not self.wrong


FIGURES = ("sent", "counted", "duplicate", "invalid")


def compare(account: Account, reading: Reading) -> Verdict:
    """Compare the account of what was sent with what the workers say."""
    lines: list[Line] = []
    wrong: list[str] = []
    more = 0
    for name in sorted({*account.topics, *reading.ledger}):
        topic, ledger = account.topics.get(name, TopicAccount()), reading.ledger.get(name, TopicLedger())
        shown = [Line(name, figure, sent, said) for figure, sent, said in _figures(topic, ledger)]
        lines += shown
        wrong += [f"{name}: {line.figure} {line.sent}, ledger {line.ledger}" for line in shown if not line.agrees]
        reasons = Counter({reason.value: number for reason, number in topic.reasons.items()})
        for what, ours, theirs in (("invalid as", reasons, ledger.reasons), ("", topic.flags, ledger.flags)):
            keys = {key for key in (*ours, *theirs) if ours[key] or theirs[key]}
            more += len(keys)
            wrong += [
                f"{name}: {what} {key} {ours[key]}, ledger {theirs[key]}".replace("  ", " ")
                for key in sorted(keys)
                if ours[key] != theirs[key]
            ]
    for campaign in sorted({*account.totals, *reading.campaigns}):
        ours = Counter(account.totals.get(campaign, Counter()))
        ours.update({f"spend:{currency}": micros for currency, micros in account.spend(campaign).items()})
        theirs = totals_of(reading.campaigns.get(campaign, {}))
        spend = reading.kpi(campaign, "spend", "launch") or {"amounts": {}}
        theirs.update({f"spend:{one}": round(amount * MICROS) for one, amount in spend["amounts"].items()})
        keys = {key for key in (*ours, *theirs) if ours[key] or theirs[key]}
        more += len(keys)
        wrong += [
            f"campaign {campaign}: {key} {ours[key]}, API {theirs[key]}"
            for key in sorted(keys)
            if ours[key] != theirs[key]
        ]
    sums = [
        Line("all", figure, sum(_of(lines, figure, "sent")), sum(_of(lines, figure, "ledger"))) for figure in FIGURES
    ]
    return Verdict((*lines, *sums), more, tuple(wrong))


def totals_of(campaign: Mapping[str, Any]) -> Counter[str]:
    """A campaign's totals as the API gives them, in the account's names: money as `revenue:EUR`, in millionths."""
    totals: Counter[str] = Counter()
    for channel in campaign.get("channels", ()):
        if channel["channel"] != "all":
            continue
        totals.update({name: number for name, number in channel["totals"].items() if name not in NOT_COMPARED})
        for measure, amounts in channel["money"].items():
            totals.update({f"{measure}:{currency}": round(amount * MICROS) for currency, amount in amounts.items()})
    return totals


def _figures(topic: TopicAccount, ledger: TopicLedger) -> Iterator[tuple[str, int, int]]:
    yield "sent", topic.sent, ledger.read
    for outcome in Outcome:
        yield outcome.value, topic.outcomes[outcome], ledger.results[outcome.value]


def _of(lines: list[Line], figure: str, side: str) -> list[int]:
    return [getattr(line, side) for line in lines if line.figure == figure]
