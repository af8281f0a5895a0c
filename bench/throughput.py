"""Throughput from a backlog: every contender over the same log, in rounds A B C … C B A, ratios per round."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient

from agents.operations.topics import create_missing, open_admin, plan_topics
from agents.settings import load_settings
from bench import environment
from bench.contenders.registry import BASELINE, CONTENDERS, Contender
from bench.gate import Expected, recount
from bench.load import base_for, log_ends, send
from bench.parts import HASH_KEY, Stage, say
from bench.race import Failed, Log, Run, run
from bench.stream import Shape, checksum

EVENTS = 3_000_000
LEAST_EVENTS = 30_000


def measure(
    contenders: Sequence[Contender] = CONTENDERS,
    rounds: int = 7,
    events: int = EVENTS,
    shape: Shape | None = None,
    compression: str = "none",
) -> dict[str, Any]:
    """Run them all `rounds` times. Returns raw rounds, refusals of the gate, and the summary."""
    shape = shape or Shape()
    left_out = environment.left_out()
    contenders = [contender for contender in contenders if contender.package not in left_out]
    logs_of = {contender.name: log_of(contender, events) for contender in contenders}
    whole = {logs_of[contender.name] for contender in contenders if contender.tier == "C"}
    wanted = sorted(set(logs_of.values()))
    say(f"bench: recounting {', '.join(f'{size:,} events of {mix} topics' for mix, size in wanted)}")
    expected = {log: recount(replace(shape, mix=log[0]), log[1], log in whole) for log in wanted}
    done: list[dict[str, Any]] = []
    failures: list[str] = []
    with Stage() as stage:
        for number in range(rounds):
            logs = write(stage, shape, expected, number, compression)
            order = list(contenders) if number % 2 == 0 else list(reversed(contenders))
            runs: dict[str, Run] = {}
            for contender in order:
                try:
                    found = runs[contender.name] = run(stage, contender, logs[logs_of[contender.name]])
                except Failed as failed:
                    failures.append(f"round {number + 1}: {failed}")
                    say(f"bench: NO FIGURE: {failed}")
                    continue
                say(
                    f"bench: round {number + 1}/{rounds} {contender.name:<18} {found.per_second:>9,.0f} events/s, "
                    f"{found.per_cpu_second:>9,.0f} a CPU second"
                )
            done.append({name: asdict(one) for name, one in runs.items()})
            asyncio.run(_forget(stage))
    return {
        "events": events,
        "compression": compression,
        "shape": asdict(shape),
        "checksums": {
            mix: {"records": size, "sha256": checksum(replace(shape, mix=mix), size)}
            for mix, size in reversed(wanted)  # of each mix the shortest log
        },
        "left_out": left_out,
        "versions": environment.versions(),
        "rounds": done,
        "failures": failures,
        "summary": summary(done),
    }


def size_of(contender: Contender, events: int) -> int:
    """How many events of the log a contender gets."""
    return min(events, max(LEAST_EVENTS, int(events * contender.share)))


def log_of(contender: Contender, events: int) -> tuple[str, int]:
    """The mix of a contender's log and how many events it has."""
    return contender.mix, size_of(contender, events)


def write(
    stage: Stage, shape: Shape, expected: Mapping[tuple[str, int], Expected], number: int, compression: str
) -> dict[tuple[str, int], Log]:
    """Write this round's logs, one for each mix and size: a beginning of the stream each, that ends about now."""
    logs = {}
    for (mix, size), wanted in expected.items():
        prefix, mixed = f"r{number}.{mix}.{size}.", replace(shape, mix=mix)
        asyncio.run(_create(stage, prefix, shape))
        base_ms = base_for(mixed, size, int(time.time() * 1000))
        sent = asyncio.run(send(stage.broker.address, prefix, mixed, size, base_ms, compression))
        ends = asyncio.run(log_ends(stage.broker.address, prefix, mixed))
        if ends != {place: sent.ends.get(place, 0) for place in ends}:
            raise RuntimeError(f"the log has other records than were sent: {ends}, {sent.ends}")
        say(f"bench: {size:,} events of {mix} topics written in {sent.seconds:.0f} s")
        logs[mix, size] = Log(prefix, base_ms, mixed, wanted)
    return logs


def summary(rounds: Sequence[Mapping[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """Of each contender: events a second and a CPU second (median, least, most), and its ratios to the baseline.

    A ratio is of two runs of one round; the median of those is the result.
    """
    found: dict[str, Any] = {}
    for name in dict.fromkeys(name for one in rounds for name in one):
        runs = [one[name] for one in rounds if name in one]
        paired = [(one[name], one[BASELINE]) for one in rounds if name in one and BASELINE in one]
        found[name] = {
            "rounds": len(runs),
            "per_second": _spread([one["per_second"] for one in runs]),
            "per_cpu_second": _spread([one["per_cpu_second"] for one in runs]),
            "ratio": _spread([mine["per_second"] / base["per_second"] for mine, base in paired]),
            "cpu_ratio": _spread([mine["per_cpu_second"] / base["per_cpu_second"] for mine, base in paired]),
        }
    return found


def _spread(numbers: Sequence[float]) -> dict[str, float] | None:
    if not numbers:
        return None
    return {"median": statistics.median(numbers), "min": min(numbers), "max": max(numbers)}


def table(found: Mapping[str, Any]) -> str:
    """The summary as text, best first."""
    titles = {contender.name: contender for contender in CONTENDERS}
    lines = [f"{'':<52} tier  × baseline (min … max)        k events/s (min … max)     k per CPU s"]
    rows = sorted(found["summary"].items(), key=lambda item: -(item[1]["ratio"] or item[1]["per_second"])["median"])
    for name, said in rows:
        contender, rate, cpu = titles[name], said["per_second"], said["per_cpu_second"]
        ratio = said["ratio"]
        told = f"{ratio['median']:7.3f} ({ratio['min']:.3f} … {ratio['max']:.3f})" if ratio else "      –"
        speed = f"{rate['median'] / 1000:8.1f} ({rate['min'] / 1000:.1f} … {rate['max'] / 1000:.1f})"
        lines.append(f"{contender.title:<52} {contender.tier:<4} {told:<31} {speed:<27} {cpu['median'] / 1000:8.1f}")
    return "\n".join([*lines, *found["failures"], *found["left_out"].values()])


async def _create(stage: Stage, prefix: str, shape: Shape) -> None:
    told = {"BROKERS": stage.broker.address, "TOPIC_PREFIX": prefix, "HASH_KEY": HASH_KEY}
    settings = load_settings({f"LAUNCHPULSE_{name}": value for name, value in told.items()})
    async with open_admin(settings) as admin:
        plans = [plan for plan in plan_topics(settings, shape.partitions) if plan.kind == "events"]
        await create_missing(admin, plans, 1)


async def _forget(stage: Stage) -> None:
    """Everything of a round goes, so that the broker of the next has as little to do."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stage.broker.address)
    await admin.start()
    try:
        await admin.delete_topics([name for name in await admin.list_topics() if not name.startswith("__")])
    finally:
        await admin.close()
