"""The simulator of a launch: seeded, pure, with the clock as an argument, and sure of what must become of each record.

Among its records are resends (1.5 %, some written in another way), malformed ones, late ones, some from the future
(a part of them explained by `sent_at`), test events, machine opens and clicks, refunds, and channels nobody knows.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections import deque
from collections.abc import Collection
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

import orjson

from agents.demo.account import Adds, Outcome, Record
from agents.demo.events import Made, make_event
from agents.demo.spoiled import spoil
from agents.demo.story import (
    MARKETS,
    PREVENTED_SHARE,
    STORY_SECONDS,
    TOPIC_WEIGHTS,
    Market,
    Phase,
    mood_of,
    phase_at,
)

MINUTE_MS = 60_000
RESENT_SHARE = 0.015
SPOILED_SHARE = 0.01
LATE_SHARE = 0.01
CLOCK_AHEAD_SHARE = 0.004
UNKNOWN_CHANNEL_SHARE = 0.002
REMEMBERED = 2_000
"""Resends repeat one of so many last events; on a topic of the demo that is seconds to minutes ago."""

_MARKET_STEPS = tuple(accumulate(market.share for market in MARKETS))


class Simulator:
    """One launch.

    seed: the same seed and the same clock give the same records. began_ms: the clock at its start, epoch milliseconds;
    it's part of the ids, so that a second simulation on the same topics sends events of its own. story_seconds: how
    long the story lasts before it begins again. topics: only these are sent to.
    """

    def __init__(
        self,
        seed: int,
        began_ms: int,
        story_seconds: float = STORY_SECONDS,
        topics: Collection[str] = tuple(TOPIC_WEIGHTS),
    ) -> None:
        self._rng = random.Random(seed)
        self._began_ms = began_ms
        self._story_seconds = story_seconds
        self._run = f"{began_ms:x}-{seed:x}"
        self._topics = [name for name in TOPIC_WEIGHTS if name in topics]
        self._steps = list(accumulate(TOPIC_WEIGHTS[name] for name in self._topics))
        self._numbers: dict[str, int] = {}
        self._past: deque[tuple[str, dict[str, Any]]] = deque(maxlen=REMEMBERED)

    def phase(self, now_ms: int) -> Phase:
        """What happens now."""
        return phase_at((now_ms - self._began_ms) / 1000, self._story_seconds)

    def record(self, now_ms: int) -> Record:
        """The next record; `now_ms` (epoch milliseconds) must be near the Kafka timestamp that it will get."""
        rng = self._rng
        if self._past and rng.random() < RESENT_SHARE:
            return self._resent()
        market = MARKETS[bisect(_MARKET_STEPS, rng.random() * _MARKET_STEPS[-1])]
        topic = self._topics[bisect(self._steps, rng.random() * self._steps[-1])]
        phase = mood_of(self.phase(now_ms), market)
        if phase.hit and topic in ("click", "sale") and "visit" in self._topics and rng.random() < PREVENTED_SHARE:
            topic = "visit"
        made = make_event(rng, topic, market, phase)
        number = self._numbers[made.source] = self._numbers.get(made.source, 0) + 1
        fields: dict[str, Any] = {
            "id": f"{self._run}-{number}",
            "time": now_ms - rng.randrange(3_000),
            "campaign": market.campaign,
            "channel": made.channel,
            "source": made.source,
            **made.fields,
        }
        if rng.random() < SPOILED_SHARE:
            value, reason = spoil(rng, topic, fields, now_ms)
            # aiokafka sends no record that has neither a key nor a value.
            key = market.campaign.encode() if value is None else self._key(market, fields)
            return Record(topic, key, value, Outcome.INVALID, reason)
        if rng.random() < phase.tests:
            fields["test"] = True
            return self._sound(topic, market, fields, ("test",), ((f"tests_{topic}", 1),))
        return self._live(topic, market, made, fields, now_ms)

    def _live(self, topic: str, market: Market, made: Made, fields: dict[str, Any], now_ms: int) -> Record:
        rng = self._rng
        adds, flags = made.adds, made.flags
        oddity = rng.random()
        if oddity < LATE_SHARE:
            fields["time"] = now_ms - rng.randrange(20, 90) * MINUTE_MS
            adds, flags = (*adds, ("late", 1)), (*flags, "late")
        elif oddity < LATE_SHARE + CLOCK_AHEAD_SHARE:
            ahead_ms = rng.randrange(10, 600) * MINUTE_MS
            fields["time"] += ahead_ms
            fields["sent_at"] = now_ms + ahead_ms
        elif oddity < LATE_SHARE + CLOCK_AHEAD_SHARE + UNKNOWN_CHANNEL_SHARE:
            fields["channel"] = "carrier_pigeon"
            adds = (*adds, ("unknown_channel", 1))
        return self._sound(topic, market, fields, flags, adds)

    def _sound(self, topic: str, market: Market, fields: dict[str, Any], flags: tuple[str, ...], adds: Adds) -> Record:
        if "sent_at" not in fields:
            self._past.append((topic, fields))
        key = self._key(market, fields)
        return Record(topic, key, orjson.dumps(fields), Outcome.COUNTED, None, flags, market.campaign, adds)

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
