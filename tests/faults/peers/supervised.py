"""A peer's workers under a supervisor: started again when they exit by themselves, and each such exit counted."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

POLL_SECONDS = 0.2
RESTART_SECONDS = 1.0
"""A supervisor's pause before it starts a worker again."""

_REASON = re.compile(r"\b([A-Z]\w*(?:Error|Exception|Fenced|Failed|Timeout|Exists|NotReady)\w*)\b")


class Worker:
    """One process of a peer. `wanted`: whether the supervisor is to keep it running."""

    def __init__(self, name: str, command: Sequence[str], directory: Path, environment: Mapping[str, str]) -> None:
        self.name, self.log_file = name, directory / f"{name}.log"
        self._command, self._cwd = list(command), directory
        self._environment = {**os.environ, **environment, "PEER_STATE_DIR": str(directory / f"{name}-state")}
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0
        self.wanted = self.frozen = False

    def start(self) -> None:
        """Starts it; its log goes on where the last one ended."""
        with self.log_file.open("ab") as log:
            self._started_at = log.tell()
            self._process = subprocess.Popen(
                self._command,
                cwd=self._cwd,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.wanted, self.frozen = True, False

    @property
    def alive(self) -> bool:
        """Whether the process runs (a frozen one does)."""
        return self._process is not None and self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal, if it runs."""
        if self._process is not None and self.alive:
            self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, also of a frozen one; the supervisor leaves it alone until it is started again."""
        self.wanted = self.frozen = False
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self, seconds: float) -> bool:
        """SIGTERM; False where it had to be killed after so many seconds."""
        self.wanted = False
        self.signal(signal.SIGTERM)
        try:
            if self._process is not None:
                self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return False
        return True

    def reason(self) -> str:
        """The last error that its log names since its start."""
        text = self.log_file.read_bytes()[self._started_at :].decode(errors="replace")
        named = _REASON.findall(text[-20_000:])
        return named[-1] if named else "no error named"


class Supervisor:
    """Keeps the wanted workers running, from a thread of its own. `crashes`: exits by themselves, by their reasons."""

    def __init__(self) -> None:
        self.workers: dict[str, Worker] = {}
        self.crashes: Counter[str] = Counter()
        self.lock = threading.RLock()
        self._ended: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def __enter__(self) -> Supervisor:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        for worker in self.workers.values():
            worker.kill()

    @property
    def running(self) -> list[Worker]:
        """The workers that are to run and are not frozen, also such as have just crashed."""
        return [worker for worker in self.workers.values() if worker.wanted and not worker.frozen]

    def _watch(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            with self.lock:
                for worker in self.workers.values():
                    self._look_after(worker)

    def _look_after(self, worker: Worker) -> None:
        if not worker.wanted or worker.alive:
            self._ended.pop(worker.name, None)
            return
        if worker.name not in self._ended:
            self._ended[worker.name] = time.monotonic()
            self.crashes[worker.reason()] += 1
        elif time.monotonic() - self._ended[worker.name] >= RESTART_SECONDS:
            del self._ended[worker.name]
            worker.start()
