"""How the profile of one event's way is told: each step beside the least that anything could do instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

STEPS = (
    ("fetch", "limit_fetch", "records out of a fetch, checksums checked", "the checksum (CRC-32C) of the same bytes"),
    ("decode", "limit_decode", "JSON to checked events", "msgspec decodes the same bytes, nothing is checked"),
    ("claim", "limit_claim", "claims of the ids, the worker's part", "Redis' CPU for the same ids, on its own core"),
    ("fold", "limit_fold", "counted into panes, people hashed", "`Counter` over campaign and channel"),
    ("summary", None, "summaries of the open blocks, four times a second", ""),
    ("merge", None, "merged into table values and sketches", ""),
    ("show", None, "brought to what is shown, where somebody looks once a second", ""),
    ("statement", None, "packed for the changelog, once in ten seconds", ""),
)


def section(found: Mapping[str, Any], throughput: Mapping[str, Any] | None) -> str:
    """Markdown."""
    us, picture = found["us"], found["us"]["pictures"]
    lines = [
        "## One event's way\n",
        "Microseconds of CPU an event: each step alone, the real functions over real slices, of a worker that gets "
        f"{found['rate']:,} events a second in 20 partitions.\n",
        "| step | what | µs an event | the least that anything could do | µs an event |",
        "|---|---|---|---|---|",
    ]
    for step, limit, what, least in STEPS:
        bound = "" if limit is None else f"{us[limit]:.2f}"
        lines.append(f"| {step} | {what} | {us[step]:.2f} | {least} | {bound} |")
    total = sum(us[step] for step, *_ in STEPS)
    lines.append(f"| together | | {total:.2f} | | |\n")
    lines.append(
        f"aiokafka's own unpacking of a fetch costs {us['stock_fetch']:.2f} µs. One Redis core answers at most "
        f"{1000 / us['limit_claim']:,.0f} k claims a second: that is the ceiling of everything that counts each event "
        "once with this Redis, however many workers there are.\n"
    )
    lines.append(
        f"A picture of {picture['campaigns']} campaigns with {picture['series']:,} series costs "
        f"{picture['windows_ms']:.0f} ms for its windows and {picture['exposition_ms']:.0f} ms for its text, whenever "
        "somebody asks for one.\n"
    )
    if throughput is not None and (mine := throughput["summary"].get("ours-C")) is not None:
        whole = 1e6 / mine["per_cpu_second"]["median"]
        lines.append(
            f"Measured as a whole (tier C, from a backlog) an event costs {whole:.2f} µs, with the sockets, the event "
            "loops and Faust. A backlog's slices are larger, so that its summaries and their merge cost less.\n"
        )
    return "\n".join(lines)
