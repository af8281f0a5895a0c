"""Topics: their names, their settings (Kafka's names and defaults) and their partitions' logs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agents.demo.broker.compaction import Compactor
from agents.demo.broker.errors import ErrorCode, Refused
from agents.demo.broker.log import Log, Memory

NAME = re.compile(r"[A-Za-z0-9._-]{1,249}")
MAX_PARTITIONS = 10_000  # of one topic: more is a slip of the keyboard
MAX_INT64 = str(2**63 - 1)
DELETE, COMPACT = "delete", "compact"

# Kafka 4's topic settings. Those of disks and replicas are taken and shown, and change nothing here.
DEFAULTS: Mapping[str, str] = {
    "cleanup.policy": DELETE,
    "compression.gzip.level": "-1",
    "compression.lz4.level": "9",
    "compression.type": "producer",
    "compression.zstd.level": "3",
    "delete.retention.ms": "86400000",
    "file.delete.delay.ms": "60000",
    "flush.messages": MAX_INT64,
    "flush.ms": MAX_INT64,
    "index.interval.bytes": "4096",
    "max.compaction.lag.ms": MAX_INT64,
    "max.message.bytes": "1048588",
    "message.timestamp.after.max.ms": "3600000",
    "message.timestamp.before.max.ms": MAX_INT64,
    "message.timestamp.type": "CreateTime",
    "min.cleanable.dirty.ratio": "0.5",
    "min.compaction.lag.ms": "0",
    "min.insync.replicas": "1",
    "preallocate": "false",
    "retention.bytes": "-1",
    "retention.ms": "604800000",
    "segment.bytes": "1073741824",
    "segment.index.bytes": "10485760",
    "segment.jitter.ms": "0",
    "segment.ms": "604800000",
    "unclean.leader.election.enable": "false",
}
_WORDS: Mapping[str, frozenset[str]] = {
    "compression.type": frozenset({"producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"}),
    "message.timestamp.type": frozenset({"CreateTime", "LogAppendTime"}),
    "preallocate": frozenset({"true", "false"}),
    "unclean.leader.election.enable": frozenset({"true", "false"}),
}


@dataclass(frozen=True, slots=True)
class TopicSettings:
    """What the settings of a topic mean here. Times in milliseconds; -1: no limit."""

    max_message_bytes: int
    append_time: bool
    latest_ahead_ms: int
    retention_ms: int
    retention_bytes: int
    deletes: bool
    compacts: bool
    min_dirty_ratio: float
    min_compaction_lag_ms: int
    tombstones_ms: int


def parse_settings(overrides: Mapping[str, str | None]) -> TopicSettings:
    """The settings of a topic. Raises `Refused` (INVALID_CONFIG) for an unknown name or a value that can't be meant."""
    for name, value in overrides.items():
        _check(name, value)
    values = {**DEFAULTS, **{name: str(value) for name, value in overrides.items()}}
    policy = _policies(values["cleanup.policy"])
    return TopicSettings(
        max_message_bytes=int(values["max.message.bytes"]),
        append_time=values["message.timestamp.type"] == "LogAppendTime",
        latest_ahead_ms=int(values["message.timestamp.after.max.ms"]),
        retention_ms=int(values["retention.ms"]),
        retention_bytes=int(values["retention.bytes"]),
        deletes=DELETE in policy,
        compacts=COMPACT in policy,
        min_dirty_ratio=float(values["min.cleanable.dirty.ratio"]),
        min_compaction_lag_ms=int(values["min.compaction.lag.ms"]),
        tombstones_ms=int(values["delete.retention.ms"]),
    )


