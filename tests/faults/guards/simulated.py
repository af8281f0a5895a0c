"""Guards that the simulation shows: a rule is left out, and the same seeds are run without and with it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.simulation.rules import Rule
from tests.simulation.verdict import NEVER_FINISHED, Verdict, run

RULES: Mapping[Rule, range] = {
    Rule.ACKNOWLEDGED_BEFORE_NEXT_BLOCK: range(100),
    Rule.COMMITTED_BEFORE_NEXT_BLOCK: range(400),
    Rule.ACKNOWLEDGED_BEFORE_COMMIT: range(100),
    Rule.TOMBSTONES_LAST: range(100),
    Rule.IN_ORDER: range(100),
    Rule.CUT_BY_THE_LOG: range(100),
    Rule.CLAIMS_OUTLIVE_THE_LOG: range(100),
    Rule.FURTHEST_WINS: range(200),
    Rule.KEPT_VALUES_CATCH_UP: range(300),
}
"""The seeds that each rule is tried with: as many as it takes to need it. The others need a script (`SCRIPTS`)."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """What so many runs came to, together."""

    runs: int
    events: int
    wrong_runs: int
    lost: int
    doubled: int
    never_finished: int
    first_wrong: int | None

    def as_figures(self) -> dict[str, Any]:
        """For the table of results."""
        return {
            "runs": self.runs,
            "records": self.events,
            "wrong runs": self.wrong_runs,
            "lost": self.lost,
            "doubled": self.doubled,
            "never finished": self.never_finished,
            "first wrong seed": self.first_wrong,
        }


def simulate(seeds: range, without: Iterable[Rule] = (), forgetful: bool = False) -> Simulated:
    """Runs these seeds, on all cores."""
    return _sum(_verdicts(seeds, tuple(without), forgetful))


def _verdicts(seeds: range, without: tuple[Rule, ...], forgetful: bool) -> Iterator[Verdict]:
    if len(seeds) < 50:
        yield from (run(seed, without, forgetful=forgetful) for seed in seeds)
        return
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(partial(run, without=without, forgetful=forgetful), seeds, chunksize=10)


def _sum(verdicts: Iterable[Verdict]) -> Simulated:
    found = list(verdicts)
    wrong = [verdict for verdict in found if verdict.wrong]
    return Simulated(
        runs=len(found),
        events=sum(verdict.events for verdict in found),
        wrong_runs=len(wrong),
        lost=sum(verdict.lost for verdict in found),
        doubled=sum(verdict.doubled for verdict in found),
        never_finished=sum(NEVER_FINISHED in verdict.wrong for verdict in found),
        first_wrong=wrong[0].seed if wrong else None,
    )
