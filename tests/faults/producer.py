"""The producer as a process of its own, so that it and the watcher don't wait for each other.

`ProducerProcess` starts it and tells it a rate or to stop, one line each; it answers with how many it has sent.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from tests.faults.events import Events
from tests.faults.processes import ROOT
from tests.faults.sending import Sender

TELLS_SECONDS = 0.5
FINISHES_SECONDS = 120.0


class ProducerProcess:
    """Sends the events of a seed at a rate (events a second) until it is told to stop; like `Sender`.

    run: part of the events' ids. log_file: what it says beside its account.
    """

    def __init__(self, address: str, prefix: str, run: str, seed: int, rate: float, log_file: Path) -> None:
        self._told = {"address": address, "prefix": prefix, "run": run, "seed": seed, "rate": rate}
        self._log_file = log_file
        self._process: subprocess.Popen[str] | None = None
        self._reader = threading.Thread(target=self._read, name="producer", daemon=True)
        self.sent = 0

    def __enter__(self) -> ProducerProcess:
        with self._log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.producer"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._tell(self._told)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._reader.join(5)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    @property
    def alive(self) -> bool:
        """Whether it goes on sending."""
        return self._process is not None and self._process.poll() is None

    def set_rate(self, rate: float) -> None:
        """From now on so many events a second."""
        self._tell({"rate": rate})

    def finish(self) -> int:
        """Stops it, waits until all is acknowledged and returns how many records were sent. AssertionError if not."""
        assert self._process is not None, "it was not started"
        with contextlib.suppress(OSError):
            self._tell({"stop": True})
        code = self._process.wait(FINISHES_SECONDS)
        self._reader.join(5)
        assert code == 0, f"the producer ended with {code}: {self._log_file.read_text()[-2000:]}"
        return self.sent

    def _tell(self, what: dict[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.sent = int(line)


def main() -> None:
    """Reads what it is told from standard input, one JSON object a line."""
    told = json.loads(sys.stdin.readline())
    events, others = (Events(told["seed"], told["run"] + part) for part in ("", "-transactions"))
    sender = Sender(told["address"], told["prefix"], events, told["rate"], others)
    with sender:
        ended = threading.Event()
        teller = threading.Thread(target=_tell, args=(sender, ended), daemon=True)
        teller.start()
        for line in sys.stdin:
            order = json.loads(line)
            if "stop" in order:
                break
            sender.rate = order["rate"]
        sent = sender.finish()
        ended.set()
        teller.join()
    print(sent, flush=True)


def _tell(sender: Sender, ended: threading.Event) -> None:
    while not ended.wait(TELLS_SECONDS):
        print(sender.sent, flush=True)


if __name__ == "__main__":
    main()
