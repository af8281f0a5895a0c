"""Memory: of an idle worker, of a live campaign with every pane full, over ten minutes, and of an id in Redis."""

from __future__ import annotations

from typing import Any

from bench import memory_idle, memory_panes, memory_redis
from bench.parts import Stage, machine, say

WANTED_MB = {"counters": 4.0, "with_sketches": 15.0}
WANTED_GROWTH = 0.02
"""The last third of the time may hold so much more than the first, as a share: what a sampled figure varies by."""

PARTS = ("idle", "campaign", "growth", "redis")


def run(quick: bool = False, only: str = "") -> dict[str, Any]:
    """The figures; quick: few campaigns, two minutes of growth, one round. only: one of PARTS."""
    result: dict[str, Any] = {"machine": machine()}
    few, many, seconds, minutes = (2, 8, 30.0, 2) if quick else (10, 40, 75.0, 10)
    wanted = [part for part in PARTS if only in ("", part)]
    with Stage() as stage:
        if "idle" in wanted:
            result["idle"] = memory_idle.measure(stage, 1 if quick else 3)
            say(f"idle: {result['idle']}")
        if {"campaign", "growth"} & set(wanted):
            histories = memory_panes.Histories()
            result["history"] = histories.described()
        if "campaign" in wanted:
            for name, with_sketches in (("counters", False), ("with_sketches", True)):
                found = memory_panes.a_campaign(stage, histories, few, many, with_sketches, seconds)
                met = found["mb_a_campaign"] <= WANTED_MB[name]
                result[name] = {**found, "wanted_mb": WANTED_MB[name], "met": met}
                say(f"{name}: {result[name]}")
        if "growth" in wanted:
            samples = memory_panes.under_load(stage, histories, many, True, minutes * 60.0)
            found = memory_panes.growth(samples)
            met = found["last_third_mb"] <= found["first_third_mb"] * (1 + WANTED_GROWTH)
            result["growth"] = {**found, "campaigns": many, "rate": memory_panes.RATE, "met": met}
            say(f"growth: {found['mb_a_minute']:.2f} MB a minute")
    if "redis" in wanted:
        result["redis"] = memory_redis.measure(quick)
        say(f"redis: {result['redis']}")
    return result
