"""A deployment of its own: topics, Redis, workers, a producer, and the recount over all of it."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from agents.operations.topics import create_missing, open_admin, plan_topics
from agents.settings import load_settings
from tests.faults.allowance import Allowance
from tests.faults.clock import Clock
from tests.faults.compaction import Compaction
from tests.faults.events import TOPICS, Events
from tests.faults.kpis import judge_kpis
from tests.faults.logs import read_topics
from tests.faults.network import Proxy
from tests.faults.plans import Plan, plan_of, record
from tests.faults.power_cut import PowerCut
from tests.faults.processes import Series, WorkerProcess, wait_for
from tests.faults.recount import Recount, recount
from tests.faults.sending import Sender, idempotent
from tests.faults.stated import read_tables
from tests.faults.verdict import Verdict, judge, judge_api, judge_metrics
from tests.support.kafka import KafkaBroker
from tests.support.redis import RedisServer

HASH_KEY = "a secret of the fault tests"
SESSION_SECONDS = 6
SUMMARIES = 3
STATED_SECONDS = 15.0
"""How long after the last figure may have come before everything is stated and shown."""


class Deployment:
    """Topics and workers under a name of their own; `close` kills the workers.

    settings: names of settings without the prefix, such as `test_block_offsets=500`. `links`, `clocks` and
    `compaction` are what the workers of those names, and the changelogs, were given; `power_cuts` are those that Redis
    has suffered, and excuse resends of those seconds; `plans` are what the catalogue was told. While `jumping`, every
    new worker gets a clock of its own, and `jumps` (seconds) come next. `deaths` are those of workers that nobody had
    killed or stopped.
    """

    def __init__(
        self, directory: Path, broker: KafkaBroker, redis: RedisServer, partitions: int = 2, **settings: Any
    ) -> None:
        self.application = f"x{secrets.token_hex(4)}"
        self.prefix = f"{self.application}."
        self.directory, self.broker, self.redis, self.partitions = directory, broker, redis, partitions
        chosen = {
            "application_id": self.application,
            "topic_prefix": self.prefix,
            "brokers": broker.address,
            "redis_url": redis.url,
            "hash_key": HASH_KEY,
            "summaries_partitions": SUMMARIES,
            "session_timeout_seconds": SESSION_SECONDS,
            **settings,
        }
        self.environment = {f"LAUNCHPULSE_{name.upper()}": str(value) for name, value in chosen.items()}
        self.settings = load_settings(self.environment)
        self.session_seconds = self.settings.session_timeout_seconds
        self.workers: dict[str, WorkerProcess] = {}
        self.links: dict[str, Proxy] = {}
        self.clocks: dict[str, Clock] = {}
        self.power_cuts: list[PowerCut] = []
        self.plans: dict[str, Plan] = {}
        self.compaction = Compaction(self.settings)
        self.jumping = False
        self.jumps: list[int] = []
        self.deaths = self._named = 0
        asyncio.run(self._create_topics())

    async def _create_topics(self) -> None:
        async with open_admin(self.settings) as admin:
            await create_missing(admin, plan_topics(self.settings, self.partitions), 1)

    def __enter__(self) -> Deployment:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers.values():
            worker.kill()

    def start(self, *names: str) -> list[WorkerProcess]:
        """Starts workers, new ones or such that have ended."""
        for name in names:
            if name not in self.workers:
                self.workers[name] = WorkerProcess(name, self.directory, {**self.environment, **self._own(name)})
            self.workers[name].start()
        return [self.workers[name] for name in names]

    def _own(self, name: str) -> Mapping[str, str]:
        own: dict[str, str] = {}
        if name in self.links:
            own["LAUNCHPULSE_BROKERS"] = self.links[name].address
        if self.jumping:
            self.clocks[name] = Clock(self.directory / f"{name}.clock")
            own |= self.clocks[name].environment
        return own

    def new_name(self) -> str:
        """The name of a worker that never was."""
        self._named = max(self._named, len(self.workers)) + 1
        return f"w{self._named}"

    def restart_dead(self) -> list[str]:
        """Starts again who has ended without being told to, as a supervisor does; returns what they said last."""
        dead = [worker for worker in self.workers.values() if worker.died]
        said = [f"{worker.name} ended by itself with {worker.exit_code}: {worker.last_error()}" for worker in dead]
        self.deaths += len(dead)
        self.start(*(worker.name for worker in dead))
        return said

    def tell(self, entries: Mapping[str, Mapping[str, Any]]) -> None:
        """Puts campaigns into the catalogue."""

        async def send() -> None:
            async with idempotent(self.broker.address) as producer:
                for campaign, entry in entries.items():
                    key, value = record(campaign, entry)
                    await producer.send_and_wait(f"{self.prefix}campaign", value, key)

        asyncio.run(send())
        self.plans |= {campaign: plan_of(entry) for campaign, entry in entries.items()}

    def sender(self, seed: int, rate: float, **options: Any) -> Sender:
        """A producer of this deployment's topics, to be entered."""
        events = Events(seed, f"{self.application}-{seed}", **options)
        return Sender(self.broker.address, self.prefix, events, rate)

    @property
    def live(self) -> list[WorkerProcess]:
        """The workers that run and are not frozen."""
        return [worker for worker in self.workers.values() if worker.alive and not worker.frozen]

    def scrape(self) -> dict[Series, float]:
        """/metrics of all live workers together."""
        together: dict[Series, float] = {}
        for worker in self.live:
            for series, value in worker.metrics().items():
                together[series] = together.get(series, 0.0) + value
        return together

    def read_total(self) -> int:
        """Records that the pictures of all live workers account for."""
        scraped = self.scrape()
        return int(sum(value for (name, _), value in scraped.items() if name == "launchpulse_events_read_total"))

    def read_by_source(self) -> dict[tuple[str, int], int]:
        """The same by source partition, topic and partition; 0 for one that nobody knows of just now. Of two workers
        that show it, while one takes over from the other, the further one."""
        found: dict[tuple[str, int], int] = {}
        for worker in self.live:
            for (name, labels), value in worker.metrics().items():
                if name == "launchpulse_events_read_total":
                    source = dict(labels)["topic"], int(dict(labels)["partition"])
                    found[source] = max(found.get(source, 0), int(value))
        return found

    def unready(self) -> dict[str, list[str]]:
        """Why the live workers are not ready; empty when all are."""
        return {worker.name: reasons for worker in self.live if (reasons := worker.reasons())}

    def wait_ready(self, seconds: float = 40.0) -> float:
        """Until every live worker is ready; returns how long that took."""
        return wait_for(lambda: bool(self.live) and not self.unready(), seconds, lambda: (self.unready(), self.tails()))

    def wait_counting(self, seconds: float = 40.0) -> float:
        """Until all are ready and more has been counted than before; returns how long that took."""
        began = time.monotonic()
        self.wait_ready(seconds)
        before = self.read_total()
        wait_for(lambda: self.read_total() > before, seconds, lambda: (self.unready(), self.tails()))
        return time.monotonic() - began

    def tails(self) -> str:
        """The ends of all workers' logs."""
        return "\n".join(f"--- {worker.name}\n{worker.tail(1_500)}" for worker in self.workers.values())

    def recount(self, topics: Iterable[str] = TOPICS) -> Recount:
        """What the logs of these event topics must add up to."""
        names = [self.prefix + topic for topic in topics]
        return recount(read_topics(self.broker.address, names), self.prefix)

    @property
    def sources(self) -> list[tuple[str, int]]:
        """The source partitions: topic and partition."""
        return [(topic, partition) for topic in TOPICS for partition in range(self.partitions)]

    def verdict(self, found: Recount | None = None, seconds: float = 60.0, limited: bool = False) -> Verdict:
        """Waits until the workers have read everything, then compares everything.

        limited: only campaigns that the tables have admitted count.
        """
        found = found or self.recount()
        wait_for(
            lambda: self.read_total() >= found.records and not self.unready(),
            seconds,
            lambda: (found.records, self.read_total(), self.unready(), self.tails()),
        )
        deadline = time.monotonic() + STATED_SECONDS
        while True:
            verdict = self._judge(found, limited)
            if verdict.exact or time.monotonic() > deadline:
                return verdict
            time.sleep(0.5)

    def _judge(self, found: Recount, limited: bool) -> Verdict:
        names = [f"{self.application}-{table}-changelog" for table in ("panes", "people")]
        logs = read_topics(self.broker.address, names)
        tables = read_tables(logs[names[0]], logs[names[1]])

        def admitted(campaign: str) -> bool:
            return not limited or campaign in tables.admitted

        allowance = Allowance(found, self.power_cuts)
        verdict = judge(found, tables, HASH_KEY.encode(), admitted, allowance)
        judge_metrics(verdict, found, self.scrape(), admitted, allowance)
        answers = self.campaigns()
        judge_api(verdict, found, answers, admitted, allowance)
        judge_kpis(verdict, found, tables, answers, self.plans, HASH_KEY.encode(), admitted, allowance)
        return verdict

    def campaigns(self) -> dict[str, dict[str, Any]]:
        """What the API of the live workers says of every campaign, by its id."""
        return {
            campaign: worker.json(f"/api/campaigns/{quote(campaign, safe='')}")
            for worker in self.live
            for campaign in worker.campaigns()
        }
