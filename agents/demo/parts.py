"""What a demo runs on: the embedded broker and Redis, the topics, a hash key, and the environment of its workers."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from agents.demo.children import Child, ChildDied, Children
from agents.demo.ports import LOOPBACK, PortTaken, any_port, is_free
from agents.demo.redis_server import OPTIONS, redis_binary
from agents.operations.topics import create_missing, open_admin, plan_topics
from agents.settings import Settings, load_settings
from agents.settings_errors import PREFIX

START_SECONDS = 20.0
BROKER_MEMORY_MB = 1024
REDIS_MEMORY = "512mb"
EVENT_PARTITIONS = 4
SUMMARIES_PARTITIONS = 4
SESSION_SECONDS = 6
WEB_PORT = 6066


@dataclass(frozen=True, slots=True)
class Parts:
    """The running parts, and what a worker needs to know of them as environment."""

    broker: Child
    redis: Child
    environment: Mapping[str, str]
    settings: Settings

    def told(self, name: str, value: str) -> Parts:
        """The same, whose workers are told one setting more."""
        return replace(self, environment={**self.environment, name: value})


def free_port(wanted: int | None = None) -> int:
    """`wanted` (raises PortTaken when it's in use); without one the usual port, or any free one where that is taken."""
    port = WEB_PORT if wanted is None else wanted
    if is_free(port):
        return port
    if wanted is None:
        return any_port()
    raise PortTaken(f"port {wanted} is taken: name another with --port, or leave it out and a free one is chosen")


async def start_parts(children: Children, step: Callable[[str], None]) -> Parts:
    """Start broker and Redis side by side and make the topics; `step` is told what has been done.

    Raises ChildDied where one ends at once, RedisMissing where there is none.
    """
    redis_port = any_port()
    redis = children.start("redis", _redis_command(children, redis_port))
    broker = children.start("broker", _broker_command())
    address = await _address(broker)
    step(f"broker at {address}")
    await _answers(redis, redis_port)
    step(f"Redis at {LOOPBACK}:{redis_port}")
    key_file = children.directory / "hash.key"
    key_file.touch(mode=0o600)
    key_file.write_text(secrets.token_hex(16))
    ours = {
        "BROKERS": address,
        "REDIS_URL": f"redis://{LOOPBACK}:{redis_port}/0",
        "HASH_KEY_FILE": str(key_file),
        "SESSION_TIMEOUT_SECONDS": str(SESSION_SECONDS),
        "SUMMARIES_PARTITIONS": str(SUMMARIES_PARTITIONS),
        "RETENTION_HOURS": "1",
        "LOG_FORMAT": "console",
        "LOG_LEVEL": "info",
    }
    inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)}
    environment = {**inherited, **{PREFIX + name: value for name, value in ours.items()}}
    settings = load_settings(environment)
    async with open_admin(settings) as admin:
        created = await create_missing(admin, plan_topics(settings, EVENT_PARTITIONS), settings.replication_factor)
    step(f"{len(created)} topics")
    return Parts(broker, redis, environment, settings)


def start_worker(children: Children, parts: Parts, number: int, port: int) -> Child:
    """Start worker `number` (from 1), whose web server listens on `port`."""
    directory = children.directory / f"worker-{number}-data"
    own = {
        f"{PREFIX}DATA_DIR": str(directory),
        f"{PREFIX}WEB_HOST": LOOPBACK,
        f"{PREFIX}WEB_PORT": str(port),
    }
    command = [sys.executable, "-m", "agents.cli.main", "worker"]
    return children.start(f"worker {number}", command, {**parts.environment, **own})


def listens(worker: Child, port: int) -> bool:
    """Whether this very worker listens on the port: another demo's might, and its answers would be taken for ours."""
    return re.search(rf"listening\b.*\bport={port}\b", worker.written()) is not None


def _broker_command() -> list[str]:
    return [sys.executable, "-m", "agents.demo.broker", "--port", "0", "--memory-mb", str(BROKER_MEMORY_MB)]


def _redis_command(children: Children, port: int) -> list[str]:
    directory = children.directory / "redis"
    directory.mkdir()
    own = ("--port", str(port), "--dir", str(directory), "--maxmemory", REDIS_MEMORY)
    return [redis_binary(), *OPTIONS, *own]


async def _address(broker: Child) -> str:
    """Where the broker says that it listens: the first line of its own."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        for line in broker.written().splitlines(keepends=True):
            if line.startswith(f"{LOOPBACK}:") and line.endswith("\n"):
                return line.strip()
        _check_start(broker, deadline)
        await asyncio.sleep(0.02)


async def _answers(child: Child, port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.write(b"PING\r\n")
            answer = await reader.read(16)
            writer.close()
            if answer.startswith(b"+PONG"):
                return
        except OSError:
            pass
        _check_start(child, deadline)
        await asyncio.sleep(0.02)


def _check_start(child: Child, deadline: float) -> None:
    if not child.running:
        raise child.death()
    if time.monotonic() > deadline:
        raise ChildDied(f"{child.name} does not answer after {START_SECONDS:g} s", child.log_end())
