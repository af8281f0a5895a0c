"""A topic whose last records came in a transaction: behind them stands its end mark, which is no record."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from agents.telemetry import LAG_RECORDS, LAG_SECONDS
from tests.faults.deployment import Deployment
from tests.faults.events import Events
from tests.faults.processes import wait_for
from tests.faults.sending import idempotent, transaction
from tests.kafka.exactness import deployed
from tests.support.kafka import KafkaBroker

pytestmark = [pytest.mark.kafka, pytest.mark.faults]

NOW_MS = 5_000
"""So far behind now a window may end whose topics are read to their ends: progress is told every second."""


def test_windows_go_on_behind_the_last_transaction_and_nobody_is_said_to_be_behind(
    kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    with deployed(tmp_path, kafka_broker) as deployment:
        (first,) = deployment.start("first")
        deployment.wait_ready()
        asyncio.run(_send(deployment))
        found = deployment.recount()
        wait_for(lambda: deployment.read_total() >= found.records, 30, first.tail)
        _assert_goes_on(deployment)
        # Who reads the open blocks again comes to the last records, and the one before has spoken of what is behind.
        first.stop()
        (second,) = deployment.start("second")
        wait_for(lambda: deployment.read_total() >= found.records, 30, second.tail)
        _assert_goes_on(deployment)
        verdict = deployment.verdict(found)
        assert verdict.exact, f"{verdict}\n{second.tail()}"


async def _send(deployment: Deployment) -> None:
    events = Events(44, deployment.application)
    async with idempotent(deployment.broker.address, transactional_id=deployment.prefix) as producer:
        await transaction(producer, deployment.prefix, events, 2_000, aborted=False)
        await transaction(producer, deployment.prefix, events, 200, aborted=True)


def _assert_goes_on(deployment: Deployment) -> None:
    wait_for(lambda: not _stands(deployment), 15, lambda: (_stands(deployment), deployment.tails()))


def _stands(deployment: Deployment) -> list[str]:
    """What is wrong: campaigns whose windows do not end now, and source partitions that are said to be behind."""
    stands = []
    for campaign, answer in deployment.campaigns().items():
        (whole,) = (channel for channel in answer["channels"] if channel["channel"] == "all")
        old = {value["kpi"] for value in whole["kpis"] if value["end_ms"] < time.time() * 1000 - NOW_MS}
        missing = {kpi["name"] for kpi in answer["definitions"]} - {value["kpi"] for value in whole["kpis"]}
        if old or missing or answer["held_back_by"]:
            stands.append(f"{campaign}: {len(old)} old, {len(missing)} missing, {answer['held_back_by']}")
    for (name, labels), value in deployment.scrape().items():
        if name in (LAG_RECORDS.name, LAG_SECONDS.name) and value:
            stands.append(f"{name} {sorted(labels)} {value}")
    return stands
