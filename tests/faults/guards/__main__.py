"""`python -m tests.faults.guards [GUARD …]`: switches guards off in turn, and prints what found it.

Without names every guard, some fifteen minutes. Names are those of `--list`. Exits 0 if every guard was caught, or
covered by another as the table says, and every control was right. Figures go to docs/figures/reliability.json.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table

from tests.faults.guards.cases import STAGED
from tests.faults.guards.results import SHOWN, Row, scripted_row, simulated_row, staged_row, write
from tests.faults.guards.simulated import RULES, simulate
from tests.simulation.rules import OF_A_FORGETFUL_REDIS, Rule
from tests.simulation.scripts import SCRIPTS
from tests.support.kafka import KafkaBroker


def main() -> int:
    """The exit status: 0 every guard is needed and found, 1 not."""
    names = [*STAGED, *(str(rule) for rule in Rule)]
    parser = argparse.ArgumentParser(prog="python -m tests.faults.guards", description=__doc__)
    parser.add_argument("guards", nargs="*", metavar="GUARD", help="see --list")
    parser.add_argument("--list", action="store_true", help="print the names and end")
    parser.add_argument("--dry", action="store_true", help="keep no figures")
    chosen = parser.parse_args()
    out = Console()
    if chosen.list:
        out.print("\n".join(names))
        return 0
    if unknown := set(chosen.guards) - set(names):
        parser.error(f"no such guard: {', '.join(sorted(unknown))}; see --list")
    rows: list[Row] = []
    for row in run(chosen.guards or names, out):
        rows.append(row)
        if not chosen.dry:
            write([row])
    _print(out, rows)
    return 0 if all(row.as_expected for row in rows) else 1


def run(names: Sequence[str], out: Console) -> Iterator[Row]:
    """A row for each run of these guards, as soon as it is done."""
    staged = [name for name in names if name in STAGED]
    for name in names:
        if name not in STAGED:
            rule, began = Rule(name), time.monotonic()
            yield _told(out, _rule_row(rule), began)
    if not staged:
        return
    with KafkaBroker(heap_mb=384) as broker:
        for name in staged:
            for without in ((), *STAGED[name].off):
                began = time.monotonic()
                yield _told(out, staged_row(name, STAGED[name], without, STAGED[name].play(broker, without)), began)


def _rule_row(rule: Rule) -> Row:
    if rule in SCRIPTS:
        return scripted_row(rule)
    seeds, forgetful = RULES[rule], rule in OF_A_FORGETFUL_REDIS
    return simulated_row(rule, simulate(seeds, [rule], forgetful), simulate(seeds, forgetful=forgetful))


def _told(out: Console, row: Row, began: float) -> Row:
    out.print(f"{row.guard}: {row.sentence} ({time.monotonic() - began:.0f} s)", markup=False, soft_wrap=True)
    return row


def _print(out: Console, rows: Sequence[Row]) -> None:
    table = Table("guard off", "found by", "figures", "as it must be", show_lines=True)
    for row in rows:
        figures = "\n".join(f"{name} {row.figures[name]:,}" for name in SHOWN if row.figures.get(name) is not None)
        table.add_row(row.guard, row.caught_by, figures, "yes" if row.as_expected else "NO")
    out.print(table)


if __name__ == "__main__":
    sys.exit(main())
