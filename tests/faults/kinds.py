"""The kinds of faults, each of which does its harm to a running deployment and takes back what it can.

Each returns the moment (of the monotonic clock) from which on everything should count again: that of the harm, or that
at which the broker or Redis was back.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping

from tests.faults.deployment import Deployment
from tests.faults.power_cut import cut
from tests.faults.processes import WorkerProcess, wait_for

MAX_WORKERS = 3
JUMPS_SECONDS = (30, -30, 300, -300, 3_600, -3_600, 7_200, -7_200, 86_400, -86_400)
SHOWS_SECONDS = 2.0

Kind = Callable[[Deployment, random.Random], float]


def _anyone(deployment: Deployment, rng: random.Random) -> WorkerProcess:
    return deployment.workers[rng.choice(sorted(worker.name for worker in deployment.live))]


def kill(deployment: Deployment, rng: random.Random) -> float:
    """A worker is killed, and started again after a while."""
    worker = _anyone(deployment, rng)
    worker.kill()
    began = time.monotonic()
    time.sleep(rng.choice((0.0, 0.0, 2.0, deployment.session_seconds + 1.0)))
    deployment.start(worker.name)
    return began


def kill_all(deployment: Deployment, rng: random.Random) -> float:
    """All workers are killed at once, and are back within three seconds."""
    names = sorted(worker.name for worker in deployment.live)
    for name in names:
        deployment.workers[name].kill()
    began = time.monotonic()
    time.sleep(rng.uniform(0, 3))
    deployment.start(*names)
    return began


def freeze(deployment: Deployment, rng: random.Random) -> float:
    """A worker is frozen beyond its session and resumed: a zombie."""
    worker = _anyone(deployment, rng)
    worker.freeze()
    began = time.monotonic()
    time.sleep(deployment.session_seconds + rng.uniform(1, 5))
    worker.resume()
    return began


def pause(deployment: Deployment, rng: random.Random) -> float:
    """A worker is frozen for less than its session."""
    worker = _anyone(deployment, rng)
    worker.freeze()
    began = time.monotonic()
    time.sleep(rng.uniform(0.3, deployment.session_seconds * 0.7))
    worker.resume()
    return began


def join(deployment: Deployment, rng: random.Random) -> float:
    """A worker joins."""
    ended = sorted(name for name, worker in deployment.workers.items() if not worker.alive)
    began = time.monotonic()
    deployment.start(rng.choice(ended) if ended else deployment.new_name())
    return began


def leave(deployment: Deployment, rng: random.Random) -> float:
    """A worker is stopped; not the one whose network is the harness's own, which is still needed."""
    names = sorted({worker.name for worker in deployment.live} - deployment.links.keys())
    began = time.monotonic()
    code, _ = deployment.workers[rng.choice(names)].stop()
    assert code == 0, f"a stopped worker ended with {code}"
    return began


def broker(deployment: Deployment, rng: random.Random) -> float:
    """The broker is killed and comes back."""
    deployment.broker.kill()
    time.sleep(rng.uniform(0.5, 4))
    deployment.broker.start()
    return time.monotonic()


def redis(deployment: Deployment, rng: random.Random) -> float:
    """Redis is killed and comes back."""
    deployment.redis.kill()
    time.sleep(rng.uniform(0.2, 3))
    deployment.redis.start()
    return time.monotonic()


def power_cut(deployment: Deployment, rng: random.Random) -> float:
    """Redis is killed and has lost its last second when it comes back; half the time a worker dies with it."""
    killed = _anyone(deployment, rng) if len(deployment.live) > 1 and rng.random() < 0.5 else None
    also = killed.kill if killed else lambda: None
    deployment.power_cuts.append(cut(deployment.redis, rng.uniform(0.2, 3), deployment.read_by_source, also))
    back = time.monotonic()
    if killed:
        deployment.start(killed.name)
    return back


def network_cut(deployment: Deployment, rng: random.Random) -> float:
    """One worker's network to the broker is cut: its connections are dropped and new ones refused, or all are mute."""
    proxy = deployment.links[rng.choice(sorted(deployment.links))]
    began = time.monotonic()
    rng.choice((proxy.refuse, proxy.silence))()
    time.sleep(rng.choice((rng.uniform(1, 4), deployment.session_seconds + rng.uniform(1, 5))))
    proxy.heal()
    return began


def network_delay(deployment: Deployment, rng: random.Random) -> float:
    """Everything between one worker and the broker takes 300 to 800 ms longer, in each direction."""
    proxy = deployment.links[rng.choice(sorted(deployment.links))]
    began = time.monotonic()
    proxy.delay_seconds = rng.uniform(0.3, 0.8)
    time.sleep(rng.uniform(6, 12))
    proxy.heal()
    return began


def clock_jump(deployment: Deployment, rng: random.Random) -> float:
    """A worker's clock jumps, by half a minute to a day, forward or back; half the time it jumps back soon."""
    worker = _anyone(deployment, rng)
    clock = deployment.clocks[worker.name]
    if not deployment.jumps:
        deployment.jumps = rng.sample(JUMPS_SECONDS, len(JUMPS_SECONDS))  # each once, before any comes again
    began = time.monotonic()
    clock.jump(deployment.jumps.pop())
    wait_for(lambda: worker.died or abs(_off(worker) - clock.offset_seconds) < SHOWS_SECONDS, 10, worker.tail)
    time.sleep(rng.uniform(1, 4))
    if rng.random() < 0.5:
        clock.jump(-clock.offset_seconds)
    return began


def _off(worker: WorkerProcess) -> float:
    """How far ahead the clock is by which a worker takes its pictures, in seconds."""
    taken_at: float = worker.json("/api/campaigns").get("taken_at_ms", 0) / 1000
    return taken_at - time.time()


def zombie_while_compacting(deployment: Deployment, rng: random.Random) -> float:
    """A worker is frozen beyond its session and resumed, and what it still writes meets a forced compaction."""
    worker = _anyone(deployment, rng)
    worker.freeze()
    began = time.monotonic()
    time.sleep(deployment.session_seconds + rng.uniform(0.5, 2))
    deployment.compaction.open()
    time.sleep(rng.uniform(1, 3))
    worker.resume()
    time.sleep(3)
    deployment.compaction.close()
    return began


def new_owner(deployment: Deployment, rng: random.Random) -> float:
    """A worker is killed, and one that never was takes its place: it has nothing but the changelogs."""
    worker = _anyone(deployment, rng)
    name = deployment.new_name()
    worker.kill()
    began = time.monotonic()
    del deployment.workers[worker.name]
    deployment.start(name)
    return began


KINDS: Mapping[str, Kind] = {
    "kill": kill,
    "kill all": kill_all,
    "freeze": freeze,
    "pause": pause,
    "join": join,
    "leave": leave,
    "broker": broker,
    "redis": redis,
    "power cut": power_cut,
    "network cut": network_cut,
    "network delay": network_delay,
    "clock jump": clock_jump,
    "compaction": zombie_while_compacting,
    "new owner": new_owner,
}

WORKERS_CHANGE = "join or leave"
"""In a plan: a worker joins while there are fewer than MAX_WORKERS, else one is stopped."""


def kind_of(planned: str, deployment: Deployment) -> str:
    """The kind that a planned fault is now."""
    if planned == WORKERS_CHANGE:
        return "join" if len(deployment.live) < MAX_WORKERS else "leave"
    return planned
