"""The facts of one campaign: what was spent, by channel and day, and what the team has changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from streams.counting.facts import KEPT_MS, Order, StatedFact, unpack_fact
from streams.counting.panes import Tier, holds
from streams.counting.statements import line_of
from streams.events.channels import ALL_CHANNELS
from streams.events.spend import Spent, read_spent
from streams.events.tactic import read_change
from streams.events.topic import TOPIC_CODES

_SPEND = TOPIC_CODES["spend"]
_TACTIC = TOPIC_CODES["tactic"]

_Said = tuple[str, str]
"""(kind, currency)."""


@dataclass(frozen=True, slots=True)
class Tactic:
    """What the team has changed, and when (UTC epoch milliseconds). detail and owner are empty where none is given."""

    channel: int
    at_ms: int
    title: str
    detail: str
    owner: str


class _Day:
    """What was spent on a day: (kind, currency) -> [millionths, how many lines say so]."""

    __slots__ = ("sums",)

    def __init__(self) -> None:
        self.sums: dict[_Said, list[int]] = {}

    def add(self, spent: Spent, lines: int) -> None:
        """One line more (1), or one less (-1)."""
        said = spent.kind, spent.currency
        total = self.sums.setdefault(said, [0, 0])
        total[0] += lines * spent.micros
        total[1] += lines
        if not total[1]:
            del self.sums[said]


class CampaignFacts:
    """changes: channel -> how often something was stated of it, of ALL_CHANNELS how often at all."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._spent: dict[bytes, tuple[int, int, Spent]] = {}
        self._days: dict[int, dict[int, _Day]] = {}
        self._newest_ms: dict[int, int] = {}
        self._tactics: dict[bytes, tuple[Order, Tactic]] = {}
        self.changes: dict[int, int] = {}

    def put(self, topic: int, channel: int, day: int, key: bytes, value: bytes | StatedFact) -> None:
        """A line says this now. key: its table key."""
        fact = unpack_fact(value) if isinstance(value, bytes) else value
        if topic == _SPEND:
            self._take_back(key)
            spent = read_spent(fact.said)
            self._spent[key] = channel, day, spent
            self._days.setdefault(channel, {}).setdefault(day, _Day()).add(spent, 1)
            self._newest_ms[channel] = max(self._newest_ms.get(channel, 0), fact.time_ms)
        elif topic == _TACTIC:
            # A correction may name another channel, whose table key is another one: the newest stands for all of them.
            line, change = line_of(key), read_change(fact.said)
            known = self._tactics.get(line)
            if known is None or fact.order >= known[0]:
                tactic = Tactic(channel, fact.time_ms, change.title, change.detail, change.owner)
                self._tactics[line] = fact.order, tactic
        self._changed(channel)

    @property
    def channels(self) -> set[int]:
        """Those of which anything was stated."""
        return self._days.keys() | {tactic.channel for _, tactic in self._tactics.values()}

    @property
    def currencies(self) -> set[str]:
        """Those in which anything was spent."""
        return {said[1] for said, (micros, _) in self._sums() if micros}

    @property
    def stated_currencies(self) -> set[str]:
        """Those in which anything was stated, also that nothing was spent."""
        return {said[1] for said, _ in self._sums()}

    def _sums(self) -> Iterator[tuple[_Said, list[int]]]:
        return (summed for days in self._days.values() for day in days.values() for summed in day.sums.items())

    @property
    def tactics(self) -> list[Tactic]:
        """All of them, by time."""
        stand = (tactic for _, tactic in self._tactics.values())
        return sorted(stand, key=lambda tactic: (tactic.at_ms, tactic.channel, tactic.title))

    def spend(self, channel: int, first: int, stop: int) -> Iterator[tuple[int, Mapping[_Said, list[int]]]]:
        """(day, (kind, currency) -> [millionths, lines]) of a channel, or of ALL_CHANNELS, for days in
        `[first, stop)`: a day may come more than once."""
        for of, days in self._days.items():
            if channel in (of, ALL_CHANNELS):
                wanted = range(first, stop) if stop - first < len(days) else sorted(days)
                for number in wanted:
                    if first <= number < stop and (day := days.get(number)) is not None:
                        yield number, day.sums

    def newest_ms(self, channel: int) -> int | None:
        """The event time of the newest statement of spend of a channel, or of ALL_CHANNELS."""
        if channel != ALL_CHANNELS:
            return self._newest_ms.get(channel)
        return max(self._newest_ms.values(), default=None)

    def prune(self, now_ms: int) -> None:
        """Forget what has been kept long enough; `now_ms` is a time of the log."""
        for key, (channel, day, _) in list(self._spent.items()):
            if not holds(KEPT_MS, Tier.DAY, day, now_ms, self._zone):
                self._take_back(key)
                self._changed(channel)
        for line, (_, tactic) in list(self._tactics.items()):
            if tactic.at_ms + KEPT_MS <= now_ms:
                del self._tactics[line]

    def _take_back(self, key: bytes) -> None:
        before = self._spent.pop(key, None)
        if before is None:
            return
        channel, number, spent = before
        days = self._days[channel]
        days[number].add(spent, -1)
        if not days[number].sums:
            del days[number]

    def _changed(self, channel: int) -> None:
        for of in (channel, ALL_CHANNELS):
            self.changes[of] = self.changes.get(of, 0) + 1
