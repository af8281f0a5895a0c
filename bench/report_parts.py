"""How latency, the screen, lag, memory, recovery and scaling are told: what was wanted beside what was reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.parts import full_or_not

SEEN = {
    "metrics_counter": "`/metrics`, since the launch",
    "metrics_5m": "`/metrics`, 5 m window",
    "api_counter": "API, since the launch",
    "api_5m": "API, 5 m window",
}
BOARDS = {"owner": "the worker that owns the campaign", "other": "another worker"}
CURVES = {"campaigns": "campaigns", "partitions": "partitions of each topic", "workers": "workers"}


def latency(found: Mapping[str, Any]) -> str:
    """Markdown."""
    wanted = found["wanted_seconds"]
    lines = [
        "## From an event to the figure that shows it\n",
        f"Seconds from the producer's call until the figure is there. Wanted: p50 at most {wanted['p50']}, p99 at most "
        f"{wanted['p99']}. The API is asked five times a second for that window of the events' campaign. `/metrics` as "
        "a whole is scraped once a second, as the shipped Prometheus does; there the figures are the ages from which "
        "on 50 % and 99 % of the events were shown, fitted from all looks. *Most* is the oldest not shown.\n",
        "| load | seen in | p50 | p99 | most | events, or looks |",
        "|---|---|---|---|---|---|",
    ]
    for name, case in found["cases"].items():
        for where, one in case["seconds"].items():
            lines.append(
                f"| {name} | {SEEN.get(where, where)} | {one['p50']:.2f} | {one['p99']:.2f} | {one['max']:.2f} "
                f"| {one['count']} |"
            )
    told = [
        f"With {name}, {full_or_not(case['cores_busy'])}."
        for name, case in found["cases"].items()
        if "cores_busy" in case
    ]
    return "\n".join([*lines, *(f"\n{line}" for line in told)]) + "\n"


def screen(found: Mapping[str, Any]) -> str:
    """Markdown."""
    wanted, viewers = found["wanted_seconds"], found["viewers"]
    lines = [
        "## From an event to the screen\n",
        "Seconds from the producer's call until the number stands on a live board that a real browser holds open, at "
        f"{found['events_per_second']:,.0f} events a second. Wanted: p50 at most {wanted['p50']}, p99 at most "
        f"{wanted['p99']}.\n",
        "| board of | p50 | p95 | p99 | most | sales |",
        "|---|---|---|---|---|---|",
    ]
    for place, one in found["seconds"].items():
        lines.append(
            f"| {BOARDS[place]} | {one['p50']:.2f} | {one['p95']:.2f} | {one['p99']:.2f} | {one['max']:.2f} "
            f"| {one['count']} |"
        )
    lines.append("")
    if "cores_busy" in found:
        said = full_or_not(found["cores_busy"])
        lines.append(f"{said[0].upper()}{said[1:]}.\n")
    lines.append(
        f"Who only looks, at a launch of {viewers['campaigns']} campaigns with {viewers['rate']:,.0f} events a second "
        f"and {viewers['alerts']} alerts (wanted: at most {viewers['wanted_more']:.0%} of a core): "
        + ", ".join(f"{number} cost {more:.1%}" for number, more in viewers["more"].items())
        + " of a core more.\n"
    )
    return "\n".join(lines)


def lag(found: Mapping[str, Any]) -> str:
    """Markdown."""
    wrong = found["wrong"] if isinstance(found["wrong"], int) else len(found["wrong"])
    behind, share = found["furthest_behind_seconds"], found["least_share_with_a_clock"]
    return (
        "## Lag never fakes a drop\n\n"
        f"A worker was away for {found['away_seconds']:.0f} s under load and came back to the backlog. Of what it "
        f"showed {found['values']:,} values of windows were compared with the log, {found['values_while_held_back']:,} "
        f"of them while it was behind (by up to {behind:.0f} s): {found['exact']:,} were exactly right, "
        f"{found['between_bounds']:,} lay between the only two bounds that there are, **{wrong} were wrong**. Windows "
        f"that end with the wall clock would have shown as little as {share:.0%} of what had happened. It had caught "
        f"up after {found['caught_up_seconds']:.0f} s.\n"
    )


def memory(found: Mapping[str, Any]) -> str:
    """Markdown."""
    rows = []
    if "idle" in found:
        idle = found["idle"]
        rows.append(("a worker, idle, over Faust's own", f"{idle['over_mb']:.0f} MB", f"{idle['wanted_mb']} MB"))
    for name, what in (("counters", "a live campaign, every pane full"), ("with_sketches", "the same with its people")):
        if name in found:
            one = found[name]
            rows.append((what, f"{one['mb_a_campaign']:.1f} MB", f"{one['wanted_mb']} MB"))
    if "growth" in found:
        grown = found["growth"]
        share = grown["last_third_mb"] / grown["first_third_mb"] - 1
        rows.append((f"growth in {grown['minutes']:.0f} minutes of constant load", f"{share:+.1%}", "none"))
    for step in found.get("redis", {}).get("steps", []):
        what = f"Redis, an id, with {step['ids']:,} in an hour"
        rows.append((what, f"{step['bytes_an_id']:.1f} bytes", f"{found['redis']['wanted_bytes']} bytes"))
    table = [f"| {what} | {reached} | {wanted} |" for what, reached, wanted in rows]
    return "\n".join(["## Memory\n", "| | reached | wanted, at most |", "|---|---|---|", *table]) + "\n"


def recovery(found: Mapping[str, Any]) -> str:
    """Markdown."""
    return (
        "## Recovery\n\n"
        f"A changelog as it is after {found['minutes']} minutes at {found['rate']:,.0f} events a second: "
        f"{found['keys']:,} table keys in {sum(found['records'].values()):,} records. A new worker recovers it in "
        f"**{found['recovery_seconds']:.1f} s** (wanted: at most {found['wanted_seconds']}), "
        f"{found['records_per_second']:,.0f} records a second; it is ready {found['ready_seconds']:.1f} s after its "
        f"start, with empty tables after {found['ready_seconds_empty']:.1f} s.\n"
    )


def scaling(found: Mapping[str, Any]) -> str:
    """Markdown."""
    lines = [
        "## Cost against breadth\n",
        f"Microseconds of the workers' CPU an event at {found['rate']:,.0f} events a second, everything included (tier "
        "C, a scrape every five seconds). What a worker does by the clock is in it.\n",
        "| by | number | µs an event | kept up |",
        "|---|---|---|---|",
    ]
    for curve, points in found["curves"].items():
        for point in points:
            kept = "yes" if point["kept_up"] else "no"
            lines.append(f"| {CURVES[curve]} | {point[curve]:,} | {point['us_per_event']:.1f} | {kept} |")
    lines.append("")
    for curve, grown in found["growth"].items():
        lines.append(f"- {grown['number']:.0f} × the {CURVES[curve]}: {grown['cost']:.2f} × the cost of an event.")
    images = [f"\n![Cost by {CURVES[curve]}](figures/bench-scaling-{curve}.svg)" for curve in found["curves"]]
    return "\n".join([*lines, *images]) + "\n"


def scaling_plots(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A plot of each curve."""
    return [
        {
            "file": f"bench-scaling-{curve}",
            "title": f"CPU an event by {CURVES[curve]}",
            "x": CURVES[curve],
            "y": "µs an event",
            "log": len(points) > 2,
            "lines": {"this service (C)": [[point[curve], point["us_per_event"]] for point in points]},
        }
        for curve, points in found["curves"].items()
    ]
