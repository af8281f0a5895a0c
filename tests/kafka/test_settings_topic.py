"""What is pinned at the first start holds for every worker; one that differs is refused by the name of the setting."""

import asyncio
import dataclasses
import gc
import secrets
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError

from agents.claims.errors import PinMismatch, SettingsTopicError
from agents.claims.pins import FORMAT_VERSION, Pins, SettingsTopic, hash_key_fingerprint
from agents.demo.ports import LOOPBACK, any_port
from tests.kafka.cluster import read_all
from tests.support.kafka import KafkaBroker

pytestmark = pytest.mark.kafka

PINS = Pins(hash_key=hash_key_fingerprint(b"a secret of sixteen bytes"))
_PINS_WITHOUT_KEY = b'{"format_version":%d}' % FORMAT_VERSION
_PINS_WITH_A_WRONG_KEY = b'{"format_version":%d,"hash_key":7}' % FORMAT_VERSION


@pytest.fixture
async def topic(kafka_broker: KafkaBroker) -> SettingsTopic:
    """An empty settings topic."""
    name = f"pins-{secrets.token_hex(4)}-settings"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_broker.address)
    await admin.start()
    await admin.create_topics([NewTopic(name, 1, 1, topic_configs={"cleanup.policy": "compact"})])
    await admin.close()
    return same(kafka_broker, name)


def same(broker: KafkaBroker, name: str) -> SettingsTopic:
    """The settings topic as another worker sees it."""
    return SettingsTopic(name, {"bootstrap_servers": broker.address})


async def test_the_first_start_pins_and_the_later_ones_agree(kafka_broker: KafkaBroker, topic: SettingsTopic) -> None:
    assert await topic.read() is None
    first = await topic.agree(PINS)
    later = await same(kafka_broker, topic.topic).agree(PINS)
    assert first == later
    assert later.pins == PINS
    assert len(later.identity) == 32
    assert (later.incarnations, later.begun) == ({}, False)
    assert len(await read_all(kafka_broker.address, topic.topic, 0)) == 1


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (
            {"reporting_time_zone": "Europe/Berlin"},
            "LAUNCHPULSE_REPORTING_TIME_ZONE must stay 'UTC', got 'Europe/Berlin'",
        ),
        ({"summaries_partitions": 16}, "LAUNCHPULSE_SUMMARIES_PARTITIONS must stay 8, got 16"),
        ({"hash_key": hash_key_fingerprint(b"another secret")}, "LAUNCHPULSE_HASH_KEY must stay"),
        ({"claims_buckets_per_hour": 5}, "claims_buckets_per_hour must stay 65536, got 5"),
        ({"claims_person_buckets": 5}, "claims_person_buckets must stay"),
        ({"claims_shards": 2}, "claims_shards must stay 1"),
        (
            {"format_version": FORMAT_VERSION + 1},
            f"format_version must stay {FORMAT_VERSION}, got {FORMAT_VERSION + 1}",
        ),
    ],
)
async def test_a_differing_setting_is_refused_by_name_in_one_line(
    topic: SettingsTopic, change: dict[str, Any], named: str
) -> None:
    await topic.agree(PINS)
    with pytest.raises(PinMismatch) as refused:
        await topic.agree(dataclasses.replace(PINS, **change))
    assert named in str(refused.value)
    assert topic.topic in str(refused.value)
    assert "\n" not in str(refused.value)
    assert (await topic.agree(PINS)).pins == PINS


async def test_of_two_first_starts_the_first_record_in_the_log_holds_for_both(
    kafka_broker: KafkaBroker, topic: SettingsTopic
) -> None:
    workers = [same(kafka_broker, topic.topic) for _ in range(4)]
    agreed = await asyncio.gather(*(worker.agree(PINS) for worker in workers))
    assert len({deployment.identity for deployment in agreed}) == 1
    records = await read_all(kafka_broker.address, topic.topic, 0)
    assert records[0].key == b"pins/" + agreed[0].identity.encode()
    # Compaction keeps the last record of a key: the first writer's stays only if no other writer shares its key.
    assert len({record.key for record in records}) == len(records)


