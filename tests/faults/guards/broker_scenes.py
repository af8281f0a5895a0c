"""Scenes in which the broker is away or has changed, or a log is not what it seems."""

from __future__ import annotations

import asyncio
import time

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import RecordsToDelete

from agents.operations.topics import open_admin
from tests.faults.events import Events
from tests.faults.guards.running import GuardedDeployment, Outcome
from tests.faults.guards.scenes import READY_SECONDS, send_backlog
from tests.faults.recount import Recount
from tests.faults.sending import transaction

GIVEN_UP_SECONDS = 30.0
REFUSED = "partitions refused by name"
TOOK = "all counted after (s)"


def leader_without_metadata(deployment: GuardedDeployment) -> Outcome:
    """The group's leader knows no partition of any topic when it assigns."""
    worker = deployment.worker("w1")
    worker.set_trigger("leader-without-metadata")
    send_backlog(deployment, 2_000, seed=9)
    found = deployment.recount()
    began = time.monotonic()
    deployment.start("w1")
    while deployment.read_total() < found.records and time.monotonic() - began < GIVEN_UP_SECONDS:
        time.sleep(0.1)
    took = time.monotonic() - began
    outcome = deployment.outcome(found)
    if took >= GIVEN_UP_SECONDS:
        outcome.still_seconds = took
    outcome.figures[TOOK] = round(took, 1)
    outcome.figures["partitions found without an owner"] = worker.said("asking the group to assign again")
    return outcome


def broker_away_at_start(deployment: GuardedDeployment) -> Outcome:
    """A worker starts while the broker is away; the broker is back after some seconds."""
    send_backlog(deployment, 2_000, seed=9)
    found = deployment.recount()
    deployment.broker.kill()
    deployment.start("w1")
    time.sleep(5.0)
    deployment.broker.start()
    outcome = deployment.outcome(found)
    outcome.figures["workers alive"] = len(deployment.live)
    return outcome


def retention_overtakes(deployment: GuardedDeployment) -> Outcome:
    """While a worker is frozen for a moment, retention takes records that it has not read."""
    send_backlog(deployment, 2_000, seed=9)
    deployment.start("w1")
    deployment.settle(deployment.recount())
    worker = deployment.worker("w1")
    worker.freeze()
    send_backlog(deployment, 5_000, seed=10)
    found = deployment.recount()
    asyncio.run(_delete_first(deployment, found, keep=300))
    worker.resume()
    outcome = deployment.outcome(found, still_seconds=8.0)
    outcome.figures[REFUSED] = sum("is refused" in reason for reason in worker.reasons())
    return outcome


async def _delete_first(deployment: GuardedDeployment, found: Recount, keep: int) -> None:
    before = {
        TopicPartition(deployment.prefix + topic, partition): RecordsToDelete(before_offset=max(0, records - keep))
        for (topic, partition), records in found.read.items()
    }
    async with open_admin(deployment.settings) as admin:
        await admin.delete_records(before)


def aborted_transaction(deployment: GuardedDeployment) -> Outcome:
    """A producer aborts a transaction of many events, whose records stay in the log."""
    send_backlog(deployment, 1_000, seed=9)
    deployment.start("w1")
    deployment.wait_ready(READY_SECONDS)
    asyncio.run(_abort(deployment, 1_000))
    send_backlog(deployment, 1_000, seed=10)
    return deployment.outcome()


async def _abort(deployment: GuardedDeployment, records: int) -> None:
    events = Events(11, f"{deployment.application}-aborted")
    address = deployment.broker.address
    async with AIOKafkaProducer(bootstrap_servers=address, transactional_id=deployment.application) as producer:
        await transaction(producer, deployment.prefix, events, records, aborted=True)
