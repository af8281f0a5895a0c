"""Probes: single events, each in a campaign and channel where nothing else counts, and the moment each is visible.

Every probe adds one to counters that only probes of its place touch, and those of a place go to one partition, in
order: a counter of five shows the first five. A probe is visible when the last byte of an answer that shows it has
arrived. A worker makes a picture when somebody asks, and gives it again to whoever asks within a fifth of a second.
The API is asked for one campaign as soon as the next answer can be another one; that is cheap, and what the interval
costs is in the figures. `/metrics` is scraped as a whole once a second, as the shipped Prometheus does;
latency_looks.py tells from these few looks how long a probe takes.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import aiohttp
from aiokafka import AIOKafkaProducer

from bench.latency_looks import Look

PICTURE_SECONDS = 0.205
"""Asked sooner again, a worker would give the same picture."""
GIVE_UP_SECONDS = 30.0
CHANNELS = ("email", "direct", "paid_social", "organic_search")
SCRAPE_SECONDS = 1.0
"""From the beginning of a scrape to that of the next: see deploy/prometheus.yml."""
LOOKED_AT_SECONDS = 5.0
"""So old a probe, at least, is still looked for in `/metrics`."""
METRICS, API = ("metrics_counter", "metrics_5m"), ("api_counter", "api_5m")
"""Each with the counter since the launch and the window of five minutes."""
Place = tuple[str, str]
"""Campaign and channel."""


@dataclass(slots=True)
class Probe:
    """One event. times: monotonic seconds; `seen` has those at which it was first visible, by where (METRICS, API)."""

    number: int
    sent: float
    acknowledged: float = 0.0
    seen: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class _Lane:
    place: Place
    partition: int
    sent: int = 0
    probes: list[Probe] = field(default_factory=list)
    """Those that are still looked for."""
    shown_from: float | None = None
    """Since then the place has a series; before, a worker that shows none may be one that does not own it."""


class Probes:
    """Sends probes at `rate` a second over `places` and watches the workers until each is visible everywhere.

    urls: the workers'. name: of the probes' campaigns. partitions: of the topic `visit`.
    """

    def __init__(
        self, address: str, prefix: str, urls: Sequence[str], name: str, campaigns: int, rate: float, partitions: int
    ) -> None:
        self._address, self._topic, self._urls, self._rate = address, f"{prefix}visit", list(urls), rate
        names = [f"{name}-{number:02d}" for number in range(campaigns)]
        self._name = name.encode()
        places = [(campaign, channel) for campaign in names for channel in CHANNELS]
        self._lanes = {place: _Lane(place, number % partitions) for number, place in enumerate(places)}
        self._names = names
        self._rng = random.Random(name)
        self.done: list[Probe] = []
        self.lost: list[Probe] = []
        self.looks: dict[str, list[Look]] = {where: [] for where in METRICS}
        self._measured_from = 0.0
        self.scrape_seconds: list[float] = []
        self.scrape_bytes = 0
        self._metrics = re.compile(
            rb'^campaign_(events_total|visits)\{campaign="(%s-\d+)",channel="(\w+)",(?:event="visits"|window="5m")\} '
            rb"(\S+)$" % re.escape(self._name),
            re.MULTILINE,
        )

    async def run(self, seconds: float, warm_up_seconds: float = 0.0) -> None:
        """Send for so long, then wait until the last are visible. What was sent in the warm-up is not in `done`."""
        names = self._names
        async with (
            AIOKafkaProducer(
                bootstrap_servers=self._address, acks="all", enable_idempotence=True, linger_ms=0
            ) as producer,
            aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=10), headers={"Accept-Encoding": "identity"}
            ) as session,
        ):
            watchers = [
                asyncio.create_task(self._again_and_again(look, every_seconds))
                for url in self._urls
                for look, every_seconds in (
                    (partial(self._scrape, session, url), SCRAPE_SECONDS),
                    *((partial(self._ask, session, url, name), PICTURE_SECONDS) for name in names),
                )
            ]
            try:
                began = time.monotonic()
                due = began
                self._measured_from = began + warm_up_seconds
                while time.monotonic() < began + warm_up_seconds + seconds:
                    self._check(watchers)
                    await self._send(producer)
                    # Not in step with anything in the worker.
                    due += self._rng.expovariate(self._rate)
                    await asyncio.sleep(max(0.0, due - time.monotonic()))
                until = time.monotonic() + GIVE_UP_SECONDS
                while self._waiting() and time.monotonic() < until:
                    self._check(watchers)
                    await asyncio.sleep(0.05)
                self.lost += self._waiting()
                self.done = [probe for probe in self.done if probe.sent >= self._measured_from]
            finally:
                for watcher in watchers:
                    watcher.cancel()

    @staticmethod
    def _check(watchers: list[asyncio.Task[None]]) -> None:
        for watcher in watchers:
            if watcher.done():
                watcher.result()

    def _waiting(self) -> list[Probe]:
        wanted = len(METRICS) + len(API)
        return [probe for lane in self._lanes.values() for probe in lane.probes if len(probe.seen) < wanted]

    async def _send(self, producer: AIOKafkaProducer) -> None:
        lane = self._rng.choice(list(self._lanes.values()))
        campaign, channel = lane.place
        lane.sent += 1
        value = (
            f'{{"id":"{campaign}-{channel}-{lane.sent}","time":{time.time_ns() // 1_000_000},"campaign":"{campaign}",'
            f'"channel":"{channel}","person":"p{lane.sent}","engaged":true}}'
        ).encode()
        probe = Probe(lane.sent, time.monotonic())
        lane.probes.append(probe)
        sent = await producer.send(self._topic, value, partition=lane.partition)
        sent.add_done_callback(lambda _: setattr(probe, "acknowledged", time.monotonic()))

    async def _again_and_again(self, look: Callable[[], Awaitable[None]], every_seconds: float) -> None:
        # Watchers that begin at once would go on asking at once.
        await asyncio.sleep(self._rng.random() * every_seconds)
        while True:
            began = time.monotonic()
            try:
                await look()
            except (aiohttp.ClientConnectionError, TimeoutError):
                await asyncio.sleep(0.1)
            await asyncio.sleep(max(0.0, began + every_seconds - time.monotonic()))

    async def _scrape(self, session: aiohttp.ClientSession, url: str) -> None:
        began = time.monotonic()
        async with session.get(f"{url}/metrics") as answer:
            body = await answer.read()
        now = time.monotonic()
        self.scrape_seconds.append(now - began)
        self.scrape_bytes = max(self.scrape_bytes, len(body))
        for metric, campaign, channel, number in self._metrics.findall(body):
            where = "counter" if metric == b"events_total" else "5m"
            lane = self._lanes.get((campaign.decode(), channel.decode()))
            if lane is not None:
                self._look(lane, f"metrics_{where}", int(float(number)), now)
                self._see(lane, f"metrics_{where}", int(float(number)), now)

    async def _ask(self, session: aiohttp.ClientSession, url: str, campaign: str) -> None:
        async with session.get(f"{url}/api/campaigns/{campaign}?window=5m") as answer:
            body = await answer.read()
        now = time.monotonic()
        if answer.status != 200:
            return
        for channel in json.loads(body)["channels"]:
            lane = self._lanes.get((campaign, channel["channel"]))
            if lane is None:
                continue
            self._see(lane, "api_counter", channel["totals"].get("visits", 0), now)
            for kpi in channel["kpis"]:
                if (kpi["kpi"], kpi["window"]) == ("visits", "5m"):
                    self._see(lane, "api_5m", int(kpi["value"] or 0), now)

    def _look(self, lane: _Lane, where: str, number: int, now: float) -> None:
        self.looks[where] += [
            (now - probe.sent, probe.number <= number)
            for probe in lane.probes
            if lane.shown_from is not None and probe.sent >= max(lane.shown_from, self._measured_from)
        ]

    def _see(self, lane: _Lane, where: str, number: int, now: float) -> None:
        if number > 0 and where in METRICS and lane.shown_from is None:
            lane.shown_from = now
        for probe in lane.probes:
            if probe.number <= number:
                probe.seen.setdefault(where, now)
        over = [probe for probe in lane.probes if self._is_over(probe, now)]
        if over:
            self.done += over
            lane.probes = [probe for probe in lane.probes if not self._is_over(probe, now)]

    @staticmethod
    def _is_over(probe: Probe, now: float) -> bool:
        return len(probe.seen) == len(METRICS) + len(API) and now - probe.sent > LOOKED_AT_SECONDS
