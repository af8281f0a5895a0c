"""Scenes of workers that come, go, freeze and die: the smallest thing that has to happen for a guard to be needed."""

from __future__ import annotations

import time

from tests.faults.events import Events
from tests.faults.guards.compacting import compact
from tests.faults.guards.inner_faults import REPEAT
from tests.faults.guards.running import SESSION_SECONDS, GuardedDeployment, Outcome
from tests.faults.processes import wait_for
from tests.faults.sending import send_all

BACKLOG = 20_000
RATE = 400.0
READY_SECONDS = 40.0
TAKEOVER_SECONDS = 3 * SESSION_SECONDS


def send_backlog(deployment: GuardedDeployment, records: int, seed: int) -> None:
    """Sends so many records and waits for the broker."""
    events = Events(seed, f"{deployment.application}-backlog-{seed}")
    now_ms = time.time_ns() // 1_000_000
    send_all(deployment.broker.address, deployment.prefix, (events.record(now_ms) for _ in range(records)))


def backlog_behind_a_slow_coordinator(deployment: GuardedDeployment) -> Outcome:
    """A worker comes back to a backlog, while the broker takes a second to say where the group stands."""
    send_backlog(deployment, 1_000, seed=4)
    deployment.start("w1")
    deployment.settle(deployment.recount())
    deployment.worker("w1").kill()
    send_backlog(deployment, BACKLOG, seed=5)
    deployment.worker("w1").set_trigger("slow-coordinator")
    with deployment.sender(6, RATE) as sender:
        deployment.start("w1")
        deployment.wait_ready(READY_SECONDS)
        time.sleep(3.0)
        sender.finish()
    return deployment.outcome()


def rebalances_under_load(deployment: GuardedDeployment) -> Outcome:
    """A second worker joins and leaves twice while events come; partitions go to it and come back."""
    with deployment.sender(7, RATE) as sender:
        deployment.start("w1")
        deployment.wait_counting(READY_SECONDS)
        for _ in range(2):
            deployment.start("w2")
            deployment.wait_counting(READY_SECONDS)
            deployment.worker("w2").stop()
            deployment.wait_counting(READY_SECONDS)
        sender.finish()
    return deployment.outcome()


def partitions_that_went(deployment: GuardedDeployment) -> Outcome:
    """A second worker joins while events come, and both go on."""
    with deployment.sender(7, RATE) as sender:
        deployment.start("w1")
        deployment.wait_counting(READY_SECONDS)
        deployment.start("w2")
        deployment.wait_counting(READY_SECONDS)
        sender.finish()
    return deployment.outcome()


def frozen_and_back(deployment: GuardedDeployment) -> Outcome:
    """A worker is frozen beyond its session, another owns everything meanwhile, then the first has it all again."""
    with deployment.sender(10, RATE) as sender:
        deployment.start("w1", "w2")
        deployment.wait_counting(READY_SECONDS)
        frozen = deployment.worker("w1")
        frozen.freeze()
        time.sleep(SESSION_SECONDS + 2.0)
        deployment.wait_counting(READY_SECONDS)
        frozen.resume()
        time.sleep(2.0)
        deployment.wait_counting(READY_SECONDS)
        deployment.worker("w2").stop()
        deployment.wait_counting(READY_SECONDS)
        sender.finish()
    return deployment.outcome()


def killed_while_counting(deployment: GuardedDeployment) -> Outcome:
    """A worker is killed twice under load, and started again."""
    with deployment.sender(8, RATE) as sender:
        deployment.start("w1")
        deployment.wait_counting(READY_SECONDS)
        for _ in range(2):
            time.sleep(2.0)
            deployment.worker("w1").kill()
            deployment.start("w1")
            deployment.wait_counting(READY_SECONDS)
        sender.finish()
    return deployment.outcome()


def killed_with_much_on_its_way(deployment: GuardedDeployment) -> Outcome:
    """A worker whose sends take some seconds to arrive is killed under load, and started again."""
    worker = deployment.worker("w1")
    with deployment.sender(11, RATE) as sender:
        deployment.start("w1")
        deployment.wait_counting(READY_SECONDS)
        trigger = worker.set_trigger("slow-producer")
        time.sleep(6.0)
        worker.kill()
        trigger.unlink()
        deployment.start("w1")
        deployment.wait_counting(READY_SECONDS)
        sender.finish()
    return deployment.outcome()


def frozen_as_it_states(deployment: GuardedDeployment) -> Outcome:
    """A worker is frozen as it states; another takes over and counts on; the frozen one wakes, its statement arrives,
    and it dies. Then the changelog is compacted, and a new owner recovers."""
    zombie = deployment.worker("w1")
    with deployment.sender(12, RATE) as sender:
        deployment.start("w1")
        deployment.wait_counting(READY_SECONDS)
        time.sleep(1.0)
        trigger = zombie.set_trigger("freeze-before-stating")
        wait_for(lambda: not trigger.exists(), READY_SECONDS, zombie.tail)
        zombie.frozen = True
        deployment.start("w2")
        deployment.wait_counting(READY_SECONDS + TAKEOVER_SECONDS)
        sender.finish()
    found = deployment.recount()
    deployment.settle(found)
    zombie.resume()
    time.sleep(1.0)
    for worker in deployment.live:
        worker.kill()
    taken = compact(deployment)
    deployment.start("w3")
    deployment.wait_ready(READY_SECONDS)
    outcome = deployment.outcome(found)
    outcome.figures["records compacted away"] = taken
    return outcome


def late_repetitions(deployment: GuardedDeployment) -> Outcome:
    """What a worker sent of its first events arrives once more when it has counted others. Then it dies, and a new
    owner recovers."""
    worker = deployment.worker("w1")
    trigger = worker.set_trigger("late-repetitions", REPEAT)
    deployment.start("w1")
    send_backlog(deployment, 1_000, seed=13)
    deployment.settle(deployment.recount())
    trigger.write_text("no more of it")
    send_backlog(deployment, 1_000, seed=14)
    found = deployment.recount()
    deployment.settle(found)
    trigger.unlink()
    time.sleep(1.0)
    worker.kill()
    deployment.start("w2")
    deployment.wait_ready(READY_SECONDS)
    return deployment.outcome(found)


def dies_as_it_restates(deployment: GuardedDeployment) -> Outcome:
    """A worker dies between the two sends with which it restates the keys of the owner before it."""
    worker = deployment.worker("w1")
    deployment.start("w1")
    send_backlog(deployment, 1_000, seed=15)
    deployment.settle(deployment.recount())
    worker.kill()
    worker.set_trigger("die-between-statement-and-tombstones")
    send_backlog(deployment, 1_000, seed=16)
    deployment.start("w1")
    wait_for(lambda: not worker.alive, READY_SECONDS, worker.tail)
    deployment.start("w1")
    return deployment.outcome()
