"""Workers as a supervisor has them: processes of the real command, asked over HTTP, killed, frozen and stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from prometheus_client.parser import text_string_to_metric_families

from agents.demo.ports import LOOPBACK, any_port

ROOT = Path(__file__).parents[2]

Series = tuple[str, frozenset[tuple[str, str]]]


class WorkerProcess:
    """One `launchpulse worker`; its log is `directory`/NAME.log, and stays over restarts.

    Attributes:
        command: what it is started with, after the Python that runs this.
    """

    def __init__(self, name: str, directory: Path, environment: Mapping[str, str]) -> None:
        self.name, self.log_file = name, directory / f"{name}.log"
        self._directory, self._environment = directory, environment
        self.command = ["-m", "agents.cli.main", "worker"]
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.frozen = self._ended = False

    def start(self) -> Self:
        """Starts it, on a free port."""
        self._ended = False
        self.port = any_port()
        own = {
            "LAUNCHPULSE_WEB_PORT": str(self.port),
            "LAUNCHPULSE_DATA_DIR": str(self._directory / f"{self.name}-data"),
        }
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.command],
                cwd=ROOT,
                env={**os.environ, **self._environment, **own},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return self

    @property
    def alive(self) -> bool:
        """Whether the process runs (a frozen one does)."""
        return self.process is not None and self.process.poll() is None

    @property
    def died(self) -> bool:
        """Whether it ended without being told to."""
        return self.process is not None and not self._ended and not self.alive

    @property
    def exit_code(self) -> int | None:
        """Of its latest start; None while it runs."""
        return None if self.process is None else self.process.poll()

    def kill(self) -> None:
        """SIGKILL, also of a frozen one."""
        self._ended = True
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.frozen = False

    def freeze(self) -> None:
        """SIGSTOP: it does nothing any more, and knows nothing of it afterwards."""
        self._signal(signal.SIGSTOP)
        self.frozen = True

    def resume(self) -> None:
        """SIGCONT: it goes on where it was, a zombie if its session has ended meanwhile."""
        self._signal(signal.SIGCONT)
        self.frozen = False

    def stop(self, seconds: float = 30.0) -> tuple[int | None, float]:
        """SIGTERM; returns its exit code (None where it had to be killed) and how long it took."""
        began = time.monotonic()
        self._ended = True
        self._signal(signal.SIGTERM)
        try:
            code: int | None = self.process.wait(seconds) if self.process is not None else None
        except subprocess.TimeoutExpired:
            self.kill()
            code = None
        return code, time.monotonic() - began

    def _signal(self, number: int) -> None:
        assert self.process is not None, f"{self.name} was not started"
        self.process.send_signal(number)

    def get(self, path: str, timeout_seconds: float = 3.0) -> tuple[int, str]:
        """(status, body); status 0 where nobody answers."""
        try:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{self.port}{path}", timeout=timeout_seconds) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except (OSError, ValueError):
            return 0, ""

    def json(self, path: str) -> dict[str, Any]:
        """The JSON answer, whatever its status; empty where nobody answers."""
        body = self.get(path)[1]
        found: dict[str, Any] = json.loads(body) if body else {}
        return found

    def campaigns(self) -> list[str]:
        """The ids of all campaigns that its API lists."""
        found: list[str] = []
        page = self.json("/api/campaigns")
        while page.get("campaigns"):
            found += [line["campaign"] for line in page["campaigns"]]
            if not page["next"]:
                break
            page = self.json(f"/api/campaigns?after={quote(page['next'], safe='')}")
        return found

    def reasons(self) -> list[str]:
        """Why it is not ready; empty when it is."""
        status, body = self.get("/readyz")
        if status == 200:
            return []
        return list(json.loads(body)["reasons"]) if body else ["it does not answer"]

    def metrics(self) -> dict[Series, float]:
        """Every series of /metrics; empty where nobody answers."""
        status, body = self.get("/metrics")
        return parse_metrics(body) if status == 200 else {}

    def last_error(self) -> str:
        """The end of the latest line of its log that tells of an exception; empty where there is none."""
        for line in reversed(self.tail(200_000).splitlines()):
            if '"exception"' in line and '"error"' in line:
                return line.rstrip('"}').rsplit("\\n", 1)[-1][:300]
        return ""

    def tail(self, characters: int = 3_000) -> str:
        """The end of its log."""
        return self.log_file.read_text(errors="replace")[-characters:] if self.log_file.exists() else ""


def parse_metrics(text: str) -> dict[Series, float]:
    """The series of a text exposition, by name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def wait_for(condition: Callable[[], bool], seconds: float, what: Callable[[], object]) -> float:
    """Waits until the condition holds; returns how long it took. AssertionError with what was seen after `seconds`."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"not within {seconds} s; seen: {what()}"
        time.sleep(0.1)
    return time.monotonic() - began
