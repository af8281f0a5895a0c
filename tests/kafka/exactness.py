"""What the tests of exactness share: a deployment on parts that nobody else uses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient

from agents.operations.topics import open_admin
from tests.faults.deployment import Deployment
from tests.support.kafka import KafkaBroker
from tests.support.redis import RedisServer


@contextmanager
def deployed(directory: Path, broker: KafkaBroker, **settings: Any) -> Iterator[Deployment]:
    """A deployment with a Redis of its own on that broker; everything it started is ended at the end."""
    with RedisServer() as redis, Deployment(directory, broker, redis, **settings) as deployment:
        yield deployment


def administer(deployment: Deployment, action: Callable[[AIOKafkaAdminClient], Awaitable[object]]) -> None:
    """Do something with an admin client."""

    async def run() -> None:
        async with open_admin(deployment.settings) as admin:
            await action(admin)

    asyncio.run(run())
