"""Python's collector of reference cycles, set for a process whose objects come and go in thousands.

A fetch makes some ten thousand objects at once that all die with their slice, none of them in a cycle. As it comes, the
collector looks through them every 700 allocations, which takes half of the time of unpacking a fetch.
"""

import gc

YOUNG = 50_000
"""Allocations beyond deallocations until the youngest are looked through: more than a fetch leaves behind."""

MIDDLE, OLD = 20, 20


def collect_less() -> None:
    """Let the collector run after thousands of fetches, not within each. Memory that cycles hold is freed later by
    at most some ten megabytes."""
    gc.set_threshold(YOUNG, MIDDLE, OLD)
