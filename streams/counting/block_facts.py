"""What the events of one open block have stated: of each line the statement that stands, and which of them are news."""

from collections.abc import Sequence
from hashlib import blake2b
from zoneinfo import ZoneInfo

from msgspec import msgpack

from streams.counting.facts import KEPT_MS
from streams.counting.panes import Tier, holds
from streams.counting.summaries import HASH_BYTES, FactEntry
from streams.events.batch import EventBatch
from streams.events.topic import Fact, Topic, no_fact

_Line = tuple[int, int, bytes]
"""(channel, day, hash of what tells the line from others)."""

_encode = msgpack.Encoder().encode


class BlockFacts:
    """The facts of one block, by campaign. bucket_ms: the block's five-second bucket."""

    def __init__(self, topic: Topic, bucket_ms: int, zone: ZoneInfo) -> None:
        self._fact = None if topic.fact is no_fact else topic.fact
        self._bucket_ms = bucket_ms
        self._zone = zone
        self._stand: dict[str, dict[_Line, FactEntry]] = {}
        self._news: dict[str, set[_Line]] = {}

    @property
    def changed(self) -> set[str]:
        """The campaigns of which `take` gives something."""
        return set(self._news)

    def count(self, batch: EventBatch, offsets: Sequence[int], timestamps_ms: Sequence[int]) -> None:
        """Note what a run of records states. offsets, timestamps_ms: of all records of the run, also of those refused.

        What is stated once more, under an identity that another record owns, is noted too: it may correct the first.
        """
        if self._fact is None:
            return
        for index, accepted in batch.apart.items():
            fact = self._fact(accepted.event)
            if fact is None or not self._held(fact):
                continue
            row = batch.rows[index]
            entry = FactEntry(
                accepted.channel,
                fact.day,
                line_hash(fact.line),
                accepted.time_ms,
                timestamps_ms[row],
                offsets[row],
                fact.value,
            )
            self._note(accepted.event.campaign, entry)

    def take(self, campaign: str) -> list[FactEntry]:
        """Those of a campaign that were not taken yet."""
        stand = self._stand.get(campaign, {})
        return [stand[line] for line in sorted(self._news.pop(campaign, ()))]

    def _note(self, campaign: str, entry: FactEntry) -> None:
        line = entry.channel, entry.day, entry.line
        stand = self._stand.setdefault(campaign, {})
        before = stand.get(line)
        if before is None or _order(entry) > _order(before):
            stand[line] = entry
            self._news.setdefault(campaign, set()).add(line)

    def _held(self, fact: Fact) -> bool:
        return not fact.day or holds(KEPT_MS, Tier.DAY, fact.day, self._bucket_ms, self._zone)


def line_hash(line: tuple[str, ...]) -> bytes:
    """The eight bytes by which a line is known among those of its campaign, channel and day. Part of the format."""
    return blake2b(_encode(line), digest_size=HASH_BYTES).digest()


def _order(entry: FactEntry) -> tuple[int, int, int]:
    return entry.time_ms, entry.timestamp_ms, entry.offset
