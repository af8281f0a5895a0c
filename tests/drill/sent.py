"""When an engagement drop is statistically there in what was sent, whatever any rule makes of it.

The test is the alert's, by its own thresholds, done on the simulator's account: no worker, no Prometheus takes part.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from grafana import thresholds as at

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A record that counts. at: the monotonic second at which it was made. The others: what it adds."""

    at: float
    engaged: int
    exposed: int
    visits: int


def drop_there_since(sent: Sequence[Sent], began: float, now: float) -> float | None:
    """The first second from `began` on, until `now`, in which engagements are so far below what the time before `began`
    makes expect that chance does not explain it; None where there is none. sent: in the order of time."""
    times = [one.at for one in sent]
    before = sent[: bisect_left(times, began)]

    def minutes(number: int, moment: float) -> Sequence[Sent]:
        return sent[bisect_left(times, moment - number * MINUTE) : bisect_left(times, moment)]

    for second in range(1, math.floor(now - began) + 1):
        moment = began + second
        if _dropped(before, minutes(1, moment), minutes(2, moment)):
            return moment
    return None


def _dropped(before: Sequence[Sent], minute: Sequence[Sent], both: Sequence[Sent]) -> bool:
    expected, past = _expected(before, both), _engaged(before)
    if expected < at.ENGAGEMENT_EXPECTED or not past:
        return False
    z = (_engaged(both) - expected) / math.sqrt(expected * (1 + expected / past))
    fallen = _engaged(both) < at.ENGAGEMENT_KEPT * expected
    return fallen and _engaged(minute) < at.ENGAGEMENT_KEPT_NOW * _expected(before, minute) and z < -at.ENGAGEMENT_Z


def _expected(before: Sequence[Sent], span: Sequence[Sent]) -> float:
    """By the exposures or by the visits in it, whichever expects more."""
    exposed, visits = sum(one.exposed for one in before), sum(one.visits for one in before)
    by_exposure = sum(one.exposed for one in span) / exposed if exposed else 0.0
    by_visit = sum(one.visits for one in span) / visits if visits else 0.0
    return _engaged(before) * max(by_exposure, by_visit)


def _engaged(span: Sequence[Sent]) -> int:
    return sum(one.engaged for one in span)
