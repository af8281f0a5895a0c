"""Faults that a worker suffers inside: the worst moment, which signals from outside hit only now and then.

Each waits for a file of its own name in the worker's directory, so that the scene says when; it strikes once.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from aiokafka.producer.sender import Sender, SendProduceReqHandler
from faust.assignor.partition_assignor import PartitionAssignor
from faust.types import TP

from agents.kafka.assignor import CompleteAssignor
from agents.kafka.batches import Entry
from agents.kafka.table import StatementTable
from agents.kafka.thread import Found, SliceThread

SLOW_SECONDS = 2.5
SEEK_SECONDS = 1.0
TICK_SECONDS = 0.05
REPEAT = "repeat"


class Trigger:
    """A file that the scene makes; `strike` is true once for each time it was made."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def text(self) -> str:
        """What the scene has written into it; empty where it is not set."""
        return self._path.read_text() if self.set else ""

    @property
    def set(self) -> bool:
        """Whether it waits to strike."""
        return self._path.exists()

    def strike(self) -> bool:
        """Whether it is set; it is not any more."""
        found = self.set
        self._path.unlink(missing_ok=True)
        return found


def freeze_before_stating(trigger: Trigger) -> None:
    """The worker is frozen as it hands a statement to its producer."""
    send = StatementTable._send

    async def frozen(self: StatementTable, partition: int, entries: list[Entry]) -> None:
        if self.name == "panes" and entries and entries[0][1] is not None and trigger.strike():
            os.kill(os.getpid(), signal.SIGSTOP)
        await send(self, partition, entries)

    StatementTable._send = frozen  # type: ignore[method-assign]


def die_between_statement_and_tombstones(trigger: Trigger) -> None:
    """The worker dies between the two sends with which it restates a key of an older term."""
    expect, send = StatementTable._expect, StatementTable._send
    restating: set[int] = set()

    def expecting(self: StatementTable, partition: int, term: bytes, keys: Any) -> list[tuple[bytes, bytes]]:
        older = expect(self, partition, term, keys)
        if older and self.name == "panes" and trigger.set:
            restating.add(id(self))
        return older

    async def dying(self: StatementTable, partition: int, entries: list[Entry]) -> None:
        await send(self, partition, entries)
        if id(self) in restating and entries:
            trigger.strike()
            os.kill(os.getpid(), signal.SIGKILL)

    StatementTable._expect = expecting  # type: ignore[method-assign]
    StatementTable._send = dying  # type: ignore[method-assign]


def slow_producer(trigger: Trigger) -> None:
    """What the worker sends is on its way for long; what it reads and commits is not."""
    send: Callable[..., Any] = Sender._send_produce_req

    async def slow(self: Sender, node_id: int, batches: Any) -> Any:
        if trigger.set:
            await asyncio.sleep(SLOW_SECONDS)
        return await send(self, node_id, batches)

    Sender._send_produce_req = slow


def slow_coordinator(trigger: Trigger) -> None:
    """The broker takes its time to say where the group stands: between an assignment and the seek lies a second."""
    find = SliceThread.find

    async def slow(self: SliceThread, tps: Iterable[TP]) -> dict[TP, Found]:
        if trigger.set:
            await asyncio.sleep(SEEK_SECONDS)
        return await find(self, tps)

    SliceThread.find = slow  # type: ignore[method-assign]


def late_repetitions(trigger: Trigger) -> None:
    """What the worker sends while its file says so arrives once more when the file is gone, as a request does that
    timed out on its way."""
    create: Callable[..., Any] = SendProduceReqHandler.create_request
    repeating: set[asyncio.Task[None]] = set()

    def repeated(self: SendProduceReqHandler) -> Any:
        request = create(self)
        if trigger.text == REPEAT:
            task = asyncio.ensure_future(repeat(self._client, list(self._batches.values()), request))
            repeating.add(task)
            task.add_done_callback(repeating.discard)
        return request

    async def repeat(client: Any, batches: list[Any], request: Any) -> None:
        while trigger.set:
            await asyncio.sleep(TICK_SECONDS)
        node = client.cluster.leader_for_partition(batches[0].tp)
        await client.send(node, request)

    SendProduceReqHandler.create_request = repeated


def leader_without_metadata(trigger: Trigger) -> None:
    """The worker leads its group before it knows any partition of a topic."""

    class Blind:
        def __init__(self, cluster: Any) -> None:
            self._cluster = cluster

        def __getattr__(self, name: str) -> Any:
            return getattr(self._cluster, name)

        def partitions_for_topic(self, topic: str) -> None:
            return None

    def blinded(assign: Callable[..., Any]) -> Callable[..., Any]:
        def blind(self: PartitionAssignor, cluster: Any, member_metadata: Any) -> Any:
            return assign(self, Blind(cluster) if trigger.strike() else cluster, member_metadata)

        return blind

    for kind in (PartitionAssignor, CompleteAssignor):
        kind.assign = blinded(kind.assign)  # type: ignore[method-assign]


INNER_FAULTS: Mapping[str, Callable[[Trigger], None]] = {
    "freeze-before-stating": freeze_before_stating,
    "die-between-statement-and-tombstones": die_between_statement_and_tombstones,
    "slow-producer": slow_producer,
    "slow-coordinator": slow_coordinator,
    "late-repetitions": late_repetitions,
    "leader-without-metadata": leader_without_metadata,
}
