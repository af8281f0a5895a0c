"""The kinds of events that the simulator's own functions make, and how many of each at any hour of its story."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from agents.demo.events import make_event
from agents.demo.story import (
    CHANNEL_WEIGHTS,
    LAUNCH_HOURS,
    MARKETS,
    TOPIC_WEIGHTS,
    Market,
    Phase,
    lived,
    phases_at,
    rate_at,
)
from streams.events.measures import Measure

Adds = tuple[tuple[Measure, int], ...]
Floats = npt.NDArray[np.float64]
TOPICS = ("visit", "delivery", "impression", "click", "mention", "sale")
ALIKE = frozenset({"delivery", "impression", "click"})
"""Topics whose kinds are the same for every campaign and in every phase."""
DRAWN = {True: 60_000, False: 3_000}
"""So many events tell how often each kind comes, of a topic that is alike and of another."""
ENGAGED = frozenset({
    Measure.CLICKS, Measure.ENGAGED_VISITS, Measure.MENTIONS_POSITIVE, Measure.MENTIONS_NEUTRAL,
    Measure.MENTIONS_NEGATIVE, Measure.MENTIONS_UNKNOWN,
})  # fmt: skip
READ = ENGAGED | {
    Measure.VISITS, Measure.DELIVERED, Measure.SENT, Measure.BOUNCED, Measure.COMPLAINED, Measure.UNSUBSCRIBED,
    Measure.UNSUBSCRIBES, Measure.MACHINE_CLICKS, Measure.IMPRESSIONS, Measure.SALES, Measure.REFUNDS,
}  # fmt: skip
"""What the KPIs that alerts read are made of."""

_PHASES = lived("")  # no trouble hits it


@dataclass(frozen=True, slots=True)
class Kind:
    """Events that add the same to the same channel."""

    topic: str
    channel: str
    adds: Adds

    @property
    def measures(self) -> frozenset[Measure]:
        """What it adds to."""
        return frozenset(measure for measure, _ in self.adds)

    @property
    def engages(self) -> bool:
        """Whether each is an engagement."""
        return bool(ENGAGED & self.measures)


def kinds(market: Market) -> tuple[Kind, ...]:
    """All kinds of that campaign, in an order of their own."""
    return _table(market)[0]


def story(market: Market, hours: Floats) -> Floats:
    """(hour, kind) -> how many there are for each event of the launch's mean rate."""
    weights = np.zeros((len(hours), len(_PHASES)))
    for row, hour in enumerate(hours % LAUNCH_HOURS):
        for phase, share in phases_at(hour, _PHASES):
            weights[row, _PHASES.index(phase)] += share * rate_at(hour)
    told: Floats = weights @ _table(market)[1]
    return told


def _table(market: Market) -> tuple[tuple[Kind, ...], Floats]:
    return _table_of(MARKETS.index(market))


@cache
def _table_of(number: int) -> tuple[tuple[Kind, ...], Floats]:
    market = MARKETS[number]
    drawn = [_drawn(market, phase) for phase in _PHASES]
    found = tuple(sorted({kind for shares in drawn for kind in shares}, key=repr))
    return found, np.array([[shares.get(kind, 0.0) for kind in found] for shares in drawn])


def _drawn(market: Market, phase: Phase) -> dict[Kind, float]:
    weights = {topic: weight * phase.more.get(topic, 1) for topic, weight in TOPIC_WEIGHTS.items()}
    whole = sum(weights.values())
    found: dict[Kind, float] = {}
    for topic in TOPICS:
        channels = CHANNEL_WEIGHTS[topic]
        made = _alike(topic) if topic in ALIKE else _adds(topic, market, phase)
        for channel, weight in channels.items():
            for adds, share in made.items():
                kind = Kind(topic, channel, adds)
                found[kind] = share * weights[topic] / whole * weight / sum(channels.values())
    return found


@cache
def _alike(topic: str) -> Mapping[Adds, float]:
    return _adds(topic, MARKETS[0], _PHASES[0])


def _adds(topic: str, market: Market, phase: Phase) -> Mapping[Adds, float]:
    """What events of the topic add -> their share. It does not hang on the channel."""
    rng = random.Random(f"{market.campaign}/{phase.name}/{topic}")
    events = DRAWN[topic in ALIKE]
    found: Counter[Adds] = Counter()
    for _ in range(events):
        made = make_event(rng, topic, market, phase, "2026-11-28", lambda channel: 0)
        named = [(Measure.__members__.get(name.upper()), number) for name, number in made.adds]
        found[tuple((measure, number) for measure, number in named if measure in READ)] += 1
    return {adds: number / events for adds, number in found.items() if adds}
