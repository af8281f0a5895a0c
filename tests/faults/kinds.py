"""The kinds of faults, each of which does its harm to a running deployment and takes back what it can."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping

from tests.faults.deployment import SESSION_SECONDS, Deployment

MAX_WORKERS = 3


def _anyone(deployment: Deployment, rng: random.Random) -> str:
    return rng.choice(sorted(worker.name for worker in deployment.live))


def kill(deployment: Deployment, rng: random.Random) -> None:
    """A worker is killed, and started again after a while."""
    name = _anyone(deployment, rng)
    deployment.workers[name].kill()
    time.sleep(rng.choice((0.0, 0.0, 2.0, SESSION_SECONDS + 1.0)))
    deployment.start(name)


def kill_all(deployment: Deployment, rng: random.Random) -> None:
    """All workers are killed at once."""
    names = sorted(worker.name for worker in deployment.live)
    for name in names:
        deployment.workers[name].kill()
    time.sleep(rng.uniform(0, 3))
    deployment.start(*names)


def freeze(deployment: Deployment, rng: random.Random) -> None:
    """A worker is frozen beyond its session and resumed: a zombie."""
    worker = deployment.workers[_anyone(deployment, rng)]
    worker.freeze()
    time.sleep(rng.uniform(SESSION_SECONDS + 1, SESSION_SECONDS + 6))
    worker.resume()


def pause(deployment: Deployment, rng: random.Random) -> None:
    """A worker is frozen for less than its session."""
    worker = deployment.workers[_anyone(deployment, rng)]
    worker.freeze()
    time.sleep(rng.uniform(0.3, SESSION_SECONDS * 0.7))
    worker.resume()


def join_or_leave(deployment: Deployment, rng: random.Random) -> None:
    """A worker joins; where there are enough, one is stopped."""
    free = [name for name in deployment.workers if not deployment.workers[name].alive]
    if len(deployment.live) < MAX_WORKERS:
        deployment.start(free[0] if free else f"w{len(deployment.workers) + 1}")
        return
    code, _ = deployment.workers[_anyone(deployment, rng)].stop()
    assert code == 0, f"a stopped worker ended with {code}"


def broker(deployment: Deployment, rng: random.Random) -> None:
    """The broker is killed and comes back."""
    deployment.broker.kill()
    time.sleep(rng.uniform(0.5, 4))
    deployment.broker.start()


def redis(deployment: Deployment, rng: random.Random) -> None:
    """Redis is killed and comes back."""
    deployment.redis.kill()
    time.sleep(rng.uniform(0.2, 3))
    deployment.redis.start()


KINDS: Mapping[str, Callable[[Deployment, random.Random], None]] = {
    "kill": kill,
    "kill all": kill_all,
    "freeze": freeze,
    "pause": pause,
    "join or leave": join_or_leave,
    "broker": broker,
    "redis": redis,
}
