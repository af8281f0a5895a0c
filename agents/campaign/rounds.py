"""When a partition is stated: at once where nothing comes any more, one after the other where something always does."""

from collections.abc import Mapping

from agents.campaign.owned import OwnedPartition

STATE_SECONDS = 10.0
"""So much of the log is merged again by the next owner, and so often is a changing key written to the changelog."""

QUIET_SECONDS = 0.5


class Rounds:
    """Whose turn it is. All partitions of a worker begin at the same moment; stated at the same moment too, they would
    take the worker's core for seconds, and every figure would be older for that long."""

    def __init__(self) -> None:
        self._turn_at = 0.0

    def due(self, partitions: Mapping[int, OwnedPartition], now: float) -> list[tuple[int, OwnedPartition]]:
        """The partitions to be stated now, in seconds of the clock that `stated_at` and `read_at` are of."""
        due, changing = [], []
        for item in partitions.items():
            if _quiet(item[1], now):
                due.append(item)
            elif item[1].merge.changed:
                changing.append(item)
        if changing:
            pace = STATE_SECONDS / len(changing)
            if now - self._turn_at >= pace:
                self._turn_at = max(self._turn_at + pace, now - pace)
                due.append(min(changing, key=lambda item: item[1].stated_at))
        return due


def _quiet(owned: OwnedPartition, now: float) -> bool:
    """Whether nothing has come for a moment that would have to be stated soon again."""
    if owned.merge.changed:
        return now - owned.read_at >= QUIET_SECONDS
    # Progress alone moves on: the mark follows, now and then.
    return owned.merge.at > owned.stated_to and now - owned.stated_at >= QUIET_SECONDS
