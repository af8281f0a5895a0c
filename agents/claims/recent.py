"""The latest claims of this worker, kept so that they can be made again when Redis has lost its last second or two."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from agents.claims.keys import RECORD_BYTES, Batch, losers

# Of a call's tuples and of its strings' headers, beside its records.
_CALL_BYTES = 500


class Call(NamedTuple):
    """One call of the script: a batch, and how long its buckets outlive their hour (milliseconds, -1 for ever)."""

    batch: Batch
    keep_ms: int


class _Done(NamedTuple):
    at: float
    calls: Sequence[Call]
    size: int


class Recent:
    """Claims of the last `seconds` that were won, at most `limit_bytes` of them; older ones are forgotten first.

    Who has lost an identity must not claim it again: where Redis has forgotten its owner too, the loser would get it,
    though it has been counted as a duplicate, and the owner would lose to it when it is read again.

    `repaired` counts the ids that were claimed again, `conflicts` those that somebody else owned by then.
    """

    def __init__(self, seconds: float, limit_bytes: int) -> None:
        self._seconds, self._limit = seconds, limit_bytes
        self._done: deque[_Done] = deque()
        self._bytes = 0
        self.repaired = self.conflicts = 0

    def add(self, now: float, calls: Sequence[Call], lost: set[int]) -> None:
        """Remembers calls that were answered at `now` (seconds of the loop's clock) with these losers."""
        won = [_won(call, lost) for call in calls] if lost else calls
        size = sum(len(call.batch.records) + _CALL_BYTES for call in won)
        self._done.append(_Done(now, won, size))
        self._bytes += size
        # Aged by the newest work, not by the clock: an outage must not make the work before it forgotten.
        while self._done and (self._done[0].at < now - self._seconds or self._bytes > self._limit):
            self._bytes -= self._done.popleft().size

    async def repair(self, run: Callable[[Sequence[Call]], Awaitable[list[bytes]]]) -> int:
        """Makes all of them again through `run`, oldest first; returns how many ids that were."""
        count = 0
        for done in tuple(self._done):
            self.conflicts += len(losers([call.batch for call in done.calls], await run(done.calls)))
            count += sum(len(call.batch.places) for call in done.calls)
        self.repaired += count
        return count


def _won(call: Call, lost: set[int]) -> Call:
    batch = call.batch
    # Few are lost, and those who won are many: cut out the former.
    records, places = bytearray(batch.records), list(batch.places)
    gone = [at for at, place in enumerate(batch.places) if place in lost]
    for at in reversed(gone):
        del records[at * RECORD_BYTES : (at + 1) * RECORD_BYTES], places[at]
    return call._replace(batch=batch._replace(records=bytes(records), places=places))
