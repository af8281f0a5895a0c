"""The simulator of a launch: seeded, pure, with the clock as an argument, and sure of what must become of each record.

The story and its events hang on the seed alone, not on the clock: a sender that is held up tells it slower.

Among its records are resends (1.5 %, some written in another way), malformed ones, late ones, some from the future
(a part of them explained by `sent_at`), test events, machine opens and clicks, refunds, and channels nobody knows.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections import Counter, deque
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

import orjson

from agents.demo import business_events
from agents.demo.account import Adds, Outcome, Record, Spent
from agents.demo.events import Made, make_event
from agents.demo.spoiled import spoil
from agents.demo.story import (
    CALM,
    MARKETS,
    PHASES,
    PREVENTED_SHARE,
    TOPIC_WEIGHTS,
    Market,
    Phase,
    hours_at,
    length_seconds,
    lived,
    phases_at,
    rate_at,
)

MINUTE_MS = 60_000
RESENT_SHARE = 0.015
SPOILED_SHARE = 0.01
LATE_SHARE = 0.01
CLOCK_AHEAD_SHARE = 0.004
UNKNOWN_CHANNEL_SHARE = 0.002
REMEMBERED = 2_000
"""Resends repeat one of so many last events; on a topic of the demo that is seconds to minutes ago."""

BOUGHT = frozenset({"visit", "click", "impression"})
"""Topics whose events cost something on the channels that are paid for."""


class Simulator:
    """One launch.

    seed: with the same clock the same seed gives the same records, with another one the same but for their times and
    ids. began_ms: the clock at its start, epoch milliseconds; it's part of the ids, so that a second simulation on the
    same topics sends events of its own. rate: events a second, the mean over the story. story_seconds: how long the
    story lasts before it begins again. topics: only these are sent to. campaigns: whose launch it is.
    """

    def __init__(
        self,
        seed: int,
        began_ms: int,
        rate: float,
        story_seconds: float = length_seconds(None, None),
        topics: Collection[str] = tuple(TOPIC_WEIGHTS),
        campaigns: Sequence[Market] = MARKETS,
    ) -> None:
        self._rng = random.Random(seed)
        self._rate = rate
        self._story_seconds = story_seconds
        self._run = f"{began_ms:x}-{seed:x}"
        self._topics = [name for name in TOPIC_WEIGHTS if name in topics]
        self._steps = {phase.name: self._weighed(phase) for phase in (*PHASES, CALM)}
        self._markets = campaigns
        self._lived = {market.campaign: lived(market.campaign) for market in campaigns}
        self._market_steps = tuple(accumulate(market.share for market in campaigns))
        self._numbers: dict[str, int] = {}
        self._brought: Counter[tuple[str, str, str]] = Counter()
        self._stated_ms = 0
        self._past: deque[tuple[str, dict[str, Any]]] = deque(maxlen=REMEMBERED)
        self.due_seconds = 0.0

    def _weighed(self, phase: Phase) -> tuple[float, ...]:
        return tuple(accumulate(TOPIC_WEIGHTS[name] * phase.more.get(name, 1) for name in self._topics))

    def record(self, now_ms: int) -> Record:
        """The next record; `now_ms` (epoch milliseconds) must be near the Kafka timestamp that it will get.

        `due_seconds` then says when the one after it is due, in seconds since the beginning.
        """
        hours = hours_at(self.due_seconds, self._story_seconds)
        self.due_seconds += 1 / (self._rate * rate_at(hours))
        rng = self._rng
        if self._past and rng.random() < RESENT_SHARE:
            return self._resent()
        market = self._markets[bisect(self._market_steps, rng.random() * self._market_steps[-1])]
        phase = self._phase(hours, market)
        steps = self._steps[phase.name]
        topic = self._topics[bisect(steps, rng.random() * steps[-1])]
        if phase.hit and topic in ("click", "sale") and "visit" in self._topics and rng.random() < PREVENTED_SHARE:
            topic = "visit"
        day = datetime.fromtimestamp(now_ms / 1000, UTC).date().isoformat()
        made = make_event(rng, topic, market, phase, day, lambda channel: self._brought[market.campaign, channel, day])
        if topic in BOUGHT:
            self._brought[market.campaign, made.channel, day] += 1
        number = self._numbers[made.source] = self._numbers.get(made.source, 0) + 1
        fields: dict[str, Any] = {
            "id": f"{self._run}-{number}",
            "time": now_ms - rng.randrange(3_000),
            "campaign": market.campaign,
            "channel": made.channel,
            "source": made.source,
            **made.fields,
        }
        if topic == "spend":
            # Of two statements the later one stands; which one that is must not hang on the partition.
            fields["time"] = self._stated_ms = max(now_ms, self._stated_ms + 1)
        if rng.random() < SPOILED_SHARE:
            value, reason = spoil(rng, topic, fields, now_ms)
            # aiokafka sends no record that has neither a key nor a value.
            key = market.campaign.encode() if value is None else self._key(market, fields)
            return Record(topic, key, value, Outcome.INVALID, reason)
        if rng.random() < phase.tests:
            fields["test"] = True
            return self._sound(topic, market, fields, ("test",), ((f"tests_{topic}", 1),))
        return self._live(topic, market, made, fields, now_ms)

    def _phase(self, hours: float, market: Market) -> Phase:
        told = phases_at(hours, self._lived[market.campaign])
        return told[0][0] if len(told) == 1 or self._rng.random() < told[0][1] else told[1][0]

    def _live(self, topic: str, market: Market, made: Made, fields: dict[str, Any], now_ms: int) -> Record:
        rng = self._rng
        adds, flags = made.adds, made.flags
        oddity = rng.random()
        if oddity < LATE_SHARE:
            fields["time"] = now_ms - rng.randrange(20, 90) * MINUTE_MS
            adds, flags = (*adds, ("late", 1)), (*flags, "late")
        elif oddity < LATE_SHARE + CLOCK_AHEAD_SHARE and topic != "spend":
            ahead_ms = rng.randrange(10, 600) * MINUTE_MS
            fields["time"] += ahead_ms
            fields["sent_at"] = now_ms + ahead_ms
        elif oddity < LATE_SHARE + CLOCK_AHEAD_SHARE + UNKNOWN_CHANNEL_SHARE:
            fields["channel"] = "carrier_pigeon"
            adds = (*adds, ("unknown_channel", 1))
        spent = business_events.spent(fields) if topic == "spend" else None
        return self._sound(topic, market, fields, flags, adds, spent)

    def _sound(
        self,
        topic: str,
        market: Market,
        fields: dict[str, Any],
        flags: tuple[str, ...],
        adds: Adds,
        spent: Spent | None = None,
    ) -> Record:
        # Spend that is stated again is one statement more, no duplicate.
        if "sent_at" not in fields and topic != "spend":
            self._past.append((topic, fields))
        key = self._key(market, fields)
        return Record(topic, key, orjson.dumps(fields), Outcome.COUNTED, None, flags, market.campaign, adds, spent)

    def _resent(self) -> Record:
        """An earlier event again, half of them as another program would write them: the same instant, other text."""
        rng = self._rng
        topic, fields = rng.choice(self._past)
        if rng.random() < 0.5:
            instant = datetime.fromtimestamp(fields["time"] / 1000, UTC)
            fields = {**dict(reversed(fields.items())), "time": instant.isoformat(timespec="milliseconds")}
        return Record(topic, rng.randbytes(4), orjson.dumps(fields), Outcome.DUPLICATE)

    def _key(self, market: Market, fields: dict[str, Any]) -> bytes | None:
        """Events may be keyed by anything, so one campaign spreads over all partitions."""
        kind = self._rng.randrange(4)
        if kind == 0:
            return None
        if kind == 1:
            return market.campaign.encode()
        return str(fields.get("person", "")).encode() if kind == 2 else self._rng.randbytes(3)
