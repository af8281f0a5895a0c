"""The catalogue that a worker reads: a change is seen soon, and what is read once more changes nothing."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from agents.campaign.catalogue import CatalogueReader
from agents.demo.broker import EmbeddedBroker
from streams.events.campaigns import Campaign, encode_campaign

TOPIC = "catalogue"
TAKES_EFFECT_SECONDS = 5


class Watched(dict[str, Campaign]):
    """Remembers every entry that was ever put in."""

    def __init__(self) -> None:
        super().__init__()
        self.history: list[Campaign] = []

    def __setitem__(self, name: str, campaign: Campaign) -> None:
        self.history.append(campaign)
        super().__setitem__(name, campaign)


@pytest.fixture
async def broker() -> AsyncIterator[EmbeddedBroker]:
    async with EmbeddedBroker() as broker:
        await make_topic(broker)
        yield broker


async def make_topic(broker: EmbeddedBroker, anew: bool = False) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.address)
    await admin.start()
    if anew:
        await admin.delete_topics([TOPIC])
    await admin.create_topics([NewTopic(TOPIC, 1, 1, topic_configs={"cleanup.policy": "compact"})])
    await admin.close()


async def tell(broker: EmbeddedBroker, *entries: Campaign | str, values: dict[str, bytes] | None = None) -> None:
    """A campaign's entry, or the id of one that is taken out."""
    producer = AIOKafkaProducer(bootstrap_servers=broker.address)
    await producer.start()
    for entry in entries:
        key, value = (entry, None) if isinstance(entry, str) else (entry.id, encode_campaign(entry))
        await producer.send_and_wait(TOPIC, value, key.encode())
    for key, value in (values or {}).items():
        await producer.send_and_wait(TOPIC, value, key.encode())
    await producer.stop()


def planned(budget: int, name: str = "aurora") -> Campaign:
    return Campaign(id=name, currency="EUR", budget=Decimal(budget))


@asynccontextmanager
async def reading(reader: CatalogueReader) -> AsyncIterator[None]:
    task = asyncio.create_task(reader.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def seen(true: Callable[[], bool]) -> float:
    """Wait until it is true. Returns after how many seconds it was."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < 2 * TAKES_EFFECT_SECONDS, "never seen"
        await asyncio.sleep(0.01)
    return time.monotonic() - began


def reader_of(broker: EmbeddedBroker) -> tuple[CatalogueReader, Watched]:
    reader = CatalogueReader(TOPIC, {"bootstrap_servers": broker.address})
    reader.campaigns = Watched()
    return reader, reader.campaigns


async def test_a_change_takes_effect_within_five_seconds_without_a_restart(broker: EmbeddedBroker) -> None:
    await tell(broker, planned(1))
    reader, campaigns = reader_of(broker)
    async with reading(reader):
        await seen(lambda: campaigns == {"aurora": planned(1)})
        for entry, expected in (
            (planned(2), {"aurora": planned(2)}),
            (planned(7, "boreal"), {"aurora": planned(2), "boreal": planned(7, "boreal")}),
            ("aurora", {"boreal": planned(7, "boreal")}),
        ):
            await tell(broker, entry)
            assert await seen(lambda expected=expected: campaigns == expected) < TAKES_EFFECT_SECONDS


async def test_a_catalogue_that_is_read_again_changes_nothing_and_shows_nothing_of_long_ago(
    broker: EmbeddedBroker,
) -> None:
    await tell(broker, planned(1), planned(2))
    reader, campaigns = reader_of(broker)
    async with reading(reader):
        await seen(lambda: campaigns == {"aurora": planned(2)})
        entry = campaigns["aurora"]
        await broker.stop()
        await broker.start()
        await tell(broker, planned(7, "boreal"))
        await seen(lambda: "boreal" in campaigns)
    async with reading(reader):
        await tell(broker, planned(8, "boreal"))
        await seen(lambda: campaigns["boreal"] == planned(8, "boreal"))
    assert campaigns["aurora"] is entry
    assert campaigns.history == [planned(2), planned(7, "boreal"), planned(8, "boreal")]


async def test_an_entry_that_went_while_nobody_read_is_gone(broker: EmbeddedBroker) -> None:
    await tell(broker, planned(1), planned(7, "boreal"))
    reader, campaigns = reader_of(broker)
    async with reading(reader):
        await seen(lambda: len(campaigns) == 2)
    # A compacted log need not even say that it is gone.
    await make_topic(broker, anew=True)
    await tell(broker, planned(7, "boreal"))
    async with reading(reader):
        await seen(lambda: campaigns == {"boreal": planned(7, "boreal")})


async def test_an_entry_that_cannot_be_read_leaves_the_one_before_it(
    broker: EmbeddedBroker, capsys: pytest.CaptureFixture[Any]
) -> None:
    await tell(broker, planned(1))
    await tell(broker, values={"aurora": b"{"})
    await tell(broker, planned(7, "boreal"))
    reader, campaigns = reader_of(broker)
    async with reading(reader):
        await seen(lambda: campaigns == {"aurora": planned(1), "boreal": planned(7, "boreal")})
    assert "a catalogue entry is ignored" in "".join(capsys.readouterr())
