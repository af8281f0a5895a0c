"""`python -m tests.faults.peers [NAME ...]`: what people use today, under the faults that our workers are put under.

Each peer counts without faults first and must then be exact: otherwise nothing is said about it. Then come the faults,
a drain, and its counters beside the log. About 3 minutes a peer. The figures go to docs/figures/reliability.json.
Exits 0 when every peer could be measured, whatever it lost.
"""

from __future__ import annotations

import argparse
import logging
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.faults.peers.catalogue import DEFAULT, PEERS, Peer
from tests.faults.peers.figures import Entry, entry, write
from tests.faults.peers.installed import PYTHON, PeerMissing, version_of
from tests.faults.peers.kinds import KINDS, dealt
from tests.faults.peers.run import PeerRun, run_peer
from tests.faults.report import FIGURES, render
from tests.faults.results import DOCUMENT, environment
from tests.support.kafka import KafkaBroker

CONTROL_SECONDS = 10.0


def main() -> int:
    """The exit status: 0 all measured, 1 one not exact even without faults, 2 not installed."""
    chosen = _arguments()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL + 1)
    # A `timeout` or a supervisor ends it as Ctrl+C does: workers and broker are stopped too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    out, entries = Console(), []
    try:
        versions = {name: version_of(PEERS[name], chosen.python) for name in chosen.names}
    except PeerMissing as error:
        out.print(str(error), markup=False)
        return 2
    for name, version in versions.items():
        found = measure(out, PEERS[name], version, chosen)
        if found is not None:
            entries.append(found)
            if not chosen.dry:
                DOCUMENT.write_text(render(write(FIGURES, [found])))
    _print(out, entries)
    return 0 if len(entries) == len(versions) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.peers", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", default=list(DEFAULT), help=f"of {', '.join(PEERS)}")
    parser.add_argument("--faults", type=int, default=8, help="how many faults a peer; as cards, each kind in turn")
    parser.add_argument("--seed", type=int, default=3, help="the same seed makes the same faults, for every peer")
    parser.add_argument("--rate", type=float, default=300.0, help="events a second, what the slowest peer can take")
    parser.add_argument("--kinds", default=",".join(KINDS), help="only these kinds of faults, with commas between")
    parser.add_argument("--python", type=Path, default=PYTHON, help="interpreter of the peers' environment")
    parser.add_argument("--dry", action="store_true", help="write no figures")
    parser.add_argument("--directory", type=Path, default=None, help="keep the workers' logs and state here")
    chosen = parser.parse_args()
    chosen.kinds = chosen.kinds.split(",")
    for word, known in (*((name, PEERS) for name in chosen.names), *((kind, KINDS) for kind in chosen.kinds)):
        if word not in known:
            parser.error(f"{word!r} is none of: {', '.join(known)}")
    return chosen


def measure(out: Console, peer: Peer, version: str, chosen: argparse.Namespace) -> Entry | None:
    """One peer's figures; None, and the reason printed, where it is not exact even without faults."""
    began = time.monotonic()

    def say(text: str) -> None:
        out.print(
            f"{peer.name} {time.monotonic() - began:5.0f} s  {text}", markup=False, highlight=False, soft_wrap=True
        )

    kinds = list(dealt(chosen.kinds, chosen.faults, random.Random(chosen.seed)))
    with tempfile.TemporaryDirectory(prefix="launchpulse-peers-") as temporary:
        directory = (chosen.directory or Path(temporary)) / peer.name
        directory.mkdir(parents=True, exist_ok=True)
        say(f"{peer.title} {version}: {len(kinds)} faults, seed {chosen.seed}")
        try:
            with KafkaBroker() as broker, PeerRun(peer, chosen.python, broker, directory) as run:
                outcome = run_peer(run, kinds, chosen.seed, chosen.rate, CONTROL_SECONDS, say)
        except AssertionError as error:
            say(f"not measured: {error}")
            return None
    if not outcome.control.exact:
        say("not measured: it is not exact even without faults; first " + "; ".join(outcome.control.wrong[:3]))
        return None
    for wrong in outcome.after.wrong[:5]:
        say(wrong)
    command = f"python -m tests.faults.peers {peer.name} --faults {chosen.faults} --seed {chosen.seed}"
    seeded = {"seed": chosen.seed, "rate": chosen.rate, "seconds": round(time.monotonic() - began)}
    return entry(peer, version, outcome, command=command, **seeded, measured=environment())


def _print(out: Console, entries: list[Entry]) -> None:
    table = Table("peer", "faults", "events", "lost", "doubled", "longest standstill", "crashes")
    for one in entries:
        whole = [f"{one[name]:,}" for name in ("faults", "events", "lost", "doubled")]
        table.add_row(
            f"{one['name']} {one['version']}",
            *whole,
            f"{one['standstill_seconds_max']:.1f} s",
            str(one["crashes"]),
        )
    out.print(table)
    for one in entries:
        out.print(f"{one['name']}: {one['note']}", markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
