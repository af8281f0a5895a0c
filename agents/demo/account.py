"""The simulator's own account of what it has sent: what must be counted, what is a duplicate, what is invalid.

It is kept from what the simulator meant, never from how the service reads it: so the two can be compared.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from streams.events.errors import Reason


class Outcome(StrEnum):
    """What must become of a record."""

    COUNTED = "counted"
    DUPLICATE = "duplicate"
    INVALID = "invalid"


Adds = tuple[tuple[str, int], ...]
"""Counters of a campaign and what is added to each. Names are those of the API's totals; money is
`revenue:EUR`, in millionths."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent on a line (channel and day) up to `time_ms`, in millionths: it replaces what was said before."""

    line: tuple[str, str]
    time_ms: int
    currency: str
    micros: int


@dataclass(frozen=True, slots=True)
class Record:
    """One record of an event topic, and what must become of it.

    `topic` is the event topic's name without a prefix. `reason` is given for invalid ones only. `flags` are what the
    ledger tells of counted ones: late, machine, test. `adds` is what a counted one adds to its campaign; `spent` is
    what one of spend states.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    outcome: Outcome
    reason: Reason | None = None
    flags: tuple[str, ...] = ()
    campaign: str = ""
    adds: Adds = ()
    spent: Spent | None = None


@dataclass(slots=True)
class TopicAccount:
    """What was sent to one topic. `sent` is always counted + duplicate + invalid."""

    sent: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    reasons: Counter[Reason] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Account:
    """All that was sent, by topic, and by campaign what it must add up to; `spent`: of each of its lines the statement
    that stands."""

    topics: dict[str, TopicAccount] = field(default_factory=dict)
    totals: dict[str, Counter[str]] = field(default_factory=dict)
    spent: dict[tuple[str, tuple[str, str]], Spent] = field(default_factory=dict)

    @property
    def sent(self) -> int:
        """Records sent to all topics."""
        return sum(topic.sent for topic in self.topics.values())

    def outcome(self, outcome: Outcome) -> int:
        """Records of all topics that must become that."""
        return sum(topic.outcomes[outcome] for topic in self.topics.values())

    def add(self, record: Record) -> None:
        """Enter a record that the broker has acknowledged."""
        topic = self.topics.setdefault(record.topic, TopicAccount())
        topic.sent += 1
        topic.outcomes[record.outcome] += 1
        if record.reason is not None:
            topic.reasons[record.reason] += 1
        for flag in record.flags:
            topic.flags[flag] += 1
        if record.adds:
            totals = self.totals.setdefault(record.campaign, Counter())
            for name, number in record.adds:
                totals[name] += number
        if record.spent is not None:
            place = record.campaign, record.spent.line
            stands = self.spent.get(place, record.spent)
            self.spent[place] = max(stands, record.spent, key=lambda spent: spent.time_ms)

    def spend(self, campaign: str) -> Counter[str]:
        """What a campaign has cost, by currency, in millionths."""
        total: Counter[str] = Counter()
        for (name, _), spent in self.spent.items():
            if name == campaign:
                total[spent.currency] += spent.micros
        return total

    def as_json(self) -> dict[str, object]:
        """The account for a machine: by topic and by campaign, money in millionths."""
        return {
            "sent": self.sent,
            "topics": {
                name: {
                    "sent": topic.sent,
                    **{outcome.value: topic.outcomes[outcome] for outcome in Outcome},
                    "reasons": {reason.value: number for reason, number in sorted(topic.reasons.items())},
                    "flags": dict(sorted(topic.flags.items())),
                }
                for name, topic in sorted(self.topics.items())
            },
            "spend": {campaign: dict(sorted(self.spend(campaign).items())) for campaign in sorted(self.totals)},
            "totals": {campaign: dict(sorted(totals.items())) for campaign, totals in sorted(self.totals.items())},
        }
