"""The topics of a deployment and the settings they must have: created, compared, grown.

    topic                  partitions          settings
    ---------------------  ------------------  -----------------------------------------------------------------
    event topics           chosen; may grow    LogAppendTime, retention bounded, segment.ms <= 1 h, delete alone
    summaries              fixed for ever      LogAppendTime, delete alone, retention at least 24 h, no size bound
    changelogs             as the summaries    LogAppendTime, compact alone after two minutes, short segments
    dead letters           few                 max.message.bytes as large as a request of the workers
    catalogue, settings    1                   LogAppendTime, compact alone

A difference that breaks a promise (events lost, counted twice, or put into another pane) is fatal and refused at every
start; another is a warning. Both say how to mend them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from agents.connections import kafka_arguments
from agents.kafka.app import MAX_REQUEST_BYTES
from agents.kafka.login import start_client
from agents.kafka.recovered import COMPACTION_LAG_SECONDS
from agents.names import Names
from agents.settings import Settings
from streams.counting.sources import MAX_PARTITIONS

log = structlog.get_logger(__name__)

HOUR_MS = 3_600_000
DEFAULT_EVENT_PARTITIONS = 8
DEAD_LETTER_PARTITIONS = 3
DEAD_LETTER_RETENTION_MS = 14 * 24 * HOUR_MS
SUMMARIES_RETENTION_MS = 7 * 24 * HOUR_MS
"""The longest outage of the campaign agents: the event offsets behind these summaries are committed already."""
CHANGELOG_COMPACTION_LAG_MS = int(COMPACTION_LAG_SECONDS * 1_000)
CHANGELOG_SEGMENT_MS = 60_000
"""Compaction leaves the open segment alone, and one that holds a record younger than the lag."""
CHANGELOG_SEGMENT_BYTES = 32 * 1024 * 1024
_RECORD_OVERHEAD_BYTES = 48 * 1024
_LEAST_MESSAGE_BYTES = 1_048_588  # Kafka's own default

Kind = Literal["events", "summaries", "changelog", "dead letters", "catalogue", "settings"]


class TopicsError(Exception):
    """Topics with which nothing may start, or a change that is refused; one line that says how to mend it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One setting of a topic: what it's created with, what is accepted, and what breaks where it's otherwise.

    `least` and `most` bound a number (None: no bound); without them the value must be `wanted` itself. -1, Kafka's word
    for "unlimited", is above every bound.
    """

    setting: str
    wanted: str
    fatal: bool
    breaks: str
    least: float | None = None
    most: float | None = None

    def accepts(self, value: str | None) -> bool:
        """Whether a value that the broker reports keeps the promise."""
        if self.least is None and self.most is None:
            return value == self.wanted
        try:
            number = float(value or "")
        except ValueError:
            return False
        number = float("inf") if number == -1 else number
        return (self.least is None or number >= self.least) and (self.most is None or number <= self.most)


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """One topic as it should be. `fixed` partitions: any other number breaks the format."""

    name: str
    kind: Kind
    partitions: int
    fixed: bool
    rules: tuple[Rule, ...]
    also: Mapping[str, str] = field(default_factory=dict)
    """What it's created with and nobody checks."""

    @property
    def configs(self) -> dict[str, str]:
        """The settings that it's created with."""
        return {**{rule.setting: rule.wanted for rule in self.rules}, **self.also}


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which a topic is not as it should be; `setting` is a config, `partitions`, `replicas` or `missing`."""

    topic: str
    setting: str
    fatal: bool
    message: str
    mend: str

    def __str__(self) -> str:
        return f"topic {self.topic}: {self.message}; {self.mend}"


@dataclass(frozen=True, slots=True)
class TopicState:
    """A topic as the broker reports it. `replicas`: the least of any of its partitions."""

    partitions: int
    replicas: int
    configs: Mapping[str, str]


def plan_topics(settings: Settings, event_partitions: int = DEFAULT_EVENT_PARTITIONS) -> tuple[TopicPlan, ...]:
    """Every topic of a deployment, the event topics first."""
    names = Names(settings)
    append_time = Rule(
        "message.timestamp.type", "LogAppendTime", True, "lateness and panes follow the broker's clock, not a sender's"
    )
    broker_time = Rule(
        "message.timestamp.type",
        "LogAppendTime",
        True,
        "a worker whose clock is ahead may not write, and one whose clock is behind is compacted too early",
    )
    delete = Rule("cleanup.policy", "delete", True, "compaction would take records that were never counted")
    compact = Rule("cleanup.policy", "compact", True, "deletion would take what is still needed")
    largest = Rule(
        "max.message.bytes",
        str(MAX_REQUEST_BYTES),
        True,
        "a worker whose record is too large dies again and again",
        least=MAX_REQUEST_BYTES,
    )
    event_bytes = max(settings.max_event_bytes + _RECORD_OVERHEAD_BYTES, _LEAST_MESSAGE_BYTES)
    events = (
        append_time,
        delete,
        Rule(
            "retention.ms",
            str(settings.retention_hours * HOUR_MS),
            True,
            "claims outlive the log, so it must end",
            least=60_000,
            most=366 * 24 * HOUR_MS,
        ),
        Rule("retention.bytes", "-1", False, "a bound by size may take events before they are read"),
        Rule("segment.ms", str(HOUR_MS), False, "claims in Redis live longer by it", least=1, most=HOUR_MS),
        Rule(
            "max.message.bytes",
            str(event_bytes),
            False,
            "producers are refused events that the workers would take",
            least=settings.max_event_bytes,
        ),
    )
    summaries = (
        append_time,
        delete,
        Rule(
            "retention.ms",
            str(SUMMARIES_RETENTION_MS),
            True,
            "a summary that goes before it was merged is lost",
            least=24 * HOUR_MS,
        ),
        Rule("retention.bytes", "-1", True, "a summary that goes before it was merged is lost"),
        largest,
    )
    changelog = (
        broker_time,
        compact,
        Rule(
            "min.compaction.lag.ms",
            str(CHANGELOG_COMPACTION_LAG_MS),
            True,
            "a statement that recovery has yet to read may be compacted away behind a newer one",
            least=CHANGELOG_COMPACTION_LAG_MS,
        ),
        Rule(
            "segment.bytes",
            str(CHANGELOG_SEGMENT_BYTES),
            False,
            "recovery reads what could be gone",
            most=CHANGELOG_SEGMENT_BYTES,
        ),
        Rule(
            "segment.ms",
            str(CHANGELOG_SEGMENT_MS),
            False,
            "recovery reads what could be gone",
            least=1,
            most=CHANGELOG_SEGMENT_MS,
        ),
        Rule("min.cleanable.dirty.ratio", "0.1", False, "recovery reads what could be gone", most=0.1),
        largest,
    )
    letters = (largest, delete)
    kept = {"retention.ms": str(DEAD_LETTER_RETENTION_MS), "message.timestamp.type": "LogAppendTime"}
    return (
        *(TopicPlan(name, "events", event_partitions, False, events) for name in names.event_topics),
        TopicPlan(names.summaries, "summaries", settings.summaries_partitions, True, summaries),
        TopicPlan(names.panes_changelog, "changelog", settings.summaries_partitions, True, changelog),
        TopicPlan(names.people_changelog, "changelog", settings.summaries_partitions, True, changelog),
        TopicPlan(names.dead_letters, "dead letters", DEAD_LETTER_PARTITIONS, False, letters, kept),
        TopicPlan(names.catalogue, "catalogue", 1, True, (broker_time, compact)),
        TopicPlan(names.settings, "settings", 1, True, (broker_time, compact)),
    )


@asynccontextmanager
async def open_admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client, closed at the end. Raises KafkaConnectionError where no broker answers, KafkaLoginRefused where
    one does not let us in."""
    kafka = kafka_arguments(settings)
    admin = AIOKafkaAdminClient(**kafka, request_timeout_ms=20_000)
    try:
        await start_client(admin, kafka)
        yield admin
    finally:
        await admin.close()


