"""What is played on real parts: each guard, what switches it off, and the scene in which that must be found."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.guards import broker_scenes, scenes
from tests.faults.guards.running import GuardedDeployment, Outcome
from tests.support.kafka import KafkaBroker
from tests.support.redis import RedisServer

Scene = Callable[[GuardedDeployment], Outcome]

SMALL_BLOCKS: Mapping[str, Any] = {"test_block_offsets": 20}
"""An open block is read again by the next owner, which heals what it had said itself: most blocks must be closed."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A scene on real parts. `off`: sets of guards that are switched off, each a run of its own.

    A run in `covered` must end exact, because another guard (named there) covers the same hole; all others must not.
    faults: inner faults that the scene has triggers for. settings: of the workers. named: the control may not be exact,
    but has to refuse what is lost by name.
    """

    scene: Scene
    off: tuple[tuple[str, ...], ...]
    covered: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    named: bool = False

    def found(self, outcome: Outcome) -> bool:
        """Whether the harness has found that something is wrong, and nobody else had said so."""
        if self.named:
            return not outcome.exact and not outcome.figures[broker_scenes.REFUSED]
        return not outcome.exact

    def play(self, broker: KafkaBroker, without: tuple[str, ...] = ()) -> Outcome:
        """One run, with topics, workers and a Redis of its own."""
        with (
            tempfile.TemporaryDirectory(prefix="launchpulse-guards-") as directory,
            RedisServer() as redis,
            GuardedDeployment(Path(directory), broker, redis, without, self.faults, **self.settings) as deployment,
        ):
            return self.scene(deployment)


STAGED: Mapping[str, Staged] = {
    "gate": Staged(
        scenes.backlog_behind_a_slow_coordinator,
        off=(("gate",), ("continuity",), ("giving back",), ("gate", "continuity")),
        covered={
            ("gate",): "continuity took no record twice: of what was handed over it dropped what was read again",
            ("continuity",): "the gate let nothing through before the seek",
            ("giving back",): "the gate had nothing to give back here; a gap would be read again by continuity",
        },
        faults=("slow-coordinator",),
    ),
    "continuity, retention": Staged(broker_scenes.retention_overtakes, off=(("continuity",),), named=True),
    "marks": Staged(scenes.killed_while_counting, off=(("marks",),)),
    "generations": Staged(scenes.rebalances_under_load, off=(("generations",),)),
    "terms": Staged(scenes.frozen_as_it_states, off=(("terms",),), faults=("freeze-before-stating",)),
    "order of tombstones": Staged(
        scenes.dies_as_it_restates,
        off=(("order of tombstones",),),
        faults=("die-between-statement-and-tombstones",),
        settings=SMALL_BLOCKS,
    ),
    "assignor": Staged(
        broker_scenes.leader_without_metadata,
        off=(("assignor",), ("watch on ownership",), ("assignor", "watch on ownership")),
        covered={
            ("assignor",): "the watch on ownership found partitions without an owner and had the group assign again",
            ("watch on ownership",): "the assignor had the group assign again",
        },
        faults=("leader-without-metadata",),
    ),
    "idempotent producer": Staged(
        scenes.late_repetitions,
        off=(("idempotent producer",),),
        faults=("late-repetitions",),
        settings=SMALL_BLOCKS,
    ),
    "awaiting acknowledgements": Staged(
        scenes.killed_with_much_on_its_way,
        off=(("awaiting acknowledgements",), ("awaiting acknowledgements", "flushing before commits")),
        covered={("awaiting acknowledgements",): "Faust flushes its producer before it commits"},
        faults=("slow-producer",),
        settings={"test_block_offsets": 50},
    ),
    "retry at start": Staged(broker_scenes.broker_away_at_start, off=(("retry at start",),)),
    "reading committed": Staged(broker_scenes.aborted_transaction, off=(("reading committed",),)),
    "evicting": Staged(scenes.partitions_that_went, off=(("evicting",),)),
    "reading whole changelogs": Staged(
        scenes.frozen_and_back,
        off=(("reading whole changelogs",),),
        covered={
            ("reading whole changelogs",): "Faust's own recovery forgets the positions of changelogs that leave, too"
        },
    ),
}
"""By the guard. A control, with no guard off, belongs to each."""
