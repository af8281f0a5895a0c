"""A partition that a worker owns, what it hears and counts, and the picture that it makes of it."""

from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

from agents.campaign.owned import OwnedPartition
from agents.campaign.show import Show
from streams.counting.partition import PartitionMerge
from streams.counting.progress import Progress, SourceProgress
from streams.counting.sources import source_number
from streams.counting.statements import counters_key
from streams.counting.view import Views
from streams.events.campaigns import Campaign
from streams.events.catalogue import TOPICS

NOW = 1_800_000_000_000
UTC_ZONE = ZoneInfo("UTC")
CODES = {topic.name: topic.code for topic in TOPICS}
EMAIL, PUSH = 2, 4


def owned() -> OwnedPartition:
    def nothing(key: bytes) -> None:
        return None

    merge = PartitionMerge(UTC_ZONE, nothing, nothing, lambda key: True, lambda key: True)
    return OwnedPartition(3, merge, Views(UTC_ZONE))


def hear(partition: OwnedPartition, behind: Mapping[str, int] | None = None, now_ms: int = NOW) -> None:
    """All sources are at their ends, but those of the topics in `behind`: they are so many milliseconds behind."""
    late = behind or {}
    told = [
        SourceProgress(source_number(code, 0), 10, now_ms - late.get(name, 0), name not in late, 0)
        for name, code in CODES.items()
    ]
    partition.progress.read(Progress(3, told, dict.fromkeys(CODES.values(), 1)), now_ms)


def count(
    partition: OwnedPartition,
    measure: int,
    number: int,
    time_ms: int,
    campaign: bytes = b"aurora",
    channel: int = EMAIL,
) -> None:
    for tier, pane in ((0, time_ms // 10_000), (1, time_ms // 60_000), (4, 0)):
        partition.views.put(counters_key(campaign, channel, tier, pane), {int(measure): number})


def come(
    partition: OwnedPartition,
    catalogue: dict[str, Campaign],
    changes: Iterable[tuple[str, int, int, int]],
    behind: Mapping[str, int],
    told: Mapping[str, Campaign],
    now_ms: int,
) -> None:
    """Until `now_ms` these (campaign, channel, measure, number) were counted and heard of, and the catalogue says this
    now."""
    for name, channel, measure, number in changes:
        count(partition, measure, number, now_ms - 1_000, name.encode(), channel)
    hear(partition, behind, now_ms)
    catalogue.clear()
    catalogue.update(told)


def show(
    partition: OwnedPartition,
    catalogue: Mapping[str, Campaign] | None = None,
    table: Mapping[bytes, bytes] | None = None,
) -> Show:
    """table: what stands in it under the keys of counters."""
    owned, value_of = {0: partition}, (table or {}).get
    campaigns = cast(Any, SimpleNamespace(owned=owned, partitions=(0,), show=lambda *given: None, value_of=value_of))
    return Show(campaigns, CODES, {} if catalogue is None else catalogue, dict, {}, 1, lambda: True)
