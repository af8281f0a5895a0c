"""The topics on a real Kafka: created as designed, each difference found and named, partitions grown or refused."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from agents.operations.topics import (
    TopicPlan,
    TopicsError,
    TopicState,
    check,
    checked_topics,
    create_missing,
    differences,
    grow,
    open_admin,
    plan_topics,
    read_states,
)
from agents.settings import Settings
from streams.events.catalogue import TOPICS
from tests.support.kafka import KafkaBroker

pytestmark = pytest.mark.kafka

HOUR_MS = 3_600_000


@pytest.fixture
def settings(kafka_broker: KafkaBroker) -> Settings:
    """A deployment of its own on the shared broker."""
    name = f"topics-{secrets.token_hex(4)}"
    return Settings(application_id=name, topic_prefix=f"{name}.", brokers=kafka_broker.address, summaries_partitions=2)


@pytest.fixture
async def admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client of that broker."""
    async with open_admin(settings) as client:
        yield client


async def alter(admin: AIOKafkaAdminClient, topic: str, **configs: str) -> None:
    """Set settings of a topic, with _ for the dots of their names; the others fall back to the broker's."""
    named = {name.replace("_", "."): value for name, value in configs.items()}
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs=named)])
    # The broker answers before it acts by them.
    async with asyncio.timeout(10):
        while not named.items() <= dict((await read_states(admin, [topic]))[topic].configs).items():
            await asyncio.sleep(0.05)


async def test_created_topics_are_as_they_should_be(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    plans = plan_topics(settings, event_partitions=3)
    created = await create_missing(admin, plans, 1)
    assert created == [plan.name for plan in plans]
    assert await check(admin, plans, 1) == []
    assert await create_missing(admin, plans, 1) == []


async def test_a_start_gets_the_retention_of_every_event_topic(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    await create_missing(admin, plan_topics(settings, 1), 1)
    retention = await checked_topics(settings)
    assert retention == {f"{settings.topic_prefix}{topic.name}": (24 * HOUR_MS, HOUR_MS) for topic in TOPICS}


async def test_a_start_without_topics_is_refused_in_one_line_that_names_them(settings: Settings) -> None:
    with pytest.raises(TopicsError) as caught:
        await checked_topics(settings)
    text = str(caught.value)
    assert f"{settings.topic_prefix}click" in text
    assert f"{settings.application_id}-summaries" in text
    assert text.endswith("run `launchpulse topics create`")
    assert "\n" not in text


async def test_differences_that_break_a_promise_are_fatal_and_others_are_not(
    admin: AIOKafkaAdminClient, settings: Settings
) -> None:
    plans = plan_topics(settings, 1)
    await create_missing(admin, plans, 1)
    click, panes = f"{settings.topic_prefix}click", f"{settings.application_id}-panes-changelog"
    await alter(admin, click, message_timestamp_type="CreateTime", segment_ms=str(6 * HOUR_MS), retention_ms="-1")
    await alter(admin, panes, cleanup_policy="compact,delete", max_message_bytes="4000000", segment_bytes="33554432")
    found = await check(admin, plans, 1)
    assert {(each.topic, each.setting, each.fatal) for each in found} == {
        (click, "message.timestamp.type", True),
        (click, "retention.ms", True),
        (click, "segment.ms", False),
        (panes, "cleanup.policy", True),
        (panes, "message.timestamp.type", True),
        (panes, "min.compaction.lag.ms", True),
        (panes, "min.cleanable.dirty.ratio", False),
        (panes, "segment.ms", False),
    }
    assert [each.fatal for each in found] == sorted((each.fatal for each in found), reverse=True)
    assert f"--topic {click} --add-config message.timestamp.type=LogAppendTime" in found[0].mend
    with pytest.raises(TopicsError, match=r"message\.timestamp\.type is CreateTime, should be LogAppendTime"):
        await checked_topics(settings)


async def test_other_numbers_of_fixed_partitions_are_refused(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    plans = plan_topics(settings, 1)
    await create_missing(admin, plans, 1)
    found = await check(admin, plan_topics(settings.model_copy(update={"summaries_partitions": 3}), 1), 1)
    assert {(each.topic, each.setting, each.fatal) for each in found} == {
        (f"{settings.application_id}-{name}", "partitions", True)
        for name in ("summaries", "panes-changelog", "people-changelog")
    }
    assert "has 2 partitions, must have 3 for ever" in found[0].message


async def test_event_topics_grow_and_fixed_ones_are_refused(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    plans = plan_topics(settings, 2)
    await create_missing(admin, plans, 1)
    click = f"{settings.topic_prefix}click"
    assert await grow(admin, plans, click, 5) == 2
    assert await check(admin, plans, 1) == []
    with pytest.raises(TopicsError, match="has 5 partitions and can only get more"):
        await grow(admin, plans, click, 5)
    with pytest.raises(TopicsError, match="is fixed for ever: only the event topics grow"):
        await grow(admin, plans, f"{settings.application_id}-summaries", 8)
    with pytest.raises(TopicsError, match="is not an event topic"):
        await grow(admin, plans, "somebody-elses", 8)


async def test_a_topic_that_somebody_made_with_the_brokers_defaults_is_found_not_changed(
    admin: AIOKafkaAdminClient, settings: Settings
) -> None:
    name = f"{settings.topic_prefix}sale"
    await admin.create_topics([NewTopic(name=name, num_partitions=1, replication_factor=1)])
    plans = plan_topics(settings, 1)
    assert name not in await create_missing(admin, plans, 1)
    found = await check(admin, plans, 1)
    assert {each.topic for each in found} == {name}
    assert "message.timestamp.type" in {each.setting for each in found if each.fatal}


async def test_more_replicas_than_brokers_are_refused_by_name(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    with pytest.raises(TopicsError, match=f"topic {settings.topic_prefix}click can't be created"):
        await create_missing(admin, plan_topics(settings, 1), 3)


def plan_of(kind: str) -> TopicPlan:
    """The first plan of a kind under the default settings."""
    return next(plan for plan in plan_topics(Settings()) if plan.kind == kind)


def test_unlimited_retention_is_above_every_bound() -> None:
    events, summaries = plan_of("events"), plan_of("summaries")
    for plan, fatal in ((events, ["retention.ms"]), (summaries, [])):
        state = TopicState(plan.partitions, 1, {**plan.configs, "retention.ms": "-1"})
        assert [each.setting for each in differences(plan, state) if each.fatal] == fatal


def test_one_replica_in_a_deployment_of_three_is_a_warning() -> None:
    plan = plan_of("events")
    found = differences(plan, TopicState(8, 1, plan.configs), replication_factor=3)
    assert [(each.setting, each.fatal) for each in found] == [("replicas", False)]
    found = differences(plan, TopicState(8, 3, {**plan.configs, "min.insync.replicas": "1"}), replication_factor=3)
    assert [(each.setting, each.fatal) for each in found] == [("min.insync.replicas", False)]


def test_more_partitions_than_the_format_holds_are_refused() -> None:
    plan = plan_of("events")
    [found] = differences(plan, TopicState(4097, 1, plan.configs))
    assert found.fatal
    assert "at most 4096 fit the format" in found.message
    assert differences(replace(plan), TopicState(4096, 1, plan.configs)) == []
