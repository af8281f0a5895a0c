"""docs/reliability.md from docs/figures/reliability.json: `render`; `python -m tests.faults.report` prints it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.faults.limits import AFTER_KILL_SECONDS, ANY_SECONDS, JOIN_SECONDS

Figures = Mapping[str, Any]

FIGURES = Path(__file__).parents[2] / "docs" / "figures" / "reliability.json"

_INTRODUCTION = """# Reliability

How exact the counting is while workers, the broker, Redis, the network and clocks fail, and how long counting stands
still. This page is made from `docs/figures/reliability.json` (`make docs`).
"""

_PEERS = """The same events, several workers, and kills, freezes, joins and a broker that goes away, for an application
that counts events by minute with each library and the settings shown. *Lost* and *doubled* are events that its counters
have too few or too many beside the records in the log. *Crashes* are workers that ended by themselves, where nobody had
stopped or killed them. `python -m tests.faults.peers` repeats it.
"""


def render(figures: Figures) -> str:
    """The page. A part that is not in the figures is replaced by the command that makes it."""
    parts = [_INTRODUCTION, _faults(figures.get("faults")), _guards(figures.get("guards"))]
    return "\n".join([*parts, _peers(figures.get("peers"))])


def kinds_table(runs: Iterable[Figures]) -> tuple[list[str], list[list[str]]]:
    """Header and rows: per kind of fault how often, when everything counted again, the longest standstill."""
    kinds: dict[str, list[Figures]] = defaultdict(list)
    for run in runs:
        for fault in run["faults"]:
            kinds[fault["kind"]].append(fault)
    header = ["fault", "times", "counting again after: p50", "p99", "longest standstill"]
    rows = [
        [
            kind,
            str(len(faults)),
            _seconds(quantile([fault["again"] for fault in faults], 0.5)),
            _seconds(quantile([fault["again"] for fault in faults], 0.99)),
            _seconds(max(fault["longest"] for fault in faults)),
        ]
        for kind, faults in sorted(kinds.items())
    ]
    return header, rows


def quantile(values: Sequence[float], share: float) -> float:
    """The value that at least that share of them does not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, max(0, -int(-share * len(ranked) // 1) - 1))]


def _faults(faults: Figures | None) -> str:
    if not faults:
        return "## Faults\n\nNot measured yet: `make faults`.\n"
    runs = faults["runs"]
    records, number = sum(run["events"] for run in runs), sum(len(run["faults"]) for run in runs)
    # What the tables lack, a worker that recovers from their changelogs lacks, too: it is one loss, not two.
    lost, doubled = (sum(max(run[name], run["recovered"][name]) for run in runs) for name in ("lost", "doubled"))
    compared = sum(run["compared"] + run["recovered"]["compared"] for run in runs)
    seeds = sorted({run["seed"] for run in runs})
    lines = [
        "## Faults\n",
        f"**{records:,} events, {number} faults: {lost} lost, {doubled} counted twice.**\n",
        f"{len(runs)} runs with {len(seeds)} seeds, against a real Kafka and a real Redis, each with three workers at "
        "first. Then a recount from the logs, which shares no code with the service, and "
        f"{compared:,} comparisons: every counter of every campaign, channel and pane, the ledger and the sets of "
        "people, in the workers' tables, in `/metrics` and in the API; and the same once more in what one fresh worker "
        f"with an empty directory recovers.{_kpis(runs)}\n",
        _sent(runs),
        f"`make faults` repeats it and writes this page ({_minutes(runs)} on this machine), "
        "`make faults ARGS=--short` takes a few minutes. "
        f"`{faults['command']} --form FORM --seed SEED` repeats one run: same events, same faults, same order.\n",
        _table(
            ["run", "seed", "form", "session", "faults", "events", "lost", "doubled", "recovered: lost", "doubled"],
            [_run(run) for run in runs],
        ),
        *_notes(runs),
        "### How long counting stands still\n",
        "Of every source partition the time between two moments at which the records that the workers account for "
        f"became more, as `/metrics` shows it, asked {_least_samples(runs)} times a second and more. It includes all "
        "steps up to the picture, and on this machine everything (broker, Redis, producer, three workers, watcher) "
        "shares the cores. *Counting again*: from the fault, or from the return of the broker or of Redis, until the "
        "last source partition counts on. *Longest standstill*: of any one source partition, from then on until all "
        "workers are ready; for a worker that was frozen or cut off that includes its return.\n",
        _table(*kinds_table(runs)),
        *_promises(runs),
        _where(faults),
    ]
    return "\n".join(lines)


def _kpis(runs: Sequence[Figures]) -> str:
    kpis = sum(part.get("kpis", 0) for run in runs for part in (run, run["recovered"]))
    if not kpis:
        return ""
    return f" {kpis:,} of them are KPIs of the API, in all their windows, against formulas written by hand."


def _sent(runs: Sequence[Figures]) -> str:
    records = sum(run["events"] for run in runs)
    shares = ", ".join(
        f"{100 * sum(run[name] for run in runs) / records:.1f} % {text}"
        for name, text in (
            ("resent", "resent"),
            ("malformed", "malformed"),
            ("late", "late"),
            ("future", "refused as from the future"),
        )
    )
    sent = f"Of the events, over all topics, were {shares}."
    if transactions := sum(run.get("in_transactions", 0) for run in runs):
        sent += (
            f" {transactions:,} more were sent in transactions; a quarter of all transactions was aborted, and what "
            "was in them must be counted nowhere."
        )
    return f"{sent}\n"


def _run(run: Figures) -> list[str]:
    blocks = "" if run["blocks"] is None else f", blocks of {run['blocks']:,}"
    return [
        run["name"],
        str(run["seed"]),
        run["title"],
        f"{run['session_seconds']} s{blocks}",
        str(len(run["faults"])),
        f"{run['events']:,}",
        str(run["lost"]),
        _doubled(run, run),
        str(run["recovered"]["lost"]),
        _doubled(run, run["recovered"]),
    ]


def _doubled(run: Figures, part: Figures) -> str:
    return (
        f"{part['doubled']} (of at most {part['doubled_allowed']})"
        if run.get("redis_bytes_lost")
        else str(part["doubled"])
    )


def _notes(runs: Sequence[Figures]) -> list[str]:
    notes = []
    for run in runs:
        if run.get("redis_bytes_lost"):
            cuts = sum(fault["kind"] == "power cut" for fault in run["faults"])
            notes.append(
                f"- {run['name']}: Redis lost {run['redis_bytes_lost']:,} bytes of its append-only file in {cuts} "
                f"power cuts, as `appendfsync everysec` allows. {run['doubled_allowed']:,} resends had a copy in those "
                f"seconds, so that many could have been counted twice; {run['doubled']} were."
            )
        if any(fault["kind"] == "compaction" for fault in run["faults"]):
            notes.append(
                f"- {run['name']}: {run['statements_written']:,} records were written to the changelogs, "
                f"{run['statements_kept']:,} were left after forced compaction. The new owners recovered from those."
            )
    within, figures = (
        sum(run["recovered"][name] for run in runs) for name in ("people_within_2_percent", "people_figures")
    )
    largest = max((run["recovered"]["people_largest_error"] for run in runs), default=0.0)
    deaths = sum(run["deaths"] for run in runs)
    notes.append(
        "- Unique people: each sketch is the same as one made from the recount's list. Beside the true number of "
        f"persons, {within:,} of {figures:,} figures are within 2 %, the worst is off by {100 * largest:.1f} %."
    )
    notes.append(f"- Workers that ended by themselves, where nobody had stopped or killed them: {deaths}.\n")
    return notes


def _promises(runs: Sequence[Figures]) -> list[str]:
    exceeded = [f"- {run['name']}: {text}" for run in runs for text in run["exceeded"]]
    promised = (
        f"Promised: after a SIGKILL at most the session timeout and {AFTER_KILL_SECONDS:.0f} s; at most "
        f"{JOIN_SECONDS:.0f} s while a worker joins or leaves; never more than {ANY_SECONDS:.0f} s once the broker and "
        "Redis are back. "
    )
    if not exceeded:
        return [promised + "All of it was kept in every fault.\n"]
    return [promised + "Not kept:\n", *exceeded, ""]


def _where(faults: Figures) -> str:
    machine, versions = faults["machine"], ", ".join(f"{name} {number}" for name, number in faults["versions"].items())
    return (
        f"Measured on {faults['date']}, commit {faults['commit']}: {machine['cpu']}, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB, {machine['kernel']}; {versions}.{_again(faults)}\n"
    )


def _again(faults: Figures) -> str:
    """The runs of other commits: from before the plan was resumed, or repeated since."""
    said = [
        f" {run['name']}: on {measured['date']}, commit {measured['commit']}."
        for run in faults["runs"]
        if (measured := run.get("measured", faults))["commit"] != faults["commit"]
    ]
    return "".join(said)


def _guards(guards: Sequence[Figures] | None) -> str:
    head = "## Each guard is needed\n"
    if not guards:
        return f"{head}\nNot measured yet: `python -m tests.faults.guards`.\n"
    rows = [
        [
            guard["guard"],
            guard.get("switched_off_how", ""),
            guard.get("caught_by", ""),
            _found(guard.get("figures", {})),
            f"`{guard['command']}`" if guard.get("command") else "",
        ]
        for guard in guards
    ]
    sentences = [f"- {guard['guard']}: {guard['sentence']}" for guard in guards if guard.get("sentence")]
    return "\n".join(
        [
            head,
            "The harness is tested too: each guard is switched off in turn, and what happens then must be found.\n",
            _table(["guard", "switched off", "caught by", "found", "again"], rows),
            *sentences,
            "",
        ]
    )


def _peers(peers: Sequence[Figures] | None) -> str:
    head = "## What others do under the same faults\n"
    if not peers:
        return f"{head}\nNot measured yet: `python -m tests.faults.peers`.\n"
    rows = [
        [
            f"{peer['name']} {peer.get('version', '')}".strip(),
            str(peer.get("settings", "")),
            _whole(peer.get("faults")),
            _whole(peer.get("events")),
            _whole(peer.get("lost")),
            _whole(peer.get("doubled")),
            _whole(peer.get("crashes")),
            _seconds(peer.get("standstill_seconds_max")),
            peer.get("note") or "",
        ]
        for peer in peers
    ]
    header = ["what", "settings", "faults", "events", "lost", "doubled", "crashes", "longest standstill", "note"]
    return "\n".join([head, _PEERS, _table(header, rows)])


def _found(figures: Figures) -> str:
    return "; ".join(
        f"{name.replace('_', ' ')} {_whole(value)}" for name, value in figures.items() if value is not None
    )


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    cells = [header, ["---"] * len(header), *rows]
    return (
        "\n".join("| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in row) + " |" for row in cells)
        + "\n"
    )


def _whole(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, (int, float)) else str(value)


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} s"


def _minutes(runs: Sequence[Figures]) -> str:
    return f"{sum(run['seconds'] for run in runs) / 60:.0f} minutes"


def _least_samples(runs: Sequence[Figures]) -> str:
    return f"{min((run['samples_per_second'] for run in runs), default=0.0):.0f}"


if __name__ == "__main__":
    print(render(json.loads(FIGURES.read_text()) if FIGURES.exists() else {}), end="")
