"""The gate: no figure without counts that equal an offline recount.

The recount is made from the stream itself, which the log is checked against, and shares no code with any contender.
Time in it counts from the log's base, so one recount serves every log of a shape and a length.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from bench.stream import MINUTE_MS, TOPICS, Shape, money_micros, planned

PEOPLE_TOLERANCE = 0.02
ONE_TOLERANCE = 0.06
ONE_PERSONS = 5
Place = tuple[str, str, str, int]
"""Campaign, channel, topic, minute since the base (the minute before it is -1)."""


@dataclass(slots=True)
class Expected:
    """What a log must add up to. counts: with resends, as whoever does not know them counts; distinct: without.

    people: (campaign, channel) -> topic or "engaged" -> how many different persons, without machines. revenue:
    millionths of each (campaign, channel), without resends. sentiment: sum of the scores in millionths, likewise.
    """

    records: int = 0
    counts: Counter[Place] = field(default_factory=Counter)
    distinct: Counter[Place] = field(default_factory=Counter)
    people: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    revenue: Counter[tuple[str, str]] = field(default_factory=Counter)
    sentiment: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def distinct_records(self) -> int:
        """Records that are no resend."""
        return self.distinct.total()


def recount(shape: Shape, count: int, people: bool = True) -> Expected:
    """Count the first `count` records of the stream."""
    expected = Expected()
    met: dict[tuple[str, str], dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    counts, distinct = expected.counts, expected.distinct
    for record in islice(planned(shape), count):
        topic, time_ms, campaign, channel, person, own = record.fields
        place = (campaign, channel, TOPICS[topic], time_ms // MINUTE_MS)
        counts[place] += 1
        if record.resend:
            continue
        distinct[place] += 1
        if people and '"machine":true' not in own:
            for kind in _kinds(TOPICS[topic], own):
                met[campaign, channel][kind].add(person)
        if TOPICS[topic] == "sale":
            expected.revenue[campaign, channel] += money_micros(own)
        elif TOPICS[topic] == "mention":
            expected.sentiment[campaign, channel] += int(own.split('"sentiment":')[1].split("e-2")[0]) * 10_000
    expected.records = count
    expected.people = {place: {topic: len(some) for topic, some in by.items()} for place, by in met.items()}
    return expected


def _kinds(topic: str, own: str) -> tuple[str, ...]:
    if topic == "mention":
        return ("engaged",)
    engaged = topic == "click" or '"engaged":true' in own
    return (topic, "engaged") if engaged else (topic,)


def wrong_counts(want: Mapping[Place, int], rows: Iterable[Sequence[Any]], base_ms: int) -> list[str]:
    """What is wrong with a contender's rows of [campaign, channel, topic, minute since 1970, count]; [] where nothing.

    Rows of one place are added up: some contenders keep one a partition.
    """
    have: Counter[Place] = Counter()
    for campaign, channel, topic, minute, number in rows:
        have[campaign, channel, topic, int(minute) - base_ms // MINUTE_MS] += number
    return [
        f"{place}: must be {want.get(place, 0)}, is {have.get(place, 0)}"
        for place in sorted(want.keys() | have.keys())
        if want.get(place, 0) != have.get(place, 0)
    ]


def wrong_people(want: Mapping[tuple[str, str], Mapping[str, int]], rows: Iterable[Sequence[Any]]) -> list[str]:
    """What is wrong with rows of [campaign, channel, topic or "engaged", estimate].

    All together must be within 2 %. A single one of thousands may by chance be further off than that: the error of a
    sketch is 1.1 %, and about one in a thousand exceeds three times as much.
    """
    have = {(campaign, channel, topic): estimate for campaign, channel, topic, estimate in rows}
    wanted = {(*place, topic): number for place, topics in want.items() for topic, number in topics.items()}
    found = [
        f"people of {place}: must be about {wanted.get(place, 0)}, are {have.get(place, 0.0):.1f}"
        for place in sorted(wanted.keys() | have.keys())
        if abs(have.get(place, 0.0) - wanted.get(place, 0)) > ONE_PERSONS + ONE_TOLERANCE * wanted.get(place, 0)
    ]
    must, are = sum(wanted.values()), sum(have.values())
    if abs(are - must) > PEOPLE_TOLERANCE * must:
        found.insert(0, f"people of all together: must be about {must}, are {are:.1f}")
    return found


def wrong_sums(what: str, want: Mapping[tuple[str, str], int], rows: Iterable[Sequence[Any]]) -> list[str]:
    """What is wrong with rows of [campaign, channel, sum]."""
    have = {(campaign, channel): number for campaign, channel, number in rows if number}
    wanted = {place: number for place, number in want.items() if number}
    return [
        f"{what} of {place}: must be {wanted.get(place, 0)}, is {have.get(place, 0)}"
        for place in sorted(wanted.keys() | have.keys())
        if wanted.get(place, 0) != have.get(place, 0)
    ]
