"""Alerts of a real Alertmanager on the live board's stream, and what the board is told where it does not answer."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import time
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from agents.telemetry import Telemetry
from agents.web import alerts
from agents.web.alerts import AlertReader
from tests.rules.alertmanager import alertmanager
from tests.support.board import Stage, board

DROP = {
    "alertname": "Drop", "kind": "kpi", "campaign": "aurora", "channel": "email", "severity": "warning",
    "owner": "Noor", "contact": "#mail",
}  # fmt: skip
LATE = {"alertname": "PipelineLate", "kind": "pipeline", "severity": "critical"}


@asynccontextmanager
async def viewer(port: int, campaign: str = "aurora") -> AsyncIterator[list[dict[str, Any]]]:
    """What a viewer is told of alerts, in a list that grows."""
    told: list[dict[str, Any]] = []

    async def listen() -> None:
        address = f"http://127.0.0.1:{port}/board/events?campaign={campaign}"
        async with aiohttp.ClientSession() as session, session.get(address) as response:
            while line := await response.content.readuntil(b"\n\n"):
                kind, data = line.decode().removeprefix("event: ").rstrip().split("\ndata: ", 1)
                if kind == "alerts":
                    told.append(json.loads(data))

    task = asyncio.create_task(listen())
    try:
        yield told
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(holds: Callable[[], bool], seconds: float = 12.0) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.02)


def names(told: list[dict[str, Any]]) -> list[str] | None:
    """The alerts that were told last; None while nobody knows them."""
    return [one["name"] for one in told[-1]["alerts"]] if told and told[-1]["alerts"] is not None else None


@asynccontextmanager
async def counted(address: str) -> AsyncIterator[tuple[str, list[bytes]]]:
    """An address before Alertmanager's, and the questions that went through it."""
    asked: list[bytes] = []
    host, port = address.removeprefix("http://").split(":")

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: list[bytes]) -> None:
        while data := await reader.read(65_536):
            seen += re.findall(rb"GET /api/v2/alerts", data)
            writer.write(data)
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        await asyncio.gather(forward(reader, far_writer, asked), forward(far_reader, writer, []))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    finally:
        server.close()


async def test_an_alert_of_the_campaign_and_those_of_the_pipeline_come_by_themselves_and_go_when_they_are_over(
    tmp_path: Path,
) -> None:
    with alertmanager(tmp_path, {}) as told:
        async with board(Stage(), alerts=AlertReader(told.url, lambda: None)) as port, viewer(port) as heard:
            await until(lambda: names(heard) == [])
            told.alert(DROP, summary="engagement is 3 %", runbook="https://example.com/Drop")
            told.alert(DROP | {"campaign": "zarya"})
            told.alert({"alertname": "DiskFull", "severity": "critical"})
            await until(lambda: names(heard) == ["Drop"])
            (alert,) = heard[-1]["alerts"]
            assert 115 < time.time() - alert.pop("since_ms") / 1000 < 150
            assert alert == {
                "name": "Drop", "severity": "warning", "channel": "email", "kpi": "", "window": "", "pipeline": False,
                "summary": "engagement is 3 %", "owner": ["Noor", "#mail"], "runbook": "https://example.com/Drop",
            }  # fmt: skip
            told.alert(LATE)
            await until(lambda: names(heard) == ["PipelineLate", "Drop"])
            told.alert(DROP, minutes=-1)
            await until(lambda: names(heard) == ["PipelineLate"])
            assert not any(one["down"] for one in heard)


async def test_what_is_silenced_is_not_shown(tmp_path: Path) -> None:
    with alertmanager(tmp_path, {}) as told:
        told.alert(DROP)
        matcher = {"name": "alertname", "value": "Drop", "isRegex": False, "isEqual": True}
        times = {"startsAt": "2020-01-01T00:00:00Z", "endsAt": "2099-01-01T00:00:00Z"}
        silence = {"matchers": [matcher], "createdBy": "test", "comment": "known", **times}
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{told.url}/api/v2/silences", json.dumps(silence).encode(), headers)
        urllib.request.urlopen(request, timeout=10).close()
        told.alert(LATE)
        async with board(Stage(), alerts=AlertReader(told.url, lambda: None)) as port, viewer(port) as heard:
            await until(lambda: names(heard) == ["PipelineLate"])


async def test_it_is_asked_by_the_worker_and_not_by_each_viewer_and_not_at_all_when_nobody_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts, "PERIOD_SECONDS", 0.5)
    with alertmanager(tmp_path, {}) as told:
        async with (
            counted(told.url) as (address, asked),
            board(Stage(), alerts=AlertReader(address, lambda: None)) as port,
        ):
            await asyncio.sleep(1)
            assert asked == []
            async with viewer(port) as one, viewer(port) as two, viewer(port, "zarya") as three:
                await until(lambda: all(names(heard) == [] for heard in (one, two, three)))
                before = len(asked)
                await asyncio.sleep(3 * alerts.PERIOD_SECONDS)
                assert 1 <= len(asked) - before <= 4
            await asyncio.sleep(alerts.PERIOD_SECONDS + 1)
            before = len(asked)
            await asyncio.sleep(2 * alerts.PERIOD_SECONDS)
            assert len(asked) == before


async def test_one_that_has_gone_is_told_and_counted_and_its_last_alerts_stay_with_their_time(tmp_path: Path) -> None:
    telemetry = Telemetry()
    with alertmanager(tmp_path, {}) as told:
        told.alert(DROP)
        reader = AlertReader(told.url, telemetry.alertmanager_errors.inc)
        async with board(Stage(), alerts=reader) as port, viewer(port) as heard:
            await until(lambda: names(heard) == ["Drop"])
            told.stop()
            await until(lambda: heard[-1]["down"])
            assert names(heard) == ["Drop"]
            assert heard[-1]["as_of_ms"] > heard[-1]["alerts"][0]["since_ms"]
    errors = re.search(rb"^launchpulse_alertmanager_errors_total (\S+)$", telemetry.render(), re.MULTILINE)
    assert errors is not None
    assert float(errors[1]) >= 1


async def test_one_that_never_answers_delays_no_figure() -> None:
    failures: list[None] = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        reader = AlertReader(f"http://127.0.0.1:{silent.getsockname()[1]}", lambda: failures.append(None))
        stage = Stage()
        async with board(stage, alerts=reader) as port, viewer(port) as heard:
            address = f"http://127.0.0.1:{port}/board/events?campaign=aurora"
            async with aiohttp.ClientSession() as session, session.get(address) as response:
                await response.content.readuntil(b"event: picture")
                stage.held_back_by = ("click/0 is not read to its end",)
                async with asyncio.timeout(1.5):
                    await response.content.readuntil(b"click/0 is not read")
            await until(lambda: bool(heard) and heard[-1]["down"])
            assert (names(heard), heard[-1]["as_of_ms"]) == (None, None)
            assert failures


async def test_an_answer_of_something_else_is_taken_for_none() -> None:
    failures: list[None] = []
    async with board(Stage()) as other:
        reader = AlertReader(f"http://127.0.0.1:{other}", lambda: failures.append(None))
        async with board(Stage(), alerts=reader) as port, viewer(port) as heard:
            await until(lambda: bool(heard) and heard[-1]["down"])
            assert names(heard) is None
            assert failures
