"""What a preflight asks of Alertmanager and of Kafka. Neither raises where its part is away: that is what is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp
import yaml
from aiokafka.errors import KafkaError
from prometheus_client.parser import text_string_to_metric_families

from agents.bounded_answer import read_at_most
from agents.kafka.login import KafkaLoginRefused
from agents.names import Names
from agents.operations.groups import read_group
from agents.operations.preflight import Alertmanager, Kafka
from agents.operations.topics import open_admin, read_states
from agents.settings import Settings
from agents.settings_errors import one_line

TIMEOUT_SECONDS = 3.0
MOST_BYTES = 4_000_000

_SENT, _FAILED = "alertmanager_notifications_total", "alertmanager_notifications_failed_total"
_CONFIGS = "_configs"


async def ask_alertmanager(url: str) -> Alertmanager:
    """Whether it answers, what its default receiver does, and what became of what it has sent."""
    url = url.rstrip("/")
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        try:
            status = await _get(session, f"{url}/api/v2/status")
            said: Any = yaml.safe_load(status)  # JSON is YAML
            version, original = str(said["versionInfo"]["version"]), said["config"]["original"]
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
            return Alertmanager(url, trouble=_why(error))
        receiver, how, receivers = _receivers(original)
        try:
            sent, failed = _notifications((await _get(session, f"{url}/metrics")).decode())
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return Alertmanager(url, "", version, receiver, how, receivers, unread=_why(error))
    return Alertmanager(url, "", version, receiver, how, receivers, sent, failed)


async def _get(session: aiohttp.ClientSession, url: str) -> bytes:
    async with session.get(url, allow_redirects=False) as answer:
        if answer.status != 200:
            raise ValueError(f"it answers {answer.status}")
        return await read_at_most(answer, MOST_BYTES)


def _receivers(original: object) -> tuple[str, tuple[str, ...], int]:
    """The default route's receiver, by what it sends, and how many receivers send anything."""
    try:
        config: Any = yaml.safe_load(str(original))
        name = str(config["route"]["receiver"])
        by_name = {str(one["name"]): _integrations(one) for one in config["receivers"]}
        return name, by_name[name], sum(map(bool, by_name.values()))
    except (yaml.YAMLError, KeyError, TypeError, AttributeError):
        return "", (), 0


def _integrations(receiver: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(key.removesuffix(_CONFIGS) for key, value in receiver.items() if key.endswith(_CONFIGS) and value)


def _notifications(text: str) -> tuple[dict[str, int], dict[str, int]]:
    sent: dict[str, int] = {}
    failed: dict[str, int] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            into = {_SENT: sent, _FAILED: failed}.get(sample.name)
            if into is not None:
                name = sample.labels.get("integration", "")
                into[name] = into.get(name, 0) + int(sample.value)
    return sent, failed


async def ask_kafka(settings: Settings) -> Kafka:
    """The members of the workers' group, and the partitions of the event topics."""
    topics = Names(settings).event_topics
    try:
        async with open_admin(settings) as admin:
            group = await read_group(admin, settings.application_id)
            states = await read_states(admin, topics)
    except (KafkaError, KafkaLoginRefused, OSError, TimeoutError) as error:
        return Kafka(trouble=_why(error))
    partitions = {name: states[name].partitions if name in states else 0 for name in topics}
    return Kafka(len(group.members), partitions)


def _why(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return f"it has not answered within {TIMEOUT_SECONDS:g} s"
    if isinstance(error, KeyError | TypeError | yaml.YAMLError):
        return "its answer is not that of an Alertmanager"
    return one_line(str(error) or type(error).__name__)
