"""The gate: no figure without counts that equal an offline recount.

The recount is made from the stream itself, which the log is checked against. What an event adds to which counter stands
once more by hand in tests/faults/adds.py; it shares no code with any contender, but for the lexicon's word on a text,
of which `make sentiment` says what it is worth. Time counts from the log's base, so one recount serves every log of a
shape and a length.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from itertools import islice
from typing import Any

from bench.mix import DAY_MARK
from bench.stream import MINUTE_MS, Planned, Shape, planned
from streams.sentiment.lexicon import score
from tests.faults.adds import NEW, RETURNING, adds_of

PEOPLE_TOLERANCE = 0.02
ONE_TOLERANCE = 0.06
ONE_PERSONS = 5
PEOPLE = {1: "reached", 2: "openers", 3: "clickers", 4: "buyers", 5: "engaged"}
Place = tuple[str, str, str, int]
"""Campaign, channel, topic, minute since the base (the minute before it is -1)."""
Stated = tuple[str, str, str, int, str]
"""Campaign, channel, topic, days before the base's day (0 for a fact without one), what stands in the end."""


@dataclass(slots=True)
class Expected:
    """What a log must add up to. counts: with resends, as whoever does not know them counts; distinct: without, but for
    statements of what was spent, which need not be told from resends.

    The rest is likewise without resends, and empty unless it was asked for. people: (campaign, channel) -> kind -> how
    many different persons. counters: (campaign, channel, measure or money key) -> sum since the launch, returning
    customers among the new. buyers: persons who have bought, in whatever campaign. facts: how often each stands.
    """

    records: int = 0
    counts: Counter[Place] = field(default_factory=Counter)
    distinct: Counter[Place] = field(default_factory=Counter)
    people: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    counters: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    buyers: int = 0
    facts: Counter[Stated] = field(default_factory=Counter)

    @property
    def distinct_records(self) -> int:
        """Records that count where resends do not."""
        return self.distinct.total()


def recount(shape: Shape, count: int, everything: bool = True) -> Expected:
    """Count the first `count` records of the stream. everything: more than events by minute."""
    expected = Expected(records=count)
    met: dict[tuple[str, str], dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    lines: dict[tuple[Hashable, ...], tuple[int, Stated]] = {}
    buyers: set[int] = set()
    counts, distinct, counters = expected.counts, expected.distinct, expected.counters
    for record in islice(planned(shape), count):
        number, time_ms, campaign, channel, person, own = record.fields
        topic = shape.topics[number]
        place = (campaign, channel, topic, time_ms // MINUTE_MS)
        counts[place] += 1
        if record.resend and topic != "spend":  # a statement again: it counts as one, and changes nothing
            continue
        distinct[place] += 1
        if not everything:
            continue
        fields = {"person": person, **json.loads("{" + own, parse_float=Decimal)}
        if topic == "mention" and "sentiment" not in fields:
            fields["sentiment"] = _scored(fields["text"], fields["language"])
        adds, kinds = adds_of(topic, fields)
        for measure, added in adds.items():
            counters[campaign, channel, measure] += added
        for kind in kinds:
            met[campaign, channel][PEOPLE[kind]].add(person)
        if NEW in adds:
            buyers.add(person)
        if topic in ("spend", "tactic"):
            line, stated = _stated(topic, record, fields)
            if line not in lines or lines[line][0] <= time_ms:
                lines[line] = time_ms, stated
    expected.people = {place: {kind: len(some) for kind, some in by.items()} for place, by in met.items()}
    expected.buyers = len(buyers)
    expected.facts.update(stated for _, stated in lines.values())
    return expected


def _stated(topic: str, record: Planned, fields: Mapping[str, Any]) -> tuple[tuple[Hashable, ...], Stated]:
    """The line that a statement is of, and what it says of it."""
    _, _, campaign, channel, _, _ = record.fields
    if topic == "tactic":
        said = f"{fields['title']}, {fields['detail']}, {fields['owner']}"
        return (topic, campaign, channel, record.head), (campaign, channel, topic, 0, said)
    days = int(fields["day"].removeprefix(DAY_MARK.decode()))
    micros = int(Decimal(fields["amount"]) * 1_000_000)
    line = (topic, campaign, channel, days, fields["platform"], fields["account"], fields["kind"])
    return line, (campaign, channel, topic, days, f"{fields['kind']} {micros} {fields['currency']}")


@cache
def _scored(text: str, language: str) -> Decimal | None:
    said = score(text, language)
    return None if said is None else Decimal(str(said))


def joined(rows: Iterable[Sequence[Any]]) -> tuple[list[Sequence[Any]], int]:
    """Rows of [campaign, channel, measure, sum] with returning customers among the new, and how many are new.

    Which of a person's sales was the first only the worker's Redis knows: resends and partitions decide. That each is
    either, and how many are, is known.
    """
    found: list[Sequence[Any]] = []
    new = 0
    for campaign, channel, measure, number in rows:
        new += number if measure == NEW else 0
        found.append((campaign, channel, NEW if measure == RETURNING else measure, number))
    return found, new


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
    """What is wrong with rows of [campaign, channel, kind, estimate].

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


def wrong_sums(what: str, want: Mapping[Any, int], rows: Iterable[Sequence[Any]]) -> list[str]:
    """What is wrong with rows of [*place, number]; rows of one place are added up."""
    have: Counter[Any] = Counter()
    for *place, number in rows:
        have[tuple(place)] += number
    return [
        f"{what} of {place}: must be {want.get(place, 0)}, is {have[place]}"
        for place in sorted(want.keys() | have.keys())
        if want.get(place, 0) != have[place]
    ]
