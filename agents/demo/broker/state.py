"""What all requests of a broker share."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from agents.demo.broker.groups import Groups
from agents.demo.broker.topics import Topics

NODE_ID = 1
CLUSTER_ID = "embedded"


@dataclass(slots=True)
class BrokerState:
    """Topics, groups and settings of one broker. `host` and `port` are what clients are told to connect to."""

    host: str
    port: int
    topics: Topics
    groups: Groups
    auto_create_topics: bool
    default_partitions: int
    last_producer_id: int = 0
    memory_warned_ms: int = field(default=0)

    @staticmethod
    def now_ms() -> int:
        """The wall clock, epoch milliseconds."""
        return time.time_ns() // 1_000_000
