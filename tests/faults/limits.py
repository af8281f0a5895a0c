"""How long counting may stand still, and what of a run exceeds it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

AFTER_KILL_SECONDS = 5.0
"""Beyond the session timeout, until everything counts again after a SIGKILL."""
JOIN_SECONDS = 3.0
"""The longest standstill of a source partition while a worker joins or leaves."""
ANY_SECONDS = 30.0
"""The longest standstill of anything, once the broker and Redis are there."""

Fault = Mapping[str, Any]
"""One fault of a run: its `kind`, how long it `lasted`, when everything counted `again`, the `longest` standstill."""


def exceeded(faults: Iterable[Fault], session_seconds: float) -> list[str]:
    """What took longer than it may, one sentence each."""
    found = []
    for number, fault in enumerate(faults, 1):
        kind, again, longest = fault["kind"], fault["again"], fault["longest"]
        where = f"fault {number} ({kind})"
        if kind == "kill" and again > session_seconds + AFTER_KILL_SECONDS:
            most = session_seconds + AFTER_KILL_SECONDS
            found.append(f"{where}: counting again after {again:.1f} s, at most {most:.0f} s are promised")
        if kind in ("join", "leave") and longest > JOIN_SECONDS:
            found.append(f"{where}: stood still for {longest:.1f} s, at most {JOIN_SECONDS:.0f} s are promised")
        if longest > ANY_SECONDS:
            found.append(f"{where}: stood still for {longest:.1f} s, at most {ANY_SECONDS:.0f} s are promised")
    return found
