"""The campaign agent: what it has merged and stated is shown, whoever looks and whenever, and goes when it is old."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from faust.types import TP

from agents.campaign import campaigns
from agents.campaign.campaigns import Campaigns
from agents.kafka.records import Record
from agents.telemetry import Telemetry
from streams.counting.facts import KEPT_MS, unpack_fact
from streams.counting.panes import Tier
from streams.counting.progress import Progress, SourceProgress, encode_progress
from streams.counting.sources import source_number
from streams.counting.statements import KeyKind, fact_key
from streams.counting.summaries import CAMPAIGN, Entry, FactEntry, PeopleEntry, Summary, encode_summary, pack_panes
from streams.counting.view import Views
from streams.events.channels import ALL_CHANNELS
from streams.events.measures import Measure, People
from streams.events.topic import TOPIC_CODES

NOW = 1_800_000_000_000
EMAIL = 2
SUMMARIES = TP("summaries", 0)
TACTICS = source_number(TOPIC_CODES["tactic"], 0)
LINE = b"the-line"


class Table:
    """Statements that are acknowledged at once."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}
        self.stated: set[bytes] = set()

    def unstated(self, partition: int, key: bytes) -> bool:
        return key not in self.stated

    def keys_of(self, partition: int) -> Iterable[bytes]:
        return self.values.keys()

    async def state(self, partition: int, statements: Mapping[bytes, bytes]) -> bool:
        self.values.update(statements)
        self.stated.update(statements)
        return True

    async def forget(self, partition: int, keys: Iterable[bytes]) -> bool:
        for key in keys:
            del self.values[key]
        return True


class Consumer:
    """end: of the log, when the generation began."""

    def __init__(self) -> None:
        self.generation = 1
        self.end = 0
        self.marked = 0

    def end_at_start(self, tp: TP) -> int:
        return self.end

    def mark(self, tp: TP, generation: int, offset: int) -> None:
        self.marked = offset


async def contiguous(tp: TP, generation: int, records: Sequence[Record]) -> Sequence[Record]:
    return records


