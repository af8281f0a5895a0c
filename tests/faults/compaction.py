"""Compaction of the changelogs, forced: small segments, no lag, a cleaner that is always at it.

A worker refuses to start while the changelogs may be compacted within two minutes, since a recovery must find what it
has not read yet (docs/adr/0004). So compaction is opened while zombies write and closed before a new owner starts; that
one recovers from what is left.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from itertools import pairwise

from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from agents.names import Names
from agents.operations.topics import open_admin, plan_topics
from agents.settings import Settings
from tests.faults.logs import read_topics

BROKER = {"log.cleaner.backoff.ms": "100"}
"""How the broker must be set for it."""

CLEANED_WITHIN_SECONDS = 2.0
_FORCED = {
    "segment.ms": "500",
    "min.cleanable.dirty.ratio": "0.0",
    "delete.retention.ms": "0",
    "max.compaction.lag.ms": "9223372036854775807",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """Records that the changelogs have been given, and those that they still hold."""

    written: int
    kept: int


class Compaction:
    """Of both changelogs and of the other compacted topics of a deployment. `measured`: at the end of each."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.measured: list[Measured] = []
        names = Names(settings)
        self._changelogs = [names.panes_changelog, names.people_changelog]
        self._plans = {
            plan.name: dict(plan.configs)
            for plan in plan_topics(settings)
            if plan.configs.get("cleanup.policy") == "compact"
        }

    def open(self) -> None:
        """From now on everything but the newest segment is compacted at once."""
        asyncio.run(self._alter({**_FORCED, "min.compaction.lag.ms": "0"}))

    def close(self) -> None:
        """The lag is as a worker wants it; what was compacted is gone. Waits until a cleaning under way has ended."""
        asyncio.run(self._alter({name: value for name, value in _FORCED.items() if name == "segment.ms"}))
        time.sleep(CLEANED_WITHIN_SECONDS)
        self.measured.append(self.measure())

    @property
    def removed_again_and_again(self) -> bool:
        """Whether every compaction but the first has removed more than those before. The first may come before
        anything was stated twice."""
        removed = [each.written - each.kept for each in self.measured]
        return len(removed) > 1 and all(before < after for before, after in pairwise(removed))

    def measure(self) -> Measured:
        """What the changelogs hold now."""
        written = kept = 0
        for records in read_topics(self._settings.brokers, self._changelogs).values():
            ends: dict[int, int] = {}
            for record in records:
                ends[record.partition] = record.offset + 1
            kept += len(records)
            written += sum(ends.values())
        return Measured(written, kept)

    async def _alter(self, extra: dict[str, str]) -> None:
        async with open_admin(self._settings) as admin:
            # This request replaces all settings of a topic: what it was created with must be among them.
            await admin.alter_configs(
                [
                    ConfigResource(ConfigResourceType.TOPIC, name, configs={**configs, **extra})
                    for name, configs in self._plans.items()
                ]
            )