async def read_states(admin: AIOKafkaAdminClient, names: Iterable[str]) -> dict[str, TopicState]:
    """Those of the topics that exist, with their settings. Raises KafkaError, also while a topic has no leader."""
    wanted = set(names)
    # All topics, not ours by name: a broker may create a topic that it is asked about.
    described = {topic["topic"]: topic for topic in await admin.describe_topics() if topic["topic"] in wanted}
    for topic in described.values():
        if topic["error_code"]:
            raise for_code(topic["error_code"])(topic["topic"])
    configs = await _read_configs(admin, sorted(described))
    return {
        name: TopicState(
            len(topic["partitions"]),
            min((len(partition["replicas"]) for partition in topic["partitions"]), default=0),
            configs[name],
        )
        for name, topic in described.items()
        if name in configs
    }


async def check(admin: AIOKafkaAdminClient, plans: Sequence[TopicPlan], replication_factor: int) -> list[Difference]:
    """Every difference between the broker's topics and the plans, in the plans' order, the fatal ones first."""
    states = await read_states(admin, (plan.name for plan in plans))
    found = [each for plan in plans for each in differences(plan, states.get(plan.name), replication_factor)]
    return sorted(found, key=lambda difference: not difference.fatal)


def differences(plan: TopicPlan, state: TopicState | None, replication_factor: int = 1) -> list[Difference]:
    """How one topic differs from its plan; `state` is None where it does not exist."""
    if state is None:
        return [Difference(plan.name, "missing", True, "does not exist", "run `launchpulse topics create`")]
    found = _partition_differences(plan, state, replication_factor)
    for rule in plan.rules:
        value = state.configs.get(rule.setting)
        if not rule.accepts(value):
            message = f"{rule.setting} is {value}, should be {rule.wanted} ({rule.breaks})"
            mend = f"set it: kafka-configs.sh --alter --topic {plan.name} --add-config {rule.setting}={rule.wanted}"
            found.append(Difference(plan.name, rule.setting, rule.fatal, message, mend))
    return found


