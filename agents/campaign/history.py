"""The calendar months before the present one, of one channel of a campaign, in the reporting time zone."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from streams.counting.windows import Counters, WindowSums

MONTHS = 12
"""Whole months that are shown. Day panes are kept for 400 days, which is these and the present one."""

WINDOW = "month"


def month_history(
    present: WindowSums, month_that_ends: Callable[[int], WindowSums], whole: Sequence[WindowSums] = ()
) -> tuple[WindowSums, ...]:
    """The twelve months before that of `present`, the newest first.

    month_that_ends: the window `month` that ends at a time (epoch milliseconds). whole: the same months of all channels
    together, empty where these are they. Each month's `launch` is what had been counted by its end.
    """
    months: list[WindowSums] = []
    later = present
    for place in range(MONTHS):
        month = month_that_ends(later.start_ms)
        launch = _less(later.launch, later.counters)
        later = replace(month, launch=launch, launch_at_end=True, whole=whole[place] if whole else None)
        months.append(later)
    return tuple(months)


def _less(counters: Counters, taken: Counters) -> Counters:
    return {measure: count - taken.get(measure, 0) for measure, count in counters.items()}
