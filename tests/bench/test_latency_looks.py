"""The time until something is visible is found from few looks, however seldom they are."""

from __future__ import annotations

import random
from bisect import bisect_right

import pytest

from bench.latency_looks import Look, spread


def _looks(every: float, seed: int = 1) -> list[Look]:
    """Of ten probes a second, each visible after 0.3 to 0.7 s, looked at for 5 s of their age."""
    rng = random.Random(seed)
    probes = sorted((rng.uniform(0, 600), rng.uniform(0.3, 0.7)) for _ in range(6_000))
    looks = []
    for number in range(int(600 / every)):
        now = number * every
        seen = probes[bisect_right(probes, (now - 5, 1)) : bisect_right(probes, (now, 1))]
        looks += [(now - sent, now - sent >= takes) for sent, takes in seen]
    return looks


@pytest.mark.parametrize("every", [0.2, 2.0, 3.3])
def test_percentiles_do_not_depend_on_how_often_one_looks(every: float) -> None:
    found = spread(_looks(every))
    assert found["p50"] == pytest.approx(0.5, abs=0.04)
    assert found["p99"] == pytest.approx(0.696, abs=0.05)
    assert 0.3 <= found["min"] < 0.35
    assert 0.65 < found["max"] <= 0.7


def test_looks_that_show_nothing_have_no_percentiles() -> None:
    assert spread([(0.1, False), (0.4, False)]) == {}