def _partition_differences(plan: TopicPlan, state: TopicState, replication_factor: int) -> list[Difference]:
    found = []
    if plan.fixed and state.partitions != plan.partitions:
        message = f"has {state.partitions} partitions, must have {plan.partitions} for ever"
        mend = "set LAUNCHPULSE_SUMMARIES_PARTITIONS back" if plan.partitions > 1 else "make it anew with one"
        found.append(Difference(plan.name, "partitions", True, message, mend))
    if state.partitions > MAX_PARTITIONS:
        message = f"has {state.partitions} partitions, at most {MAX_PARTITIONS} fit the format"
        found.append(Difference(plan.name, "partitions", True, message, "use a topic with fewer"))
    if state.replicas < replication_factor:
        message = f"has {state.replicas} replicas, should have {replication_factor}"
        found.append(Difference(plan.name, "replicas", False, message, "use kafka-reassign-partitions.sh"))
    if state.replicas > 2 and state.configs.get("min.insync.replicas") == "1":
        message = "min.insync.replicas is 1, should be 2 (one broker's disk must not be all that has an event)"
        mend = f"set it: kafka-configs.sh --alter --topic {plan.name} --add-config min.insync.replicas=2"
        found.append(Difference(plan.name, "min.insync.replicas", False, message, mend))
    return found


async def create_missing(
    admin: AIOKafkaAdminClient, plans: Sequence[TopicPlan], replication_factor: int, wait_seconds: float = 20.0
) -> list[str]:
    """Creates the topics that do not exist yet and waits until the broker serves them. Returns their names.

    Raises TopicsError where the broker refuses one, or does not serve them within `wait_seconds`.
    """
    existing = set(await admin.list_topics())
    missing = [plan for plan in plans if plan.name not in existing]
    if not missing:
        return []
    extra = {"min.insync.replicas": "2"} if replication_factor > 2 else {}
    answer = await admin.create_topics(
        [
            NewTopic(
                name=plan.name,
                num_partitions=plan.partitions,
                replication_factor=replication_factor,
                topic_configs={**plan.configs, **extra},
            )
            for plan in missing
        ]
    )
    for name, code, *reason in answer.topic_errors:
        # Another worker or person may create them at the same moment.
        if code not in (0, TopicAlreadyExistsError.errno):
            told = reason[0] if reason and reason[0] else for_code(code).__name__
            raise TopicsError(f"topic {name} can't be created: {told}")
    await _wait_for({plan.name: plan.partitions for plan in missing}, admin, wait_seconds)
    return [plan.name for plan in missing]


