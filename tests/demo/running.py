"""A demo as a child process, whose own children and directories can be found by a mark in their environment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

MARK = "DEMO_TEST_MARK"
FIRST_KPI_SECONDS = 30.0


class RunningDemo:
    """`launchpulse demo ARGUMENTS` with `directory` for its temporary files. Use it as a context."""

    def __init__(self, directory: Path, *arguments: str) -> None:
        self.mark = uuid.uuid4().hex
        self.temporary = directory / "tmp"
        self.temporary.mkdir(parents=True)
        self._output = directory / "output"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "agents.cli.main", "demo", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**inherited, MARK: self.mark, "TMPDIR": str(self.temporary)},
            )

    def __enter__(self) -> RunningDemo:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        until(lambda: not self.left_behind(), 15)

    @property
    def output(self) -> str:
        """What it has written so far."""
        return self._output.read_text(errors="replace")

    def wait_for(self, text: str, seconds: float = FIRST_KPI_SECONDS) -> None:
        """Wait until it has written `text`; fails with the output where it ends before that."""
        until(lambda: text in self.output or self.process.poll() is not None, seconds)
        assert text in self.output, self.output

    def end(self, seconds: float) -> int:
        """Its exit code, once it has ended."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it still runs after {seconds} s:\n{self.output}") from None

    def kill_part(self, word: str) -> None:
        """SIGKILL for its child whose command line, working directory or environment holds `word`."""
        found = [pid for pid, told in self._processes().items() if word in told or word in _read(pid, "environ")]
        assert len(found) == 1, self._processes()
        os.kill(found[0], signal.SIGKILL)

    def left_behind(self) -> list[str]:
        """Command lines of its processes that run, and its temporary files that exist."""
        return [*self._processes().values(), *(str(path) for path in self.temporary.iterdir())]

    def _processes(self) -> dict[int, str]:
        """Its processes, with command line and working directory: Redis writes its title over its environment."""
        found: dict[int, str] = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == self.process.pid:
                continue
            pid = int(entry.name)
            try:
                place = str((entry / "cwd").readlink())
            except OSError:
                continue  # it has ended meanwhile
            if f"{MARK}={self.mark}" in _read(pid, "environ") or place.startswith(str(self.temporary)):
                found[pid] = f"{_read(pid, 'cmdline')} in {place}"
        return found


def _read(pid: int, file: str) -> str:
    try:
        return Path(f"/proc/{pid}/{file}").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def until(reached: Callable[[], bool], seconds: float) -> None:
    """Wait until it is so, for at most so long."""
    deadline = time.monotonic() + seconds
    while not reached() and time.monotonic() < deadline:
        time.sleep(0.05)
