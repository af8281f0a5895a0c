"""Broker, Redis, workers, Prometheus with the committed rules, Alertmanager with the committed routes, receivers."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from agents.demo.children import Child, Children
from agents.demo.launch_room import prometheus_config
from agents.demo.parts import Parts, start_parts, start_worker
from agents.demo.ports import LOOPBACK, any_port
from agents.demo.programs import RULES, find_programs
from grafana.rules_engagement import DUE, REACHED
from tests.drill.past import write_past
from tests.rules.alertmanager import Told, alertmanager

READY_SECONDS = 90
CONFIG = "prometheus.yml"


@dataclass(slots=True)
class Room:
    """What runs. workers: the processes by the port of their web server; prometheus: the address of the one that
    `watch` starts; folder: where its files are, its configuration among them."""

    children: Children
    folder: Path
    parts: Parts
    workers: dict[int, Child]
    prometheus: str
    told: Told

    async def watch(self, past_seconds: int = 0) -> None:
        """Start Prometheus. past_seconds: for so long it finds a past in which the launch was as it is now."""
        data = self.folder / "tsdb"
        if past_seconds:
            await asyncio.to_thread(write_past, list(self.workers), past_seconds, self.folder / "past.txt", data)
        command = [find_programs().prometheus, f"--config.file={self.folder / CONFIG}", f"--storage.tsdb.path={data}"]
        self.children.start("prometheus", [*command, f"--web.listen-address={self.prometheus.removeprefix('http://')}"])
        await until(lambda: _answers(f"{self.prometheus}/-/ready"), READY_SECONDS)

    def ask(self, expression: str) -> list[dict[str, Any]]:
        """What Prometheus answers now: series with their labels and value."""
        asked = urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(f"{self.prometheus}/api/v1/query?{asked}", timeout=10) as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
            return found

    def notices(self, alert: str, channel: str, status: str) -> tuple[str, ...]:
        """The webhooks that were told of it, one for each time."""
        return tuple(
            path
            for path, body in self.told.hooks
            for one in body["alerts"]
            if (one["labels"]["alertname"], one["labels"].get("channel"), one["status"]) == (alert, channel, status)
        )

    def state(self) -> dict[str, object]:
        """What may explain why nobody is told."""
        asked = ("ALERTS", "launchpulse:unsettled:latest", "max(launchpulse_lag_seconds)", DUE, REACHED)
        logs = {worker.name: worker.log_end() for worker in self.workers.values()}
        return {one: [(each["metric"], each["value"][1]) for each in self.ask(one)] for one in asked} | logs

    def heard_of_kpis(self) -> list[str]:
        """What anybody was told of campaigns so far, by webhook or mail."""
        hooks = [
            f"{one['labels']['alertname']} {one['labels'].get('channel')} {one['status']} to {path}"
            for path, body in self.told.hooks
            for one in body["alerts"]
            if one["labels"]["kind"] == "kpi"
        ]
        return hooks + [f"mail to {who}" for who, _ in self.told.mails]


@asynccontextmanager
async def room(folder: Path, rules: Path = RULES, changes: Mapping[str, str] | None = None) -> AsyncIterator[Room]:
    """Everything with two workers, which are ready; Prometheus comes with `watch`. folder: for their files. changes: of
    Alertmanager's committed configuration, what is replaced by what."""
    find_programs()  # raises before anything is started
    with Children() as children, alertmanager(folder, changes or {}) as told:
        parts = await start_parts(children, lambda step: None)
        ports = [any_port(), any_port()]
        workers = {port: start_worker(children, parts, number, port) for number, port in enumerate(ports, 1)}
        # Both at once: as the second one joins, the first is not ready for a moment.
        await until(lambda: all(_answers(f"http://{LOOPBACK}:{port}/readyz") for port in ports), READY_SECONDS)
        targets = folder / "workers.json"
        targets.write_text(json.dumps([{"targets": [f"{LOOPBACK}:{port}" for port in ports]}]))
        config = prometheus_config(targets, int(told.url.rsplit(":", 1)[1]))
        (folder / CONFIG).write_text(yaml.safe_dump({**config, "rule_files": [str(rules / "*.rules.yml")]}))
        yield Room(children, folder, parts, workers, f"http://{LOOPBACK}:{any_port()}", told)


async def until(reached: Callable[[], object], seconds: float, state: Callable[[], object] = str) -> float:
    """The monotonic second at which it was so. Raises TimeoutError, with `state()`, after so many seconds."""
    ends = time.monotonic() + seconds
    while not await asyncio.to_thread(reached):
        if time.monotonic() > ends:
            raise TimeoutError(f"not within {seconds} s: {state()}")
        await asyncio.sleep(0.2)
    return time.monotonic()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