async def test_of_two_first_starts_that_differ_the_later_one_is_refused(
    kafka_broker: KafkaBroker, topic: SettingsTopic
) -> None:
    other = dataclasses.replace(PINS, reporting_time_zone="Asia/Tokyo")
    outcomes = await asyncio.gather(
        topic.agree(PINS), same(kafka_broker, topic.topic).agree(other), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Deployment", "PinMismatch"]


async def test_that_claims_have_begun_is_known_to_all_and_belongs_to_the_deployment(
    kafka_broker: KafkaBroker, topic: SettingsTopic
) -> None:
    other = same(kafka_broker, topic.topic)
    await topic.agree(PINS)
    assert not await other.begun()
    await topic.mark_begun()
    assert await other.begun()
    assert (await other.agree(PINS)).begun


async def test_rebasing_a_topic_counts_its_incarnations(topic: SettingsTopic) -> None:
    await topic.agree(PINS)
    assert await topic.rebase("click") == 1
    assert await topic.rebase("click") == 2
    assert await topic.rebase("sale") == 1
    deployment = await topic.agree(PINS)
    assert deployment.incarnations == {"click": 2, "sale": 1}
    assert deployment.pins == PINS


async def test_an_incarnation_that_does_not_fit_into_an_owner_is_refused(
    kafka_broker: KafkaBroker, topic: SettingsTopic
) -> None:
    await topic.agree(PINS)
    await _write(kafka_broker, topic, b"63", b"incarnation/click")
    with pytest.raises(SettingsTopicError, match="63 times"):
        await topic.rebase("click")


async def test_rebasing_before_the_first_start_is_refused(topic: SettingsTopic) -> None:
    with pytest.raises(SettingsTopicError, match="nothing is pinned"):
        await topic.rebase("click")


async def test_a_missing_settings_topic_is_refused_by_name(kafka_broker: KafkaBroker) -> None:
    with pytest.raises(SettingsTopicError, match="nowhere-settings does not exist: run `launchpulse topics create`"):
        await same(kafka_broker, "nowhere-settings").agree(PINS)


async def test_the_identity_is_not_there_before_agreement(topic: SettingsTopic) -> None:
    with pytest.raises(SettingsTopicError, match="not been read"):
        _ = topic.identity


@pytest.mark.parametrize("value", [b"nonsense", b"[]", _PINS_WITHOUT_KEY, _PINS_WITH_A_WRONG_KEY])
async def test_pins_that_cannot_be_read_are_never_overwritten(
    kafka_broker: KafkaBroker, topic: SettingsTopic, value: bytes
) -> None:
    await _write(kafka_broker, topic, value)
    with pytest.raises(SettingsTopicError, match="cannot be read"):
        await topic.agree(PINS)
    assert len(await read_all(kafka_broker.address, topic.topic, 0)) == 1


async def test_the_pins_of_another_format_are_refused_before_they_are_read(
    kafka_broker: KafkaBroker, topic: SettingsTopic
) -> None:
    await _write(kafka_broker, topic, b'{"format_version":%d}' % (FORMAT_VERSION + 1))
    with pytest.raises(PinMismatch, match=f"format_version must stay {FORMAT_VERSION + 1}"):
        await topic.agree(PINS)


async def _write(broker: KafkaBroker, topic: SettingsTopic, value: bytes, key: bytes = b"pins/x") -> None:
    async with AIOKafkaProducer(bootstrap_servers=broker.address, acks="all") as producer:
        await producer.send_and_wait(topic.topic, value, key=key)


async def test_a_broker_that_is_away_raises_kafkas_error_and_leaves_nothing_open() -> None:
    nowhere = SettingsTopic("x-settings", {"bootstrap_servers": f"{LOOPBACK}:{any_port()}"})
    with pytest.raises(KafkaConnectionError):
        await nowhere.agree(PINS)
    gc.collect()


def test_the_fingerprint_tells_keys_apart_without_holding_them() -> None:
    key = b"a secret of sixteen bytes"
    assert hash_key_fingerprint(key) == hash_key_fingerprint(key) != hash_key_fingerprint(key + b"!")
    assert key.hex()[:16] not in hash_key_fingerprint(key)


def test_pins_of_the_wrong_type_are_refused() -> None:
    with pytest.raises(SettingsTopicError, match="summaries_partitions"):
        Pins(hash_key="x", summaries_partitions="8")  # type: ignore[arg-type]


def test_pins_make_the_keys_of_claims() -> None:
    pins = dataclasses.replace(PINS, claims_shards=3)
    assert pins.keyring(b"secret").shards == 3
