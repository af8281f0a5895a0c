"""What is kept of runs: a state file from which a plan goes on, and docs/figures/reliability.json."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from tests.faults.forms import Run
from tests.faults.processes import ROOT
from tests.faults.report import FIGURES, render
from tests.support.kafka import LIBS

DOCUMENT = ROOT / "docs" / "reliability.md"
COMMAND = "python -m tests.faults"


class State:
    """The finished runs of a plan in `directory`; those that were exact are not repeated."""

    def __init__(self, directory: Path, resume: bool) -> None:
        self._file = directory / "state.json"
        directory.mkdir(parents=True, exist_ok=True)
        self._runs: dict[str, dict[str, Any]] = {}
        if resume and self._file.exists():
            self._runs = json.loads(self._file.read_text())

    def finished(self, run: Run) -> dict[str, Any] | None:
        """Its figures, if it was done before, as it is planned now, and was exact."""
        kept = self._runs.get(run.name)
        if kept is None or kept["plan"] != run.described or not kept["figures"]["exact"]:
            return None
        figures: dict[str, Any] = kept["figures"]
        return figures

    def keep(self, run: Run, figures: dict[str, Any]) -> None:
        """Notes a run that was done, and in its figures when and of which commit."""
        where = environment()
        figures["measured"] = {name: where[name] for name in ("date", "commit")}
        self._runs[run.name] = {"plan": run.described, "figures": figures}
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(self._runs, indent=1))
        new.replace(self._file)


def write(runs: list[dict[str, Any]]) -> None:
    """Puts the runs into the JSON, beside what others have put there, and writes docs/reliability.md from it."""
    figures = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    _write(figures | {"faults": {"command": COMMAND, **environment(), "runs": runs}})


def write_again(run: dict[str, Any]) -> None:
    """Puts one run in the place of the one of that name in the JSON, and writes docs/reliability.md from it."""
    figures = json.loads(FIGURES.read_text())
    faults = figures["faults"]
    faults["runs"] = [run if other["name"] == run["name"] else other for other in faults["runs"]]
    _write(figures)


def _write(figures: dict[str, Any]) -> None:
    FIGURES.parent.mkdir(parents=True, exist_ok=True)
    FIGURES.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
    DOCUMENT.write_text(render(figures))


def environment() -> dict[str, Any]:
    """When, where and with what: date, machine, versions, commit."""
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "machine": {
            "cpu": _line("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
            "kernel": f"{platform.system()} {platform.release()}",
        },
        "versions": {
            "python": platform.python_version(),
            "kafka": next((jar.stem.rsplit("-", 1)[-1] for jar in LIBS.glob("kafka_*.jar")), "?"),
            "redis": _redis_version(),
            **{name: metadata.version(name) for name in ("faust-streaming", "aiokafka")},
        },
        "commit": _output("git", "rev-parse", "--short", "HEAD"),
    }


def _redis_version() -> str:
    words = _output(shutil.which("redis-server") or "valkey-server", "--version").split()
    return next((word[2:] for word in words if word.startswith("v=")), "?")


def _line(file: str, name: str) -> str:
    path = Path(file)
    lines = path.read_text().splitlines() if path.exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), "")


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "?"
