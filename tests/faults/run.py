"""One run: parts of its own, workers, load, faults one after the other, then the comparison, twice."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.faults.compaction import BROKER, Measured
from tests.faults.deployment import Deployment
from tests.faults.forms import FAST, FORMS, Run
from tests.faults.kinds import KINDS, kind_of
from tests.faults.limits import exceeded
from tests.faults.network import Proxy
from tests.faults.plans import entries
from tests.faults.producer import ProducerProcess
from tests.faults.recount import Recount
from tests.faults.verdict import Verdict
from tests.faults.watcher import Watcher
from tests.support.kafka import KafkaBroker
from tests.support.redis import RedisServer

WORKERS = ("w1", "w2", "w3")
LINKED = "w1"
LISTENER = "LINK"
STARTS_SECONDS, SETTLES_SECONDS = 120.0, 60.0
READS_SECONDS = 180.0
PEOPLE_WITHIN, PEOPLE_LARGEST = 0.9, 0.05
"""The share of the figures of unique people that must be within 2 %, and the most that any may be off."""

Say = Callable[[str], None]
Figures = dict[str, Any]


class Progress:
    """How far a run has come: `faults` done, `events` sent."""

    def __init__(self) -> None:
        self.faults = 0
        self.producer: ProducerProcess | None = None

    @property
    def events(self) -> int:
        """By the producer's account."""
        return 0 if self.producer is None else self.producer.sent


def run(plan: Run, directory: Path, say: Say, progress: Progress) -> Figures:
    """Do a run; its figures. The workers' logs are in the directory. A standstill ends it: `failure` says where."""
    began = time.monotonic()
    figures: Figures = {"name": plan.name, **plan.described, "faults": [], "title": FORMS[plan.form].title}
    figures["session_seconds"], figures["blocks"] = FORMS[plan.form].session_seconds, FORMS[plan.form].blocks
    try:
        with _deployed(plan, directory) as deployment:
            _do(plan, deployment, figures, say, progress)
    except (AssertionError, RuntimeError, TimeoutError) as error:
        figures["failure"] = f"{type(error).__name__}: {error}"[:4_000]
    figures["seconds"] = round(time.monotonic() - began)
    figures["exceeded"] = exceeded(figures["faults"], figures["session_seconds"])
    figures["exact"] = "failure" not in figures and not figures["wrong"]
    return figures


@contextmanager
def _deployed(plan: Run, directory: Path) -> Iterator[Deployment]:
    form = FORMS[plan.form]
    settings: dict[str, Any] = {"session_timeout_seconds": form.session_seconds}
    if form.blocks is not None:
        settings["test_block_offsets"] = form.blocks
    proxy = Proxy() if any(kind.startswith("network") for kind in form.faults) else None
    broker = KafkaBroker(
        settings=BROKER,
        listeners={LISTENER: "PLAINTEXT"} if proxy else None,
        advertised={LISTENER: proxy.port} if proxy else None,
    )
    try:
        with broker, RedisServer() as redis, Deployment(directory, broker, redis, **settings) as deployment:
            if proxy is not None:
                proxy.start(broker.address_of(LISTENER))
                deployment.links[LINKED] = proxy
            deployment.jumping = "clock jump" in form.faults
            yield deployment
    finally:
        if proxy is not None:
            proxy.close()


