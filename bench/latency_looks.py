"""How long until something is visible, from few looks: each says of each probe how old it is and whether it is shown.

Whoever looks seldom sees a probe late; that is the looking, not the service. What does not depend on it is the share of
the probes of an age that are shown. It can only rise with the age, so it is fitted as a rising step function (isotonic
regression by pooling adjacent violators), which is the maximum likelihood estimate for such data.
"""

from __future__ import annotations

from collections.abc import Iterable

Look = tuple[float, bool]
"""(seconds since the probe was sent, whether it is shown)."""


def spread(looks: Iterable[Look]) -> dict[str, float]:
    """p50, p90 and p99: the age from which on so large a share is shown. min: the youngest shown. max: the oldest that
    is not. count: of looks. Empty where no look shows anything."""
    ordered = sorted(looks)
    shown = [age for age, is_shown in ordered if is_shown]
    if not shown:
        return {}
    steps = _rising(ordered)

    def age_of(share: float) -> float:
        return next((age for age, fitted in steps if fitted >= share), steps[-1][0])

    return {
        "min": shown[0],
        "p50": age_of(0.5),
        "p90": age_of(0.9),
        "p99": age_of(0.99),
        "max": max((age for age, is_shown in ordered if not is_shown), default=shown[0]),
        "count": len(ordered),
    }


def _rising(ordered: list[Look]) -> list[tuple[float, float]]:
    """(age from which on, share shown), both rising."""
    pools: list[tuple[float, int, int]] = []
    for age, is_shown in ordered:
        begin, good, number = age, int(is_shown), 1
        while pools and pools[-1][1] * number >= good * pools[-1][2]:
            earlier = pools.pop()
            begin, good, number = earlier[0], earlier[1] + good, earlier[2] + number
        pools.append((begin, good, number))
    return [(begin, good / number) for begin, good, number in pools]
