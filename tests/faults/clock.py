"""A worker's clock that jumps: libfaketime, told by a file that is changed while the worker runs.

Only what the operating system calls real time jumps, as when somebody sets a machine's clock; the monotonic clock goes
on, as it does there.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

FOLDERS = ("/usr/lib", "/usr/local/lib", "/opt/homebrew/lib", "/lib")
LOOKED_AT_SECONDS = 1
"""How long libfaketime believes what the file said before."""


class FaketimeMissing(RuntimeError):
    """libfaketime is not installed; the text says which command installs it."""


class Clock:
    """The clock of one worker: `environment` makes a process follow it, `offset_seconds` is how far it is off."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.offset_seconds = 0
        self._write()

    @property
    def environment(self) -> Mapping[str, str]:
        """For the process whose clock it is."""
        return {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": str(LOOKED_AT_SECONDS),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # Else a thread that waits for another of the same Python gets no rest, and takes a core with it.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
            "NO_FAKE_STAT": "1",
        }

    def jump(self, seconds: int) -> None:
        """Puts the clock forward, or back where `seconds` is negative, beside where it is now."""
        self.offset_seconds += seconds
        self._write()

    def _write(self) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(f"{self.offset_seconds:+d}\n")
        new.replace(self._file)


def library() -> Path:
    """libfaketime for programs with threads. Raises FaketimeMissing."""
    for folder in FOLDERS:
        for found in sorted(Path(folder).glob("**/libfaketimeMT.so.1")):
            return found
    raise FaketimeMissing("libfaketime is not installed: run `python -m tests.support.install`")
