"""All switches by the name of their guard."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping

from tests.faults.guards import reading_switches as reading
from tests.faults.guards import writing_switches as writing

SWITCHES: Mapping[str, Callable[[], None]] = {
    "gate": reading.gate,
    "continuity": reading.continuity,
    "giving back": reading.giving_back,
    "marks": reading.marks,
    "generations": writing.generations,
    "terms": writing.terms,
    "order of tombstones": writing.order_of_tombstones,
    "assignor": reading.assignor,
    "watch on ownership": reading.watch,
    "idempotent producer": writing.idempotent_producer,
    "awaiting acknowledgements": writing.awaiting_acknowledgements,
    "flushing before commits": writing.flushing_before_commits,
    "reading whole changelogs": writing.reading_whole_changelogs,
    "evicting": writing.evicting,
    "retry at start": reading.retry_at_start,
    "reading committed": reading.reading_committed,
}


def how(guard: str) -> str:
    """How the guard is switched off, in one sentence."""
    text = inspect.getdoc(SWITCHES[guard])
    assert text is not None
    return " ".join(text.split("\n\n")[0].split())
