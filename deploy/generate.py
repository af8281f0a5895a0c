"""Writes every generated file, or with --check compares: a committed file that differs is named, exit code 1."""

from __future__ import annotations

import argparse
import difflib
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Each prints one file to standard output.
DOCUMENTS = {
    "docs/settings.md": "agents.settings_reference",
    "docs/topics.md": "streams.events.reference",
    "docs/asyncapi.yaml": "streams.events.asyncapi",
    "docs/kpis.md": "streams.kpis.reference",
    "docs/reliability.md": "tests.faults.report",
    "docs/benchmarks.md": "bench.report",
    "docs/boards.md": "grafana.reference",
    "docs/alerts.md": "grafana.rules_docs",
}
# Each writes its files under the folder that is its one argument.
FOLDERS = {
    "grafana/dashboards": "grafana/build.py",
    "grafana/prometheus": "grafana/rules.py",
    "agents/web/runbooks": "grafana/runbook_pages.py",
}


def main() -> int:
    """Write or compare. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, compare only")
    check = parser.parse_args().check
    stale = []
    for name, content in generated().items():
        path = ROOT / name
        committed = path.read_text(encoding="utf-8") if path.exists() else ""
        if committed == content:
            continue
        if check:
            stale.append(name)
            lines = difflib.unified_diff(committed.splitlines(), content.splitlines(), name, "generated", lineterm="")
            print("\n".join(list(lines)[:20]))
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
            print(f"written: {name}")
    if stale:
        print(f"not up to date: {', '.join(stale)}; run `make docs`", file=sys.stderr)
    return 1 if stale else 0


def generated() -> dict[str, str]:
    """The text of every generated file by its path in the repository."""
    files = {name: output("-m", module) for name, module in DOCUMENTS.items()}
    for place, program in FOLDERS.items():
        with tempfile.TemporaryDirectory() as folder:
            output(str(ROOT / program), folder)
            for path in sorted(Path(folder).rglob("*")):
                if path.is_file():
                    files[f"{place}/{path.relative_to(folder)}"] = path.read_text(encoding="utf-8")
    return files


def output(*arguments: str) -> str:
    """What a Python program prints. Ends this one where it fails."""
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(arguments)} failed:\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
