"""A deployment whose workers run with guards switched off, and a verdict that does not expect everything to be well."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.deployment import HASH_KEY, Deployment
from tests.faults.logs import read_topics
from tests.faults.processes import WorkerProcess
from tests.faults.recount import Recount
from tests.faults.stated import read_tables
from tests.faults.verdict import Verdict, judge, judge_metrics
from tests.support.kafka import KafkaBroker
from tests.support.redis import RedisServer

REPORT = "continuity.json"
QUIET_SECONDS = 6.0
STILL_SECONDS = 20.0
SESSION_SECONDS = 4

HANDED, TAKEN = "records handed over", "records taken"
CONTINUITY = {"handed": HANDED, "taken": TAKEN, "gaps": "gaps read again"}
"""What a worker's report says of continuity, and the words for it."""


@dataclass(slots=True)
class Outcome:
    """What a scene came to. `lost` and `doubled` are events, `wrong` counters that are not what they must be.

    still_seconds: how long nothing was counted any more, though there was something to count, when the scene gave up.
    figures: what the worker says of itself, such as records that continuity trimmed.
    """

    records: int
    lost: int
    doubled: int
    wrong: int
    compared: int
    still_seconds: float | None = None
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def exact(self) -> bool:
        """Nothing wrong, and nothing stands still."""
        return not self.wrong and self.still_seconds is None

    def as_figures(self) -> dict[str, Any]:
        """For the table of results."""
        found: dict[str, Any] = {
            "records": self.records,
            "lost": self.lost,
            "doubled": self.doubled,
            "wrong counters": self.wrong,
        }
        if self.still_seconds is not None:
            found["stood still (s)"] = round(self.still_seconds)
        return {**found, **self.figures}


class GuardedWorker(WorkerProcess):
    """A worker without some guards, and with faults inside."""

    def __init__(
        self,
        name: str,
        directory: Path,
        environment: Mapping[str, str],
        without: Sequence[str],
        faults: Sequence[str],
    ) -> None:
        super().__init__(name, directory, environment)
        self._parts = directory / f"{name}-inner"
        self.command = [
            *("-m", "tests.faults.guards.worker", str(self._parts)),
            *(f"--without={guard}" for guard in without),
            *(f"--fault={fault}" for fault in faults),
        ]

    def set_trigger(self, fault: str, text: str = "") -> Path:
        """The inner fault strikes at its next occasion; returns the file that is there until then, with that text."""
        self._parts.mkdir(parents=True, exist_ok=True)
        file = self._parts / fault
        file.write_text(text)
        return file

    def continuity(self) -> dict[str, int]:
        """What the continuity checks of the process that runs (or ran last) have found."""
        file = self._parts / REPORT
        found: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
        return found

    def said(self, text: str) -> int:
        """How often its log says this."""
        return self.log_file.read_text(errors="replace").count(text) if self.log_file.exists() else 0


class GuardedDeployment(Deployment):
    """without: the guards that all of its workers lack. faults: the inner faults that its workers have triggers for."""

    def __init__(
        self,
        directory: Path,
        broker: KafkaBroker,
        redis: RedisServer,
        without: Sequence[str] = (),
        faults: Sequence[str] = (),
        **settings: Any,
    ) -> None:
        super().__init__(directory, broker, redis, **{"session_timeout_seconds": SESSION_SECONDS, **settings})
        self.without, self.faults = tuple(without), tuple(faults)

    def start(self, *names: str) -> list[WorkerProcess]:
        """Starts workers, new ones or such that have ended."""
        return [self.worker(name).start() for name in names]

    def worker(self, name: str) -> GuardedWorker:
        """The worker of that name, started or not."""
        worker = self.workers.get(name)
        if worker is None:
            worker = GuardedWorker(name, self.directory, self.environment, self.without, self.faults)
            self.workers[name] = worker
        assert isinstance(worker, GuardedWorker)
        return worker

    def settle(self, found: Recount, still_seconds: float = STILL_SECONDS) -> float | None:
        """Waits until the workers have read everything and are ready, and nothing moves any more.

        Returns None, or for how long nothing has moved where they don't come to an end.
        """
        last, moved = -1, time.monotonic()
        while True:
            read, now = self.read_total(), time.monotonic()
            if read != last:
                last, moved = read, now
            if not self.live or self.unready():
                if now - moved > still_seconds:
                    return now - moved
            elif read >= found.records:
                if now - moved > 2.5:
                    return None
            elif now - moved > QUIET_SECONDS:
                # Ready, and done as far as it knows: what is missing is lost, not late.
                return None
            time.sleep(0.2)

    def outcome(self, found: Recount | None = None, still_seconds: float = STILL_SECONDS) -> Outcome:
        """Settles, then compares the tables and /metrics with the recount."""
        found = found or self.recount()
        still = self.settle(found, still_seconds)
        verdict = self.compare(found)
        checks = [worker.continuity() for worker in self.workers.values() if isinstance(worker, GuardedWorker)]
        figures: dict[str, Any] = {}
        for name, words in CONTINUITY.items():
            figures[words] = sum(check.get(name, 0) for check in checks)
        return Outcome(
            verdict.records, verdict.lost, verdict.doubled, len(verdict.wrong), verdict.compared, still, figures
        )

    def compare(self, found: Recount) -> Verdict:
        """The recount beside what the changelogs say and, where workers live, beside /metrics."""
        names = [f"{self.application}-{table}-changelog" for table in ("panes", "people")]
        logs = read_topics(self.broker.address, names)
        tables = read_tables(logs[names[0]], logs[names[1]])
        verdict = judge(found, tables, HASH_KEY.encode())
        if self.live and not self.unready():
            judge_metrics(verdict, found, self.scrape())
        return verdict
