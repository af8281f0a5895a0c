"""With all rules in force nothing goes wrong, whatever fails and whenever."""

import os
from collections import Counter

from tests.simulation.verdict import run

RUNS = int(os.environ.get("LAUNCHPULSE_SIMULATION_RUNS", "250"))


def test_every_counter_equals_the_recount_after_any_faults() -> None:
    events = 0
    seen: Counter[str] = Counter()
    for seed in range(RUNS):
        verdict = run(seed)
        assert not verdict.wrong, str(verdict)
        events += verdict.events
        seen.update(verdict.seen)
    print(f"{RUNS} runs, {events} events, {dict(seen)}")
    if RUNS >= 100:
        assert events > 100 * RUNS
        hard = ("retention", "expiry", "compaction", "tombstones", "new", "replaced", "added", "old", "same")
        assert [what for what in hard if not seen[what]] == []
        assert seen["generations"] > 10 * RUNS


def test_nothing_is_lost_where_redis_forgets_its_latest_claims_while_workers_die() -> None:
    for seed in range(RUNS):
        verdict = run(seed, forgetful=True)
        assert not verdict.wrong, str(verdict)


def test_a_run_is_a_function_of_its_seed() -> None:
    assert run(7) == run(7)