async def grow(
    admin: AIOKafkaAdminClient, plans: Sequence[TopicPlan], name: str, partitions: int, wait_seconds: float = 20.0
) -> int:
    """Gives an event topic more partitions, while it is read. Returns how many it had.

    Raises TopicsError for any other topic (its partitions are part of the format) and for fewer than there are.
    """
    plan = next((plan for plan in plans if plan.name == name), None)
    if plan is None or plan.kind != "events":
        known = ", ".join(plan.name for plan in plans if plan.kind == "events")
        why = "is fixed for ever" if plan is not None and plan.fixed else "is not an event topic"
        raise TopicsError(f"topic {name} {why}: only the event topics grow ({known})")
    states = await read_states(admin, [name])
    if name not in states:
        raise TopicsError(f"topic {name} does not exist: run `launchpulse topics create`")
    before = states[name].partitions
    if not before < partitions <= MAX_PARTITIONS:
        raise TopicsError(
            f"topic {name} has {before} partitions and can only get more, at most {MAX_PARTITIONS}, not {partitions}"
        )
    await admin.create_partitions({name: NewPartitions(partitions)})
    await _wait_for({name: partitions}, admin, wait_seconds)
    return before


async def checked_topics(settings: Settings) -> dict[str, tuple[int, int]]:
    """Compares all topics, as every start does; logs what is only a warning.

    Returns `retention.ms` and `segment.ms` of each enabled event topic by its name in Kafka. Raises TopicsError with
    every fatal difference in one line, and KafkaError while the broker cannot be asked.
    """
    plans = plan_topics(settings)
    async with open_admin(settings) as admin:
        states = await read_states(admin, (plan.name for plan in plans))
        if len(states) < len(plans):
            # A broker that has just started may not know all of its topics yet.
            await asyncio.sleep(2)
            states = await read_states(admin, (plan.name for plan in plans))
    found = [each for plan in plans for each in differences(plan, states.get(plan.name), settings.replication_factor)]
    for difference in found:
        if not difference.fatal:
            log.warning("a topic is not as it should be", topic=difference.topic, difference=difference.message)
    fatal = [difference for difference in found if difference.fatal]
    if fatal:
        raise TopicsError(_refusal(fatal))
    return {
        plan.name: (
            int(states[plan.name].configs["retention.ms"]),
            int(states[plan.name].configs["segment.ms"]),
        )
        for plan in plans
        if plan.kind == "events"
    }


def _refusal(fatal: Sequence[Difference]) -> str:
    missing = [difference.topic for difference in fatal if difference.setting == "missing"]
    parts = [str(difference) for difference in fatal if difference.setting != "missing"]
    if missing:
        parts.insert(0, f"missing topics: {', '.join(missing)}; run `launchpulse topics create`")
    return "; ".join(parts)


async def _wait_for(partitions: Mapping[str, int], admin: AIOKafkaAdminClient, wait_seconds: float) -> None:
    deadline = asyncio.get_running_loop().time() + wait_seconds
    while True:
        described = {topic["topic"]: topic for topic in await admin.describe_topics()}
        waiting = [name for name, number in partitions.items() if not _served(described.get(name), number)]
        if not waiting:
            return
        if asyncio.get_running_loop().time() > deadline:
            raise TopicsError(f"the broker does not serve {', '.join(waiting)} after {wait_seconds:g} s; see its log")
        await asyncio.sleep(0.1)


def _served(topic: Mapping[str, Any] | None, partitions: int) -> bool:
    if topic is None or topic["error_code"] or len(topic["partitions"]) < partitions:
        return False
    return all(partition["error_code"] == 0 and partition["leader"] >= 0 for partition in topic["partitions"])


async def _read_configs(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    configs: dict[str, dict[str, str]] = {}
    for answer in answers:
        for code, reason, _, name, entries in (resource[:5] for resource in answer.resources):
            if code == UnknownTopicOrPartitionError.errno:
                continue
            if code:
                raise for_code(code)(f"the settings of topic {name} can't be read: {reason}")
            configs[name] = {entry[0]: entry[1] for entry in entries}
    return configs
