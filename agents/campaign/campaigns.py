"""The campaign agent: merges summaries into panes, states them in the changelog and shows what the broker has
acknowledged.

A slice of the summaries topic is merged at once in memory; every quarter of a second the touched keys are stated, and
only when the broker has the statements is the slice's offset marked and are its figures shown. So a figure that was
seen once never falls when the owner changes.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from aiokafka.structs import ConsumerRecord
from faust.types import TP

from agents.kafka.continuity import Continuity
from agents.kafka.slices import SliceConsumer
from agents.kafka.table import StatementTable
from agents.telemetry import Telemetry
from streams.counting.expiry import expired
from streams.counting.merge import unpack
from streams.counting.partition import PartitionMerge, Statements
from streams.counting.progress import ProgressBook
from streams.counting.statements import LIMIT_KEY, REFUSED_KEY, KeyKind
from streams.counting.view import Views

TICK_SECONDS = 0.05
STATE_SECONDS = 0.25
STATE_SECONDS_UNDER_LOAD = 1.0
PEOPLE_SECONDS = 1.0
EXPIRY_SECONDS = 60.0
KEYS_BETWEEN_TURNS = 5000


@dataclass(slots=True)
class OwnedPartition:
    """One partition of the summaries topic that this worker owns. `merge` lives as long as a generation.

    progress: that of what is shown, which is behind what is merged: a window must not end where its figures do not.
    """

    generation: int
    merge: PartitionMerge
    views: Views
    progress: ProgressBook = field(default_factory=ProgressBook)
    stated_at: float = 0.0
    people_stated_at: float = 0.0
    people_at: int = -1
    shown_ms: int = 0
    broken: bool = False
    stating: asyncio.Lock = field(default_factory=asyncio.Lock)


class Campaigns:
    """All partitions that this worker owns. `on_recovered` and `on_lost` are the table's hooks."""

    def __init__(
        self,
        topic: str,
        consumer: Callable[[], SliceConsumer],
        continuity: Continuity,
        panes: StatementTable,
        people: StatementTable,
        zone: ZoneInfo,
        campaign_limit: int,
        telemetry: Telemetry,
        incarnations: Mapping[int, int] | None = None,
    ) -> None:
        self._topic = topic
        self._consumer = consumer
        self._continuity = continuity
        self._panes = panes
        self._people = people
        self._zone = zone
        self._limit = campaign_limit
        self._telemetry = telemetry
        self._incarnations = dict(incarnations or {})
        self.owned: dict[int, OwnedPartition] = {}
        self._interval = STATE_SECONDS

    async def take(self, tp: TP, generation: int, records: Sequence[ConsumerRecord]) -> None:
        """Merge one slice. Raises what must stop the worker."""
        records = await self._continuity.contiguous(tp, generation, records)
        if not records:
            return
        owned = self.own(tp.partition, generation)
        merge = owned.merge
        try:
            for record in records:
                merge.read(record.offset, record.timestamp, record.key or b"", record.value)
        except BaseException:
            owned.broken = True
            raise
        self._telemetry.merged(len(records), merge.outcomes, merge.refused)
        merge.refused = 0
        if time.monotonic() - owned.stated_at >= self._interval:
            await self.state(tp.partition, owned)

    def own(self, partition: int, generation: int) -> OwnedPartition:
        """The partition's state in this generation; a new generation begins with the acknowledged values."""
        owned = self.owned.get(partition)
        if owned is not None and owned.generation == generation:
            return owned
        merge = PartitionMerge(
            self._zone,
            lambda key: self._panes.values.get(_stored(partition, key)),
            lambda key: self._people.values.get(_stored(partition, key)),
            lambda key: self._panes.unstated(partition, _stored(partition, key)),
            lambda key: self._people.unstated(partition, _stored(partition, key)),
            self._limit,
        )
        for key in self._panes.keys_of(partition):
            if key[0] in (KeyKind.ADMITTED, KeyKind.LIMIT):
                merge.admissions.recover(key, self._panes.values[key])
        if owned is None:
            owned = self.owned[partition] = OwnedPartition(generation, merge, self._view(partition))
        else:
            merge.progress = owned.merge.progress
            owned = self.owned[partition] = OwnedPartition(generation, merge, owned.views, owned.progress)
        return owned

    def lost(self, partition: int) -> None:
        """The partition belongs to somebody else now, or is about to be recovered anew."""
        self.owned.pop(partition, None)

    async def run(self) -> None:
        """State what slices have left to be stated, and let panes expire. Raises what must stop the worker."""
        expire_at = time.monotonic() + EXPIRY_SECONDS
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = time.monotonic()
            for partition, owned in list(self.owned.items()):
                if now - owned.stated_at >= self._interval:
                    await self.state(partition, owned)
            if now >= expire_at:
                await self._expire()
                expire_at = time.monotonic() + EXPIRY_SECONDS

    async def state(self, partition: int, owned: OwnedPartition) -> None:
        """State what has been touched, wait for the broker, show it, and mark how far the log has been merged."""
        async with owned.stating:
            try:
                await self._state(partition, owned)
            except BaseException:
                # What was taken is not stated: nobody may mark past it while the worker stops.
                owned.broken = True
                raise

    async def _state(self, partition: int, owned: OwnedPartition) -> None:
        merge, generation = owned.merge, owned.generation
        if not self._current(partition, owned) or merge.at < 0:
            return
        began = time.monotonic()
        at, newest_ms = merge.at, merge.newest_ms
        with_people = merge.people_changed and began - owned.people_stated_at >= PEOPLE_SECONDS
        counters = merge.statements() if merge.changed else None
        people = merge.people_statements() if with_people else None
        progress = None
        if people is not None or not merge.people_changed:
            owned.people_at = at
            progress = merge.progress.copy()
        if counters is not None:
            await self._panes.state(partition, _all_stored(partition, counters.values))
        if people is not None:
            await self._people.state(partition, _all_stored(partition, people.values))
            owned.people_stated_at = began
        owned.stated_at = time.monotonic()
        if not self._current(partition, owned):
            return
        self._show(owned, counters, people)
        owned.progress = progress or owned.progress
        if counters is not None and newest_ms > owned.shown_ms:
            owned.shown_ms = newest_ms
            self._telemetry.shown(time.time() - newest_ms / 1000)
        if owned.people_at >= 0:
            self._consumer().mark(TP(self._topic, partition), generation, min(at, owned.people_at) + 1)
        self._stretch(owned.stated_at - began)

    def _current(self, partition: int, owned: OwnedPartition) -> bool:
        return (
            not owned.broken and self.owned.get(partition) is owned and self._consumer().generation == owned.generation
        )

    def _show(self, owned: OwnedPartition, counters: Statements | None, people: Statements | None) -> None:
        owned.merge.acknowledged()
        for statements in (counters, people):
            if statements is not None:
                for key, packed in statements.values.items():
                    owned.views.put(key, packed, statements.totals.get(key))

    def _view(self, partition: int) -> Views:
        views = Views(self._zone)
        for key in self._panes.keys_of(partition):
            if key[0] in (KeyKind.COUNTERS, KeyKind.LEDGER):
                packed = self._panes.values[key]
                views.put(key, packed, unpack(packed).totals)
        for key in self._people.keys_of(partition):
            views.put(key, self._people.values[key], None)
        return views

    async def _expire(self) -> None:
        for partition, owned in list(self.owned.items()):
            now_ms = owned.progress.least_good_until_ms(self._incarnations)
            if now_ms is None or not self._current(partition, owned):
                continue
            for table in (self._panes, self._people):
                keys = await self._expired(table, partition, now_ms)
                async with owned.stating:
                    owned.merge.drop(keys)
                    await table.forget(partition, keys)
            for panes in owned.views.campaigns.values():
                panes.prune(now_ms)

    async def _expired(self, table: StatementTable, partition: int, now_ms: int) -> set[bytes]:
        """The keys that have been kept long enough; the loop gets its turn between some thousands of them."""
        keys: set[bytes] = set()
        for looked_at, key in enumerate(tuple(table.keys_of(partition))):
            if expired(key, now_ms, self._zone):
                keys.add(key)
            if looked_at % KEYS_BETWEEN_TURNS == 0:
                await asyncio.sleep(0)
        return keys

    def _stretch(self, took_seconds: float) -> None:
        self._interval = min(STATE_SECONDS_UNDER_LOAD, max(STATE_SECONDS, took_seconds * 2, self._interval * 0.9))


_OF_EVERY_PARTITION = frozenset({KeyKind.LIMIT, KeyKind.REFUSED})


def _stored(partition: int, key: bytes) -> bytes:
    """The key in the table. A worker's tables hold all of its partitions, so what each of them has must name it."""
    return key + b"%d" % partition if key[0] in _OF_EVERY_PARTITION else key


def _all_stored(partition: int, values: dict[bytes, bytes]) -> dict[bytes, bytes]:
    if LIMIT_KEY not in values and REFUSED_KEY not in values:
        return values
    return {_stored(partition, key): value for key, value in values.items()}
