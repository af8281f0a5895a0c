"""Fixtures of real parts. Without the parts a test is skipped on a user's machine and fails in CI (CI=true)."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import NoReturn

import pytest

from agents.demo.redis_server import RedisMissing
from tests.support.kafka import KafkaBroker, KafkaMissing
from tests.support.redis import RedisServer


def pytest_configure() -> None:
    """SIGTERM (a `timeout`, a cancelled job) ends a run as Ctrl+C does: the servers of the fixtures are stopped too.

    A run in the background has been told to ignore Ctrl+C, and so would the programs be that tests start and interrupt.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)


def missing(error: Exception) -> NoReturn:
    """Skip the test for want of a part, or fail it in CI."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(str(error))
    pytest.skip(str(error))


@pytest.fixture(scope="session")
def kafka_broker() -> Iterator[KafkaBroker]:
    """One real Kafka for the whole session: use topic names and application ids of your own, don't kill it."""
    try:
        broker = KafkaBroker()
    except KafkaMissing as error:
        missing(error)
    with broker:
        yield broker


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One real Redis for the whole session: use key prefixes or databases of your own, don't kill it."""
    try:
        server = RedisServer()
    except RedisMissing as error:
        missing(error)
    with server:
        yield server
