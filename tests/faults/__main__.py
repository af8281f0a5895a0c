"""Faults under load on real parts, then a recount that must agree to the event, and how long counting stood still.

Without options the long plan: it says first how long that takes, `--resume` goes on where it was stopped, and at the
end docs/figures/reliability.json and docs/reliability.md are written. `--form NAME --seed N` repeats one run: the same
seed makes the same events and the same faults in the same order; with `--keep` it takes its former place in the page.
Exits 0 if every counter is right and nothing stood still for longer than is promised; the short form only says the
latter.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.faults import results
from tests.faults.forms import FORMS, LONG, SHORT, Run
from tests.faults.processes import ROOT
from tests.faults.report import FIGURES, kinds_table
from tests.faults.run import run
from tests.faults.ticker import Ticker

STATE = Path(".faults")


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0 as promised, 1 not."""
    options = _options()
    chosen = options.parse_args(arguments)
    if chosen.form:
        usual = next(each for each in (*LONG, *SHORT) if each.form == chosen.form)
        plan: tuple[Run, ...] = (
            Run(chosen.form, chosen.seed or usual.seed, chosen.events or usual.events, usual.rate),
        )
    else:
        plan = SHORT if chosen.short else LONG
    if chosen.keep and not (chosen.form and plan[0] in LONG):
        options.error("--keep needs the --form, and perhaps the --seed, of a run of the long plan")
    out = Console(soft_wrap=True, highlight=False, markup=False)
    chosen.state.mkdir(parents=True, exist_ok=True)
    with _quiet_drivers(chosen.state / "drivers.log"):
        done = _do(plan, results.State(chosen.state, chosen.resume), chosen.state, out)
    print_results(out, done)
    long_form = plan == LONG
    if (long_form or chosen.keep) and all(figures["exact"] for figures in done):
        if long_form:
            results.write(done)
        else:
            results.write_again(done[0])
        out.print(f"written: {FIGURES.relative_to(ROOT)}, {results.DOCUMENT.relative_to(ROOT)}")
    broken = [figures for figures in done if not figures["exact"] or (figures["exceeded"] and not chosen.short)]
    return 1 if broken else 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--short", action="store_true", help="one run of a few minutes, as in CI")
    parser.add_argument("--resume", action="store_true", help="don't repeat the runs that were done and exact")
    parser.add_argument("--state", type=Path, default=STATE, help="where finished runs and logs of others are kept")
    parser.add_argument("--form", choices=sorted(FORMS), help="one run of this form")
    parser.add_argument("--seed", type=int, help="of that run")
    parser.add_argument("--keep", action="store_true", help="that run takes the place of its former one in the page")
    parser.add_argument("--events", type=int, help="of that run, at least")
    return parser


def _do(plan: Sequence[Run], state: results.State, directory: Path, out: Console) -> list[dict[str, Any]]:
    waiting = [each for each in plan if state.finished(each) is None]
    _print_plan(out, plan, waiting)
    done = []
    ticker = Ticker(waiting, out.print)
    with ticker:
        for each in plan:
            figures = state.finished(each)
            if figures is None:
                place = directory / each.name
                shutil.rmtree(place, ignore_errors=True)
                place.mkdir(parents=True)
                progress = ticker.begin(each)
                figures = run(each, place, out.print, progress)
                ticker.end()
                state.keep(each, figures)
                _print_run(out, figures, place)
                if figures["exact"] and not figures["exceeded"]:
                    shutil.rmtree(place)
            done.append(figures)
    return done


def _print_plan(out: Console, plan: Sequence[Run], waiting: Sequence[Run]) -> None:
    table = Table("run", "seed", "what", "faults", "events", "about")
    for each in plan:
        minutes = f"{each.expected_seconds / 60:.1f} min" if each in waiting else "done"
        events = f"{each.events:,}"
        table.add_row(each.name, str(each.seed), FORMS[each.form].title, str(len(each.faults)), events, minutes)
    out.print(table)
    faults, events = sum(len(each.faults) for each in plan), sum(each.events for each in plan)
    minutes = sum(each.expected_seconds for each in waiting) / 60
    out.print(f"{len(plan)} runs, {faults} faults, {events:,} events; about {minutes:.0f} minutes on two cores\n")


def _print_run(out: Console, figures: dict[str, Any], place: Path) -> None:
    if "failure" in figures:
        out.print(f"  FAILED after {figures['seconds']} s: {figures['failure']}")
    for text in figures.get("wrong", [])[:20]:
        out.print(f"  WRONG {text}")
    for text in figures["exceeded"]:
        out.print(f"  EXCEEDED {text}")
    if not figures["exact"] or figures["exceeded"]:
        out.print(f"  logs: {place}; again: {results.COMMAND} --form {figures['form']} --seed {figures['seed']}")


def print_results(out: Console, done: Sequence[dict[str, Any]]) -> None:
    """The table of runs and the table of kinds."""
    table = Table("run", "events", "faults", "lost", "doubled", "recovered: lost", "doubled", "exact")
    for figures in done:
        recovered = figures.get("recovered", {})
        table.add_row(
            figures["name"],
            f"{figures['events']:,}",
            str(len(figures["faults"])),
            *(str(part.get(name, "?")) for part in (figures, recovered) for name in ("lost", "doubled")),
            "yes" if figures["exact"] else "NO",
        )
    out.print(table)
    header, rows = kinds_table(done)
    kinds = Table(*header)
    for row in rows:
        kinds.add_row(*row)
    out.print(kinds)


@contextmanager
def _quiet_drivers(file: Path) -> Iterator[None]:
    """Kafka's drivers tell of every retry: into a file, not onto the console."""
    handler, loggers = logging.FileHandler(file, mode="w"), [logging.getLogger(name) for name in ("aiokafka", "kafka")]
    for logger in loggers:
        logger.addHandler(handler)
        logger.propagate = False
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
            logger.propagate = True
        handler.close()


if __name__ == "__main__":
    # A `timeout` or a cancelled job ends it as Ctrl+C does: what it has started is stopped too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
