"""The forms of a run, and the plans: which runs the long and the short form are made of."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.faults.kinds import WORKERS_CHANGE

SMALL_BLOCKS = 2_000
START_SECONDS, END_SECONDS = 25, 45
"""Of a run, before its first and after its last fault: parts and workers start; recount, comparison, fresh worker."""
SETTLED_SECONDS = 4
FAST = 4_000
"""Events a second, once the faults are over."""

# Seconds that a fault lasts by itself; of those that last as long as a session, beside it.
_LASTS = {
    "kill": 9, "kill all": 7, "freeze": 6, "pause": 3, WORKERS_CHANGE: 5, "broker": 9, "redis": 5, "power cut": 7,
    "network cut": 8, "network delay": 11, "clock jump": 6, "compaction": 13, "new owner": 9,
}  # fmt: skip
_BEYOND_THE_SESSION = {"freeze", "compaction"}
_DEAD_FOR_A_SESSION = {"kill", "kill all", "new owner"}


@dataclass(frozen=True, slots=True)
class Form:
    """What a run is like. `faults`: how often which; `blocks`: offsets after which a block ends, None: the default."""

    title: str
    faults: Mapping[str, int]
    blocks: int | None = SMALL_BLOCKS
    session_seconds: int = 6


FORMS: Mapping[str, Form] = {
    "small": Form(
        "small blocks, session of 6 s",
        {"kill": 3, "kill all": 1, "freeze": 2, "pause": 1, WORKERS_CHANGE: 2, "broker": 1, "redis": 1},
    ),
    "default": Form(
        "blocks and session (15 s) as in production",
        {"kill": 2, "kill all": 1, "freeze": 1, "pause": 1, WORKERS_CHANGE: 3, "broker": 1, "redis": 1},
        blocks=None,
        session_seconds=15,
    ),
    "large": Form(
        "blocks as in production, session of 6 s",
        {"kill": 2, "freeze": 2, WORKERS_CHANGE: 3, "broker": 2, "redis": 2},
        blocks=None,
    ),
    "network": Form(
        "one worker's network cut and slow, small blocks",
        {"network cut": 4, "network delay": 3, "kill": 1, "freeze": 1, "broker": 1},
    ),
    "clock": Form(
        "workers' clocks jump, blocks as in production",
        {"clock jump": 10, "kill": 1, "freeze": 1, WORKERS_CHANGE: 2},
        blocks=None,
    ),
    "power": Form(
        "Redis loses its last second, small blocks",
        {"power cut": 5, "kill": 1, "freeze": 1, "redis": 1},
    ),
    "compaction": Form(
        "forced compaction, zombies, new owners; small blocks",
        {"compaction": 4, "new owner": 3, "kill": 1},
    ),
    "short": Form(
        "one fault of every kind that matters, small blocks",
        {"kill": 1, "freeze": 1, WORKERS_CHANGE: 2, "broker": 1, "redis": 1, "network cut": 1},
    ),
}


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a plan: the same seed makes the same events and the same faults in the same order.

    rate: events a second while faults happen; events: so many at least, the rest is sent fast at the end.
    """

    form: str
    seed: int
    events: int
    rate: int = 1_600
    faults: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        planned = [kind for kind, times in sorted(FORMS[self.form].faults.items()) for _ in range(times)]
        random.Random(self.seed).shuffle(planned)
        object.__setattr__(self, "faults", tuple(planned))

    @property
    def name(self) -> str:
        """Of the run in a plan, in messages and files."""
        return f"{self.form}-{self.seed}"

    @property
    def expected_seconds(self) -> float:
        """How long it takes, roughly."""
        session = FORMS[self.form].session_seconds
        lasts = sum(
            _LASTS[kind] + session * (kind in _BEYOND_THE_SESSION) + session * 0.5 * (kind in _DEAD_FOR_A_SESSION)
            for kind in self.faults
        )
        faults = lasts + len(self.faults) * SETTLED_SECONDS
        rest = max(0.0, self.events - faults * self.rate) / FAST
        return START_SECONDS + faults + rest + END_SECONDS

    @property
    def described(self) -> dict[str, Any]:
        """What it was told, as a state file has it."""
        return {**asdict(self), "faults": list(self.faults)}


LONG = (
    Run("small", 101, 260_000),
    Run("default", 102, 300_000),
    Run("network", 103, 260_000),
    Run("clock", 104, 230_000),
    Run("power", 105, 220_000),
    Run("compaction", 106, 240_000),
    Run("large", 107, 280_000),
    Run("small", 108, 260_000),
)
SHORT = (Run("short", 7, 30_000, rate=600),)
