"""Record batches through Faust's producer on a real broker."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import faust
import pytest
import pytest_asyncio

from agents.kafka.app import create_faust_app
from agents.kafka.batches import NotAcknowledged, RecordTooLarge, _bounded, acknowledged, send_batch
from tests.kafka.cluster import create_topics, read_all
from tests.support.kafka import KafkaBroker

pytestmark = pytest.mark.kafka


@pytest_asyncio.fixture
async def app(kafka_broker: KafkaBroker, tmp_path: Path) -> AsyncIterator[faust.App]:
    """An app of which only the producer runs."""
    name = f"batch-{uuid.uuid4().hex[:8]}"
    await create_topics(kafka_broker.address, name, 2)
    made = create_faust_app(name, [kafka_broker.address], datadir=tmp_path, slice_topics=[f"{name}-src"])
    await made.producer.start()
    yield made
    await made.producer.stop()


async def test_entries_arrive_whole_and_in_order_in_batches_bounded_by_bytes(
    app: faust.App, kafka_broker: KafkaBroker
) -> None:
    topic = f"{app.conf.id}-src"
    entries = [(b"%d" % i, uuid.uuid4().bytes * 64) for i in range(1_000)]
    futures = await send_batch(app, topic, 1, [*entries, (b"gone", None), (None, b"x" * 600_000)])
    await acknowledged(futures)
    found = await read_all(kafka_broker.address, topic, 1)
    assert [(record.key, record.value) for record in found[:1_000]] == entries
    assert [(record.key, len(record.value or b"")) for record in found[1_000:]] == [(b"gone", 0), (None, 600_000)]
    assert 4 <= len(futures) <= 8
    assert await read_all(kafka_broker.address, topic, 0) == []


async def test_a_record_that_fits_in_no_request_is_refused_before_anything_is_sent(
    app: faust.App, kafka_broker: KafkaBroker
) -> None:
    topic = f"{app.conf.id}-src"
    with pytest.raises(RecordTooLarge, match="5000000 bytes"):
        await send_batch(app, topic, 0, [(b"small", b"v"), (None, b"x" * 5_000_000)])
    assert await read_all(kafka_broker.address, topic, 0) == []


async def test_a_topic_that_takes_nothing_fails_by_name_instead_of_waiting_for_ever(app: faust.App) -> None:
    with pytest.raises(NotAcknowledged, match=r"no-such-topic/0 did not move for 0\.3 s"):
        await send_batch(app, "no-such-topic", 0, [(b"k", b"v")], timeout_seconds=0.3)


async def test_an_acknowledgement_that_does_not_come_fails_by_name() -> None:
    never: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    with pytest.raises(NotAcknowledged, match="t/3 was not acknowledged"):
        await acknowledged([_bounded(never, "t/3", 0.05)])
    never.cancel()
