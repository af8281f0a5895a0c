"""What the demo sees of its workers: only what anybody can see, over HTTP, from /metrics and the API."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from agents.telemetry import DEAD_LETTERS, EVENTS, LAG_RECORDS, LATE, MACHINE, READ, TEST

_LINE = re.compile(r'^([a-z_]+)\{topic="([a-z]+)",partition="(\d+)"(?:,(?:result|reason)="([a-z_]+)")?\} ([0-9.e+-]+)$')
_FLAGS = {LATE.name: "late", MACHINE.name: "machine", TEST.name: "test"}
TIMEOUT_SECONDS = 5.0


@dataclass(slots=True)
class TopicLedger:
    """The service's ledger of one topic, all partitions together. `flags` are late, machine and test."""

    read: int = 0
    results: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Reading:
    """What all workers say at one moment. `campaigns` are the API's answers by id; `answered` is how many answered."""

    ledger: dict[str, TopicLedger] = field(default_factory=dict)
    lag_records: int | None = None
    campaigns: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    held_back_by: tuple[str, ...] = ()
    answered: int = 0

    @property
    def read(self) -> int:
        """Records read of all topics."""
        return sum(topic.read for topic in self.ledger.values())

    def result(self, name: str) -> int:
        """Records of all topics with that result: counted, duplicate or invalid."""
        return sum(topic.results[name] for topic in self.ledger.values())

    def kpi(self, campaign: str, kpi: str, window: str) -> Mapping[str, Any] | None:
        """One KPI of a campaign, all channels together, as the API gives it."""
        for channel in self.campaigns.get(campaign, {}).get("channels", ()):
            if channel["channel"] == "all":
                return next((one for one in channel["kpis"] if one["kpi"] == kpi and one["window"] == window), None)
        return None

    @property
    def has_kpis(self) -> bool:
        """Whether there is a value to show."""
        return any(
            one["value"] is not None
            for campaign in self.campaigns.values()
            for channel in campaign["channels"]
            for one in channel["kpis"]
        )


_Place = tuple[str, str, int, str]
"""Metric, topic, partition, result or reason."""


def newest(texts: Iterable[str]) -> dict[_Place, int]:
    """What these workers' /metrics say of ledger and lag.

    Where two of them tell the same, one was frozen and has not heard yet that the other owns it now. What it says is
    old, and so, of counters that never fall, the less.
    """
    found: dict[_Place, int] = {}
    for text in texts:
        for line in text.splitlines():
            match = _LINE.match(line) if line.startswith("launchpulse_") else None
            if match is not None:
                place = match[1], match[2], int(match[3]), match[4] or ""
                found[place] = max(found.get(place, 0), int(float(match[5])))
    return found


def add_metrics(reading: Reading, texts: Iterable[str]) -> None:
    """Add what the workers' /metrics say of the ledger and the lag."""
    for (name, topic, _, label), number in newest(texts).items():
        if name == LAG_RECORDS.name:
            reading.lag_records = (reading.lag_records or 0) + number
            continue
        ledger = reading.ledger.setdefault(topic, TopicLedger())
        if name == EVENTS.name:
            ledger.results[label] += number
        elif name == READ.name:
            ledger.read += number
        elif name == DEAD_LETTERS.name:
            ledger.reasons[label] += number
        elif name in _FLAGS:
            ledger.flags[_FLAGS[name]] += number


class Reader:
    """Asks the workers at `addresses` (`http://host:port`), which may change."""

    def __init__(self) -> None:
        self.addresses: Sequence[str] = ()
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS))

    async def read(self) -> Reading:
        """What they say now; workers that do not answer are left out, and `answered` says how many did."""
        reading, texts = Reading(), []
        for answer in await asyncio.gather(*(self._ask(address) for address in self.addresses)):
            if answer is None:
                continue
            metrics, campaigns, held_back_by = answer
            reading.answered += 1
            reading.held_back_by += held_back_by
            reading.campaigns |= campaigns
            texts.append(metrics)
        add_metrics(reading, texts)
        return reading

    async def close(self) -> None:
        """End the connections."""
        await self._session.close()

    async def _ask(self, address: str) -> tuple[str, dict[str, Any], tuple[str, ...]] | None:
        try:
            # First the campaigns, then the metrics: so the ledger is never older than what it is shown beside.
            listed = await self._json(f"{address}/api/campaigns?limit=50")
            names = [line["campaign"] for line in listed["campaigns"]]
            campaigns = {name: await self._json(f"{address}/api/campaigns/{name}?channel=all") for name in names}
            async with self._session.get(f"{address}/metrics") as response:
                response.raise_for_status()
                return await response.text(), campaigns, tuple(listed["held_back_by"])
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None

    async def _json(self, address: str) -> Any:
        async with self._session.get(address) as response:
            response.raise_for_status()
            return await response.json()
