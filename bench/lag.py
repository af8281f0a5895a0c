"""Lag never fakes a drop: a worker is away for minutes and comes back, and every window that it shows meanwhile is
compared with a recount.

A campaign of its own gets a known number of events in the first second of every ten-second pane, each pane another
number. So a window that ends anywhere behind that second has exactly one right value: what the log has for it. (Where
it ends inside that second, what has come so far is a matter of milliseconds: then the value lies between two bounds.)
The worker is looked at from outside: its `/metrics`, and the API's answers around a scrape for where its windows end.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaProducer

from bench.latency_load import load
from bench.load import Shape
from bench.parts import SERVER_CORE, Stage, machine, on_core, say
from tests.faults.logs import read_topics
from tests.faults.processes import WorkerProcess, wait_for

PANE_MS = 10_000
CAMPAIGN, CHANNEL = "marked", "email"
KPIS = {"visits": "visit", "clicks": "click"}
WINDOWS_MS = {"1m": 60_000, "5m": 300_000}
STEADY, RUSH = 200.0, 8_000.0
PARTITIONS = 4
ASK_SECONDS = 0.21
"""Asked sooner, a worker gives the same picture again."""
LIVE_SECONDS = 6.0
LIVE_MS = 5_000
CATCH_UP_SECONDS = 240.0
_GAUGE = re.compile(r'^campaign_(\w+)\{campaign="marked",channel="email",window="(\w+)"\} (\S+)$', re.MULTILINE)
_TAKEN = re.compile(r"^launchpulse_snapshot_timestamp_seconds (\S+)$", re.MULTILINE)


def pane_events(pane: int) -> dict[str, int]:
    """How many events of each topic a pane gets: other numbers than its neighbours."""
    return {"visit": 20 + pane % 7, "click": 5 + pane % 4}


class Marker(threading.Thread):
    """Sends the marked campaign's events until `finish`."""

    def __init__(self, address: str, prefix: str) -> None:
        super().__init__(name="marker", daemon=True)
        self._address, self._prefix = address, prefix
        self._stopped = threading.Event()
        self._error: BaseException | None = None

    def finish(self) -> None:
        """Send no more panes; raises what went wrong."""
        self._stopped.set()
        self.join(60)
        if self._error is not None:
            raise self._error

    def run(self) -> None:
        try:
            asyncio.run(self._send())
        except BaseException as error:
            self._error = error

    async def _send(self) -> None:
        async with AIOKafkaProducer(
            bootstrap_servers=self._address, acks="all", enable_idempotence=True, linger_ms=2
        ) as producer:
            while not self._stopped.is_set():
                now_ms = time.time_ns() // 1_000_000
                begins_ms = (now_ms // PANE_MS + 1) * PANE_MS
                while time.time() * 1000 < begins_ms and not self._stopped.is_set():
                    await asyncio.sleep(0.02)
                if self._stopped.is_set():
                    break
                for topic, count in pane_events(begins_ms // PANE_MS).items():
                    for number in range(count):
                        await producer.send(self._prefix + topic, _event(f"{topic}-{begins_ms}-{number}"))
                await producer.flush()


def _event(name: str) -> bytes:
    fields = {"id": name, "time": time.time_ns() // 1_000_000, "campaign": CAMPAIGN, "channel": CHANNEL}
    return json.dumps({**fields, "person": name}).encode()


Ends = dict[tuple[str, str], int]


@dataclass(slots=True)
class Shown:
    """One value of one scrape; None where `/metrics` has no such series. Its window ends at `end_ms` or later, and not
    after `last_end_ms`."""

    kpi: str
    window: str
    value: float | None
    end_ms: int
    last_end_ms: int
    taken_at_ms: int
    held_back: bool


@dataclass(slots=True)
class Samples:
    """shown: every value. scrapes: how many there were; absent: those of them without any window.

    The worker's answers are pictures of their own moments. So each scrape stands between two answers of the API, and a
    window's end, which never goes back, lies between the two that they tell.
    """

    shown: list[Shown] = field(default_factory=list)
    scrapes: int = 0
    absent: int = 0
    _scraped: tuple[Ends, int, dict[tuple[str, str], float], bool] | None = None

    def look(self, worker: WorkerProcess) -> bool:
        """Ask the API, then scrape; returns whether the worker is live."""
        answer = worker.json("/api/campaigns/" + CAMPAIGN)
        ends, asked_ms = self._ends(answer), answer.get("taken_at_ms", 0)
        held = bool(answer.get("held_back_by", True))
        if self._scraped is not None:
            self._judgeable(ends, asked_ms)
        self._scraped = None
        body = worker.get("/metrics", 10.0)[1]
        found = _TAKEN.search(body)
        taken_ms = round(float(found[1]) * 1000) if found is not None else 0
        if taken_ms:
            values = {(kpi, window): float(value) for kpi, window, value in _GAUGE.findall(body) if kpi in KPIS}
            self.scrapes += 1
            self.absent += not values
            if asked_ms <= taken_ms:
                self._scraped = ends, taken_ms, values, held
        return bool(ends) and not held and asked_ms - min(ends.values()) < LIVE_MS

    def _judgeable(self, last_ends: Ends, asked_ms: int) -> None:
        assert self._scraped is not None
        ends, taken_ms, values, held = self._scraped
        if asked_ms < taken_ms:
            return
        for place in ends.keys() & last_ends.keys():
            self.shown.append(Shown(*place, values.get(place), ends[place], last_ends[place], taken_ms, held))

    def forget(self) -> None:
        """What comes next is another worker's."""
        self._scraped = None

    @staticmethod
    def _ends(answer: dict[str, Any]) -> Ends:
        return {
            (kpi["kpi"], kpi["window"]): kpi["end_ms"]
            for channel in answer.get("channels", ())
            if channel["channel"] == CHANNEL
            for kpi in channel["kpis"]
            if kpi["kpi"] in KPIS and kpi["window"] in WINDOWS_MS
        }


Times = dict[str, list[tuple[int, int]]]
"""Topic -> (time, Kafka time) of every marked event, in milliseconds."""


def recount(address: str, prefix: str) -> Times:
    """What the log has of the marked campaign, each identity once."""
    logs = read_topics(address, [prefix + topic for topic in KPIS.values()])
    times: Times = {}
    for name, records in logs.items():
        seen: dict[str, tuple[int, int]] = {}
        for record in records:
            fields = json.loads(record.value)
            if fields["campaign"] == CAMPAIGN:
                seen.setdefault(fields["id"], (fields["time"], record.timestamp))
        times[name.removeprefix(prefix)] = list(seen.values())
    return times


def bounds(shown: Shown, times: Times) -> list[tuple[int, int]]:
    """The least and the greatest right value, for each pane in which the window may end.

    A window has every event of its panes that Kafka had before its end, and may have more of the pane that the end is
    in.
    """
    mine = times[KPIS[shown.kpi]]
    found = []
    for pane in range((shown.end_ms - 1) // PANE_MS, (shown.last_end_ms - 1) // PANE_MS + 1):
        end_ms = max(shown.end_ms, pane * PANE_MS + 1)
        # The first pane follows from the end, and is another one where that is a pane's very end.
        last_ms = min(shown.last_end_ms, (pane + 1) * PANE_MS)
        for start_ms in {(end - WINDOWS_MS[shown.window]) // PANE_MS * PANE_MS for end in (end_ms, last_ms)}:
            there = [kafka for at, kafka in mine if start_ms <= at < (pane + 1) * PANE_MS]
            found.append((sum(1 for kafka in there if kafka < end_ms), len(there)))
    return found


def verdict(samples: Samples, times: Times) -> dict[str, Any]:
    """How many values were the one right number, between two bounds, and wrong; and what a wall clock had shown."""
    exact, bounded, wrong, faked = 0, 0, [], 1.0
    for shown in samples.shown:
        right = bounds(shown, times)
        if shown.value is None:
            # No series is right only where there is nothing to show.
            if min(least for least, _ in right) > 0:
                wrong.append(f"{shown}: must be {right}")
        elif any(least == shown.value == most for least, most in right):
            exact += 1
        elif any(least <= shown.value <= most for least, most in right):
            bounded += 1
        else:
            wrong.append(f"{shown}: must be {right}")
        faked = min(faked, _faked(shown, times))
    behind = [(shown.taken_at_ms - shown.end_ms) / 1000 for shown in samples.shown]
    return {
        "scrapes": samples.scrapes,
        "scrapes_without_windows": samples.absent,
        "values": len(samples.shown),
        "values_while_held_back": sum(shown.held_back for shown in samples.shown),
        "exact": exact,
        "between_bounds": bounded,
        "wrong": wrong,
        "furthest_behind_seconds": max(behind, default=0.0),
        "least_share_with_a_clock": faked,
    }


def _faked(shown: Shown, times: Times) -> float:
    """The share that a window would have shown which ends now and has what is read so far."""
    mine, start_ms = times[KPIS[shown.kpi]], shown.taken_at_ms - WINDOWS_MS[shown.window]
    there = [kafka for at, kafka in mine if start_ms <= at < shown.taken_at_ms]
    return sum(1 for kafka in there if kafka < shown.end_ms) / len(there) if there else 1.0


def run(quick: bool = False) -> dict[str, Any]:
    """The figures of an outage of four minutes; quick: of half a minute."""
    away_seconds, before_seconds, rush = (30.0, 15.0, RUSH / 2) if quick else (240.0, 90.0, RUSH)
    with Stage() as stage, stage.deployment(PARTITIONS) as deployment, on_core(SERVER_CORE):
        address, prefix, samples = stage.broker.address, deployment.prefix, Samples()
        worker = deployment.start()
        wait_for(lambda: not worker.reasons(), 60, worker.tail)
        marker = Marker(address, prefix)
        marker.start()
        with load(address, prefix, STEADY, Shape(partitions=PARTITIONS)):
            _watch(worker, samples, time.monotonic() + before_seconds)
            worker.stop()
            samples.forget()
            say(f"the worker is away for {away_seconds:.0f} s, with {STEADY + rush:,.0f} events a second")
            with load(address, prefix, rush, Shape(partitions=PARTITIONS, seed=9)):
                time.sleep(away_seconds)
            back = time.monotonic()
            deployment.start()
            caught_up = _watch(worker, samples, back + CATCH_UP_SECONDS, until_live=True) - back
            _watch(worker, samples, time.monotonic() + LIVE_SECONDS)
            marker.finish()
        found = verdict(samples, recount(address, prefix))
    return {"machine": machine(), "away_seconds": away_seconds, "caught_up_seconds": caught_up, **found}


def _watch(worker: WorkerProcess, samples: Samples, until: float, until_live: bool = False) -> float:
    """Looks again and again until that time, or until one is live (RuntimeError where none is); returns when."""
    while time.monotonic() < until:
        if not worker.alive:
            raise RuntimeError(f"the worker ended:\n{worker.tail()}")
        if samples.look(worker) and until_live:
            return time.monotonic()
        time.sleep(ASK_SECONDS)
    if until_live:
        raise RuntimeError(f"the worker has not caught up:\n{worker.tail()}")
    return time.monotonic()