def _do(plan: Run, deployment: Deployment, figures: Figures, say: Say, progress: Progress) -> None:
    rng = random.Random(plan.seed)
    log = deployment.directory / "producer.log"
    producer = ProducerProcess(deployment.broker.address, deployment.prefix, f"{plan.name}", plan.seed, plan.rate, log)
    watcher = Watcher(deployment.sources, lambda: list(deployment.workers.values()))
    progress.producer = producer
    with producer, watcher:
        deployment.tell(entries(time.time_ns() // 1_000_000))
        deployment.start(*WORKERS)
        seconds = settle(deployment, watcher, say, STARTS_SECONDS)
        say(f"{plan.name}: counting after {seconds:.1f} s")
        for number, planned in enumerate(plan.faults, 1):
            time.sleep(rng.uniform(0.3, 3))
            figures["faults"].append(_fault(planned, deployment, watcher, rng, say))
            fault = figures["faults"][-1]
            progress.faults = number
            assert producer.alive, f"the producer has ended: {log.read_text()[-2_000:]}"
            say(
                f"  {number:>2}/{len(plan.faults)} {fault['kind']:<13} lasted {fault['lasted']:4.1f} s, counting again "
                f"after {fault['again']:4.1f} s, longest standstill {fault['longest']:4.1f} s"
            )
        producer.set_rate(FAST)
        while producer.sent < plan.events:
            time.sleep(0.2)
            assert producer.alive, f"the producer has ended: {log.read_text()[-2_000:]}"
        figures["samples_per_second"] = round(watcher.samples_per_second, 1)
        figures["events"] = producer.finish()
    _judge(deployment, figures, say)


def settle(deployment: Deployment, watcher: Watcher, say: Say, seconds: float = SETTLES_SECONDS) -> float:
    """Until every live worker is ready and every source partition has counted on since; returns how long it took.

    Who has ended by itself is started again. AssertionError where it takes longer than `seconds`.
    """
    began, ready_at = time.monotonic(), 0.0
    while True:
        for said in deployment.restart_dead():
            say(f"    {said}")
        unready = deployment.unready()
        if unready or not deployment.live:
            ready_at = 0.0
        elif not ready_at:
            ready_at = time.monotonic()
        elif watcher.all_counted_since(ready_at):
            return time.monotonic() - began
        stands = f"{unready or watcher.waiting_since(ready_at)}"
        assert time.monotonic() - began < seconds, f"standstill of {seconds:.0f} s: {stands}\n{deployment.tails()}"
        time.sleep(0.1)


def _fault(planned: str, deployment: Deployment, watcher: Watcher, rng: random.Random, say: Say) -> Figures:
    kind = kind_of(planned, deployment)
    began = time.monotonic()
    try:
        since = KINDS[kind](deployment, rng)
        lasted = time.monotonic() - began
        settle(deployment, watcher, say)
    except AssertionError as error:
        raise AssertionError(f"{kind}: {error}") from error
    standstill = watcher.standstill(since)
    return {
        "kind": kind,
        "lasted": round(lasted, 2),
        "again": round(standstill.again, 2),
        "longest": round(standstill.longest, 2),
    }


def _judge(deployment: Deployment, figures: Figures, say: Say) -> None:
    """Compares the workers' tables and /metrics, and those of one worker that has nothing but the logs."""
    sent, found = figures["events"], deployment.recount()
    figures |= _records(found)
    verdict = deployment.verdict(found, READS_SECONDS)
    say(f"  {verdict}")
    measured = deployment.compaction.measure()
    for worker in deployment.live:
        worker.stop()
    began = time.monotonic()
    fresh = deployment.new_name()
    deployment.start(fresh)
    recovered = deployment.verdict(found, READS_SECONDS)
    say(f"  a fresh worker, counting after {time.monotonic() - began:.1f} s: {recovered}")
    figures |= _figures(verdict)
    figures["recovered"] = _figures(recovered)
    figures["wrong"] = [*verdict.wrong, *(f"recovered: {text}" for text in recovered.wrong)][:200]
    figures["wrong"] += _wrong_estimates(figures["recovered"])
    if found.records - found.in_transactions != sent:
        figures["wrong"].append(f"{sent} records were sent, {found.records - found.in_transactions} are in the log")
    figures["deaths"] = deployment.deaths
    _special(deployment, figures, measured)


def _records(found: Recount) -> Figures:
    return {
        "counted": len(found.events),
        "in_transactions": found.in_transactions,
        "resent": len(found.resent),
        "malformed": sum(reasons.total() - reasons["future"] for reasons in found.invalid.values()),
        "future": sum(reasons["future"] for reasons in found.invalid.values()),
        "late": sum(topic["late"] for topic in found.topics.values()),
    }


def _figures(verdict: Verdict) -> Figures:
    errors = [abs(error) for error in verdict.people_errors]
    return {
        "compared": verdict.compared,
        "kpis": verdict.kpis,
        "lost": verdict.lost,
        "doubled": verdict.doubled,
        "doubled_allowed": verdict.allowed,
        "excused": verdict.excused[:20],
        "people_figures": len(errors),
        "people_within_2_percent": sum(error <= 0.02 for error in errors),
        "people_largest_error": round(max(errors, default=0.0), 4),
    }


def _wrong_estimates(part: Figures) -> list[str]:
    """A sketch is off by 1.1 % typically: some may be off by more than 2 %, none by very much."""
    number, within, largest = (part[f"people_{name}"] for name in ("figures", "within_2_percent", "largest_error"))
    if within >= number * PEOPLE_WITHIN and largest <= PEOPLE_LARGEST:
        return []
    return [f"unique people: {within} of {number} within 2 %, one is off by {100 * largest:.1f} %"]


def _special(deployment: Deployment, figures: Figures, measured: Measured) -> None:
    """What only some forms have: lost bytes of Redis, compacted statements."""
    if deployment.power_cuts:
        figures["redis_bytes_lost"] = sum(cut.bytes for cut in deployment.power_cuts)
        if not figures["redis_bytes_lost"]:
            figures["wrong"].append("Redis has lost nothing: there was no fault")
    figures["statements_written"], figures["statements_kept"] = measured.written, measured.kept
    if "compaction" in FORMS[figures["form"]].faults and not deployment.compaction.removed_again_and_again:
        figures["wrong"].append(f"a compaction has removed nothing: {deployment.compaction.measured}")
