"""Every contract test runs twice: against the embedded broker and against Apache Kafka, which is right."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from agents.demo.broker import EmbeddedBroker
from tests.contract.clients import Broker


@pytest_asyncio.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
async def broker(request: pytest.FixtureRequest) -> AsyncIterator[Broker]:
    """The address of the broker under test."""
    if request.param == "kafka":
        yield Broker("kafka", request.getfixturevalue("kafka_broker").address)
    else:
        async with EmbeddedBroker() as embedded:
            yield Broker("embedded", embedded.address)
