"""The real worker with guards switched off: `python -m tests.faults.guards.worker DIRECTORY --without GUARD`.

Without `--without` it is the real worker, unchanged but for a file that it writes: what its continuity checks found.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from faust.types import TP

from agents.cli.main import run
from agents.kafka.continuity import Continuity
from tests.faults.guards.inner_faults import INNER_FAULTS, Trigger
from tests.faults.guards.running import REPORT
from tests.faults.guards.switches import SWITCHES

REPORT_SECONDS = 0.2


def main() -> None:
    """Patches, then runs the command; ends as it does."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.guards.worker", description=__doc__)
    parser.add_argument("directory", type=Path, help="where the triggers of inner faults appear")
    parser.add_argument("--without", choices=SWITCHES, action="append", default=[])
    parser.add_argument("--fault", choices=INNER_FAULTS, action="append", default=[])
    chosen = parser.parse_args()
    chosen.directory.mkdir(parents=True, exist_ok=True)
    for guard in chosen.without:
        SWITCHES[guard]()
    for fault in chosen.fault:
        INNER_FAULTS[fault](Trigger(chosen.directory / fault))
    report_continuity(chosen.directory / REPORT)
    run(["worker"])


def report_continuity(file: Path) -> None:
    """Writes what all continuity checks of this process have found, again and again: their own counts, summed, and
    `handed` and `taken`, the records that they were given and that they let pass."""
    checks: list[Continuity] = []
    passed = Counter(handed=0, taken=0)
    begin, contiguous = Continuity.__init__, Continuity.contiguous

    def noticed(self: Continuity, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        checks.append(self)

    async def counted(self: Continuity, tp: TP, generation: int, records: Any) -> Any:
        left = await contiguous(self, tp, generation, records)
        passed.update(handed=len(records), taken=len(left))
        return left

    Continuity.__init__ = noticed  # type: ignore[method-assign]
    Continuity.contiguous = counted  # type: ignore[method-assign]

    def write() -> None:
        while True:
            time.sleep(REPORT_SECONDS)
            sums = Counter(passed)
            for check in checks:
                sums.update(asdict(check.counts))
            draft = file.with_suffix(".draft")
            draft.write_text(json.dumps(sums))
            draft.replace(file)

    threading.Thread(target=write, daemon=True).start()


if __name__ == "__main__":
    main()
