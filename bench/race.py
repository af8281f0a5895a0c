"""One contender's run over one log: started on the workers' core, waited for, and put through the gate."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.demo.ports import any_port
from bench import environment
from bench.contenders.registry import HERE, Contender
from bench.gate import Expected, joined, wrong_counts, wrong_people, wrong_sums
from bench.parts import ROOT, WORKER_CORE, Stage, on_core
from bench.stream import DAY_MS, Shape

GIVE_UP_SECONDS = 300.0


class Failed(RuntimeError):
    """A run that gives no figure: the contender ended without a result, or its counts were wrong."""


@dataclass(frozen=True, slots=True)
class Log:
    """A log in Kafka and what it must add up to."""

    prefix: str
    base_ms: int
    shape: Shape
    expected: Expected


@dataclass(frozen=True, slots=True)
class Run:
    """What one run gave. events: those counted while the clock ran; seconds: how long it did."""

    contender: str
    events: int
    seconds: float
    cpu_seconds: float
    per_second: float
    per_cpu_second: float


def run(stage: Stage, contender: Contender, log: Log) -> Run:
    """Run it over the whole log. Raises Failed."""
    result = stage.path / f"result-{secrets.token_hex(4)}.json"
    output = result.with_suffix(".log")
    told: dict[str, Any] = {
        "address": stage.broker.address,
        "prefix": log.prefix,
        "topics": log.shape.topics,
        "partitions": log.shape.partitions,
        "records": log.expected.records,
        "group": f"bench-{secrets.token_hex(4)}",
        "directory": str(result.with_suffix("")),
        "result": str(result),
        "options": dict(contender.options),
    }
    if contender.ours:
        stage.fresh_redis()
        deployment = stage.deployment(log.shape.partitions, log.prefix)
        own = {"LAUNCHPULSE_WEB_PORT": str(any_port()), "LAUNCHPULSE_DATA_DIR": told["directory"]}
        told["options"]["environment"] = {**deployment.environment, **own}
        command = [sys.executable, "-m", f"bench.contenders.{contender.script}"]
    else:
        command = [str(environment.ensure()), str(HERE / contender.script)]
    Path(told["directory"]).mkdir()
    with output.open("wb") as writing, on_core(WORKER_CORE):
        process = subprocess.Popen(
            [*command, json.dumps(told)], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=writing, stderr=subprocess.STDOUT
        )
    try:
        _wait(process, result)
    finally:
        process.kill()
        process.wait()
    if not result.exists():
        raise Failed(f"{contender.name} gave no result; its output ends:\n{output.read_text(errors='replace')[-3000:]}")
    said = json.loads(result.read_text())
    if wrong := judge(contender, log, said):
        raise Failed(f"{contender.name} counted wrong, {len(wrong)} times: " + "; ".join(wrong[:5]))
    events, seconds, cpu = said["events"], said["seconds"], said["cpu_seconds"]
    return Run(contender.name, events, seconds, cpu, events / seconds, events / cpu)


def judge(contender: Contender, log: Log, said: dict[str, Any]) -> list[str]:
    """What is wrong with what a contender has counted; [] lets it through the gate."""
    expected = log.expected
    if contender.tier != "C":
        return wrong_counts(expected.counts, said["rows"], log.base_ms)
    counters, new = joined(said["counters"])
    facts = [[*place, log.base_ms // DAY_MS - day if day else 0, what, 1] for *place, day, what in said["facts"]]
    return [
        *wrong_counts(expected.distinct, said["rows"], log.base_ms),
        *wrong_people(expected.people, said["people"]),
        *wrong_sums("sum", expected.counters, counters),
        *wrong_sums("new customers", {(): expected.buyers}, [[new]]),
        *wrong_sums("fact", expected.facts, facts),
    ]


def _wait(process: subprocess.Popen[bytes], result: Path) -> None:
    deadline = time.monotonic() + GIVE_UP_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        # Written whole or not at all, up to the size of a pipe; so wait until it can be read.
        if result.exists():
            try:
                json.loads(result.read_text())
            except ValueError:
                pass
            else:
                return
        time.sleep(0.1)
