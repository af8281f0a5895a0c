"""What a Redis that lost acknowledged claims excuses: at most the resends of that second, and nothing else.

An event of which one copy was claimed in a lost second may be counted once more with each other copy. So a counter may
be off by what those copies add, no counter of anything else may be off at all, and no event may be lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.faults.adds import LATE, NEW, RETURNING, UNKNOWN_CHANNEL, adds_of
from tests.faults.power_cut import PowerCut
from tests.faults.recount import Recount


class Allowance:
    """How far counters may be off. `events` may be doubled at most; `topics`: of them by topic; `customers`: how many
    sales may be a person's first beside the true first."""

    def __init__(self, found: Recount, cuts: Sequence[PowerCut]) -> None:
        self.topics: Counter[str] = Counter()
        self.customers = 0
        self._counters: Counter[tuple[str, int, int]] = Counter()
        if not cuts:
            return

        def forgotten(topic: str, partition: int, offset: int, kafka_ms: int) -> bool:
            return any(cut.forgot((topic, partition), offset, kafka_ms) for cut in cuts)

        claims = [
            forgotten(event[0], *place, event[4]) for event, place in zip(found.events, found.places, strict=True)
        ]
        for number, partition, offset, kafka_ms in found.resent:
            topic, campaign, channel, _, _, fields = found.events[number]
            if claims[number] or forgotten(topic, partition, offset, kafka_ms):
                self.topics[topic] += 1
                adds, _kinds = adds_of(topic, fields)
                adds[LATE] += 1
                adds[UNKNOWN_CHANNEL] += 1
                for measure, number in adds.items():
                    self._counters[campaign, channel, measure] += abs(number)
        for event, lost in zip(found.events, claims, strict=True):
            self.customers += lost and event[0] == "sale" and bool(event[5].get("person"))
        self.customers += self.topics["sale"]

    @property
    def events(self) -> int:
        """How many events may be doubled."""
        return self.topics.total()

    def counter(self, campaign: str, channel: int, measure: int) -> int:
        """How far a counter of that campaign and channel may be off."""
        return self._counters[campaign, channel, NEW if measure == RETURNING else measure]


NOTHING = Allowance(Recount(), ())
