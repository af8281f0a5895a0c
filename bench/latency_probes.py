"""Probes: single events, each in a campaign and channel where nothing else counts, and the moment each is visible.

Every probe adds one to counters that only probes of its place touch, and the next of that place is sent only when it
was seen; so each has a measurement of its own. A worker makes a picture when somebody asks, and gives it again to
whoever asks within a fifth of a second. So `/metrics` is scraped as a whole, and the API asked, as soon as the next
answer can be another one: what that interval costs is in the figures, as it would be for anybody who asks as often. A
probe is visible when the last byte of the first answer that shows it has arrived.
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

PICTURE_SECONDS = 0.205
"""Asked sooner again, a worker would give the same picture."""
GIVE_UP_SECONDS = 30.0
CHANNELS = ("email", "direct", "paid_social", "organic_search")
SEEN_IN = ("metrics_counter", "metrics_5m", "api_counter", "api_5m")
"""`/metrics` and the API, each with the counter since the launch and the window of five minutes."""
Place = tuple[str, str]
"""Campaign and channel."""


@dataclass(slots=True)
class Probe:
    """One event. times: monotonic seconds; `seen` has those at which it was first visible, by where (`SEEN_IN`)."""

    number: int
    sent: float
    acknowledged: float = 0.0
    seen: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class _Lane:
    place: Place
    sent: int = 0
    probe: Probe | None = None


class Probes:
    """Sends probes at `rate` a second over `places` and watches the workers until each is visible everywhere.

    urls: the workers'. name: of the probes' campaigns. partitions: of the topic `visit`.
    """

    def __init__(
        self, address: str, prefix: str, urls: Sequence[str], name: str, campaigns: int, rate: float, partitions: int
    ) -> None:
        self._address, self._topic, self._urls, self._rate = address, f"{prefix}visit", list(urls), rate
        self._partitions = partitions
        names = [f"{name}-{number:02d}" for number in range(campaigns)]
        self._name = name.encode()
        self._lanes = {(campaign, channel): _Lane((campaign, channel)) for campaign in names for channel in CHANNELS}
        self._names = names
        self._rng = random.Random(name)
        self.done: list[Probe] = []
        self.lost: list[Probe] = []
        self.skipped = 0
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
                asyncio.create_task(self._again_and_again(look))
                for url in self._urls
                for look in (partial(self._scrape, session, url), *(partial(self._ask, session, url, n) for n in names))
            ]
            try:
                began = time.monotonic()
                due = began
                while time.monotonic() < began + warm_up_seconds + seconds:
                    self._check(watchers)
                    await self._send(producer)
                    # Not in step with anything in the worker.
                    due += self._rng.expovariate(self._rate)
                    await asyncio.sleep(max(0.0, due - time.monotonic()))
                until = time.monotonic() + GIVE_UP_SECONDS
                while any(lane.probe is not None for lane in self._lanes.values()) and time.monotonic() < until:
                    self._check(watchers)
                    await asyncio.sleep(0.05)
                self.lost += [lane.probe for lane in self._lanes.values() if lane.probe is not None]
                self.done = [probe for probe in self.done if probe.sent >= began + warm_up_seconds]
            finally:
                for watcher in watchers:
                    watcher.cancel()

    @staticmethod
    def _check(watchers: list[asyncio.Task[None]]) -> None:
        for watcher in watchers:
            if watcher.done():
                watcher.result()

    async def _send(self, producer: AIOKafkaProducer) -> None:
        free = [lane for lane in self._lanes.values() if lane.probe is None]
        if not free:
            self.skipped += 1
            return
        lane = self._rng.choice(free)
        campaign, channel = lane.place
        lane.sent += 1
        value = (
            f'{{"id":"{campaign}-{channel}-{lane.sent}","time":{time.time_ns() // 1_000_000},"campaign":"{campaign}",'
            f'"channel":"{channel}","person":"p{lane.sent}","engaged":true}}'
        ).encode()
        probe = lane.probe = Probe(lane.sent, time.monotonic())
        sent = await producer.send(self._topic, value, partition=self._rng.randrange(self._partitions))
        sent.add_done_callback(lambda _: setattr(probe, "acknowledged", time.monotonic()))

    async def _again_and_again(self, look: Callable[[], Awaitable[None]]) -> None:
        while True:
            began = time.monotonic()
            try:
                await look()
            except (aiohttp.ClientConnectionError, TimeoutError):
                await asyncio.sleep(0.1)
            await asyncio.sleep(max(0.0, began + PICTURE_SECONDS - time.monotonic()))

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
                self._see(lane, f"metrics_{where}", int(float(number)), now)

    async def _ask(self, session: aiohttp.ClientSession, url: str, campaign: str) -> None:
        async with session.get(f"{url}/api/campaigns/{campaign}") as answer:
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

    def _see(self, lane: _Lane, where: str, number: int, now: float) -> None:
        probe = lane.probe
        if probe is None or number < probe.number:
            return
        probe.seen.setdefault(where, now)
        if len(probe.seen) == len(SEEN_IN):
            self.done.append(probe)
            lane.probe = None
