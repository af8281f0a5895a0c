"""Rows of the table, and where they are kept: the key "guards" of docs/figures/reliability.json."""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tests.faults.guards.cases import Staged
from tests.faults.guards.running import HANDED, TAKEN, Outcome
from tests.faults.guards.simulated import Simulated
from tests.faults.guards.switches import how
from tests.faults.report import FIGURES
from tests.simulation.rules import Rule
from tests.simulation.scripts import SCRIPTS

CONTROL = "nothing"
COMMAND = 'python -m tests.faults.guards "{name}"'
SHOWN = ("lost", "doubled", "wrong counters", "stood still (s)", "runs", "wrong runs")


@dataclass(frozen=True, slots=True)
class Row:
    """One run of the table. `as_expected`: a switched-off guard was found, or covered by the guard that is named."""

    guard: str
    switched_off_how: str
    caught_by: str
    command: str
    figures: dict[str, Any]
    sentence: str
    as_expected: bool


def staged_row(name: str, case: Staged, without: tuple[str, ...], outcome: Outcome) -> Row:
    """What a scene came to without these guards."""
    scene = " ".join((inspect.getdoc(case.scene) or "").split())
    found = case.found(outcome)
    covered = case.covered.get(without)
    if not without:
        caught, text = CONTROL, "with every guard: " + ("something is wrong" if found else _well(case, outcome))
    elif found:
        caught, text = f"a scene on real parts: {scene}", _sentence(outcome)
    else:
        caught, text = f"another guard: {covered}" if covered else CONTROL, _sentence(outcome)
    off = " ".join(how(guard) for guard in without) or "nothing is switched off"
    expected = not found if not without or covered else found
    label = " and ".join(without) or f"{name}: control"
    return Row(label, off, caught, COMMAND.format(name=name), outcome.as_figures(), text, expected)


def _well(case: Staged, outcome: Outcome) -> str:
    return "what is lost is refused by name" if case.named else f"{outcome.records:,} records, and every counter right"


def _sentence(outcome: Outcome) -> str:
    text = (
        f"of {outcome.records:,} records {outcome.lost:,} lost, {outcome.doubled:,} counted twice; "
        f"{outcome.wrong:,} of {outcome.compared:,} counters wrong"
    )
    refused = outcome.figures.get(HANDED, 0) - outcome.figures.get(TAKEN, 0)
    if refused:
        text += f"; continuity dropped {refused:,} records that were handed over"
    if outcome.still_seconds is not None:
        text += f"; nothing was counted for {outcome.still_seconds:.0f} s, when the scene gave up"
    return text


def simulated_row(rule: Rule, without: Simulated, control: Simulated) -> Row:
    """What the simulation came to without a rule, and with it."""
    text = (
        f"{without.wrong_runs} of {without.runs:,} runs wrong ({without.events:,} records, {without.lost} events lost, "
        f"{without.doubled} counted twice); with it {control.wrong_runs}"
    )
    return Row(
        f"{rule} (rule)",
        "the simulation leaves the rule out",
        "the simulation" if without.wrong_runs else CONTROL,
        COMMAND.format(name=rule),
        without.as_figures(),
        text,
        without.wrong_runs > 0 and control.wrong_runs == 0,
    )


def scripted_row(rule: Rule) -> Row:
    """What a script of the simulation comes to without a rule, and with it; no seed finds these but by luck."""
    script = SCRIPTS[rule]
    clicks, lost = script(), script() - script(rule)
    story = " ".join((inspect.getdoc(script) or "").split())
    return Row(
        f"{rule} (rule)",
        "the simulation leaves the rule out",
        f"a script of the simulation: {story}" if lost else CONTROL,
        COMMAND.format(name=rule),
        {"records": clicks, "lost": lost, "doubled": 0},
        f"{lost} of {clicks} clicks lost; with it none",
        lost > 0,
    )


def write(rows: Sequence[Row]) -> None:
    """Puts the rows into the file, in the place of former ones of the same guards; everything else in it stays."""
    kept = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    found = {(row["guard"], row["command"]): row for row in kept.get("guards", ())}
    for row in rows:
        found[row.guard, row.command] = {name: value for name, value in asdict(row).items() if name != "as_expected"}
    kept["guards"] = list(found.values())
    FIGURES.parent.mkdir(parents=True, exist_ok=True)
    FIGURES.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
