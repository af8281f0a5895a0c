"""The demo's child processes and its temporary directory: started, watched, stopped by their ids, removed.

Children have sessions of their own, so that a Ctrl-C in the terminal reaches the demo alone. Beside them runs
`watcher.py`, which cleans up should the demo itself be killed.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.demo import watcher

STOP_SECONDS = 1.0
"""Everything that they hold is thrown away, so nobody waits for a worker to say goodbye to its group."""


class ChildDied(Exception):
    """A part of the demo ended by itself; the text is one line, `log_end` the last lines that it wrote."""

    def __init__(self, text: str, log_end: str) -> None:
        super().__init__(text)
        self.log_end = log_end


@dataclass(slots=True)
class Child:
    """One process and where its output goes."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    log_start: int
    """Where its part of the log begins: one that is started again writes behind what the former wrote."""

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def written(self) -> str:
        """What it has written so far."""
        try:
            with self.log.open("rb") as file:
                file.seek(self.log_start)
                return file.read().decode(errors="replace")
        except OSError:
            return ""

    def log_end(self, lines: int = 12) -> str:
        """The last lines that it wrote."""
        return "\n".join(self.written().splitlines()[-lines:])

    def death(self) -> ChildDied:
        """What to raise about its end, which nobody asked for."""
        code = self.process.returncode
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return ChildDied(f"{self.name} {how}", self.log_end())


class Children:
    """Use it as a context: at its end every child is stopped and the directory is gone."""

    def __init__(self) -> None:
        self._running: list[Child] = []
        self._watcher = subprocess.Popen(
            [sys.executable, "-I", watcher.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.directory = Path(tempfile.mkdtemp(prefix="launchpulse-demo-"))
        self._tell(f"directory {self.directory}")

    def __enter__(self) -> Children:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> Child:
        """Starts a process. What it writes is appended to a log in the directory."""
        path = self.directory / f"{name.replace(' ', '-')}.log"
        with path.open("ab") as log:
            begin = log.tell()
            process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=None if environment is None else dict(environment),
                start_new_session=True,
            )
        self._tell(f"process {process.pid}")
        child = Child(name, process, path, begin)
        self._running.append(child)
        return child

    def forget(self, child: Child) -> None:
        """Enter that a child has ended, and was noticed."""
        if child in self._running:
            self._running.remove(child)
        self._tell(f"ended {child.process.pid}")

    def close(self) -> None:
        """Stops all children, the last started first, and removes the directory. Blocks for a few seconds at most."""
        for child in reversed(self._running):
            child.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for child in list(reversed(self._running)):
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
            self.forget(child)
        shutil.rmtree(self.directory, ignore_errors=True)
        if self._watcher.stdin is not None:
            with contextlib.suppress(OSError):
                self._watcher.stdin.close()
        self._watcher.wait()

    def _tell(self, line: str) -> None:
        pipe = self._watcher.stdin
        # Somebody may have killed the watcher: the demo goes on, and still cleans up by itself.
        with contextlib.suppress(OSError, ValueError):
            if pipe is not None:
                pipe.write(f"{line}\n".encode())
                pipe.flush()