class Topic:
    """A topic and its partitions. `overrides` are the settings that were given, by Kafka's names."""

    def __init__(self, name: str, partitions: int, overrides: Mapping[str, str | None], memory: Memory) -> None:
        self.name = name
        self.settings = parse_settings(overrides)
        self.overrides: dict[str, str] = {key: str(value) for key, value in overrides.items()}
        self.logs: list[Log] = []
        self.compactors: list[Compactor] = []
        self._memory = memory
        self.grow(partitions)

    def grow(self, partitions: int) -> None:
        """Adds partitions until there are `partitions`. Raises `Refused` when that is not more than before."""
        if not len(self.logs) < partitions <= MAX_PARTITIONS:
            text = f"topic {self.name} has {len(self.logs)} partitions, {partitions} is not possible"
            raise Refused(ErrorCode.INVALID_PARTITIONS, text)
        for _ in range(len(self.logs), partitions):
            log = Log(self._memory)
            self.logs.append(log)
            self.compactors.append(Compactor(log))

    def alter(self, overrides: Mapping[str, str | None]) -> None:
        """Replaces the topic's settings; `Refused` when one is not possible."""
        self.settings = parse_settings(overrides)
        self.overrides = {key: str(value) for key, value in overrides.items()}

    def retain(self, now_ms: int) -> None:
        """Drops what retention no longer keeps, in all partitions."""
        for log in self.logs:
            log.producers.forget_idle(now_ms)
            if self.settings.deletes:
                log.retain(now_ms, self.settings.retention_ms, self.settings.retention_bytes)

    def compact(self, now_ms: int) -> Iterator[None]:
        """Compacts every partition if the topic is compacted, in small steps between which the caller may pause."""
        if self.settings.compacts:
            for compactor in self.compactors:
                yield from compactor.steps(
                    now_ms,
                    self.settings.min_dirty_ratio,
                    self.settings.min_compaction_lag_ms,
                    self.settings.tombstones_ms,
                )


class Topics(dict[str, Topic]):
    """All topics by name, and the memory their records share."""

    def __init__(self, memory: Memory) -> None:
        super().__init__()
        self.memory = memory

    def check_new(self, name: str) -> None:
        """Raises `Refused` when no topic of this name can be created."""
        if name in self:
            raise Refused(ErrorCode.TOPIC_ALREADY_EXISTS, f"topic {name} exists")
        if not NAME.fullmatch(name) or name in {".", ".."}:
            raise Refused(ErrorCode.INVALID_TOPIC, "a topic's name is 1 to 249 of A-Z a-z 0-9 . _ -")
        twin = next((other for other in self if other.replace(".", "_") == name.replace(".", "_")), None)
        if twin is not None:
            raise Refused(
                ErrorCode.INVALID_TOPIC, f"topic {name} collides with topic {twin}: . and _ count as the same"
            )

    def create(self, name: str, partitions: int, overrides: Mapping[str, str | None]) -> Topic:
        """Creates a topic. Raises `Refused` for a name, a number of partitions or settings that are not possible."""
        self.check_new(name)
        topic = self[name] = Topic(name, partitions, overrides, self.memory)
        return topic

    def log(self, name: str, partition: int) -> Log | None:
        """The log of a partition, None if there is no such partition."""
        topic = self.get(name)
        return topic.logs[partition] if topic and 0 <= partition < len(topic.logs) else None

    def delete(self, name: str) -> bool:
        """Deletes a topic and frees its memory; False if there is none."""
        topic = self.pop(name, None)
        for log in topic.logs if topic else ():
            log.close()
        return topic is not None


def _policies(text: str) -> frozenset[str]:
    return frozenset(word.strip() for word in text.split(",") if word.strip())


def _check(name: str, value: str | None) -> None:
    if name not in DEFAULTS or value is None:
        problem = "has no value" if name in DEFAULTS else "is not a topic setting"
        raise Refused(ErrorCode.INVALID_CONFIG, f"{name} {problem}")
    if name == "cleanup.policy":
        possible = _policies(value) <= {DELETE, COMPACT}
    elif name in _WORDS:
        possible = value in _WORDS[name]
    elif name == "min.cleanable.dirty.ratio":
        possible = re.fullmatch(r"0(\.\d+)?|1(\.0+)?", value) is not None
    else:
        possible = re.fullmatch(r"-?\d{1,19}", value) is not None and _in_range(name, int(value))
    if not possible:
        raise Refused(ErrorCode.INVALID_CONFIG, f"{value!r} is not possible for {name}")


def _in_range(name: str, number: int) -> bool:
    least = {"retention.ms": -1, "retention.bytes": -1, "compression.gzip.level": -1, "min.insync.replicas": 1}
    least |= {"segment.bytes": 1024 * 1024, "segment.ms": 1, "compression.zstd.level": -131072}
    return least.get(name, 0) <= number < 2**63
