"""The campaign agent: merges summaries into panes, shows them, and states them in the changelog.

A slice of the summaries topic is merged at once in memory, and what is merged is shown. The changelog hears of it only
every ten seconds, or when nothing comes for a moment: whoever owns the partition next merges the log from the last
mark on once more, which changes nothing that was counted. A figure that was seen once never falls with that, because
nobody shows a partition before having merged all that stood in its log when it was taken over.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from faust.types import TP

from agents.campaign.owned import OwnedPartition
from agents.campaign.rounds import Rounds
from agents.kafka.continuity import Continuity
from agents.kafka.records import Record
from agents.kafka.slices import SliceConsumer
from agents.kafka.table import StatementTable
from agents.telemetry import Telemetry
from streams.counting.expiry import expired
from streams.counting.facts import is_fact
from streams.counting.partition import PartitionMerge, Round
from streams.counting.statements import LIMIT_KEY, REFUSED_KEY, KeyKind
from streams.counting.view import Views

TICK_SECONDS = 0.05
SHOW_SECONDS = 5.0
"""What is merged is shown when somebody looks, and at least so often: a key that changes ten times meanwhile costs
once."""

EXPIRY_SECONDS = 60.0
KEYS_BETWEEN_TURNS = 5000
KEYS_OF_A_PART = 500
SKETCHES_OF_A_PART = 100


class Campaigns:
    """All partitions that this worker owns. `lost` is the table's hook.

    Attributes:
        owned: those whose figures may be shown.
    """

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
        self._merging: dict[int, OwnedPartition] = {}
        self._rounds = Rounds()
        self.owned: dict[int, OwnedPartition] = {}

    async def take(self, tp: TP, generation: int, records: Sequence[Record]) -> None:
        """Merge one slice. Raises what must stop the worker."""
        records = await self._continuity.contiguous(tp, generation, records)
        if not records:
            return
        owned = self.own(tp.partition, generation)
        merge = owned.merge
        try:
            for record in records:
                merge.read(record.offset, record.timestamp, record.key or b"", record.value or b"")
        except BaseException:
            owned.broken = True
            raise
        if merge.outcomes:
            owned.read_at = time.monotonic()
        self._telemetry.merged(len(records), merge.outcomes, merge.refused)
        merge.refused = 0
        if merge.newest_ms > owned.visible_ms and self.owned.get(tp.partition) is owned:
            owned.visible_ms = merge.newest_ms
            self._telemetry.visible(time.time() - merge.newest_ms / 1000)

    def own(self, partition: int, generation: int) -> OwnedPartition:
        """The partition's state in this generation; a new generation begins with the acknowledged values."""
        owned = self._merging.get(partition)
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
            owned = OwnedPartition(generation, merge, self._view(partition))
        else:
            # The next merge begins with what is stated, so what was stated and not yet shown is no news to it.
            unshown = owned.unshown | {key for key, _ in owned.merge.news()}
            merge.progress = owned.merge.progress
            owned = OwnedPartition(
                generation, merge, owned.views, owned.progress, visible_ms=owned.visible_ms, unshown=unshown
            )
            if partition in self.owned:
                self.owned[partition] = owned
        owned.stated_at = time.monotonic()
        self._merging[partition] = owned
        return owned

    def lost(self, partition: int) -> None:
        """The partition belongs to somebody else now, or is about to be recovered anew."""
        self._merging.pop(partition, None)
        self.owned.pop(partition, None)

    def value_of(self, key: bytes) -> bytes | None:
        """What the table has under the key of a campaign's counters; None where there is nothing."""
        return self._panes.values.get(key)

    def newest(self, partition: int, campaign: str) -> int | None:
        """The offset of the last summary that was merged of a campaign in the present generation; None: of none."""
        owned = self._merging.get(partition)
        return None if owned is None else owned.merge.newest.get(campaign.encode())

    @property
    def partitions(self) -> tuple[int, ...]:
        """Those of this worker, whether or not their figures may be shown."""
        return tuple(self._merging)

    def show(self, partition: int, campaign: str = "") -> None:
        """Bring into the views of a partition what has been merged since the last call. Whoever looks calls it, for
        what it looks at: a change costs as often as it is shown.

        campaign: the only one that is looked at. The partition's progress is then ahead of the figures of the others,
        until somebody looks at these.
        """
        owned = self._merging.get(partition)
        if owned is None or not self._current(partition, owned) or not self._caught_up(partition, owned):
            return
        self.owned[partition] = owned
        merge = owned.merge
        for key in owned.unshown:
            if (packed := self._packed(partition, key)) is not None:
                owned.views.put(key, packed)
        owned.unshown.clear()
        for key, value in merge.news(campaign.encode()):
            owned.views.put(key, value)
        owned.progress = merge.progress.copy()
        if not campaign:
            owned.shown_at = time.monotonic()

    async def run(self) -> None:
        """State what slices have left to be stated, and let panes expire. Raises what must stop the worker."""
        expire_at = time.monotonic() + EXPIRY_SECONDS
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = time.monotonic()
            for partition, owned in list(self._merging.items()):
                if now - owned.shown_at >= SHOW_SECONDS:
                    self.show(partition)
                    await asyncio.sleep(0)
            for partition, owned in self._rounds.due(self._merging, now):
                await self.state(partition, owned)
            if now >= expire_at:
                await self.expire()
                expire_at = time.monotonic() + EXPIRY_SECONDS

    async def state(self, partition: int, owned: OwnedPartition) -> None:
        """State what has been touched, wait for the broker, and mark how far the log has been merged."""
        async with owned.stating:
            if not self._current(partition, owned):
                return
            try:
                await self._state(partition, owned)
            except BaseException:
                # What was taken is not stated: nobody may mark past it while the worker stops.
                owned.broken = True
                raise

    async def _state(self, partition: int, owned: OwnedPartition) -> None:
        merge, generation = owned.merge, owned.generation
        # A value is only let go for what the table holds where the views have it already.
        self.show(partition)
        current = merge.begin_round()
        for table, statements in self._parts(merge, current):
            await table.state(partition, _all_stored(partition, statements))
            if not self._current(partition, owned):
                return
        for key in merge.end_round(current):
            if (packed := self._packed(partition, key)) is not None:
                owned.views.settled(key, packed)
        owned.stated_at, owned.stated_to = time.monotonic(), current.at
        self._consumer().mark(TP(self._topic, partition), generation, current.at + 1)

    def _packed(self, partition: int, key: bytes) -> bytes | None:
        """What the table has under a key of the merge."""
        return (self._people if key[0] in _SKETCHES else self._panes).values.get(_stored(partition, key))

    def _parts(self, merge: PartitionMerge, current: Round) -> Iterator[tuple[StatementTable, dict[bytes, bytes]]]:
        """The round in parts that are packed when their turn comes: the loop must not stand still for a whole one."""
        for begin in range(0, len(current.keys), KEYS_OF_A_PART):
            yield self._panes, merge.pack(current.keys[begin : begin + KEYS_OF_A_PART])
        for begin in range(0, len(current.people), SKETCHES_OF_A_PART):
            yield self._people, merge.pack_people(current.people[begin : begin + SKETCHES_OF_A_PART])

    def _current(self, partition: int, owned: OwnedPartition) -> bool:
        return (
            not owned.broken
            and self._merging.get(partition) is owned
            and self._consumer().generation == owned.generation
        )

    def _caught_up(self, partition: int, owned: OwnedPartition) -> bool:
        if not owned.caught_up:
            end = self._consumer().end_at_start(TP(self._topic, partition))
            owned.caught_up = end is not None and owned.merge.at + 1 >= end
        return owned.caught_up

    def _view(self, partition: int) -> Views:
        views = Views(self._zone)
        for table, kinds in ((self._panes, _COUNTERS), (self._people, _SKETCHES)):
            for key in table.keys_of(partition):
                if key[0] in kinds:
                    views.put(key, table.values[key])
        return views

    async def expire(self) -> None:
        """Forget the panes and facts that have been kept long enough. Raises what must stop the worker."""
        for partition, owned in list(self.owned.items()):
            now_ms = owned.progress.least_good_until_ms(self._incarnations)
            if now_ms is None or not self._current(partition, owned):
                continue
            for table in (self._panes, self._people):
                keys = await self._expired(table, partition, now_ms)
                async with owned.stating:
                    # A fact that was stated anew since it was looked at may not be old any more.
                    keys = {key for key in keys if not is_fact(key) or self._is_old(table, key, now_ms)}
                    owned.merge.drop(keys)
                    await table.forget(partition, keys)
            for panes in owned.views.campaigns.values():
                panes.prune(now_ms)

    async def _expired(self, table: StatementTable, partition: int, now_ms: int) -> set[bytes]:
        """The keys that have been kept long enough; the loop gets its turn between some thousands of them."""
        keys: set[bytes] = set()
        for looked_at, key in enumerate(tuple(table.keys_of(partition))):
            if self._is_old(table, key, now_ms):
                keys.add(key)
            if looked_at % KEYS_BETWEEN_TURNS == 0:
                await asyncio.sleep(0)
        return keys

    def _is_old(self, table: StatementTable, key: bytes, now_ms: int) -> bool:
        return expired(key, now_ms, self._zone, table.values.get(key))


_COUNTERS = frozenset({KeyKind.COUNTERS, KeyKind.LEDGER, KeyKind.FACT})
_SKETCHES = frozenset({KeyKind.PEOPLE, KeyKind.REFUSED})
_OF_EVERY_PARTITION = frozenset({KeyKind.LIMIT, KeyKind.REFUSED})


def _stored(partition: int, key: bytes) -> bytes:
    """The key in the table. A worker's tables hold all of its partitions, so what each of them has must name it."""
    return key + b"%d" % partition if key[0] in _OF_EVERY_PARTITION else key


def _all_stored(partition: int, values: dict[bytes, bytes]) -> dict[bytes, bytes]:
    if LIMIT_KEY not in values and REFUSED_KEY not in values:
        return values
    return {_stored(partition, key): value for key, value in values.items()}
