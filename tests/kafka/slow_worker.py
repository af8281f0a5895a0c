"""A counting worker whose first reading of the changelog takes longer than it may.

Run as `tests.kafka.counting_worker`, with two options more: `first_reading_seconds`, how long it takes, and
`lag_seconds`, the compaction lag that the table believes in. While it reads, `directory`/NAME.reading stands there.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import faust

from agents.kafka.recovered import RecoveredTable
from agents.kafka.table import StatementTable
from tests.kafka.counting_worker import create_app


def create_slow_app(options: dict[str, Any]) -> faust.App:
    """The counting worker's app; its table's first slices take `first_reading_seconds`."""
    app = create_app(options)
    table = app.tables["counts"]
    assert isinstance(table, StatementTable)
    table.compaction_lag_seconds = options["lag_seconds"]
    sign, read = Path(options["directory"]) / f"{options['name']}.reading", RecoveredTable.apply_changelog_batch

    def read_slowly(batch: Iterable[Any]) -> None:
        events = list(batch)
        if events and not sign.exists():
            sign.touch()
            time.sleep(options["first_reading_seconds"])
        read(table, events)

    table.apply_changelog_batch = read_slowly  # type: ignore[method-assign]
    return app


if __name__ == "__main__":
    chosen = json.loads(sys.argv[1])
    sys.argv[1:] = []
    faust.Worker(create_slow_app(chosen), loglevel="INFO").execute_from_commandline()