def record(offset: int, clicks: int) -> Record:
    """A block's summary with so many clicks by as many people."""
    source, panes = source_number(1, 0), pack_panes([(Tier.LAUNCH, 0)])
    hashes = b"".join(blake2b(b"%d" % person, digest_size=8).digest() for person in range(clicks))
    met = PeopleEntry(EMAIL, NOW // 60_000, People.CLICKERS, hashes)
    said = Summary(source, 0, clicks, NOW, [Entry(EMAIL, panes, {Measure.CLICKS: clicks})], [met], NOW)
    (value,) = encode_summary(CAMPAIGN, said)
    return cast(Any, SimpleNamespace(offset=offset, timestamp=NOW, key=b"aurora", value=value))


def change(offset: int, at_ms: int) -> Record:
    """A summary of the one tactic there is, which is said to have been made then."""
    entry = FactEntry(EMAIL, 0, LINE, at_ms, NOW + offset, offset, b'{"title":"Second mail","detail":"","owner":""}')
    said = Summary(TACTICS, offset, offset, NOW, [], [], NOW, [entry])
    (value,) = encode_summary(CAMPAIGN, said)
    return cast(Any, SimpleNamespace(offset=offset, timestamp=NOW, key=b"aurora", value=value))


def progress(offset: int) -> Record:
    """All tactics up to NOW have been summarised."""
    value = encode_progress(Progress(1, [SourceProgress(TACTICS, 10, NOW, True, 0)], {TOPIC_CODES["tactic"]: 1}))
    return cast(Any, SimpleNamespace(offset=offset, timestamp=NOW, key=b"", value=value))


class Agent:
    """A campaign agent over tables and a log of one partition."""

    def __init__(self) -> None:
        self.consumer, self.panes, self.people = Consumer(), Table(), Table()
        self.campaigns = Campaigns(
            SUMMARIES.topic,
            cast(Any, lambda: self.consumer),
            cast(Any, SimpleNamespace(contiguous=contiguous)),
            cast(Any, self.panes),
            cast(Any, self.people),
            ZoneInfo("UTC"),
            10,
            Telemetry(),
        )

    async def take(self, *records: Record) -> None:
        await self.campaigns.take(SUMMARIES, self.consumer.generation, records)

    async def state(self) -> None:
        await self.campaigns.state(0, self.campaigns.own(0, self.consumer.generation))

    def begin_generation(self, end: int) -> None:
        self.consumer.generation += 1
        self.consumer.end = end
        self.panes.stated.clear()
        self.people.stated.clear()

    def shown(self) -> tuple[int, int]:
        """Clicks and people who clicked since the launch."""
        self.campaigns.show(0)
        panes = self.campaigns.owned[0].views.campaigns["aurora"]
        people = panes.windows(EMAIL, NOW)["launch"].people
        return panes.totals(ALL_CHANNELS)[Measure.CLICKS], round(people[People.CLICKERS])


async def test_what_nobody_has_looked_at_takes_no_more_memory_once_it_is_stated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settled: list[int] = []
    monkeypatch.setattr(Views, "settled", lambda views, key, packed: settled.append(key[0]))
    agent = Agent()
    await agent.take(record(0, 5))
    agent.campaigns.show(0)
    await agent.take(record(1, 7))
    await agent.state()
    assert set(settled) >= {KeyKind.COUNTERS, KeyKind.PEOPLE}


async def test_what_nobody_looks_at_is_in_the_views_when_it_may_be_shown_and_then_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(campaigns, "SHOW_SECONDS", 0.3)
    agent = Agent()
    agent.consumer.end = 1
    running = asyncio.create_task(agent.campaigns.run())
    try:
        await agent.take(record(0, 5))
        async with asyncio.timeout(0.2):
            while 0 not in agent.campaigns.owned:
                await asyncio.sleep(0.01)
        panes = agent.campaigns.owned[0].views.campaigns["aurora"]
        await agent.take(record(1, 7))
        assert panes.totals(ALL_CHANNELS)[Measure.CLICKS] == 5
        async with asyncio.timeout(2):
            while panes.totals(ALL_CHANNELS)[Measure.CLICKS] != 7:
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_look_at_one_campaign_does_not_bring_the_changes_of_others_and_loses_none_of_them() -> None:
    agent = Agent()
    await agent.take(record(0, 5))
    assert agent.shown() == (5, 5)
    await agent.take(record(1, 7))
    agent.campaigns.show(0, "boreal")
    panes = agent.campaigns.owned[0].views.campaigns["aurora"]
    assert panes.totals(ALL_CHANNELS)[Measure.CLICKS] == 5
    agent.campaigns.show(0, "aurora")
    assert panes.totals(ALL_CHANNELS)[Measure.CLICKS] == 7


async def test_what_was_stated_and_not_yet_shown_is_shown_in_the_next_generation() -> None:
    agent = Agent()
    await agent.take(record(0, 5))
    assert agent.shown() == (5, 5)
    await agent.take(record(1, 7))
    await agent.state()
    assert agent.consumer.marked == 2
    agent.begin_generation(end=3)
    await agent.take(record(2, 7))
    assert agent.shown() == (7, 7)


async def test_what_a_generation_has_stated_that_never_caught_up_is_shown_in_the_one_after_it() -> None:
    agent = Agent()
    await agent.take(record(0, 5))
    assert agent.shown() == (5, 5)
    agent.begin_generation(end=3)
    await agent.take(record(1, 7))
    await agent.state()
    assert agent.shown() == (5, 5)
    agent.begin_generation(end=3)
    await agent.take(record(2, 7))
    assert agent.shown() == (7, 7)


async def test_what_was_shown_never_falls_while_it_is_merged_again() -> None:
    agent = Agent()
    await agent.take(record(0, 5))
    await agent.state()
    await agent.take(record(1, 6), record(2, 7))
    assert agent.shown() == (7, 7)
    for _ in range(2):
        agent.begin_generation(end=3)
        await agent.take(record(1, 6))
        assert agent.shown() == (7, 7)
    await agent.take(record(2, 7))
    assert agent.shown() == (7, 7)


@pytest.mark.parametrize("corrected", [False, True])
async def test_an_old_change_goes_unless_it_is_corrected_while_old_ones_are_looked_for(
    monkeypatch: pytest.MonkeyPatch, corrected: bool
) -> None:
    monkeypatch.setattr(campaigns, "KEYS_BETWEEN_TURNS", 1)
    agent, key = Agent(), fact_key(b"aurora", TOPIC_CODES["tactic"], EMAIL, 0, LINE)
    await agent.take(change(0, NOW - KEPT_MS), progress(1))
    await agent.state()
    agent.campaigns.show(0)
    assert unpack_fact(agent.panes.values[key]).time_ms == NOW - KEPT_MS
    expiring = asyncio.create_task(agent.campaigns.expire())
    for _ in agent.panes.values:
        await asyncio.sleep(0)
    assert key in agent.panes.values
    if corrected:
        await agent.take(change(2, NOW - KEPT_MS + 1))
        await agent.state()
    await expiring
    stands = agent.panes.values.get(key)
    assert (None if stands is None else unpack_fact(stands).time_ms) == (NOW - KEPT_MS + 1 if corrected else None)
