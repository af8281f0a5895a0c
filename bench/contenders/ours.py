"""This service, as a worker of its own in one process, at one of three tiers.

A: fetch, decode and fold into the open block, in memory. The real consumer, continuity check and ingest, but no claims
and nothing is sent: finished blocks are kept.
B: the worker as it is in production, with summaries, merge, statements, commits and /metrics, but neither claims nor
people.
C: the worker as it is in production.

What is measured is what the worker shows: four times a second a thread has it bring what is merged into what /metrics
and the API show, as a reader of them would, and looks whether it is all there. The counts that go through the gate are
those of the acknowledged statements a moment later.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

import agents.app
import agents.names
import agents.worker
from agents.app import Parts
from agents.campaign.snapshot import ALL_CHANNELS
from agents.ingest.emitter import Emitter
from agents.ingest.source_state import SourceState
from agents.settings import load_settings
from bench.contenders.meter import Meter, Task
from streams.counting.facts import unpack_fact
from streams.counting.merge import unpack
from streams.counting.open_block import OpenBlock
from streams.counting.panes import Tier
from streams.counting.people import estimate
from streams.counting.statements import KeyKind, parse_key
from streams.counting.summaries import panes_of
from streams.events.catalogue import TOPICS, topic_by_code, topic_by_name
from streams.events.channels import channel_name
from streams.events.measures import Measure, People
from streams.events.spend import read_spent
from streams.events.tactic import read_change
from streams.events.topic import Topic, no_first_purchase, no_people

LOOKS_SECONDS = 1.0
"""As often as the shipped Prometheus scrapes."""
NEAR, NEAR_SECONDS = 0.95, 0.1
"""From this share of the records on so often, to see when the last one is shown."""
DURABLE_SECONDS = 3.0
"""When nothing comes any more everything is stated after half a second; so long after it is looked at."""

_ALL = [int(measure) for topic in TOPICS for measure in topic.counted_in]


def without_claims_and_people(name: str) -> Topic:
    """An event topic that is counted without either."""
    return replace(topic_by_name(name), horizon_ms=None, people=no_people, needs_first_purchase=no_first_purchase)


class KeepingEmitter(Emitter):
    """Sends nothing: it keeps every block."""

    meter: Meter
    blocks: ClassVar[list[OpenBlock]] = []
    _done: ClassVar[dict[object, int]] = {}

    async def emit_if_due(self, state: SourceState) -> None:
        """Note how far the block has come."""
        if state.block is not None:
            self._done[state.tp] = state.block.last + 1
            self.meter.at(sum(self._done.values()))

    async def run(self) -> None:
        """There is nothing to do."""
        await asyncio.Event().wait()

    async def finish(self, state: SourceState) -> None:
        """Keep the block that has ended."""
        if state.block is not None:
            self.blocks.append(state.block)

    def note(self, state: SourceState) -> None:
        """Nothing is committed."""


async def look(parts: Parts, records: int) -> int:
    """How many records the worker shows. Runs in its loop."""
    for partition in parts.campaigns.partitions:
        parts.campaigns.show(partition)
    views = [owned.views for owned in parts.campaigns.owned.values()]
    ledgers = [ledger for view in views for ledger in view.ledger.values()]
    read = sum(ledger.get(Measure.READ, 0) for ledger in ledgers)
    if read < records:
        return read
    # The ledger of a source may stand in another partition than its campaigns.
    totals = [panes.totals(ALL_CHANNELS) for view in views for panes in view.campaigns.values()]
    counted = sum(total.get(measure, 0) for total in totals for measure in _ALL)
    duplicates = sum(ledger.get(Measure.DUPLICATE, 0) for ledger in ledgers)
    return min(read, counted + duplicates)


def watch(parts: Parts, task: Task, meter: Meter) -> None:
    """Have what is merged shown, and look at it, until all of it is there; then write the result."""
    seen = 0
    while not meter.done:
        time.sleep(LOOKS_SECONDS if seen < NEAR * task.records else NEAR_SECONDS)
        if not parts.campaigns.owned:
            continue
        read = asyncio.run_coroutine_threadsafe(look(parts, task.records), parts.app.loop).result()
        if read != seen:
            seen = read
            meter.at(read)
    time.sleep(DURABLE_SECONDS)
    panes, people = (dict(parts.app.tables[name].values) for name in ("panes", "people"))
    meter.write(
        task,
        list(minutes(panes)),
        people=list(unique(people)),
        counters=list(counters(panes)),
        facts=list(facts(panes)),
        table_keys=len(panes) + len(people),
    )


def _rows(counters: dict[int, int]) -> Iterator[tuple[str, int]]:
    for topic in TOPICS:
        number = sum(counters.get(measure, 0) for measure in topic.counted_in)
        if number:
            yield topic.name, number


def minutes(panes: dict[bytes, bytes]) -> Iterator[tuple[str, str, str, int, int]]:
    """What acknowledged statements say of each minute."""
    for key, packed in panes.items():
        if key[0] != KeyKind.COUNTERS or key[1] != Tier.MINUTE:
            continue
        parsed = parse_key(key)
        for topic, number in _rows(unpack(packed).totals):
            yield parsed.campaign, channel_name(parsed.channel), topic, parsed.pane, number


def counters(panes: dict[bytes, bytes]) -> Iterator[tuple[str, str, int, int]]:
    """Each counter since the launch."""
    for key, packed in panes.items():
        if key[0] == KeyKind.COUNTERS and key[1] == Tier.LAUNCH:
            parsed = parse_key(key)
            for measure, number in unpack(packed).totals.items():
                yield parsed.campaign, channel_name(parsed.channel), measure, number


def facts(panes: dict[bytes, bytes]) -> Iterator[tuple[str, str, str, int, str]]:
    """What stands of each line: its campaign, channel, topic and day (0 for none), and what was said."""
    for key, packed in panes.items():
        if key[0] == KeyKind.FACT:
            parsed, said = parse_key(key), unpack_fact(packed).said
            topic = topic_by_code(parsed.tier).name
            if topic == "spend":
                spent = read_spent(said)
                told = f"{spent.kind} {spent.micros} {spent.currency}"
            else:
                change = read_change(said)
                told = f"{change.title}, {change.detail}, {change.owner}"
            yield parsed.campaign, channel_name(parsed.channel), topic, parsed.pane, told


def unique(people: dict[bytes, bytes]) -> Iterator[tuple[str, str, str, float]]:
    """The unique people of each kind since the launch."""
    for key, packed in people.items():
        if key[0] == KeyKind.PEOPLE and key[1] == Tier.LAUNCH:
            parsed = parse_key(key)
            kind = People(parsed.people).name.lower()
            yield parsed.campaign, channel_name(parsed.channel), kind, estimate([packed])


def kept(task: Task, meter: Meter, states: dict[Any, SourceState]) -> None:
    """Tier A: wait until all blocks together hold every record, then write the result."""
    while not meter.done:
        time.sleep(NEAR_SECONDS)
    blocks = [*KeepingEmitter.blocks, *(state.block for state in states.values() if state.block is not None)]
    rows = []
    for block in blocks:
        for campaign, summary in block.summaries():
            for entry in summary.entries:
                channel = channel_name(entry.channel)
                rows += [
                    (campaign, channel, topic, pane, number)
                    for tier, pane in panes_of(entry)
                    if tier == Tier.MINUTE
                    for topic, number in _rows(entry.counters)
                ]
    meter.write(task, rows)


def main() -> None:
    """Run a worker until it is ended from outside."""
    task = Task()
    tier = task.options["tier"]
    meter = Meter(task.records)
    if tier in "AB":
        agents.names.topic_by_name = without_claims_and_people
    if tier == "A":
        KeepingEmitter.meter = meter
        agents.app.Emitter = KeepingEmitter  # type: ignore[misc]
        build_ingest = agents.app.Ingest

        def ingest(**parts: Any) -> Any:
            threading.Thread(target=kept, args=(task, meter, parts["states"]), daemon=True).start()
            return build_ingest(**parts)

        agents.app.Ingest = ingest  # type: ignore[assignment,misc]
    build = agents.worker.create_app

    def create_app(*arguments: Any) -> Parts:
        parts = build(*arguments)
        if tier != "A":
            threading.Thread(target=watch, args=(parts, task, meter), daemon=True).start()
        return parts

    agents.worker.create_app = create_app
    agents.worker.run_worker(load_settings(task.options["environment"]))


if __name__ == "__main__":
    sys.exit(main())
