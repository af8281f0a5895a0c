"""Whether a run ended right: the owners' tables, and what a new owner would recover, against the recount."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import astuple, dataclass, field

from streams.counting.facts import StatedFact, unpack_fact
from streams.counting.merge import Outcome, unpack
from streams.counting.panes import Tier
from streams.counting.people import estimate
from streams.counting.statements import KeyKind, ledger_source, parse_key
from streams.counting.summaries import summaries_partition
from streams.events.measures import Measure
from streams.events.spend import day_of, read_spent
from tests.simulation.ingest_actor import SourceRefused
from tests.simulation.merge_actor import Tables
from tests.simulation.recount import KEPT_COUNTERS_MS, KEPT_PEOPLE_MS, Expected, Pane, recount
from tests.simulation.rules import Rule
from tests.simulation.world import STEPS, SUMMARIES, World, simulate

NEVER_FINISHED = "never finished"
OWNED, RECOVERED = "owner's table", "recovered table"
LOST, DOUBLED = " lost", " doubled"

EVENTS = (
    *(Measure.CLICKS, Measure.MACHINE_CLICKS, Measure.VISITS, Measure.SALES),
    *(Measure.SENT, Measure.DELIVERED, Measure.BOUNCED, Measure.SPEND_STATEMENTS),
    *(Measure.TESTS_CLICK, Measure.TESTS_VISIT, Measure.TESTS_SALE, Measure.TESTS_DELIVERY, Measure.TESTS_SPEND),
)
"""Each counted event is in exactly one of these."""


@dataclass(frozen=True)
class Verdict:
    """wrong: what was found to be wrong, empty for a run that is right. events: records in the source logs.

    seen: how often what makes counting hard has happened. lost, doubled: events, in the owners' tables or in what is
    recovered, whichever are more.
    """

    seed: int
    without: tuple[Rule, ...]
    events: int
    wrong: tuple[str, ...]
    seen: Mapping[str, int] = field(default_factory=dict)
    lost: int = 0
    doubled: int = 0
    forgetful: bool = False

    def __str__(self) -> str:
        without = "".join(f" --without {rule}" for rule in self.without) + " --forgetful" * self.forgetful
        lines = [f"replay with: python -m tests.simulation {self.seed}{without}", *self.wrong[:12]]
        return "\n".join([*lines, f"… and {len(self.wrong) - 12} more"] if len(self.wrong) > 12 else lines)


def run(seed: int, without: Collection[Rule] = (), steps: int = STEPS, forgetful: bool = False) -> Verdict:
    """Simulate, and judge; of a forgetful Redis only whether an event was lost, since resends may be counted again."""
    rules = tuple(without)
    try:
        world, finished = simulate(seed, rules, steps, forgetful)
    except SourceRefused as refused:
        return Verdict(seed, rules, 0, (f"refused: {refused}",))
    events = sum(len(source.log.all_records) for source in world.sources)
    off = Counter[str]()
    wrong = tuple(judge(world, off)) if finished else (NEVER_FINISHED,)
    if finished and forgetful:
        wrong = tuple(
            f"{off[whose + LOST]} events lost in the {whose}" for whose in (OWNED, RECOVERED) if off[whose + LOST]
        )
    lost, doubled = (max(off[OWNED + what], off[RECOVERED + what]) for what in (LOST, DOUBLED))
    return Verdict(seed, rules, events, wrong, _seen(world), lost, doubled, forgetful)


def _seen(world: World) -> Mapping[str, int]:
    seen = Counter(
        generations=world.group.generation,
        retention=sum(source.log.start > 0 for source in world.sources),
        expiry=int(world.expired_until_ms > 0),
        compaction=sum(len(log.all_records) - len(log.records) for log in world.panes_changelogs),
        tombstones=sum(record.value is None for log in world.panes_changelogs for record in log.all_records),
    )
    for merge in world.merges:
        seen.update({outcome.name.lower(): count for outcome, count in merge.outcomes.items()})
    return seen


def judge(world: World, off: Counter[str]) -> Iterator[str]:
    """Everything that is wrong in a drained world; `off` adds up the events that are lost or doubled."""
    expected = Expected()
    for source in world.sources:
        recount(
            expected,
            source.topic.name,
            source.topic.code,
            source.number,
            source.log.all_records,
            world.max_offsets,
            world.redis,
            world.zone,
        )
    yield from _ledger_and_claims(world, expected)
    owned = world.owned
    for number in range(len(world.summaries)):
        tables = owned[SUMMARIES, number].tables
        assert tables is not None
        yield from _compare(world, OWNED, tables, number, expected, off)
    for number in range(len(world.summaries)):
        for _ in range(world.rnd.randint(0, 2)):
            world.panes_changelogs[number].compact(world.rnd)
            world.people_changelogs[number].compact(world.rnd)
        tables = Tables(world, number)
        for _ in tables.recover():
            pass
        yield from _compare(world, RECOVERED, tables, number, expected, off)


def _ledger_and_claims(world: World, expected: Expected) -> Iterator[str]:
    for source, ledger in expected.ledger.items():
        if ledger[Measure.READ] != ledger[Measure.COUNTED] + ledger[Measure.DUPLICATE] + ledger[Measure.INVALID]:
            yield f"the recount's own ledger of source {source} does not add up: {dict(ledger)}"
    for identity, owners in expected.identities.items():
        if world.redis.owners.get(identity) not in owners:
            yield f"identity {identity} is owned by {world.redis.owners.get(identity)}, not by one of {sorted(owners)}"
    dead = {record.key for record in world.dead_letters.all_records}
    for source, offset in sorted(expected.invalid):
        if f"{source}/{offset}".encode() not in dead:
            yield f"no dead letter of source {source}, offset {offset}"
    conflicts = sum(merge.outcomes.get(Outcome.CONFLICT, 0) for merge in world.merges)
    if conflicts and not any(source.log.start for source in world.sources):
        yield f"{conflicts} conflicts though the logs are whole"


def _compare(
    world: World, whose: str, tables: Tables, number: int, expected: Expected, off: Counter[str]
) -> Iterator[str]:
    where = f"{whose} {number}"
    counters: dict[Pane, dict[int, int]] = {}
    people: dict[tuple[int, Pane], float] = {}
    ledger: dict[int, dict[int, int]] = {}
    admitted: set[str] = set()
    spent: dict[tuple[str, int, str], StatedFact] = {}
    for key, packed in tables.panes.values.items():
        parsed = parse_key(key)
        if parsed.kind == KeyKind.COUNTERS:
            counters[parsed.campaign, parsed.channel, parsed.tier, parsed.pane] = unpack(packed).totals
        elif parsed.kind == KeyKind.LEDGER:
            ledger[ledger_source(key)] = unpack(packed).totals
        elif parsed.kind == KeyKind.ADMITTED:
            admitted.add(parsed.campaign)
        elif parsed.kind == KeyKind.FACT:
            spent[parsed.campaign, parsed.channel, day_of(parsed.pane).isoformat()] = unpack_fact(packed)
    for key, packed in tables.people.values.items():
        parsed = parse_key(key)
        people[parsed.people, (parsed.campaign, parsed.channel, parsed.tier, parsed.pane)] = estimate([packed])

    def here(key: str) -> bool:
        return summaries_partition(key.encode(), len(world.summaries)) == number

    def live(pane: Pane, kept_ms: Mapping[int, int | None]) -> bool:
        campaign, _, tier, index = pane
        return here(campaign) and not _expired(kept_ms[tier], tier, index, world)

    for pane in sorted(expected.counters.keys() | counters.keys()):
        want, have = _nonzero(expected.counters.get(pane, {})), _nonzero(counters.get(pane, {}))
        if pane[2] == Tier.LAUNCH and here(pane[0]):
            for measure in EVENTS:
                more = have.get(measure, 0) - want.get(measure, 0)
                off[whose + (DOUBLED if more > 0 else LOST)] += abs(more)
        if want != have and live(pane, KEPT_COUNTERS_MS):
            yield f"{where}: counters of {pane} are {have}, recounted {want}"
    for kind, pane in sorted(expected.people.keys() | people.keys()):
        persons = expected.people.get((kind, pane), set())
        if len(persons) != round(people.get((kind, pane), 0)) and live(pane, KEPT_PEOPLE_MS):
            yield f"{where}: people {kind} of {pane} are {people.get((kind, pane))}, recounted {sorted(persons)}"
    for source in world.sources:
        if here(f"{source.topic.name}/{source.partition}"):
            want, have = _nonzero(expected.ledger[source.number]), _nonzero(ledger.get(source.number, {}))
            if want != have:
                yield f"{where}: ledger of source {source.number} is {have}, recounted {want}"
    for line in sorted(expected.spent.keys() | spent.keys()):
        fact, stated = spent.get(line), expected.spent.get(line)
        have = None if fact is None else (*fact.order, astuple(read_spent(fact.said)))
        if have != stated and here(line[0]):
            yield f"{where}: spent on {line} is {have}, recounted {stated}"
    if missing := {pane[0] for pane in expected.counters if here(pane[0])} - admitted:
        yield f"{where}: no admission of {sorted(missing)}"


def _nonzero(counters: Mapping[int, int]) -> dict[int, int]:
    return {int(measure): count for measure, count in sorted(counters.items()) if count}


def _expired(kept_ms: int | None, tier: int, index: int, world: World) -> bool:
    if kept_ms is None:
        return False
    end_ms = {0: 10_000, 1: 60_000, 2: 3_600_000}.get(tier, 0) * (index + 1)
    if not end_ms:
        end_ms = (index + 2) * 86_400_000
    return end_ms + kept_ms <= world.expired_until_ms
