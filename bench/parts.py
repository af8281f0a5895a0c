"""What every measurement stands on: a real Kafka and a real Redis, workers on a core of their own or where the kernel
puts them, and their costs."""

from __future__ import annotations

import asyncio
import os
import platform
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agents.operations.topics import create_missing, open_admin, plan_topics
from agents.settings import Settings, load_settings
from tests.faults.processes import WorkerProcess
from tests.support.kafka import KafkaBroker
from tests.support.redis import RedisServer

ROOT = Path(__file__).resolve().parents[1]
FIGURES = ROOT / "docs" / "figures"
SERVER_CORE = 0
WORKER_CORE = 1
FULL = 0.95
"""Cores that are busy for so much of the time, all together, keep whoever needs one waiting."""

HASH_KEY = "a secret of the benchmark"
SUMMARIES = 3
BROKER_SETTINGS = {
    # The backlog is written once and read by many: nothing may go, and nothing may be moved meanwhile.
    "log.retention.check.interval.ms": "300000",
    "log.segment.bytes": "268435456",
}
_READ_TOTAL = re.compile(rb"^launchpulse_events_read_total\{[^}]*\} (\S+)$", re.MULTILINE)


class NotInstalled(RuntimeError):
    """A program that is measured with is not there; the text names it and says how to get it."""


def program(what: str, *names: str) -> str:
    """Where the first of these is on the path. Raises NotInstalled."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise NotInstalled(f"no {what} on the path: python -m tests.support.install brings it")
    return found


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Whatever process is started inside runs on that core alone; None, or a machine without it, changes nothing."""
    if core is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    if core in before:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@dataclass
class Stage:
    """A broker and a Redis, and a directory for what the runs leave; to be entered.

    heap_mb: the broker's heap. hot: see `KafkaBroker`. core: theirs, None: wherever the kernel puts them. The directory
    is removed at the end, unless it was given.
    """

    directory: Path | None = None
    heap_mb: int = 768
    hot: bool = True
    core: int | None = SERVER_CORE
    broker: KafkaBroker = field(init=False)
    redis: RedisServer = field(init=False)
    _temporary: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Stage:
        if self.directory is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="launchpulse-bench-", ignore_cleanup_errors=True)
            self.directory = Path(self._temporary.name)
        self.broker = KafkaBroker(self.directory / "kafka", BROKER_SETTINGS, heap_mb=self.heap_mb, hot=self.hot)
        with on_core(self.core):
            self.broker.start()
        self.redis = self.new_redis()
        return self

    def __exit__(self, *_: object) -> None:
        self.redis.close()
        self.broker.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    @property
    def path(self) -> Path:
        """Where runs may leave files."""
        assert self.directory is not None, "the stage has not been entered"
        return self.directory

    def new_redis(self, maxmemory: str = "4gb") -> RedisServer:
        """Another Redis, empty and started; whoever asks for it closes it."""
        server = RedisServer(self.path / f"redis-{secrets.token_hex(3)}", {"maxmemory": maxmemory})
        with on_core(self.core):
            server.start()
        return server

    def fresh_redis(self) -> RedisServer:
        """The stage's Redis, replaced by an empty one: an earlier run's claims cost the next one nothing."""
        self.redis.close()
        self.redis = self.new_redis()
        return self.redis

    def deployment(self, partitions: int = 4, prefix: str | None = None, **settings: Any) -> Deployment:
        """Topics and settings under a new application id. prefix: of event topics that exist already.

        settings: names without LAUNCHPULSE_, such as `summaries_partitions=6`.
        """
        application = f"b{secrets.token_hex(4)}"
        chosen = {
            "application_id": application,
            "topic_prefix": f"{application}." if prefix is None else prefix,
            "brokers": self.broker.address,
            "redis_url": self.redis.url,
            "hash_key": HASH_KEY,
            "summaries_partitions": SUMMARIES,
            **settings,
        }
        environment = {f"LAUNCHPULSE_{name.upper()}": str(value) for name, value in chosen.items()}
        made = Deployment(self.path, environment, load_settings(environment))
        made.create_topics(partitions)
        return made


@dataclass
class Deployment:
    """One application: its topics exist, its workers are started by `start` and ended by the `with` around it."""

    directory: Path
    environment: Mapping[str, str]
    settings: Settings
    workers: dict[str, WorkerProcess] = field(default_factory=dict)

    def __enter__(self) -> Deployment:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers.values():
            worker.kill()

    @property
    def prefix(self) -> str:
        """What the names of the event topics begin with."""
        return self.settings.topic_prefix

    def create_topics(self, partitions: int) -> None:
        """Create what does not exist yet, as `launchpulse topics create` does."""

        async def create() -> None:
            async with open_admin(self.settings) as admin:
                await create_missing(admin, plan_topics(self.settings, partitions), 1)

        asyncio.run(create())

    def start(self, name: str = "worker", core: int | None = WORKER_CORE) -> WorkerProcess:
        """Start the real command on that core; None: wherever the kernel puts it."""
        own = f"{self.settings.application_id}-{name}"
        worker = self.workers.setdefault(own, WorkerProcess(own, self.directory, self.environment))
        with on_core(core):
            worker.start()
        return worker


def events_read(metrics: bytes | str) -> int:
    """The records that an exposition accounts for: the sum of `launchpulse_events_read_total`, without a parser."""
    text = metrics.encode() if isinstance(metrics, str) else metrics
    return int(sum(float(number) for number in _READ_TOTAL.findall(text)))


def cpu_seconds(pid: int) -> float:
    """User and system time that a process has used so far, all its threads, in seconds."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


class Busy:
    """How busy the cores are since this was made: a machine that is full is late whatever the service does."""

    def __init__(self) -> None:
        self._before = _core_ticks()

    def shares(self) -> dict[str, float]:
        """Of each core by its number, 0 to 1, by whatever process; empty where the kernel does not say."""
        shares = {}
        for core, (idle, every) in _core_ticks().items():
            idle_before, every_before = self._before.get(core, (0, 0))
            shares[str(core)] = 1 - (idle - idle_before) / max(1, every - every_before)
        return shares


def full_or_not(busy: Mapping[str, float]) -> str:
    """In words what `Busy` found."""
    words = ", ".join(f"core {core} was busy {share:.0%} of the time" for core, share in busy.items())
    if sum(busy.values()) >= FULL * max(1, len(busy)):
        return f"{words}: the machine was full, and what waits for it is late"
    return words or "how busy the cores were is not known"


def _core_ticks() -> dict[int, tuple[int, int]]:
    """Core -> its idle ticks and all of them since the machine began."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return {}
    lines = [line.split() for line in stat.read_text().splitlines() if re.match(r"cpu\d", line)]
    # Idle, and waiting for a disk. Of the columns behind the eighth the first ones hold all already.
    return {int(name[3:]): (int(told[3]) + int(told[4]), sum(map(int, told[:8]))) for name, *told in lines}


def resident_bytes(pid: int) -> int:
    """The memory that a process holds now, without what it shares with others: Pss where the kernel tells it."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def machine() -> dict[str, Any]:
    """What the figures were measured on and with."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "kernel": platform.release(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "commit": _git("rev-parse", "--short=12", "HEAD") + ("+" if _git("status", "--porcelain", "-uno") else ""),
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def say(text: str) -> None:
    """A line of progress, on stderr: stdout is for results."""
    print(text, file=sys.stderr, flush=True)
