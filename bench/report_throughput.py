"""How the throughput is told: ratios first, then events a second, and what was measured on what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.contenders.registry import CONTENDERS
from bench.mix import MIXES

TABLE = "| | tier | × the hand-written loop (least … most) | k events/s (least … most) | k events a CPU second |\n"
PARTS = ("min", "median", "max")
TIERS = """- **A**: decode and count in memory.
- **B**: counts of windows in durable state, offsets committed. This service without claims and people, since the others
  do neither.
- **C**: everything: each event once although 1 % are sent twice, unique people, money, sentiment.

Everything is of one stream of five topics, in which each mention has a score of its own, but for the row that says so:
this service counts all twelve topics as a launch has them, with 5 % mentions whose text the built-in lexicon scores,
and what was spent and changed. No other contender has such a stream, so that row stands beside the loop that counts
five.
"""


def section(found: Mapping[str, Any]) -> str:
    """Markdown."""
    return "\n".join(
        [
            "## Throughput\n",
            "From a backlog until every event is counted and visible, on one core.\n",
            "![Ratios](figures/bench-throughput.svg)\n",
            TABLE + "|---|---|---|---|---|\n" + "\n".join(_rows(found)) + "\n",
            TIERS,
            *([_beside(found)] if _beside(found) else []),
            _how(found),
        ]
    )


def bars(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The plot of the ratios."""
    known = {contender.name: contender for contender in CONTENDERS}
    rows = [
        [f"{known[name].title} ({known[name].tier})", *(said["ratio"][part] for part in PARTS), known[name].ours]
        for name, said in _best_first(found)
        if said["ratio"]
    ]
    title = "Throughput on one core, as a multiple of the hand-written aiokafka loop"
    plot = {"file": "bench-throughput", "title": title, "x": "× the loop (logarithmic)", "log": True, "mark": 1.0}
    return [{**plot, "bars": rows}] if rows else []


def _best_first(found: Mapping[str, Any]) -> list[tuple[str, Any]]:
    def rank(item: tuple[str, Any]) -> float:
        said = item[1]
        return -float((said["ratio"] or said["per_second"])["median"])

    return sorted(found["summary"].items(), key=rank)


def _rows(found: Mapping[str, Any]) -> list[str]:
    known = {contender.name: contender for contender in CONTENDERS}
    rows = []
    for name, said in _best_first(found):
        contender, ratio, rate = known[name], said["ratio"], said["per_second"]
        told = "–" if ratio is None else f"{_x(ratio['median'])} ({_x(ratio['min'])} … {_x(ratio['max'])})"
        speed = f"{_k(rate['median'])} ({_k(rate['min'])} … {_k(rate['max'])})"
        title = f"**{contender.title}**" if contender.ours else contender.title
        rows.append(f"| {title} | {contender.tier} | {told} | {speed} | {_k(said['per_cpu_second']['median'])} |")
    return rows


def _beside(found: Mapping[str, Any]) -> str:
    summary = found["summary"]
    if "ours-B" not in summary:
        return ""
    mine = summary["ours-B"]["per_second"]["median"]
    others = {"faust-table": "the Faust Table", "quix-window": "the Quix Streams window"}
    told = [
        f"{mine / summary[name]['per_second']['median']:.0f} × {title}"
        for name, title in others.items()
        if name in summary
    ]
    return f"With durable windows (tier B) this service is {' and '.join(told)}.\n" if told else ""


def _how(found: Mapping[str, Any]) -> str:
    machine, shape = found["machine"], found["shape"]
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    rounds = max((said["rounds"] for said in found["summary"].values()), default=0)
    lines = [
        "How it was measured:\n",
        f"- {machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']} "
        f"{machine['kernel']}, Python {machine['python']}, on {machine['date']}, commit {machine['commit']}.",
        "- Apache Kafka and Redis run on core 0, the contender on core 1, one at a time.",
        f"- {rounds} rounds, every second one in the opposite order; each round has a log of its own. Median, least "
        "and most of all rounds; a ratio is of two runs of one round.",
        f"- {found['events']:,} events of about 245 bytes in four partitions of each topic, seed {shape['seed']}, "
        f"{shape['campaigns']} campaigns of which the largest has half, four channels, 1 % resent, 0.001 % up to a "
        f"minute late; {shape['per_second']:,} events to each second of the log's own time; "
        f"compression {found['compression']}. Slow contenders get a beginning of the same stream.",
        *[f"- The mix of {name} topics (bench/mix.py): {_shares(name)}." for name in sorted(found["checksums"])],
        *[
            f"- SHA-256 of the first {digest['records']:,} records of {name} topics (bench/stream.py): "
            f"`{digest['sha256']}`."
            for name, digest in sorted(found["checksums"].items())
        ],
        "- The clock starts when a tenth is counted and stops when all is. What a client has fetched ahead by then is "
        "work that the clock does not see; it favours the others.",
        "- The gate: counts of each campaign, channel, topic and minute equal an offline recount, with resends at "
        "tiers A and B and without them at C; there also every counter and every fact since the launch, and unique "
        "people within 2 %. Who does not pass gets no figure.",
        f"- The others' settings stand in the docstrings of bench/contenders; {versions}.",
    ]
    lines += [f"- {reason}." for reason in found["left_out"].values()]
    lines += [f"- No figure: {failure.splitlines()[0]}" for failure in found["failures"]]
    return "\n".join(lines) + "\n"


def _shares(name: str) -> str:
    mix = MIXES[name]
    most_first = sorted(zip(mix.shares, mix.topics, strict=True), reverse=True)
    return ", ".join(f"{100 * share / sum(mix.shares):g} % `{topic}`" for share, topic in most_first)


def _k(number: float) -> str:
    return f"{number / 1000:,.0f}" if number >= 100_000 else f"{number / 1000:,.1f}"


def _x(number: float) -> str:
    return f"{number:.2f}" if number >= 0.1 else f"{number:.3f}"
