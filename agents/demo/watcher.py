"""Cleans up after a demo that was killed: `python -I watcher.py`, told through its standard input what there is.

Lines are `process PID`, `ended PID` and `directory PATH`. When the input ends, whatever still runs is stopped by its
process id and the directories are removed: so nothing stays behind, even of a demo that had no time to do it itself.
It imports nothing of the project, so that it starts at once.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time

GRACE_SECONDS = 5.0


def watch() -> None:
    """Follow the input to its end, then clean up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    running: dict[int, int | None] = {}
    directories: list[str] = []
    for line in sys.stdin:
        word, _, rest = line.rstrip("\n").partition(" ")
        if word == "process":
            running[int(rest)] = _handle(int(rest))
        elif word == "ended":
            handle = running.pop(int(rest), None)
            if handle is not None:
                os.close(handle)
        elif word == "directory":
            directories.append(rest)
    _stop(running)
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)


def _handle(pid: int) -> int | None:
    """On Linux a descriptor that stands for this very process, so that no other that gets its number is ever hit."""
    if hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):
            return os.pidfd_open(pid)
    return None


def _stop(running: dict[int, int | None]) -> None:
    deadline = time.monotonic() + GRACE_SECONDS
    for pid, handle in running.items():
        _send(pid, handle, signal.SIGTERM)
    while running and time.monotonic() < deadline:
        time.sleep(0.05)
        running = {pid: handle for pid, handle in running.items() if _send(pid, handle, 0)}
    for pid, handle in running.items():
        _send(pid, handle, signal.SIGKILL)


def _send(pid: int, handle: int | None, number: int) -> bool:
    """Whether the process was there to get the signal; 0 only asks."""
    try:
        if handle is not None:
            signal.pidfd_send_signal(handle, number)
        else:
            os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    watch()
