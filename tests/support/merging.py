"""One contribution merged into one value."""

from streams.counting.merge import Contribution, Counters, Outcome, Value, change
from streams.counting.merge import merge as merge_changes


def merge(value: Value, source: int, start: int, last: int, counters: Counters) -> Outcome:
    """Merge what the block of `source` that begins at `start` has counted up to `last`, where the rule says so."""
    contribution = Contribution(start, last, counters)
    outcome, changes = change(value.newest.get(source), contribution)
    if changes is not None:
        merge_changes(value, source, contribution, changes)
    return outcome
