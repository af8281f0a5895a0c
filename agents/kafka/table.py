"""A Faust table of statements: packed values whose changelog survives zombies and compaction.

A record's key in the changelog is a term (one ownership of one partition in one generation: 4 bytes of the generation,
2 random ones) followed by the table key. So nobody overwrites another's statement, and recovery takes the furthest of
all terms. A key's statements of older generations are deleted only after its own statement has been acknowledged; those
of later generations never: a frozen owner that recovers late would delete its successor's.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import faust

from agents.kafka.batches import Entry, acknowledged, send_batch
from agents.kafka.recovered import GENERATION_BYTES, RecoveredTable


class StatementTable(RecoveredTable):
    """Values that the broker has acknowledged, of the partitions that this worker owns; see `RecoveredTable` for more.

    Attributes:
        send_timeout_seconds: how long an acknowledgement may take before `NotAcknowledged`.
    """

    def __init__(self, app: faust.App, *, reconcile: Callable[[bytes, bytes], bytes], **kwargs: Any) -> None:
        """As `RecoveredTable`."""
        super().__init__(app, reconcile=reconcile, **kwargs)
        self.send_timeout_seconds = 30.0
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def state(  # type: ignore[override]  # of a service it is a word that only its repr shows
        self, partition: int, statements: Mapping[bytes, bytes]
    ) -> bool:
        """States keys under the present term; once acknowledged they are in `values`, and older terms' are deleted.

        False where the partition is not owned or the generation changed meanwhile: nothing may then be committed past
        what was stated.

        Raises:
            SendError: not acknowledged in time, or too large. Stop the worker.
        """
        if not statements:
            return partition in self.term
        async with self._locks[partition]:
            term = self.term.get(partition)
            if term is None:
                return False
            self._check_owner(partition, statements)
            older = self._expect(partition, term, statements)
            await self._send(partition, [(term + key, value) for key, value in statements.items()])
            if self.term.get(partition) != term:
                return False
            self.values.update(statements)
            self._keys[partition].update(statements)
            unstated = self._unstated[partition]
            for key in statements:
                unstated.pop(key, None)
            await self._send(partition, [(old + key, None) for old, key in older])
            return self.term.get(partition) == term

    async def forget(self, partition: int, keys: Iterable[bytes]) -> bool:
        """Deletes keys under every term that may have stated them, then from `values`; otherwise as `state`."""
        async with self._locks[partition]:
            term = self.term.get(partition)
            if term is None:
                return False
            gone = [key for key in keys if key in self._keys[partition] or key in self._unstated[partition]]
            unstated = self._unstated[partition]
            await self._send(partition, [(old + key, None) for key in gone for old in {*unstated.get(key, ()), term}])
            if self.term.get(partition) != term:
                return False
            for key in gone:
                self._drop(partition, key)
                unstated.pop(key, None)
            return True

    def _check_owner(self, partition: int, statements: Mapping[bytes, bytes]) -> None:
        mine = self._keys[partition]
        for key in statements:
            if key in self.values and key not in mine:
                raise ValueError(f"key {key!r} of table {self.name} belongs to another partition than {partition}")

    def _expect(self, partition: int, term: bytes, keys: Iterable[bytes]) -> list[tuple[bytes, bytes]]:
        """Notes that `keys` may stand under `term` from now on; returns (older term, key) of what that replaces."""
        unstated, known = self._unstated[partition], self._keys[partition]
        older: list[tuple[bytes, bytes]] = []
        for key in keys:
            terms = unstated.get(key)
            if terms is None:
                if key not in known:
                    unstated[key] = (term,)
                continue
            older += [(old, key) for old in terms if old[:GENERATION_BYTES] < term[:GENERATION_BYTES]]
            if term not in terms:
                unstated[key] = (*terms, term)
        return older

    async def _send(self, partition: int, entries: list[Entry]) -> None:
        if entries:
            timeout = self.send_timeout_seconds
            app = cast(faust.App, self.app)
            await acknowledged(
                await send_batch(app, self.changelog_topic_name, partition, entries, timeout_seconds=timeout)
            )
